"""Every LLM class, online and by batch, over HTTP: the same arguments, and all that a platform tells in the same outputs."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from distilabel import llms
from tests.chaos.dialects import DIALECTS
from tests.emulators.world import emulated

KEY = "sk-same-outputs"
IMAGE = "data:image/png;base64,iVBORw0KGgo="
TOOL = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
CALL = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Oslo"}'}}
TOKENS = [{"token": "Hi", "logprob": -0.5, "top_logprobs": [{"token": "Hi", "logprob": -0.5}]}]
OFFLINE = {"use_offline_batch_generation": True, "offline_batch_generation_block_until_done": 0.02}
JOBS = [name for name, dialect in DIALECTS.items() if dialect.jobs]
# What a platform's answers have no place for.
NO_LOGPROBS = {"anthropic", "bedrock", "mistral"}
NO_IDS = {"bedrock"}
NO_COUNT_OF_THOUGHTS = {"bedrock"}
# By batch, Converse takes no tools: https://docs.aws.amazon.com/bedrock/latest/userguide/batch-inference.html
NO_TOOLS_BY_BATCH = {"bedrock"}
STOPS = {"anthropic": "end_turn", "bedrock": "end_turn", "gemini": "STOP", "vertex": "STOP"}


class City(BaseModel):
    name: str


class Model:
    """Answers as a model that thinks, calls a tool, and has all counts; keeps what it was asked."""

    def __init__(self, *, calls: bool) -> None:
        self.asked: list[dict[str, Any]] = []
        self.calls = calls

    async def __call__(self, _endpoint: str, body: dict[str, Any], _name: str) -> tuple[int, dict[str, Any]]:
        self.asked.append(body)
        message: dict[str, Any] = {
            "role": "assistant",
            "content": '{"name": "Oslo"}',
            "reasoning_content": "Hm.",
        }
        message |= {"tool_calls": [CALL]} if self.calls else {}
        logprobs = {"content": TOKENS} if "ogprobs" in json.dumps(body) else None
        choice = {"index": 0, "message": message, "logprobs": logprobs, "finish_reason": "stop"}
        usage = {
            "prompt_tokens": 7, "completion_tokens": 9, "total_tokens": 16,
            "prompt_tokens_details": {"cached_tokens": 3}, "completion_tokens_details": {"reasoning_tokens": 4},
        }  # fmt: skip
        frame = {"id": "chatcmpl-7", "object": "chat.completion", "created": 0, "model": body["model"]}
        return 200, {**frame, "choices": [choice], "usage": usage}


Ask = Callable[..., Any]


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Asks a dialect's LLM for outputs, online or by batch; each time with an empty ledger."""

    def outputs(
        name: str, model: Model, inputs: list[Any], how: dict[str, Any], given: dict[str, Any]
    ) -> Any:
        dialect, folder = DIALECTS[name], tmp_path / ("batch" if how else "online")
        monkeypatch.setenv("DISTILABEL_CACHE_DIR", str(folder / "cache"))
        with emulated(dialect.emulator, folder / "platform", model) as url:
            address = url + dialect.emulator.root
            for variable, value in dialect.environment_of(address, KEY, tmp_path).items():
                monkeypatch.setenv(variable, value)
            options = {
                "api_key": KEY,
                **dialect.options,
                **how,
                "structured_output": given.pop("structure", None),
            }
            llm = getattr(llms, dialect.llm)(model="m", base_url=address, **options)
            llm.load()
            found = llm.generate_outputs(inputs=inputs, num_generations=2, **given)
            llm.unload()
        return found

    return outputs


def both(
    ask: Ask, name: str, inputs: list[Any], *, calls: bool = False, **given: Any
) -> list[tuple[Any, Model]]:
    """What came online and by batch, and what the model was asked then."""
    return [
        (ask(name, model, inputs, how, dict(given)), model)
        for how, model in (({}, Model(calls=calls)), (OFFLINE, Model(calls=calls)))
    ]


def chat(*content: Any) -> list[dict[str, Any]]:
    return [{"role": "user", "content": list(content) if len(content) > 1 else content[0]}]


def details_of(name: str, *, calls: bool) -> dict[str, Any]:
    details: dict[str, Any] = {"finish_reason": STOPS.get(name, "stop")}
    details |= {} if name in NO_IDS else {"request_id": "chatcmpl-7"}
    details |= {"reasoning": "Hm."}
    called = {"id": "call_1", "name": "weather", "arguments": '{"city":"Oslo"}'}
    return details | ({"tool_calls": [called]} if calls else {})


@pytest.mark.parametrize("name", JOBS)
def test_texts_counts_reasons_ids_and_probabilities(name: str, ask: Ask):
    given = {} if name in NO_LOGPROBS else {"logprobs": True, "top_logprobs": 1}
    (online, asked), (batch, asked_by_batch) = both(ask, name, [chat("One?"), chat("Two?")], **given)
    statistics = {"input_tokens": [7, 7], "output_tokens": [9, 9], "cached_tokens": [3, 3]}
    statistics |= {} if name in NO_COUNT_OF_THOUGHTS else {"reasoning_tokens": [4, 4]}
    expected = {"generations": ['{"name": "Oslo"}'] * 2, "statistics": statistics}
    expected |= {"details": [details_of(name, calls=False)] * 2}
    expected |= {} if name in NO_LOGPROBS else {"logprobs": [TOKENS, TOKENS]}
    assert online == [expected] * 2
    assert batch == online
    assert sorted(map(json.dumps, asked_by_batch.asked)) == sorted(map(json.dumps, asked.asked))
    assert len(asked.asked) == 4


@pytest.mark.parametrize("name", [name for name in JOBS if name not in NO_TOOLS_BY_BATCH])
def test_tools_and_images_go_out_and_calls_come_home(name: str, ask: Ask):
    image = {"type": "image_url", "image_url": {"url": IMAGE}}
    inputs = [chat({"type": "text", "text": "Where is this?"}, image)]
    (online, asked), (batch, asked_by_batch) = both(ask, name, inputs, calls=True, tools=[TOOL])
    assert online[0]["details"] == [details_of(name, calls=True)] * 2
    assert batch == online
    assert all('"weather"' in json.dumps(body) for body in (*asked.asked, *asked_by_batch.asked))


@pytest.mark.parametrize("name", JOBS)
def test_structure_goes_out_by_the_platform_s_own_means(name: str, ask: Ask):
    (online, asked), (batch, asked_by_batch) = both(ask, name, [chat("Where?")], structure={"schema": City})
    assert batch == online
    for body in (*asked.asked, *asked_by_batch.asked):
        means = {field: value for field, value in body.items() if field not in ("model", "messages")}
        assert '"name"' in json.dumps(means).replace("\\", "")
