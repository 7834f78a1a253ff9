"""An offline LLM outside a pipeline: it submits, raises, polls and collects by itself."""

import _thread
import itertools
import shutil
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from distilabel.exceptions import (
    DistilabelJobRejectedError,
    DistilabelOfflineBatchGenerationNotFinishedException,
)
from distilabel.llms import OpenAILLM
from distilabel.server import Settings, running
from distilabel.testing.platform import Plan
from tests.fakes import FakePlatform, answered, refused

from .conftest import Make

SOON = 0.001
MANY = 200
NotFinished = DistilabelOfflineBatchGenerationNotFinishedException


def chats(*prompts: str) -> list[Any]:
    return [[{"role": "user", "content": prompt}] for prompt in prompts]


def generations(outputs: list[Any]) -> list[Any]:
    return [output["generations"] for output in outputs]


def unfinished(llm: OpenAILLM, *prompts: str, **more: Any) -> tuple[str, ...]:
    with pytest.raises(NotFinished) as caught:
        llm.generate_outputs(inputs=chats(*prompts), **more)
    return caught.value.jobs_ids


def test_first_call_submits_and_raises_the_ids_a_later_one_gives_the_outputs_in_order(
    offline: Make, platform: FakePlatform
):
    platform.plan(results=lambda lines: ([answered(line) for line in reversed(lines)], []))
    llm = offline()
    assert unfinished(llm, "a", "b") == tuple(platform.batches) == llm.jobs_ids
    outputs = llm.generate_outputs(inputs=chats("a", "b"))
    assert generations(outputs) == [["a/0"], ["b/0"]]
    assert outputs[0]["statistics"] == {"input_tokens": [3], "output_tokens": [5]}
    assert platform.count("create") == 1


def test_unfinished_job_raises_again_and_submits_nothing(offline: Make, platform: FakePlatform):
    platform.plan(polls=2)
    llm = offline()
    ids = unfinished(llm, "a")
    assert unfinished(llm, "a") == unfinished(llm, "a") == ids
    assert generations(llm.generate_outputs(inputs=chats("a"))) == [["a/0"]]
    assert platform.count("create") == 1


def test_same_inputs_get_the_same_outputs_for_good_and_for_nothing(offline: Make, platform: FakePlatform):
    unfinished(offline(), "a", "a")
    first = offline().generate_outputs(inputs=chats("a", "a"))
    calls = len(platform.calls)
    assert generations(first) == [["a/0"], ["a/1"]]
    assert offline().generate_outputs(inputs=chats("a", "a")) == first
    assert len(platform.calls) == calls


def test_several_generations_are_several_samples(offline: Make, platform: FakePlatform):
    llm = offline(offline_batch_generation_block_until_done=SOON)
    outputs = llm.generate_outputs(inputs=chats("a", "b"), num_generations=2)
    assert generations(outputs) == [["a/0", "a/1"], ["b/0", "b/1"]]
    assert sorted(platform.sent) == ["a", "a", "b", "b"]


def test_new_process_finds_the_jobs_of_the_old_one_in_the_cache(offline: Make, platform: FakePlatform):
    unfinished(offline(), "a")
    assert generations(offline().generate_outputs(inputs=chats("a"))) == [["a/0"]]


def test_new_object_given_the_ids_collects_with_an_empty_cache(
    offline: Make, platform: FakePlatform, tmp_path: Path
):
    ids = unfinished(offline(), "a", "b")
    shutil.rmtree(tmp_path / "cache")
    llm = offline(jobs_ids=ids)
    assert generations(llm.generate_outputs(inputs=chats("a", "b"))) == [["a/0"], ["b/0"]]
    assert platform.count("create") == 1


@pytest.mark.parametrize("polls", [0, 1])
@pytest.mark.parametrize("later", [{}, {"offline_batch_options": {"max_requests": 2}}])
def test_several_jobs_are_collected_with_an_empty_cache_and_none_is_paid_twice(
    offline: Make, platform: FakePlatform, tmp_path: Path, polls: int, later: dict[str, Any]
):
    options = {"max_requests": 2}
    ids = unfinished(offline(offline_batch_options=options), "a", "b", "c")
    assert len(ids) == 2
    shutil.rmtree(tmp_path / "cache")
    for batch in platform.batches.values():
        batch.plan.polls = polls
    llm = offline(jobs_ids=ids, **later)
    for _ in range(6):
        try:
            outputs = llm.generate_outputs(inputs=chats("a", "b", "c"))
            break
        except NotFinished as error:
            reported = set(error.jobs_ids)
            assert reported == set(ids)
    assert generations(outputs) == [["a/0"], ["b/0"], ["c/0"]]
    assert sorted(platform.sent) == ["a", "b", "c"]


def test_ids_are_those_of_the_jobs_that_hold_these_inputs(offline: Make, platform: FakePlatform):
    platform.default = _never
    other = unfinished(offline(), "a", "b")
    ids = unfinished(offline(), "c")
    assert not set(ids) & set(other)


def _never() -> Plan:
    return Plan(polls=10**6)


def test_polling_blocks_until_done(offline: Make, platform: FakePlatform):
    platform.plan(polls=3)
    llm = offline(offline_batch_generation_block_until_done=SOON)
    assert generations(llm.generate_outputs(inputs=chats("a"))) == [["a/0"]]
    assert platform.count("poll") >= 4


def test_polling_brings_follow_up_jobs_home_too(offline: Make, platform: FakePlatform):
    platform.plan(results=lambda lines: ([answered(lines[0])], []))
    llm = offline(offline_batch_generation_block_until_done=SOON)
    assert generations(llm.generate_outputs(inputs=chats("a", "b"))) == [["a/0"], ["b/0"]]
    assert platform.sent == ["a", "b", "b"]


def test_job_that_makes_up_for_what_expired_goes_out_while_others_are_waited_for(
    offline: Make, platform: FakePlatform
):
    platform.plan("expired", results=lambda lines: ([answered(lines[0])], []))
    platform.plan(polls=MANY, until=lambda: len(platform.batches) == 3)
    llm = offline(offline_batch_generation_block_until_done=0.05, offline_batch_options={"max_requests": 2})
    outputs = llm.generate_outputs(inputs=chats("a", "b", "c", "d"))
    assert generations(outputs) == [["a/0"], ["b/0"], ["c/0"], ["d/0"]]
    assert sorted(Counter(platform.sent).values()) == [1, 1, 1, 2]
    assert max(batch.polls for batch in platform.batches.values()) < MANY


@pytest.fixture
def _interrupts() -> Iterator[None]:
    """Have SIGINT raise, also where the tests run in the background of a shell, which has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_interrupts")
def test_interrupt_ends_the_polling_and_the_next_call_goes_on(
    offline: Make, platform: FakePlatform, monkeypatch: pytest.MonkeyPatch
):
    platform.default = _never
    llm = offline(offline_batch_generation_block_until_done=SOON)
    polls = itertools.count()
    poll = platform._poll

    async def noted(*arguments: Any) -> Any:
        # Python may drop an interrupt that falls into a finalizer; a user presses again, and so does this.
        if next(polls) % 200 == 0:
            _thread.interrupt_main()
        return await poll(*arguments)

    monkeypatch.setattr(platform, "_poll", noted)
    ids = unfinished(llm, "a")
    assert ids == tuple(platform.batches)
    next(iter(platform.batches.values())).plan.polls = 0
    assert generations(llm.generate_outputs(inputs=chats("a"))) == [["a/0"]]
    assert platform.count("create") == 1


def test_row_without_an_answer_says_why_and_in_which_job(offline: Make, platform: FakePlatform):
    platform.plan(results=lambda lines: ([answered(lines[0])], [refused(lines[1], message="Not that.")]))
    llm = offline(offline_batch_generation_block_until_done=SOON)
    good, bad = llm.generate_outputs(inputs=chats("a", "b"))
    assert (good["generations"], "failures" in good) == (["a/0"], False)
    (job_id,) = platform.batches
    assert bad["failures"] == [{"code": "bad", "message": "Not that.", "attempts": 1, "job_id": job_id}]


def test_attempts_that_the_user_allows_are_made_and_no_more(offline: Make, platform: FakePlatform):
    for _ in range(4):
        platform.plan(results=lambda _: ([], []))
    llm = offline(offline_batch_generation_block_until_done=SOON, offline_batch_options={"max_attempts": 2})
    (output,) = llm.generate_outputs(inputs=chats("a"))
    assert (output["failures"][0]["code"], output["failures"][0]["attempts"]) == ("missing", 2)
    assert platform.sent == ["a", "a"]


def test_rejected_job_is_raised(offline: Make, platform: FakePlatform):
    platform.plan("failed", errors=[{"code": "model_not_found", "message": "No such model.", "line": 1}])
    llm = offline(offline_batch_generation_block_until_done=SOON)
    with pytest.raises(DistilabelJobRejectedError, match="No such model"):
        llm.generate_outputs(inputs=chats("a"))


def test_two_objects_in_two_threads_do_not_pay_twice(offline: Make, platform: FakePlatform):
    llms = [offline(offline_batch_generation_block_until_done=SOON) for _ in range(2)]
    found: list[Any] = []

    def work(llm: OpenAILLM) -> None:
        found.append(generations(llm.generate_outputs(inputs=chats("a"))))

    threads = [threading.Thread(target=work, args=(llm,)) for llm in llms]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [[["a/0"]]] * 2
    assert platform.sent == ["a"]


def test_no_inputs_are_no_outputs_and_no_job(offline: Make, platform: FakePlatform):
    assert offline().generate_outputs(inputs=[]) == []
    assert platform.calls == []


def test_list_that_grows_pays_for_what_is_new_alone(offline: Make, platform: FakePlatform):
    llm = offline(offline_batch_generation_block_until_done=SOON)
    llm.generate_outputs(inputs=chats("a", "b"))
    assert generations(llm.generate_outputs(inputs=chats("b", "c", "a"))) == [["b/0"], ["c/0"], ["a/0"]]
    assert platform.sent == ["a", "b", "c"]


def test_real_platform_is_used_over_real_http(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DISTILABEL_CACHE_DIR", str(tmp_path / "cache"))
    with running(Settings(tmp_path / "platform")) as base_url:
        llm = OpenAILLM(
            model="toy",
            base_url=base_url,
            api_key="sk-any-key-at-all",
            use_offline_batch_generation=True,
            offline_batch_generation_block_until_done=0.01,
        )
        llm.load()
        outputs = llm.generate_outputs(inputs=chats(*(f"p{i}" for i in range(20))))
        llm.unload()
    quoted = [output["generations"][0].partition(":")[0] for output in outputs]
    assert quoted == [f'About "p{i}"' for i in range(20)]
