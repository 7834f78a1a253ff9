"""Strict mode refuses what OpenAI refuses, in OpenAI's words, online and in the lines of a batch."""

import httpx2
import pytest
from openai import OpenAI

from .helpers import chat_body, line, rows, run

TEXT = {"type": "string"}


def closed(**properties: dict) -> dict:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


EVERY_KEY = "'required' is required to be supplied and to be an array including every key in properties. "
REFUSED = [
    ({**closed(a=TEXT), "additionalProperties": True}, "In context=(), 'additionalProperties' is required to be supplied and to be false."),
    ({"type": "object", "properties": {"a": TEXT}, "required": ["a"]}, "In context=(), 'additionalProperties' is required to be supplied and to be false."),
    (closed(a={"type": "object", "properties": {}}), "In context=('properties', 'a'), 'additionalProperties' is required to be supplied and to be false."),
    ({**closed(a=TEXT, b=TEXT), "required": ["a"]}, f"In context=(), {EVERY_KEY}Missing 'b'."),
    ({"type": "object", "properties": {"a": TEXT}, "additionalProperties": False}, f"In context=(), {EVERY_KEY}Missing 'a'."),
    ({**closed(a=TEXT), "required": ["a", "z"]}, f"In context=(), {EVERY_KEY}Extra required key 'z' supplied."),
    (closed(a={"oneOf": [TEXT, {"type": "null"}]}), "In context=('properties', 'a'), 'oneOf' is not permitted."),
    (closed(a={**TEXT, "default": "x"}), "In context=('properties', 'a'), 'default' is not permitted."),
    ({**closed(a={"$ref": "#/$defs/A", "description": "d"}), "$defs": {"A": TEXT}}, "In context=('properties', 'a'), $ref cannot have keywords {'description'}."),
    ({**closed(a={"$ref": "#/$defs/A"}), "$defs": {"A": {"type": "object", "properties": {}}}}, "In context=('$defs', 'A'), 'additionalProperties' is required to be supplied and to be false."),
    (closed(a={"anyOf": [TEXT, {"type": "array"}]}), "In context=('properties', 'a', 'anyOf', '1'), array schema missing items."),
    (closed(a={"type": "array", "items": {"title": "any"}}), "In context=('properties', 'a', 'items'), schema must have a 'type' key."),
    (closed(a={**TEXT, "format": "uri"}), "In context=('properties', 'a'), 'uri' is not a valid format."),
    (closed(a=True), "In context=('properties', 'a'), schema must be an object."),
    ({"anyOf": [closed()]}, "schema must be a JSON Schema of 'type: \"object\"', got 'type: \"None\"'."),
    ({"$ref": "#/$defs/A", "$defs": {"A": closed()}}, "schema must be a JSON Schema of 'type: \"object\"', got 'type: \"None\"'."),
    ({"type": "array", "items": TEXT}, "schema must be a JSON Schema of 'type: \"object\"', got 'type: \"array\"'."),
]  # fmt: skip


def structured(schema: dict, strict: bool | None) -> dict:
    wanted = {"name": "x", "schema": schema, "strict": strict}
    return chat_body(response_format={"type": "json_schema", "json_schema": wanted})


@pytest.mark.parametrize(("schema", "why"), REFUSED)
def test_strict_schema_is_refused_as_openai_refuses_it(http: httpx2.Client, schema: dict, why: str):
    tool = {"name": "f", "parameters": schema, "strict": True}
    wanted = {"type": "json_schema", "name": "x", "schema": schema, "strict": True}
    for path, body, owner, param, code in (
        ("chat/completions", structured(schema, True), "response_format 'x'", "response_format", None),
        ("chat/completions", chat_body(tools=[{"type": "function", "function": tool}]),
         "function 'f'", "tools[0].function.parameters", "invalid_function_parameters"),
        ("responses", {"model": "toy", "input": "x", "text": {"format": wanted}},
         "response_format 'x'", "text.format.schema", "invalid_json_schema"),
        ("responses", {"model": "toy", "input": "x", "tools": [{"type": "function", **tool}]},
         "function 'f'", "tools[0].parameters", "invalid_function_parameters"),
    ):  # fmt: skip
        answer = http.post(path, json=body)
        message = f"Invalid schema for {owner}: {why}"
        error = {"message": message, "type": "invalid_request_error", "param": param, "code": code}
        assert (answer.status_code, answer.json()) == (400, {"error": error})


@pytest.mark.parametrize("strict", [False, None])
def test_schema_that_is_not_strict_is_taken(http: httpx2.Client, strict: bool | None):
    schema = {"type": "object", "properties": {"a": {"oneOf": [TEXT]}, "b": {**TEXT, "default": "x"}}}
    assert http.post("chat/completions", json=structured(schema, strict)).status_code == 200


def test_strict_schema_within_the_rules_is_answered(http: httpx2.Client):
    node = closed(
        next={"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]},
        kind={"enum": ["a", "b"]},
        when={**TEXT, "format": "date-time"},
        some={"type": ["string", "null"]},
        words={"type": "array", "items": TEXT, "minItems": 2},
    )
    schema = {**closed(first={"$ref": "#/$defs/node"}), "$defs": {"node": node}}
    assert http.post("chat/completions", json=structured(schema, True)).status_code == 200


def test_line_of_a_batch_with_a_refused_schema_fails_alone(client: OpenAI):
    data = line("good", structured(closed(a=TEXT), True)) + line("bad", structured({"type": "object"}, True))
    batch = run(client, data)
    (good,), (bad,) = rows(client, batch.output_file_id), rows(client, batch.error_file_id)
    assert (good["custom_id"], bad["custom_id"]) == ("good", "bad")
    assert bad["response"]["status_code"] == 400
    assert "'additionalProperties' is required" in bad["response"]["body"]["error"]["message"]
