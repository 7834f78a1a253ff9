"""The body of a request: the same online and by batch, and nothing in it that was not asked for."""

import json
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from distilabel.exceptions import DistilabelOfflineBatchGenerationNotFinishedException, DistilabelUserError
from distilabel.llms import OpenAILLM
from distilabel.records import canonical_json
from tests.fakes import FakePlatform

from .conftest import Make

CHAT = [{"role": "user", "content": "Hi"}]


def online(llm: OpenAILLM, platform: FakePlatform, input: Any = CHAT, **arguments: Any) -> dict[str, Any]:
    llm.generate_outputs(inputs=[input], **arguments)
    return json.loads(platform.requests[-1].content)


def by_batch(llm: OpenAILLM, platform: FakePlatform, input: Any = CHAT, **arguments: Any) -> dict[str, Any]:
    llm.use_offline_batch_generation = True
    with pytest.raises(DistilabelOfflineBatchGenerationNotFinishedException):
        llm.generate_outputs(inputs=[input], **arguments)
    return list(platform.batches.values())[-1].lines[0]["body"]


both = pytest.mark.parametrize("send", [online, by_batch])


@both
def test_arguments_that_are_not_given_are_not_sent(llm: Make, platform: FakePlatform, send):
    assert send(llm(), platform) == {"model": "m", "messages": CHAT}


@both
def test_arguments_that_are_given_are_sent_as_they_are(llm: Make, platform: FakePlatform, send):
    given: dict[str, Any] = {
        "temperature": 0.0, "top_p": 0.5, "frequency_penalty": -1.0, "presence_penalty": 2.0, "stop": ["\n"],
        "seed": 0, "logprobs": False, "top_logprobs": 3, "reasoning_effort": "low", "tool_choice": "auto",
        "tools": [{"type": "function", "function": {"name": "f"}}], "response_format": {"type": "json_object"},
    }  # fmt: skip
    assert send(llm(), platform, **given) == {"model": "m", "messages": CHAT, **given}


FAMILIES = [
    ("gpt-4o", "max_tokens"),
    ("gpt-4.1-mini", "max_tokens"),
    ("gpt-3.5-turbo", "max_tokens"),
    ("ft:gpt-4o-mini:acme::1", "max_tokens"),
    ("gpt-oss-120b", "max_tokens"),
    ("openai/gpt-oss-120b", "max_tokens"),
    ("mistral-small", "max_tokens"),
    ("olmo-2", "max_tokens"),
    ("o1", "max_completion_tokens"),
    ("o3-mini", "max_completion_tokens"),
    ("o4-mini-2025-04-16", "max_completion_tokens"),
    ("ft:o4-mini:acme::1", "max_completion_tokens"),
    ("gpt-5", "max_completion_tokens"),
    ("gpt-5.5-nano", "max_completion_tokens"),
    ("gpt-6", "max_completion_tokens"),
    ("gpt-10", "max_completion_tokens"),
    ("chatgpt-4o-latest", "max_completion_tokens"),
    ("codex-mini-latest", "max_completion_tokens"),
]


@pytest.mark.parametrize(("model", "name"), FAMILIES)
def test_most_tokens_are_asked_for_under_the_name_that_the_model_takes(llm: Make, model: str, name: str):
    body = llm(model, load=False).request(CHAT, max_new_tokens=7)
    assert {field for field in body if "tokens" in field} == {name}
    assert body[name] == 7


@both
def test_user_may_choose_the_name_for_the_most_tokens(llm: Make, platform: FakePlatform, send):
    body = send(llm("gpt-5", max_tokens_parameter="max_tokens"), platform, max_new_tokens=7)
    assert (body["max_tokens"], "max_completion_tokens" in body) == (7, False)


class Person(BaseModel):
    name: str
    age: int = 3


STRICT = {
    "type": "json_schema",
    "json_schema": {
        "name": "Person",
        "strict": True,
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


@both
@pytest.mark.parametrize("schema", [Person, Person.model_json_schema()])
def test_structure_of_all_answers_becomes_a_json_schema(llm: Make, platform: FakePlatform, send, schema: Any):
    assert send(llm(structured_output={"schema": schema}), platform)["response_format"] == STRICT


@both
def test_structure_of_one_answer_comes_with_its_input(llm: Make, platform: FakePlatform, send):
    # The predecessor's O11: the pair went into `messages`.
    made = llm(structured_output={"schema": {"title": "Other", "type": "object", "properties": {}}})
    body = send(made, platform, (CHAT, {"schema": Person}))
    assert (body["messages"], body["response_format"]) == (CHAT, STRICT)


@both
def test_input_with_an_empty_structure_gets_that_of_all_answers(llm: Make, platform: FakePlatform, send):
    assert (
        send(llm(structured_output={"schema": Person}), platform, (CHAT, None))["response_format"] == STRICT
    )


@both
def test_response_format_goes_before_the_structure(llm: Make, platform: FakePlatform, send):
    made = llm(structured_output={"schema": Person})
    body = send(made, platform, response_format={"type": "json_object"})
    assert body["response_format"] == {"type": "json_object"}


@pytest.mark.parametrize(
    "structure", [{"format": "regex", "schema": "a+"}, {"schema": "no schema"}, {"format": "json"}]
)
def test_structure_that_is_none_is_refused_before_anything_is_sent(
    llm: Make, platform: FakePlatform, structure
):
    with pytest.raises(DistilabelUserError, match="pydantic"):
        llm(structured_output=structure)
    assert platform.calls == []


@both
def test_further_fields_are_sent_as_they_are_and_go_before_all_others(
    llm: Make, platform: FakePlatform, send
):
    extra = {"min_p": 0.1, "temperature": 9, "stop": None, "guided": {"choice": ["a"]}}
    assert send(llm(), platform, temperature=1.0, extra_body=extra) == {
        "model": "m",
        "messages": CHAT,
        **extra,
    }


@both
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"max_new_tokens": 0}, "max_new_tokens.*at least 1"),
        ({"max_new_tokens": -5}, "max_new_tokens.*at least 1"),
        ({"max_new_tokens": "many"}, "max_new_tokens"),
        ({"temperature": 2.1}, "temperature.*at most 2"),
        ({"temperature": "hot"}, "temperature"),
        ({"top_p": -0.1}, "top_p.*at least 0"),
        ({"top_logprobs": 21}, "top_logprobs.*at most 20"),
        ({"frequency_penalty": 3}, "frequency_penalty.*at most 2"),
        ({"presence_penalty": -3}, "presence_penalty.*at least -2"),
        ({"temprature": 0.5}, "temprature"),
        ({"n": 3}, "n"),
    ],
)
def test_wrong_argument_is_refused_before_anything_is_sent(
    llm: Make, platform: FakePlatform, send, arguments: dict[str, Any], words: str
):
    # The predecessor's O12: dropped without a word, or sent as it was.
    with pytest.raises((DistilabelUserError, TypeError), match=words):
        send(llm(), platform, **arguments)
    assert platform.calls == []


def test_wrong_argument_of_the_llm_is_refused_when_it_is_loaded(llm: Make, platform: FakePlatform):
    with pytest.raises(DistilabelUserError, match="temprature"):
        llm(generation_kwargs={"temprature": 0.5})
    assert platform.calls == []


def test_arguments_that_an_llm_takes_are_those_of_its_request(llm: Make):
    taken = llm(load=False).generation_parameters()
    assert {"temperature", "max_new_tokens", "extra_body"} <= set(taken)
    assert not {"self", "input", "num_generations"} & set(taken)


@both
def test_prompt_of_any_text_arrives_as_it_is(llm: Make, platform: FakePlatform, send):
    chat = [{"role": "user", "content": "a\u2028b\x85\n\ud83d\x00é"}]
    assert send(llm(), platform, chat)["messages"] == chat


def test_body_online_is_byte_for_byte_the_body_by_batch(llm: Make, platform: FakePlatform):
    made = llm()
    asked = made.request(CHAT, temperature=0.5, stop="é")
    online(made, platform, temperature=0.5, stop="é")
    assert platform.requests[-1].content == canonical_json(asked)
    by_batch(made, platform, temperature=0.5, stop="é")
    assert canonical_json(asked) in platform.files["file-1"]


@pytest.mark.parametrize(
    "field",
    [
        {"max_retries": -1},
        {"timeout": 0},
        {"max_concurrent_requests": 0},
        {"offline_batch_generation_block_until_done": 0},
    ],
)
def test_field_that_makes_no_sense_is_refused(field: dict[str, Any]):
    with pytest.raises(ValidationError, match=next(iter(field))):
        OpenAILLM(model="m", **field)
