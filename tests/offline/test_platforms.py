"""Each dialect at the dispatcher: submitted, polled, fetched, settled, and found again when its creation broke off."""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from distilabel.events import Notice
from distilabel.records import JobPhase
from distilabel.testing.platform import Plan
from tests.fakes import Office, texts
from tests.platforms import AnthropicInMemory, BedrockInMemory, GeminiInMemory, InMemory, VertexInMemory

SOON = 0.001
Open = Callable[..., Office]


@pytest.fixture(params=[AnthropicInMemory, GeminiInMemory, VertexInMemory, BedrockInMemory])
def memory(request: pytest.FixtureRequest) -> InMemory:
    return request.param()


@pytest.fixture
def claude() -> AnthropicInMemory:
    return AnthropicInMemory()


@pytest.fixture
def at(tmp_path: Path, fast: None) -> Iterator[Callable[..., Office]]:
    """Opens a run at a platform, in the test's own folder; each call is another run over the same ledger."""
    offices: list[Office] = []

    def open_office(memory: InMemory, **more) -> Office:
        offices.append(memory.sit_down(Office(tmp_path / "ledger", memory, **more)))
        return offices[-1]

    yield open_office
    for each in offices:
        each.close()


def test_answers_come_home_to_their_rows(at: Open, memory: InMemory):
    prompts = [f"p{number}\u2028" for number in range(7)]
    memory.default = lambda: Plan(polls=1)
    assert texts(at(memory, poll_interval=SOON).bring(*prompts)) == [f"{prompt}/0" for prompt in prompts]
    assert sorted(len(batch.lines) for batch in memory.batches.values()) == [1, 3, 3]
    assert at(memory, poll_interval=SOON).states == ["settled"] * 3


def test_second_run_collects_what_the_first_left(at: Open, memory: InMemory):
    memory.plan(polls=1)
    assert at(memory).bring("a", "b") == [None, None]
    assert at(memory).bring("a", "b") == [None, None]
    assert texts(at(memory).bring("a", "b")) == ["a/0", "b/0"]
    assert memory.count("create") == 1


def test_upload_that_was_begun_twice_is_there_once(at: Open):
    memory = GeminiInMemory()
    memory.fail("upload", httpx2.ReadTimeout, carried_out=True, times=2)
    first = at(memory)
    first.bring("a")
    # The second `start` says that the name is taken.
    assert texts(at(memory, poll_interval=SOON).bring("a")) == ["a/0"]
    assert (memory.count("create"), memory.sent) == (1, ["a"])


@pytest.mark.parametrize("fault", [500, httpx2.ReadTimeout])
@pytest.mark.parametrize("kind", [GeminiInMemory, VertexInMemory, BedrockInMemory])
def test_creation_without_a_clear_answer_is_found_by_its_name(at: Open, kind: type[InMemory], fault):
    memory = kind()
    at(memory, poll_interval=SOON).bring("other")
    memory.fail("create", fault, carried_out=True)
    assert texts(at(memory, poll_interval=SOON).bring("a", asker="b")) == ["a/0"]
    assert sorted(memory.sent) == ["a", "other"]


@pytest.mark.parametrize("kind", [AnthropicInMemory, GeminiInMemory, VertexInMemory, BedrockInMemory])
def test_creation_that_was_not_carried_out_is_made_again(at: Open, kind: type[InMemory]):
    memory = kind()
    memory.fail("create", httpx2.ReadTimeout)
    assert texts(at(memory, poll_interval=SOON).bring("a")) == ["a/0"]
    assert (memory.sent, memory.count("create")) == (["a"], 2)


@pytest.mark.parametrize("kind", [GeminiInMemory, VertexInMemory, BedrockInMemory])
def test_job_that_expired_with_nothing_is_sent_again(at: Open, kind: type[InMemory]):
    memory = kind()
    memory.plan("EXPIRED")
    assert texts(at(memory, poll_interval=SOON).bring("a")) == ["a/0"]
    assert memory.sent == ["a", "a"]


def test_bedrock_makes_one_job_of_two_calls(at: Open, monkeypatch):
    memory = BedrockInMemory()
    # Nothing is found, as where a list lags behind: the job is made again, and the token makes it the same.
    monkeypatch.setattr(BedrockInMemory, "_list", lambda *_: _empty())
    memory.fail("create", httpx2.ReadTimeout, carried_out=True)
    assert texts(at(memory, poll_interval=SOON).bring("a")) == ["a/0"]
    assert (memory.count("create"), memory.sent) == (2, ["a"])


async def _empty() -> httpx2.Response:
    return httpx2.Response(200, json={"invocationJobSummaries": []})


# A platform that tells whose a batch is only when it has ended


def doubts(office: Office) -> list[str]:
    return [event.text for event in office.recorder.of(Notice) if "was interrupted" in event.text]


def test_batch_that_may_be_ours_is_waited_for_and_is_ours(at: Open, claude: AnthropicInMemory):
    claude.fail("create", 500, carried_out=True)
    office = at(claude)
    assert office.bring("a", rounds=1) == [None]
    assert office.states == ["creating"]
    assert "batch_1" in doubts(office)[0]
    assert at(claude).bring("a", rounds=1) == [None]
    claude.over.add("batch_1")
    assert texts(at(claude, poll_interval=SOON).bring("a")) == ["a/0"]
    assert (claude.count("create"), claude.sent) == (1, ["a"])


def test_batch_that_may_be_ours_is_waited_for_and_is_not(at: Open, claude: AnthropicInMemory):
    claude.add([{"custom_id": "mine-1", "body": {"messages": [{"content": "theirs"}]}}], {})
    claude.fail("create", 500)
    office = at(claude)
    assert office.bring("a", rounds=1) == [None]
    assert (office.states, len(doubts(office))) == (["creating"], 1)
    claude.over.add("batch_1")
    assert texts(at(claude, poll_interval=SOON).bring("a")) == ["a/0"]
    assert (claude.count("create"), claude.sent) == (2, ["theirs", "a"])


def test_run_that_waits_asks_again_until_the_doubt_is_settled(at: Open, claude: AnthropicInMemory):
    claude.fail("create", 500, carried_out=True)
    office, lookup_delays = at(claude, poll_interval=SOON), claude._list

    async def end_after_five(request: httpx2.Request) -> httpx2.Response:
        if claude.count("list") > 5:
            claude.over.add("batch_1")
        return await lookup_delays(request)

    claude._list = end_after_five
    assert texts(office.bring("a")) == ["a/0"]
    assert doubts(office)
    assert claude.sent == ["a"]


def test_batch_of_another_size_or_time_is_no_doubt(at: Open, claude: AnthropicInMemory):
    line = {"custom_id": "x", "body": {"messages": [{"content": "theirs"}]}}
    claude.add([line, line], {})
    claude.add([line], {})
    shown = claude.shown
    claude.shown = lambda b: {
        **shown(b),
        **({"created_at": "2020-01-01T00:00:00Z"} if b.id == "batch_2" else {}),
    }
    claude.fail("create", 500)
    office = at(claude, poll_interval=SOON)
    assert texts(office.bring("a")) == ["a/0"]
    assert (doubts(office), claude.count("create")) == ([], 2)


def test_batch_of_ours_that_the_ledger_knows_is_no_doubt(at: Open, claude: AnthropicInMemory):
    claude.plan(polls=99)
    at(claude).bring("known", asker="k")
    claude.fail("create", 500)
    office = at(claude)
    assert office.bring("a") == [None]
    assert (doubts(office), office.states) == ([], ["submitted", "submitted"])


def test_look_up_reads_only_the_beginning_of_the_results(at: Open, claude: AnthropicInMemory, monkeypatch):
    monkeypatch.setattr("distilabel.providers.anthropic.dialect._BEGINNING", 70)
    claude.fail("create", 500, carried_out=True)
    claude.over.add("batch_1")
    assert texts(at(claude, poll_interval=SOON).bring("a")) == ["a/0"]
    assert claude.sent == ["a"]


def test_custom_ids_carry_the_tag_of_their_job(at: Open, claude: AnthropicInMemory):
    office = at(claude)
    office.bring("a")
    (job,), (batch,) = office.ledger.jobs.of_scope("p/s"), claude.batches.values()
    assert batch.lines[0]["custom_id"].endswith(f"-0-{job.tag[:16]}")


@pytest.mark.parametrize("kind", [GeminiInMemory, VertexInMemory, BedrockInMemory])
def test_job_is_found_without_its_ledger(at: Open, kind: type[InMemory]):
    memory = kind()
    office = at(memory)
    office.bring("a")
    from distilabel import _event_loop as loop

    found = loop.run(office.client.transport.run(office.client.provider.find(None)))
    (job,) = office.ledger.jobs.of_scope("p/s")
    assert [(remote.tag, remote.scope, remote.phase) for remote in found.ours] == [
        (job.tag, "p/s", JobPhase.RUNNING)
    ]
