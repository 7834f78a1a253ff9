"""Quotas: a job larger than what the platform admits is made smaller, and the size that went through is remembered."""

import json
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from distilabel.events import Notice
from distilabel.providers.base import Limits
from tests.fakes import FakePlatform, Office, SmallOpenAI, texts

Open = Callable[..., Office]
SOON = 0.001
PROMPTS = [f"prompt {number:02}" for number in range(16)]
ANSWERS = [f"{prompt}/0" for prompt in PROMPTS]


@pytest.fixture(autouse=True)
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SmallOpenAI, "limits", Limits(requests=100, size=100_000))


def _admits(platform: FakePlatform, most: int, message: str) -> list[int]:
    """Let the platform accept all jobs and fail those of more requests than `most`; return the sizes that it sees."""
    sizes: list[int] = []
    add = platform.add

    def added(lines: Any, *rest: Any, **more: Any) -> Any:
        sizes.append(len(lines))
        if len(lines) > most:
            error = {"code": "token_limit_exceeded", "message": message, "line": None}
            platform.plan("failed", errors=[error])
        return add(lines, *rest, **more)

    platform.add = added  # type: ignore[method-assign]
    return sizes


def _admits_at_creation(platform: FakePlatform, most: int) -> list[int]:
    sizes: list[int] = []
    create = platform._create

    async def refuse(request: httpx2.Request) -> httpx2.Response:
        file = platform.files[json.loads(request.content)["input_file_id"]]
        sizes.append(file.count(b"custom_id"))
        if sizes[-1] > most:
            error = {"message": "Enqueued token limit reached.", "code": "429"}
            return httpx2.Response(429, json={"error": error}, headers={"retry-after": "0.001"})
        return await create(request)

    platform._create = refuse  # type: ignore[method-assign]
    return sizes


def test_job_larger_than_the_quota_is_halved_until_it_goes_through(office: Open, platform: FakePlatform):
    sizes = _admits(platform, 5, "Enqueued token limit reached.")
    at = office(poll_interval=SOON, max_attempts=1)
    found = at.bring(*PROMPTS, rounds=30)
    assert texts(found) == ANSWERS
    assert {answer and answer.attempts for answer in found} == {1}
    # The second job of 8 may be on its way before the refusal of the first is known.
    assert list(dict.fromkeys(sizes))[:3] == [16, 8, 4]
    assert max(sizes[sizes.index(4) :]) <= 6, "it grows slowly"
    assert at.broken == []
    assert "This run submits at most" in at.recorder.of(Notice)[0].text


def test_size_that_went_through_is_remembered_by_the_next_run(office: Open, platform: FakePlatform):
    sizes = _admits(platform, 5, "Enqueued token limit reached.")
    office(poll_interval=SOON).bring(*PROMPTS, rounds=30)
    before = len(sizes)
    more = [prompt.upper() for prompt in PROMPTS]
    office(poll_interval=SOON).bring(*more, asker="b", rounds=30)
    assert max(sizes[before:]) <= 8


def test_run_that_does_not_wait_says_what_the_next_run_submits(office: Open, platform: FakePlatform):
    sizes = _admits(platform, 8, "Enqueued token limit reached.")
    office().bring(*PROMPTS, rounds=1)
    at = office()
    at.bring(*PROMPTS, rounds=1)
    assert sizes == [16]
    assert "The next run submits at most" in at.recorder.of(Notice)[0].text
    for _ in range(8):
        found = texts(office().bring(*PROMPTS, rounds=1))
    assert found == ANSWERS
    assert sizes[:2] == [16, 8]


def test_creation_that_is_refused_for_its_size_is_halved(office: Open, platform: FakePlatform):
    sizes = _admits_at_creation(platform, 5)
    at = office(poll_interval=SOON)
    assert texts(at.bring(*PROMPTS, rounds=30)) == ANSWERS
    assert list(dict.fromkeys(sizes))[:3] == [16, 8, 4]
    assert sorted(platform.sent) == PROMPTS


def test_creation_that_is_refused_for_its_size_is_halved_by_runs_that_do_not_wait(
    office: Open, platform: FakePlatform
):
    sizes = _admits_at_creation(platform, 8)
    for _ in range(9):
        found = texts(office().bring(*PROMPTS, rounds=1))
    assert found == ANSWERS
    assert list(dict.fromkeys(sizes))[:2] == [16, 8]


def test_limit_named_far_above_the_job_is_used_up_by_others_and_the_job_stays(
    office: Open, platform: FakePlatform
):
    error = {"code": "token_limit_exceeded", "message": "Limit: 90,000 enqueued tokens.", "line": None}
    platform.plan("failed", errors=[error])
    at = office(poll_interval=SOON)
    assert texts(at.bring(*PROMPTS, rounds=9)) == ANSWERS
    assert [len(batch.lines) for batch in platform.batches.values()] == [16, 16]


def test_limit_named_a_little_above_our_estimate_halves_the_job(office: Open, platform: FakePlatform):
    at = office(poll_interval=SOON)
    sizes = _admits(platform, 8, "Limit: 1,000 enqueued tokens.")
    assert texts(at.bring(*PROMPTS, rounds=30)) == ANSWERS
    assert 500 < at.ledger.jobs.of_scope("p/s")[0].tokens < 1000
    assert sizes[0] == 16
    assert sizes[1] <= 8


def test_quota_is_of_one_key_and_grows_only_with_jobs_of_about_its_size(office: Open):
    at = office()
    jobs, target = at.ledger.jobs, at.client.target
    at.ask("a")
    ((sample, _),) = at.ledger.samples.wanted("p/s", target, at.run_id, 9)
    job = jobs.plan("p/s", target, "tag", [sample], 90, tokens=30, account="one")
    jobs.set_quota(target, "one", 100)
    assert jobs.quota(target, "other") is None
    jobs.grow_quota(job)
    assert jobs.quota(target, "one") == 100
    jobs.set_quota(target, "one", 60)
    jobs.grow_quota(job)
    assert jobs.quota(target, "one") == 75
