"""Tools of chat completions: which calls the toy makes, in which shape, and what it refuses."""

import json

import httpx2
import pytest
from jsonschema import Draft202012Validator
from openai import BadRequestError, OpenAI
from openai.types.chat import ChatCompletion

from .helpers import chat_body, line, rows, run

SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 2}},
    "required": ["city", "days"],
    "additionalProperties": False,
}


def tool(name: str, schema: dict | None = SCHEMA) -> dict:
    return {"type": "function", "function": {"name": name, "parameters": schema}}


def named(name: str) -> dict:
    return {"type": "function", "function": {"name": name}}


TOOLS = [tool("weather"), tool("news")]


@pytest.mark.parametrize(
    ("choice", "name", "reason"),
    [
        ("required", "weather", "tool_calls"),
        (named("news"), "news", "stop"),
        ({"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [named("news")]}}, "news", "tool_calls"),
    ],
)  # fmt: skip
def test_forced_call_has_arguments_that_fit_the_schema(http: httpx2.Client, choice, name: str, reason: str):
    raw = http.post("chat/completions", json=chat_body("Oslo", tools=TOOLS, tool_choice=choice)).json()
    (answered,) = ChatCompletion.model_validate(raw, strict=True).choices
    (call,) = answered.message.tool_calls
    assert (call.function.name, answered.finish_reason, answered.message.content) == (name, reason, None)
    assert call.id.startswith("call_")
    Draft202012Validator(SCHEMA).validate(json.loads(call.function.arguments))


@pytest.mark.parametrize(
    "choice", [None, "none", "auto", {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": []}}]
)  # fmt: skip
def test_toy_answers_in_words_where_no_call_is_forced(http: httpx2.Client, choice):
    raw = http.post("chat/completions", json=chat_body("Oslo", tools=TOOLS, tool_choice=choice)).json()
    assert raw["choices"][0]["message"]["content"].startswith('About "Oslo"')
    assert "tool_calls" not in raw["choices"][0]["message"]


def test_tool_that_the_question_names_is_called_once(client: OpenAI):
    messages: list = [{"role": "user", "content": "Use news for Oslo"}]
    ask = {"model": "toy", "tools": TOOLS, "messages": messages}
    choice = client.chat.completions.create(**ask).choices[0]
    (call,) = choice.message.tool_calls
    assert (call.function.name, choice.finish_reason) == ("news", "tool_calls")
    messages += [
        choice.message.model_dump(),
        {"role": "tool", "tool_call_id": call.id, "content": "None"},
    ]
    assert client.chat.completions.create(**ask).choices[0].message.content
    assert client.chat.completions.create(**ask | {"tool_choice": "none"}).choices[0].message.content


def test_each_required_turn_calls_the_next_tool_and_then_the_last(client: OpenAI):
    messages: list = [{"role": "user", "content": "Oslo"}]
    names = []
    for _ in range(3):
        answer = client.chat.completions.create(
            model="toy", messages=messages, tools=TOOLS, tool_choice="required"
        )
        message = answer.choices[0].message
        names.append(message.tool_calls[0].function.name)
        messages += [
            message.model_dump(),
            {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": "4 degrees"},
        ]
    assert names == ["weather", "news", "news"]


def test_call_is_cut_at_the_token_limit(client: OpenAI):
    answer = client.chat.completions.create(**chat_body(tools=TOOLS, tool_choice="required", max_tokens=3))
    assert answer.choices[0].finish_reason == "length"
    assert len(answer.choices[0].message.tool_calls[0].function.arguments) == 12


def test_function_without_parameters_is_called_without_any(client: OpenAI):
    answer = client.chat.completions.create(**chat_body(tools=[tool("ping", None)], tool_choice="required"))
    assert answer.choices[0].message.tool_calls[0].function.arguments == "{}"


def test_streamed_call_is_the_call_in_pieces(client: OpenAI):
    body = chat_body(tools=TOOLS, tool_choice=named("news"), seed=1)
    (whole,) = client.chat.completions.create(**body).choices[0].message.tool_calls
    with client.chat.completions.stream(**body) as stream:
        (call,) = stream.get_final_completion().choices[0].message.tool_calls
    assert (call.id, call.function.name, call.function.arguments) == (
        whole.id,
        whole.function.name,
        whole.function.arguments,
    )


def test_functions_are_still_taken_and_streamed(client: OpenAI):
    body = chat_body(functions=[{"name": "f", "parameters": SCHEMA}], function_call={"name": "f"}, seed=1)
    choice = client.chat.completions.create(**body).choices[0]
    assert (choice.message.function_call.name, choice.finish_reason) == ("f", "stop")
    chunks = list(client.chat.completions.create(**body, stream=True))
    calls = [chunk.choices[0].delta.function_call for chunk in chunks]
    assert "".join(call.arguments or "" for call in calls if call) == choice.message.function_call.arguments
    assert client.chat.completions.create(**body | {"function_call": "auto"}).choices[0].message.content


def test_calls_are_answered_by_batch(client: OpenAI):
    batch = run(client, line("a", chat_body(tools=TOOLS, tool_choice="required")))
    (row,) = rows(client, batch.output_file_id)
    assert row["response"]["body"]["choices"][0]["message"]["tool_calls"][0]["function"]["name"] == "weather"


def test_line_too_odd_to_be_read_fails_alone(client: OpenAI):
    odd = {"role": "assistant", "tool_calls": ["no object"]}
    body = {"model": "toy", "messages": [odd], "tools": TOOLS, "tool_choice": "required"}
    batch = run(client, line("odd", body) + line("good"))
    (bad,), (good,) = rows(client, batch.error_file_id), rows(client, batch.output_file_id)
    assert (bad["custom_id"], bad["response"]["status_code"], good["custom_id"]) == ("odd", 500, "good")


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"tools": {}}, "tools"),
        ({"tools": []}, "tools"),
        ({"tools": ["x"]}, "tools[0].type"),
        ({"tools": [{"type": "custom", "custom": {"name": "x"}}]}, "tools[0].type"),
        ({"tools": [{"type": "function"}]}, "tools[0].function.name"),
        ({"tools": [tool("two words")]}, "tools[0].function.name"),
        ({"tools": [tool("a"), tool("b", {"type": "string"})]}, "tools[1].function.parameters"),
        ({"tools": TOOLS, "tool_choice": "always"}, "tool_choice"),
        ({"tools": TOOLS, "tool_choice": named("nothing")}, "tool_choice"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"functions": []}, "functions"),
        ({"functions": [{"name": "f"}], "function_call": {"name": "g"}}, "function_call"),
        ({"functions": [{"name": "f"}], "function_call": "required"}, "function_call"),
        (
            {"tools": [tool("a", {"type": "object", "properties": {"x": {"type": "integer", "pattern": 1, "minimum": 2, "maximum": 1}}})],
             "tool_choice": "required"},
            "tools[0].function.parameters",
        ),
    ],
)  # fmt: skip
def test_request_with_wrong_tools_is_refused(client: OpenAI, change: dict, param: str):
    with pytest.raises(BadRequestError) as caught:
        client.chat.completions.create(**chat_body(**change))
    assert caught.value.param == param
