"""Asking online: order, concurrency, waiting, failures, and who sees what."""

import asyncio
import json
import threading
from contextlib import suppress
from typing import Any

import httpx2
import pytest
import stamina

from distilabel.exceptions import (
    DistilabelAuthenticationError,
    DistilabelModelNotFoundError,
    DistilabelOfflineBatchGenerationNotFinishedException,
    DistilabelUnreachableError,
    DistilabelUserError,
)
from distilabel.llms import AsyncLLM
from distilabel.server import Settings, running
from tests.fakes import KEY, FakePlatform, completion

from .conftest import Make


def chats(*prompts: str) -> list[Any]:
    return [[{"role": "user", "content": prompt}] for prompt in prompts]


def generations(outputs: list[Any]) -> list[Any]:
    return [output["generations"] for output in outputs]


def test_outputs_come_in_the_order_of_the_inputs(llm: Make, platform: FakePlatform):
    async def slower_first(asked: dict[str, Any]) -> httpx2.Response:
        prompt = asked["messages"][0]["content"]
        await asyncio.sleep(0.01 * (3 - int(prompt)))
        return httpx2.Response(200, json=completion(prompt))

    platform.chat = slower_first
    assert generations(llm().generate_outputs(inputs=chats("0", "1", "2"))) == [["0"], ["1"], ["2"]]


def test_output_tells_its_tokens(llm: Make):
    (output,) = llm().generate_outputs(inputs=chats("a"), num_generations=2)
    assert output == {
        "generations": ["a", "a"],
        "statistics": {"input_tokens": [3, 3], "output_tokens": [5, 5]},
        "details": [{"finish_reason": "stop", "request_id": "chatcmpl-1"}] * 2,
    }


class Meter:
    """Counts requests that are under way at once."""

    def __init__(self) -> None:
        self.now = self.most = self.total = 0

    async def __call__(self, asked: dict[str, Any]) -> httpx2.Response:
        self.now, self.total = self.now + 1, self.total + 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0.001)
        self.now -= 1
        return httpx2.Response(200, json=completion("x"))


@pytest.mark.parametrize(("inputs", "num_generations"), [(20, 1), (5, 4), (1, 20)])
def test_no_more_requests_are_under_way_than_was_said(
    llm: Make, platform: FakePlatform, inputs: int, num_generations: int
):
    platform.chat = meter = Meter()
    llm(max_concurrent_requests=3).generate_outputs(
        inputs=chats(*"x" * inputs), num_generations=num_generations
    )
    assert (meter.most, meter.total) == (3, 20)


def test_calls_from_several_threads_share_the_bound(llm: Make, platform: FakePlatform):
    platform.chat = meter = Meter()
    made = llm(max_concurrent_requests=3)
    threads = [
        threading.Thread(target=lambda: made.generate_outputs(inputs=chats(*"x" * 8))) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (meter.most, meter.total) == (3, 24)


def test_one_slow_request_does_not_stall_the_others(llm: Make, platform: FakePlatform):
    others_done = asyncio.Event()
    done: list[str] = []

    async def answer(asked: dict[str, Any]) -> httpx2.Response:
        prompt = asked["messages"][0]["content"]
        if prompt == "slow":
            await asyncio.wait_for(others_done.wait(), 60)
        else:
            done.append(prompt)
            if len(done) == 9:
                others_done.set()
        return httpx2.Response(200, json=completion(prompt))

    platform.chat = answer
    outputs = llm(max_concurrent_requests=2).generate_outputs(inputs=chats("slow", *"abcdefghi"))
    assert generations(outputs)[0] == ["slow"]


def test_generate_works_inside_a_running_event_loop(llm: Make):
    async def notebook() -> Any:
        return llm().generate_outputs(inputs=chats("a"))

    assert generations(asyncio.run(notebook())) == [["a"]]


def test_wait_that_the_platform_asks_for_is_kept(
    llm: Make, platform: FakePlatform, monkeypatch: pytest.MonkeyPatch
):
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr("stamina._core._smart_sleep", sleep)
    monkeypatch.setattr("distilabel.transport.random.uniform", lambda low, _: low)
    platform.fail("chat", httpx2.Response(429, headers={"retry-after": "33"}))
    stamina.set_testing(False)
    assert generations(llm().generate_outputs(inputs=chats("a"))) == [["a"]]
    assert waits == [33.0]


def test_busy_platform_costs_no_row_while_attempts_last(llm: Make, platform: FakePlatform):
    with stamina.set_testing(True, attempts=3, cap=True):
        platform.fail("chat", 503, times=2)
        assert generations(llm(max_retries=2).generate_outputs(inputs=chats("a"))) == [["a"]]


def test_row_without_an_answer_says_why_and_the_others_have_theirs(llm: Make, platform: FakePlatform):
    async def answer(asked: dict[str, Any]) -> httpx2.Response:
        prompt = asked["messages"][0]["content"]
        error = {"error": {"message": "Not that.", "code": "content_policy"}}
        return (
            httpx2.Response(400, json=error)
            if prompt == "bad"
            else httpx2.Response(200, json=completion(prompt))
        )

    platform.chat = answer
    good, bad = llm().generate_outputs(inputs=chats("good", "bad"))
    assert (good["generations"], "failures" in good) == (["good"], False)
    assert bad["generations"] == [None]
    assert bad["failures"] == [
        {"code": "content_policy", "message": "Not that.", "attempts": 1, "job_id": None}
    ]


def test_refusal_of_the_model_is_a_reason(llm: Make, platform: FakePlatform):
    async def refuse(_: dict[str, Any]) -> httpx2.Response:
        return httpx2.Response(200, json=completion(None, refusal="I can't."))

    platform.chat = refuse
    (output,) = llm().generate_outputs(inputs=chats("a"))
    assert (output["generations"], output["failures"][0]["code"]) == ([None], "refusal")
    assert output["failures"][0]["message"] == "I can't."


def test_logprobs_are_given_along(llm: Make, platform: FakePlatform):
    async def answer(_: dict[str, Any]) -> httpx2.Response:
        value = completion("a")
        value["choices"][0]["logprobs"] = {"content": [{"token": "a", "logprob": -0.5}]}
        return httpx2.Response(200, json=value)

    platform.chat = answer
    (output,) = llm().generate_outputs(inputs=chats("a"), logprobs=True)
    assert output["logprobs"] == [[{"token": "a", "logprob": -0.5}]]


@pytest.mark.parametrize(
    ("response", "error"),
    [
        (httpx2.Response(401, json={"error": {"message": "Wrong key."}}), DistilabelAuthenticationError),
        (httpx2.Response(404, json={"error": {"code": "model_not_found"}}), DistilabelModelNotFoundError),
        (httpx2.ConnectError, DistilabelUnreachableError),
    ],
)
def test_what_concerns_all_rows_is_raised(
    llm: Make, platform: FakePlatform, response: Any, error: type[Exception]
):
    platform.fail("chat", response, times=4)
    with pytest.raises(error):
        llm().generate_outputs(inputs=chats("a", "b"))


def test_headers_of_the_user_reach_the_wire_by_every_way(llm: Make, platform: FakePlatform):
    made = llm(default_headers={"X-Team": "blue"})
    made.generate_outputs(inputs=chats("a"))
    made.use_offline_batch_generation = True
    with pytest.raises(Exception, match="not finished"):
        made.generate_outputs(inputs=chats("a"))
    assert {request.headers.get("x-team") for request in platform.requests} == {"blue"}
    assert {request.headers["authorization"] for request in platform.requests} == {f"Bearer {KEY}"}
    assert set(platform.calls) == {"chat", "upload", "create"}


def test_header_of_the_user_goes_before_ours(llm: Make, platform: FakePlatform):
    llm(default_headers={"authorization": "Basic abc"}).generate_outputs(inputs=chats("a"))
    assert platform.requests[0].headers["authorization"] == "Basic abc"


def test_asking_before_loading_says_what_to_call(llm: Make):
    with pytest.raises(DistilabelUserError, match=r"OpenAILLM\.load\(\)"):
        llm(load=False).generate_outputs(inputs=chats("a"))


def test_loading_without_a_key_says_what_to_set(llm: Make):
    with pytest.raises(DistilabelAuthenticationError, match="OPENAI_API_KEY"):
        llm(api_key=None)


def test_key_and_address_are_taken_from_the_environment(
    llm: Make, platform: FakePlatform, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-from-the-environment\n")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://here.test/v1/")
    llm(api_key=None, base_url=None).generate_outputs(inputs=chats("a"))
    (request,) = platform.requests
    assert str(request.url) == "http://here.test/v1/chat/completions"
    assert request.headers["authorization"] == "Bearer sk-from-the-environment"


def test_llm_that_two_tasks_have_loaded_closes_both_connections(llm: Make):
    made = llm()
    first = made.client.transport
    made.load()
    second = made.client.transport
    made.unload()
    assert first is not second
    assert (first._client.is_closed, second._client.is_closed) == (True, True)


def test_unloaded_llm_can_be_loaded_again(llm: Make):
    made = llm()
    made.unload()
    made.unload()
    made.load()
    assert generations(made.generate_outputs(inputs=chats("a"))) == [["a"]]


# An AsyncLLM of the user's


class Moody(AsyncLLM):
    @property
    def model_name(self) -> str:
        return "moody"

    async def agenerate(self, input, num_generations=1, mood: str = "fine"):
        if input[-1]["content"] == "bad":
            raise ZeroDivisionError("my head hurts")
        return {"generations": [mood] * num_generations}


def test_error_in_one_row_of_a_user_s_llm_costs_that_row():
    good, bad = Moody().generate_outputs(inputs=chats("good", "bad"), num_generations=2, mood="glad")
    assert good == {"generations": ["glad", "glad"]}
    assert bad["generations"] == [None, None]
    assert bad["failures"][0]["message"] == "ZeroDivisionError: my head hurts"


def test_arguments_of_a_user_s_llm_are_read_from_its_method():
    assert list(Moody().generation_parameters()) == ["mood"]


# Over real HTTP


def test_real_platform_is_asked_over_real_http(tmp_path, monkeypatch: pytest.MonkeyPatch):
    from distilabel.llms import OpenAILLM

    with running(Settings(tmp_path)) as base_url:
        made = OpenAILLM(model="toy", base_url=base_url, api_key=KEY)
        made.load()
        outputs = made.generate_outputs(inputs=chats("one", "two"), num_generations=2)
        made.unload()
    quoted = [[text.partition(":")[0] for text in texts] for texts in generations(outputs)]
    assert quoted == [['About "one"'] * 2, ['About "two"'] * 2]
    assert json.dumps(outputs)


@pytest.mark.parametrize("way", ["generate", "offline_batch_generate"])
def test_nulls_that_arrow_adds_are_not_sent_by_a_model_called_directly(
    offline: Make, platform: FakePlatform, way: str
):
    model = offline()
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    chat = [
        {"role": "user", "content": "Hi", "tool_calls": None, "tool_call_id": None},
        {"role": "assistant", "content": None, "tool_calls": [call], "tool_call_id": None},
        {"role": "tool", "content": "1", "tool_calls": None, "tool_call_id": "c"},
    ]
    if way == "generate":
        model.generate(inputs=[chat])
        sent = json.loads(platform.requests[0].content)
    else:
        with suppress(DistilabelOfflineBatchGenerationNotFinishedException):
            model.offline_batch_generate(inputs=[chat])
        sent = platform.batches["batch_2"].lines[0]["body"]
    extra = [set(message) - {"role", "content"} for message in sent["messages"]]
    assert extra == [set(), {"tool_calls"}, {"tool_call_id"}]
