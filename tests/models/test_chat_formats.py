"""Chats in OpenAI's shape become those of other platforms; the official SDKs' types are the judges."""

from typing import Any

import pytest
from anthropic.types.message_create_params import MessageCreateParamsNonStreaming
from google.genai import types
from pydantic import TypeAdapter

from distilabel.exceptions import DistilabelUserError
from distilabel.models.llms.chat_formats import (
    anthropic_chat,
    anthropic_tool_choice,
    anthropic_tools,
    google_chat,
    google_tool_config,
    google_tools,
)

PIXEL = "iVBORw0KGgo="
CALL = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Paris"}'}}
TOOL = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "Tells.",
        "parameters": {"type": "object", "properties": {}},
    },
}


def text(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def image(url: str, **more: Any) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url, **more}}


def user(content: Any) -> dict[str, Any]:
    return {"role": "user", "content": content}


SYSTEM = {"role": "system", "content": "Be brief."}
CHATS: dict[str, list[dict[str, Any]]] = {
    "one message": [user("Hi")],
    "system": [SYSTEM, user("Hi")],
    "two system messages": [SYSTEM, {"role": "developer", "content": "Be kind."}, user("Hi")],
    "system in parts": [{"role": "system", "content": [text("Be brief.")]}, user("Hi")],
    "several turns": [user("Hi"), {"role": "assistant", "content": "Hello"}, user("Again")],
    "parts": [user([text("What is this?"), image("https://x.test/a.png?size=1", detail="low")])],
    "data": [user([image(f"data:image/png;base64,{PIXEL}")])],
    "plain address": [user([{"type": "image_url", "image_url": "https://x.test/a.webp"}])],
    "call": [user("?"), {"role": "assistant", "content": None, "tool_calls": [CALL]}],
    "call with words": [user("?"), {"role": "assistant", "content": "Wait.", "tool_calls": [CALL]}],
    "results": [
        user("?"),
        {"role": "assistant", "content": None, "tool_calls": [CALL, {**CALL, "id": "c2"}]},
        {"role": "tool", "tool_call_id": "c1", "content": "Sunny"},
        {"role": "tool", "tool_call_id": "c2", "content": '{"sky": "grey"}'},
        user("Thanks"),
    ],
}

every_chat = pytest.mark.parametrize("chat", CHATS.values(), ids=CHATS)


# Anthropic


@every_chat
def test_anthropic_takes_every_chat(chat: list[Any]):
    fields = {"model": "m", "max_tokens": 1, **anthropic_chat(chat)}
    TypeAdapter(MessageCreateParamsNonStreaming).validate_python(fields, strict=True)


@every_chat
def test_chat_of_the_user_is_not_changed(chat: list[Any]):
    before = repr(chat)
    anthropic_chat(chat)
    google_chat(chat)
    assert repr(chat) == before


def test_anthropic_gets_the_system_messages_separately():
    assert anthropic_chat(CHATS["two system messages"]) == {
        "system": "Be brief.\n\nBe kind.",
        "messages": [user("Hi")],
    }
    cached = {**text("Be brief."), "cache_control": {"type": "ephemeral"}}
    chat = [{"role": "system", "content": [cached]}, SYSTEM, user("Hi")]
    assert anthropic_chat(chat)["system"] == [cached, text("Be brief.")]


def test_anthropic_is_shown_images_by_address_and_by_data():
    (message,) = anthropic_chat([user([image("https://x.test/a"), image(f"data:image/png;base64,{PIXEL}")])])[
        "messages"
    ]
    assert message["content"] == [
        {"type": "image", "source": {"type": "url", "url": "https://x.test/a"}},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}},
    ]


def test_anthropic_s_own_parts_and_marks_go_through():
    own = {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "x"}}
    mark = {"cache_control": {"type": "ephemeral"}}
    (message,) = anthropic_chat([user([own, {**image("https://x.test/a"), **mark}])])["messages"]
    assert message["content"][0] == own
    assert message["content"][1]["cache_control"] == mark["cache_control"]


def test_anthropic_gets_the_results_of_tools_in_one_message():
    _, call, results, thanks = anthropic_chat(CHATS["results"])["messages"]
    assert [block["id"] for block in call["content"]] == ["c1", "c2"]
    assert call["content"][0] == {
        "type": "tool_use",
        "id": "c1",
        "name": "weather",
        "input": {"city": "Paris"},
    }
    assert results == {
        "role": "user",
        "content": [
            {"type": "tool_result", "tool_use_id": "c1", "content": "Sunny"},
            {"type": "tool_result", "tool_use_id": "c2", "content": '{"sky": "grey"}'},
        ],
    }
    assert thanks == user("Thanks")


def test_anthropic_s_tools():
    own = {"type": "web_search_20260209", "name": "web_search"}
    assert anthropic_tools([TOOL, own]) == [
        {"name": "weather", "description": "Tells.", "input_schema": TOOL["function"]["parameters"]},
        own,
    ]
    assert anthropic_tools([{"type": "function", "function": {"name": "f"}}]) == [
        {"name": "f", "input_schema": {"type": "object"}}
    ]
    assert anthropic_tools(None) is None


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (None, None),
        ("auto", {"type": "auto"}),
        ("required", {"type": "any"}),
        ({"type": "function", "function": {"name": "f"}}, {"type": "tool", "name": "f"}),
        ({"type": "tool", "name": "f"}, {"type": "tool", "name": "f"}),
    ],
)
def test_anthropic_s_choice_of_a_tool(given: Any, sent: Any):
    assert anthropic_tool_choice(given) == sent


def test_arguments_that_are_no_json_are_reported():
    broken = {**CALL, "function": {"name": "weather", "arguments": "{"}}
    for convert in (anthropic_chat, google_chat):
        with pytest.raises(DistilabelUserError, match="weather"):
            convert([{"role": "assistant", "content": None, "tool_calls": [broken]}])


# Google


@every_chat
def test_google_takes_every_chat(chat: list[Any]):
    fields = google_chat(chat)
    for turn in fields["contents"]:
        assert types.Content.model_validate(turn).role in ("user", "model")
    if "systemInstruction" in fields:
        types.Content.model_validate(fields["systemInstruction"])


def test_google_gets_the_system_messages_separately():
    assert google_chat(CHATS["two system messages"]) == {
        "systemInstruction": {"parts": [{"text": "Be brief."}, {"text": "Be kind."}]},
        "contents": [{"role": "user", "parts": [{"text": "Hi"}]}],
    }


def test_google_is_shown_images_by_address_and_by_data():
    chat = [
        user([image("https://x.test/a.png?b=c"), image("gs://b/x"), image(f"data:image/png;base64,{PIXEL}")])
    ]
    assert google_chat(chat)["contents"][0]["parts"] == [
        {"fileData": {"fileUri": "https://x.test/a.png?b=c", "mimeType": "image/png"}},
        {"fileData": {"fileUri": "gs://b/x"}},
        {"inlineData": {"mimeType": "image/png", "data": PIXEL}},
    ]


def test_google_s_own_parts_go_through():
    own = {"fileData": {"fileUri": "files/x"}}
    assert google_chat([user([own])])["contents"][0]["parts"] == [own]


def test_google_gets_the_results_of_functions_by_name_in_one_turn():
    _, call, results, thanks = google_chat(CHATS["results"])["contents"]
    assert call["parts"][0] == {"functionCall": {"name": "weather", "args": {"city": "Paris"}}}
    assert results == {
        "role": "user",
        "parts": [
            {"functionResponse": {"name": "weather", "response": {"result": "Sunny"}}},
            {"functionResponse": {"name": "weather", "response": {"sky": "grey"}}},
        ],
    }
    assert thanks == {"role": "user", "parts": [{"text": "Thanks"}]}


def test_google_s_tools():
    own = {"googleSearch": {}}
    tools = google_tools([TOOL, own, {"type": "function", "function": {"name": "f"}}])
    schema = TOOL["function"]["parameters"]
    described = {"name": "weather", "description": "Tells.", "parametersJsonSchema": schema}
    assert tools == [{"functionDeclarations": [described, {"name": "f"}]}, own]
    assert google_tools([own]) == [own]
    for tool in tools:
        types.Tool.model_validate(tool)


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (None, None),
        ("auto", {"functionCallingConfig": {"mode": "AUTO"}}),
        ("required", {"functionCallingConfig": {"mode": "ANY"}}),
        (
            {"type": "function", "function": {"name": "f"}},
            {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["f"]}},
        ),
        ({"functionCallingConfig": {"mode": "NONE"}}, {"functionCallingConfig": {"mode": "NONE"}}),
    ],
)
def test_google_s_choice_of_a_function(given: Any, sent: Any):
    assert google_tool_config(given) == sent
    if sent:
        types.ToolConfig.model_validate(sent)
