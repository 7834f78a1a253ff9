"""What an answer's body says beside its text, whichever endpoint gave it."""

import json
from pathlib import Path
from typing import Any

from distilabel.providers.openai_family.dialect import OpenAI
from distilabel.records import Failure, Reply, Target

WIRE = Path(__file__).parents[2] / "wire"


def replies(folder: str, file: str) -> list[Any]:
    lines = (WIRE / folder / file).read_bytes().split(b"\n")[:-1]
    return [OpenAI().decode(line).outcome for line in lines]


def test_reasoning_of_a_response_is_what_its_items_say():
    answers = replies("openai", "output_responses.jsonl")
    assert answers[1].extras == {"reasoning": "France's capital."}


def test_tool_call_of_a_response_has_the_shape_of_chat_completions():
    (call,) = replies("openai", "output_responses.jsonl")[4].extras["tool_calls"]
    assert call == {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}


def test_response_that_failed_says_why():
    assert replies("openai", "output_responses.jsonl")[7] == Failure(
        "server_error", "Broke off.", retryable=True
    )


def test_embedding_is_the_vector_as_it_was_sent():
    floats, text, _ = replies("openai", "output_embeddings.jsonl")
    assert (floats.extras["embedding"], text.extras["embedding"]) == ([0.25, -0.5], "AACAPgAAAL8=")


def test_reasoning_is_read_under_each_name_that_platforms_give_it():
    assert replies("groq", "output.jsonl")[1].extras["reasoning"] == "Six times seven."
    assert replies("mistral", "output.jsonl")[1].extras["reasoning"] == "Six times seven."
    assert replies("compatible", "output.jsonl")[1].extras["reasoning"] == "Six times seven."


def test_responses_are_asked_online_below_the_version_in_the_base_url():
    target = Target("openai", "https://api.openai.com/v1", "/v1/responses", "m")
    assert OpenAI().online_request(target, b"{}").path == "/responses"


def test_tokens_that_are_not_counted_are_distinguished_from_none():
    reply = replies("azure", "output.jsonl")[0]
    assert isinstance(reply, Reply)
    assert (reply.usage.cached_tokens, reply.usage.reasoning_tokens) == (None, None)
    counted = replies("openai", "output.jsonl")[0]
    assert (counted.usage.cached_tokens, counted.usage.reasoning_tokens) == (0, 0)


def test_body_whose_output_is_no_list_of_items_is_no_reply():
    line = {"custom_id": "c", "response": {"status_code": 200, "body": {"output": [3, {"type": "message"}]}}}
    assert OpenAI().decode(json.dumps(line).encode()).outcome.code == "empty_reply"
