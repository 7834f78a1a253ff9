"""AnthropicLLM, GeminiLLM and VertexAILLM: the same body online and by batch, and the same outputs as any LLM."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from anthropic.types.message_create_params import MessageCreateParamsNonStreaming
from google.genai import types
from pydantic import BaseModel, TypeAdapter, ValidationError

from distilabel.config import load
from distilabel.exceptions import (
    DistilabelAuthenticationError,
    DistilabelOfflineBatchGenerationNotFinishedException,
    DistilabelUserError,
)
from distilabel.llms import AnthropicLLM, GeminiLLM, VertexAILLM
from distilabel.records import canonical_json
from tests.fakes import KEY
from tests.platforms import HOST, AnthropicInMemory, GeminiInMemory, InMemory, VertexInMemory

CHAT = [{"role": "user", "content": "Hi"}]
KINDS: list[tuple[type[Any], type[InMemory], dict[str, Any]]] = [
    (AnthropicLLM, AnthropicInMemory, {}),
    (GeminiLLM, GeminiInMemory, {}),
    (VertexAILLM, VertexInMemory, {"project": "p", "location": "l", "bucket": "b"}),
]
Make = Callable[..., tuple[Any, InMemory]]


class Person(BaseModel):
    name: str
    age: int = 3


class Family(BaseModel):
    people: list[Person]


@pytest.fixture
def make(fast: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """Makes an LLM of a kind, loaded, and its platform in memory."""
    for name in (
        "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "GEMINI_API_KEY", "GOOGLE_GEMINI_BASE_URL", "GOOGLE_VERTEX_BASE_URL",
        "GOOGLE_CLOUD_PROJECT", "GOOGLE_CLOUD_LOCATION", "GOOGLE_CLOUD_STORAGE_BUCKET",
    ):  # fmt: skip
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DISTILABEL_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"{HOST}/gcs")
    made: list[Any] = []

    def make_one(cls: type[Any], *, load: bool = True, **more: Any) -> tuple[Any, InMemory]:
        kind, defaults = next((kind, defaults) for known, kind, defaults in KINDS if known is cls)
        memory = kind()
        given = {"model": "m", "base_url": HOST, "api_key": KEY, "transport": memory.transport}
        made.append(cls(**(given | defaults | more)))
        if load:
            made[-1].load()
        return made[-1], memory

    yield make_one
    for each in made:
        each.unload()


each_llm = pytest.mark.parametrize("cls", [cls for cls, _, _ in KINDS])


@each_llm
def test_body_online_is_byte_for_byte_the_body_by_batch(make: Make, cls: type[Any]):
    llm, memory = make(cls)
    asked = llm.request(CHAT, temperature=0.5, stop_sequences=["é\u2028"])
    llm.generate_outputs(inputs=[CHAT], temperature=0.5, stop_sequences=["é\u2028"])
    assert memory.requests[-1].content == canonical_json(asked)
    llm.use_offline_batch_generation = True
    with pytest.raises(DistilabelOfflineBatchGenerationNotFinishedException):
        llm.generate_outputs(inputs=[CHAT], temperature=0.5, stop_sequences=["é\u2028"])
    (batch,) = memory.batches.values()
    assert canonical_json(batch.lines[0]["body"]) == canonical_json(asked)


@each_llm
def test_answer_online_is_a_generation_with_its_tokens(make: Make, cls: type[Any]):
    llm, _ = make(cls)
    (output,) = llm.generate_outputs(inputs=[CHAT], num_generations=2)
    assert output["generations"] == ["online"] * 2
    assert output["statistics"] == {"input_tokens": [3, 3], "output_tokens": [5, 5]}
    assert all(detail["finish_reason"] for detail in output["details"])


@each_llm
def test_answers_by_batch_come_to_their_inputs(make: Make, cls: type[Any]):
    llm, memory = make(cls, use_offline_batch_generation=True, offline_batch_generation_block_until_done=1)
    llm.offline_batch_generation_block_until_done = 0.001
    chats = [[{"role": "user", "content": f"p{number}"}] for number in range(5)]
    outputs = llm.generate_outputs(inputs=chats)
    assert [output["generations"] for output in outputs] == [[f"p{number}/0"] for number in range(5)]
    assert len(memory.batches) == 1


@each_llm
def test_call_carries_the_key_and_no_dump_does(make: Make, cls: type[Any]):
    llm, memory = make(cls)
    llm.generate_outputs(inputs=[CHAT])
    assert KEY in " ".join(memory.requests[-1].headers.values())
    assert KEY not in json.dumps(llm.dump()) + repr(llm)


@pytest.mark.parametrize(
    ("cls", "variable"), [(AnthropicLLM, "ANTHROPIC_API_KEY"), (GeminiLLM, "GEMINI_API_KEY")]
)
def test_key_that_is_missing_is_named(make: Make, cls: type[Any], variable: str):
    with pytest.raises(DistilabelAuthenticationError, match=variable):
        make(cls, api_key=None)


@each_llm
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"temperature": 3}, "temperature.*from 0 to"),
        ({"top_p": 2}, "top_p"),
        ({"temprature": 0.5}, "temprature"),
    ],
)
def test_wrong_argument_is_refused_before_anything_is_sent(make: Make, cls: type[Any], arguments, words: str):
    llm, memory = make(cls)
    with pytest.raises((DistilabelUserError, TypeError), match=words):
        llm.generate_outputs(inputs=[CHAT], **arguments)
    assert memory.calls == []


@each_llm
def test_further_fields_go_before_all_others(make: Make, cls: type[Any]):
    llm, _ = make(cls, load=False)
    extra = {"tools": [1], "new": 2}
    assert llm.request(CHAT, tools=[{"type": "own"}], extra_body=extra) == {**llm.request(CHAT), **extra}


@each_llm
def test_llm_is_dumped_and_made_again(make: Make, cls: type[Any]):
    llm, _ = make(cls, load=False, structured_output={"schema": Person.model_json_schema()})
    again = load(llm.dump())
    assert again.request(CHAT) == llm.request(CHAT)


# Anthropic


def test_anthropic_wants_to_know_the_most_tokens(make: Make):
    llm, _ = make(AnthropicLLM, load=False)
    assert llm.request(CHAT) == {"model": "m", "max_tokens": 4096, "messages": CHAT}


def test_anthropic_takes_what_we_send(make: Make):
    llm, _ = make(AnthropicLLM, load=False, structured_output={"schema": Family})
    tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
    given: dict[str, Any] = {
        "max_tokens": 4000, "stop_sequences": ["x"], "thinking": {"type": "enabled", "budget_tokens": 2048},
        "effort": "low", "tools": [tool], "tool_choice": "any", "cache_control": {"type": "ephemeral"},
        "metadata": {"user_id": "u"},
    }  # fmt: skip
    body = llm.request(CHAT, **given)
    TypeAdapter(MessageCreateParamsNonStreaming).validate_python(body, strict=True)
    assert set(body) <= set(MessageCreateParamsNonStreaming.__annotations__)


def test_anthropic_s_structure_is_its_own(make: Make):
    llm, _ = make(AnthropicLLM, load=False, structured_output={"schema": Person})
    assert llm.request(CHAT, effort="low")["output_config"] == {
        "effort": "low",
        "format": {
            "type": "json_schema",
            "schema": {
                "title": "Person",
                "type": "object",
                "properties": {
                    "name": {"title": "Name", "type": "string"},
                    "age": {"title": "Age", "type": "integer"},
                },
                "additionalProperties": False,
                "required": ["name", "age"],
            },
        },
    }
    other = {
        "title": "Other",
        "type": "object",
        "properties": {"minLength": {"type": "string", "minLength": 2}},
    }
    schema = llm.request((CHAT, {"schema": other}))["output_config"]["format"]["schema"]
    assert (schema["title"], schema["properties"]) == ("Other", {"minLength": {"type": "string"}})


@pytest.mark.parametrize("argument", [{"temperature": 0.5}, {"top_p": 0.5}, {"top_k": 5}])
def test_later_versions_of_anthropic_s_api_take_no_sampling(make: Make, argument: dict[str, Any]):
    llm, _ = make(AnthropicLLM, load=False, version="2026-10-21")
    with pytest.raises(DistilabelUserError, match="version"):
        llm.request(CHAT, **argument)
    make(AnthropicLLM, load=False)[0].request(CHAT, **argument)


def test_budget_of_thoughts_lies_below_the_most_tokens(make: Make):
    llm, _ = make(AnthropicLLM, load=False)
    with pytest.raises(DistilabelUserError, match="max_tokens"):
        llm.request(CHAT, thinking={"type": "enabled", "budget_tokens": 4096})


def test_version_is_sent_and_another_is_another_request(make: Make):
    llm, memory = make(AnthropicLLM, version="2026-10-21")
    llm.generate_outputs(inputs=[CHAT])
    assert memory.requests[-1].headers["anthropic-version"] == "2026-10-21"
    usual, memory = make(AnthropicLLM)
    usual.generate_outputs(inputs=[CHAT])
    assert memory.requests[-1].headers["anthropic-version"] == "2023-06-01"
    assert llm.client.target.identity != usual.client.target.identity


def test_field_that_makes_no_sense_is_refused():
    with pytest.raises(ValidationError, match="timeout"):
        AnthropicLLM(model="m", timeout=0)


# Google


@pytest.mark.parametrize("cls", [GeminiLLM, VertexAILLM])
def test_google_takes_what_we_send(make: Make, cls: type[Any]):
    llm, _ = make(cls, load=False, structured_output={"schema": Family})
    given: dict[str, Any] = {
        "max_output_tokens": 9, "temperature": 0.0, "top_p": 0.5, "top_k": 5, "stop_sequences": ["x"],
        "frequency_penalty": 0.1, "presence_penalty": 0.2, "seed": 0, "thinking_config": {"thinkingBudget": 0},
        "safety_settings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}],
        "tools": [{"googleSearch": {}}], "tool_choice": "auto",
    }  # fmt: skip
    body = llm.request(CHAT, **given)
    assert set(body) == {"contents", "generationConfig", "safetySettings", "tools", "toolConfig"}
    types.GenerationConfig.model_validate(body["generationConfig"])
    types.SafetySetting.model_validate(body["safetySettings"][0])
    assert (body["generationConfig"]["seed"], body["generationConfig"]["temperature"]) == (0, 0.0)


def test_google_s_structure_is_its_own(make: Make):
    llm, _ = make(GeminiLLM, load=False, structured_output={"schema": Family})
    config = llm.request(CHAT)["generationConfig"]
    assert config == {
        "responseMimeType": "application/json",
        "responseJsonSchema": Family.model_json_schema(),
    }


def test_vertex_gets_no_references(make: Make):
    llm, _ = make(VertexAILLM, load=False, structured_output={"schema": Family})
    schema = llm.request(CHAT)["generationConfig"]["responseJsonSchema"]
    assert schema["properties"]["people"]["items"]["properties"]["name"] == {
        "title": "Name",
        "type": "string",
    }
    assert "$" not in json.dumps(schema)


def test_schema_that_leads_back_to_itself_is_refused(make: Make):
    node = {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}}}
    llm, _ = make(VertexAILLM, load=False)
    with pytest.raises(DistilabelUserError, match="does not support recursive schemas"):
        llm.request((CHAT, {"schema": {"$ref": "#/$defs/Node", "$defs": {"Node": node}}}))


def test_vertex_goes_to_the_address_of_its_project(make: Make, monkeypatch: pytest.MonkeyPatch):
    llm, _ = make(VertexAILLM, base_url=None, location="us-central1")
    assert llm.client.target.base_url == (
        "https://us-central1-aiplatform.googleapis.com/v1/projects/p/locations/us-central1"
    )
    with pytest.raises(DistilabelUserError, match="GOOGLE_CLOUD_PROJECT"):
        make(VertexAILLM, project=None)
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "mine")
    monkeypatch.setenv("GOOGLE_VERTEX_BASE_URL", "http://127.0.0.1:9")
    llm, _ = make(VertexAILLM, base_url=None, project=None, location=None)
    assert llm.client.target.base_url == "http://127.0.0.1:9/v1/projects/mine/locations/global"
