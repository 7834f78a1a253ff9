"""Each OpenAI-shaped platform from rows to answers, also where the response to a create request is lost."""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from distilabel import _event_loop as loop
from distilabel.offline.client import ModelClient, PlatformClient
from distilabel.offline.options import OfflineBatchOptions
from distilabel.offline.recovery import recover
from distilabel.providers.registry import platform
from distilabel.records import Reply, Target
from distilabel.transport import HttpTransport
from tests.fakes import CHAT, KEY, FakePlatform, Office, answered, expired, refused
from tests.offline.conftest import fast
from tests.platform_fakes import FakeAzure, FakeGroq, FakeMistral, FakeNovita, FakeTogether

__all__ = ["fast"]

BESIDE = {
    "azure": FakeAzure,
    "groq": FakeGroq,
    "mistral": FakeMistral,
    "novita": FakeNovita,
    "together": FakeTogether,
}
URLS = {"azure": "https://platform.test"}
Open = Callable[..., Office]
each_platform = pytest.mark.parametrize("name", BESIDE)
pytestmark = pytest.mark.usefixtures("fast")


@pytest.fixture
def office() -> Iterator[Open]:
    """Opens a run at a platform; they are closed when the test is over."""
    opened: list[Office] = []

    def open_office(
        name: str, folder: Path, fake: FakePlatform, *, poll_interval: float | None = 0.001
    ) -> Office:
        provider = platform(name).provider()
        url = URLS.get(name, "https://platform.test/v1")
        made = Office(folder, fake)
        opened.append(made)
        transport = HttpTransport(url, provider.headers(KEY), secrets=(KEY,), transport=fake.transport)
        made.client = ModelClient(
            Target(name, url, CHAT, "m"), provider, transport, poll_interval, OfflineBatchOptions()
        )
        return made

    yield open_office
    for each in opened:
        each.close()


def texts(answers: list) -> list[str | None]:
    return [
        answer.outcome.text if answer and isinstance(answer.outcome, Reply) else None for answer in answers
    ]


@each_platform
def test_rows_come_back_with_their_answers(name: str, office: Open, tmp_path: Path):
    fake = BESIDE[name]()
    at = office(name, tmp_path, fake)
    assert texts(at.bring("a", "b", "a")) == ["a/0", "b/0", "a/1"]
    assert (at.states, fake.count("create"), at.broken) == (["settled"], 1, [])


@each_platform
@pytest.mark.parametrize("what", [503, httpx2.ReadTimeout])
def test_job_whose_creation_was_answered_by_nothing_is_found_and_not_made_again(
    name: str, what, office: Open, tmp_path: Path
):
    fake = BESIDE[name]()
    fake.fail("create", what, carried_out=True)
    at = office(name, tmp_path, fake)
    assert len(texts(at.bring("a", "b"))) == 2
    assert None not in texts(at.ask("a", "b"))
    assert (fake.count("create"), len(fake.batches)) == (1, 1)


@each_platform
def test_job_that_was_not_made_is_made_once(name: str, office: Open, tmp_path: Path):
    fake = BESIDE[name]()
    fake.fail("create", 503)
    at = office(name, tmp_path, fake)
    assert None not in texts(at.bring("a", "b"))
    assert (fake.count("create"), len(fake.batches)) == (2, 1)


@each_platform
def test_two_jobs_of_the_same_requests_are_distinguished(name: str, office: Open, tmp_path: Path):
    fake = BESIDE[name]()
    first, second = office(name, tmp_path / "1", fake), office(name, tmp_path / "2", fake)
    first.bring("a")
    fake.fail("create", httpx2.ReadTimeout, carried_out=True)
    second.bring("a")
    assert None not in texts(second.ask("a"))
    jobs = [at.ledger.jobs.of_scope("p/s")[0].remote_id for at in (first, second)]
    assert len(set(jobs)) == 2


@each_platform
def test_rows_that_were_finished_before_the_job_expired_are_kept(name: str, office: Open, tmp_path: Path):
    fake = BESIDE[name]()
    fake.plan("expired", results=lambda lines: ([answered(lines[0])], [expired(line) for line in lines[1:]]))
    at = office(name, tmp_path, fake)
    assert None not in texts(at.bring("a", "b"))
    assert fake.sent.count("a") == 1
    assert fake.sent.count("b") == 2


@each_platform
def test_row_that_is_refused_says_why(name: str, office: Open, tmp_path: Path):
    fake = BESIDE[name]()
    fake.plan(
        results=lambda lines: ([answered(lines[0])], [refused(line, 400, "bad", "No.") for line in lines[1:]])
    )
    at = office(name, tmp_path, fake)
    _, answer = at.bring("a", "b")
    assert answer is not None
    assert (answer.outcome.code, answer.outcome.message) == ("bad", "No.")


@each_platform
def test_jobs_are_recovered_when_the_ledger_is_lost(name: str, office: Open, tmp_path: Path):
    fake = BESIDE[name]()
    lost = office(name, tmp_path / "lost", fake, poll_interval=None)
    lost.ask("a", "b")
    lost.flush()
    second = office(name, tmp_path / "second", fake)
    client = PlatformClient(second.client.provider, second.client.target.base_url, second.client.transport)
    recovered = loop.run(recover(second.ledger, client))
    assert [job.remote_id for job in recovered] == list(fake.batches)
    assert None not in texts(second.bring("a", "b"))
    assert fake.count("create") == 1
