"""The Responses API, online, as a stream and by batch, driven by OpenAI's own client."""

import json

import httpx2
import pytest
from jsonschema import Draft202012Validator
from openai import BadRequestError, NotFoundError, OpenAI
from openai.types.responses import Response
from pydantic import BaseModel

from .helpers import line, rows, run

BODY = {"model": "toy", "input": "Why is the sky blue?"}
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
TOOL = {"type": "function", "name": "weather", "parameters": SCHEMA}


def test_response_quotes_its_input_and_has_the_shape_of_the_client(http: httpx2.Client):
    raw = http.post("responses", json={**BODY, "instructions": "Be brief.", "metadata": {"a": "b"}}).json()
    response = Response.model_validate(raw, strict=True)
    assert response.output_text.startswith('About "Why is the sky blue?": ')
    assert (response.status, response.instructions, response.metadata) == (
        "completed",
        "Be brief.",
        {"a": "b"},
    )
    assert response.usage is not None
    assert response.usage.total_tokens == response.usage.input_tokens + response.usage.output_tokens


@pytest.mark.parametrize(
    "given",
    [
        [{"role": "user", "content": "Last"}],
        [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Last"}]}],
        [
            {"role": "user", "content": "First"},
            {"type": "reasoning", "id": "rs_1", "summary": []},
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Yes"}]},
            {"role": "user", "content": "Last"},
            {"type": "function_call", "call_id": "c1", "name": "weather", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c1", "output": "4 degrees"},
        ],
    ],
)
def test_items_are_read_as_a_conversation(client: OpenAI, given: list):
    assert client.responses.create(model="toy", input=given).output_text.startswith('About "Last": ')


def test_structured_response_fits_the_schema(client: OpenAI):
    class City(BaseModel):
        name: str
        inhabitants: int

    parsed = client.responses.parse(**BODY, text_format=City).output_parsed
    assert isinstance(parsed, City)
    wanted = {"format": {"type": "json_object"}}
    assert "about" in json.loads(client.responses.create(**BODY, text=wanted).output_text)


@pytest.mark.parametrize(
    "choice",
    [
        "required",
        {"type": "function", "name": "weather"},
        {"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "weather"}]},
    ],
)
def test_forced_call_is_an_item_with_arguments_that_fit(http: httpx2.Client, choice):
    raw = http.post("responses", json={**BODY, "tools": [TOOL], "tool_choice": choice}).json()
    (call,) = Response.model_validate(raw, strict=True).output
    assert (call.type, call.name, call.status) == ("function_call", "weather", "completed")
    Draft202012Validator(SCHEMA).validate(json.loads(call.arguments))


def test_tools_without_a_forced_choice_are_answered_in_words(client: OpenAI):
    assert client.responses.create(**BODY, tools=[TOOL]).output_text.startswith("About")


def test_response_is_incomplete_at_the_token_limit(client: OpenAI):
    response = client.responses.create(**BODY, max_output_tokens=16)
    assert (response.status, response.incomplete_details.reason) == ("incomplete", "max_output_tokens")
    assert response.usage.output_tokens == 16


@pytest.mark.parametrize(
    "more", [{}, {"tools": [TOOL], "tool_choice": "required"}, {"max_output_tokens": 16}]
)
def test_stream_ends_with_the_whole_response(client: OpenAI, more: dict):
    with client.responses.stream(**BODY, **more) as stream:
        events = list(stream)
    final = events[-1].response
    assert [event.sequence_number for event in events] == sorted(event.sequence_number for event in events)
    assert (events[0].type, events[-1].type) == ("response.created", f"response.{final.status}")
    deltas = "".join(event.delta for event in events if event.type.endswith(".delta"))
    assert deltas == (final.output[0].arguments if "tools" in more else final.output_text)
    assert final.usage.output_tokens


def test_responses_are_answered_by_batch_and_counted(client: OpenAI):
    url = "/v1/responses"
    batch = run(client, line("a", BODY, url=url) + line("b", {"model": "toy"}, url=url), url)
    (good,), (bad,) = rows(client, batch.output_file_id), rows(client, batch.error_file_id)
    response = Response.model_validate(good["response"]["body"], strict=True)
    assert response.output_text.startswith("About")
    assert bad["response"]["body"]["error"]["param"] == "input"
    assert batch.usage.output_tokens == response.usage.output_tokens > 0
    assert batch.usage.input_tokens == response.usage.input_tokens > 0


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"model": None}, "model"),
        ({"input": None}, "input"),
        ({"input": 7}, "input"),
        ({"input": []}, "input"),
        ({"input": ["x"]}, "input[0]"),
        ({"input": [{"role": "user"}]}, "input[0]"),
        ({"input": [{"role": "user", "content": 7}]}, "input[0].content"),
        ({"input": [{"type": "computer_call"}]}, "input[0]"),
        ({"instructions": 7}, "instructions"),
        ({"text": "x"}, "text"),
        ({"tools": 7}, "tools"),
        ({"metadata": []}, "metadata"),
        ({"max_output_tokens": 15}, "max_output_tokens"),
        ({"temperature": 3}, "temperature"),
        ({"previous_response_id": "resp_1"}, "previous_response_id"),
        ({"background": True}, "background"),
        ({"text": {"format": {"type": "xml"}}}, "text.format.type"),
        ({"text": {"format": {"type": "json_schema", "name": "x"}}}, "text.format.schema"),
        ({"text": {"format": {"type": "json_schema", "schema": SCHEMA}}}, "text.format.name"),
        ({"tools": [{"type": "web_search"}]}, "tools[0].type"),
        ({"tools": [{"type": "function", "parameters": SCHEMA}]}, "tools[0].name"),
        ({"tools": [{**TOOL, "parameters": {"type": "string"}}]}, "tools[0].parameters"),
        ({"tools": [TOOL], "tool_choice": {"type": "function", "name": "x"}}, "tool_choice"),
    ],
)  # fmt: skip
def test_request_for_a_response_with_a_wrong_parameter_is_refused(
    http: httpx2.Client, change: dict, param: str
):
    answer = http.post("responses", json=BODY | change)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)
    assert "function." not in answer.json()["error"]["message"]


def test_items_of_earlier_responses_are_not_found(client: OpenAI):
    with pytest.raises(NotFoundError):
        client.responses.create(model="toy", input=[{"type": "item_reference", "id": "msg_1"}])
    with pytest.raises(BadRequestError, match="not found") as caught:
        client.responses.create(**BODY, previous_response_id="resp_1")
    assert caught.value.code == "previous_response_not_found"
