"""Tools of a chat request: what OpenAI refuses, and which function the toy calls. Pure.

https://platform.openai.com/docs/guides/function-calling
The toy calls a function where `tool_choice` names one or is `required`, and where the last question of the user names one, as in
"use get_weather". The messages of refusals are those that users quote, such as https://github.com/langchain-ai/langmem/issues/113 (read 2026-12-01).
"""

import re
from dataclasses import dataclass
from typing import Any

from distilabel.server.errors import ApiError, missing
from distilabel.server.http import Body
from distilabel.server.toy_model.strict_schema import check_strict

MODES = ("none", "auto", "required")
NAME = r"^[a-zA-Z0-9_-]+$"
MAX_NAME = 64

Schema = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Function:
    """A function that a request offers; `param` is where its parameters stand in the request."""

    name: str
    parameters: Schema
    param: str


@dataclass(frozen=True, slots=True)
class Call:
    """A call that the toy makes.

    `finish_reason` is `stop` where `tool_choice` names the function, and `tool_calls` where it only requires a call:
    https://github.com/vllm-project/vllm/pull/25054 (OpenAI's answers, read 2026-12-01).
    """

    function: Function
    finish_reason: str
    legacy: bool = False


def wanted_call(body: Body) -> Call | None:
    """The call that the toy makes, if any; refuses tools and choices that OpenAI refuses."""
    if body.get("functions") is not None:
        return _legacy_call(body)
    choice = body.get("tool_choice")
    if body.get("tools") is None:
        if choice not in (None, "none", "auto"):
            message = (
                "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified."
            )
            raise ApiError(message, param="tool_choice")
        return None
    tools = _array("tools", body["tools"])
    return _chosen(
        [_function(f"tools[{at}]", tool) for at, tool in enumerate(tools)], choice, body["messages"]
    )


def _chosen(functions: list[Function], choice: Any, messages: list[Body]) -> Call | None:
    match choice:
        case "none":
            return None
        case None | "auto" | {"type": "allowed_tools", "allowed_tools": {"mode": "auto"}}:
            return _mentioned_call(functions, messages)
        case "required":
            return Call(_next(functions, messages), "tool_calls")
        case {"type": "function", "function": {"name": str(name)}}:
            return Call(_named(functions, name), "stop")
        case {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": list(allowed)}}:
            names = [tool.get("function", {}).get("name") for tool in allowed if isinstance(tool, dict)]
            some = [_named(functions, name) for name in names]
            if some:
                return Call(_next(some, messages), "tool_calls")
    raise ApiError(
        f"Invalid value: '{choice}'. Supported values are: 'none', 'auto', and 'required'.",
        param="tool_choice",
        code="invalid_value",
    )


def _legacy_call(body: Body) -> Call | None:
    """`functions` and `function_call`, which OpenAI has replaced by tools and still takes."""
    functions = [
        _described(f"functions[{at}]", function)
        for at, function in enumerate(_array("functions", body["functions"]))
    ]
    match body.get("function_call"):
        case {"name": str(name)}:
            return Call(_named(functions, name, "function_call"), "stop", legacy=True)
        case None | "none" | "auto":
            return None
    raise ApiError(
        "Invalid value for 'function_call': expected 'none', 'auto' or a name.", param="function_call"
    )


def _array(param: str, given: Any) -> list[Any]:
    if not isinstance(given, list):
        message = f"Invalid type for '{param}': expected an array of objects, but got {type(given).__name__} instead."
        raise ApiError(message, param=param, code="invalid_type")
    if not given:
        message = f"Invalid '{param}': empty array. Expected an array with minimum length 1, but got an empty array instead."
        raise ApiError(message, param=param, code="empty_array")
    return given


def _function(param: str, tool: Any) -> Function:
    if not isinstance(tool, dict) or tool.get("type") is None:
        raise missing(f"{param}.type")
    if tool["type"] != "function":
        message = (
            f"This platform's toy model calls functions alone, and no tool of the type '{tool['type']}'."
        )
        raise ApiError(message, param=f"{param}.type", code="unsupported_value")
    return _described(f"{param}.function", tool.get("function"))


def _described(param: str, function: Any) -> Function:
    name = function.get("name") if isinstance(function, dict) else None
    if not isinstance(name, str):
        raise missing(f"{param}.name")
    if not re.match(NAME, name) or len(name) > MAX_NAME:
        message = (
            f"Invalid '{param}.name': expected at most {MAX_NAME} characters that match the pattern '{NAME}'."
        )
        raise ApiError(message, param=f"{param}.name", code="invalid_value")
    parameters = function.get("parameters")
    if parameters is None:
        parameters = {"type": "object", "properties": {}}
    kind = parameters.get("type") if isinstance(parameters, dict) else None
    if kind != "object":
        message = (
            f"Invalid schema for function '{name}': schema must be a JSON Schema of 'type: \"object\"', "
            f"got 'type: \"{kind}\"'."
        )
        raise ApiError(message, param=f"{param}.parameters", code="invalid_function_parameters")
    if function.get("strict") is True:
        check_strict(parameters, f"function '{name}'", f"{param}.parameters", "invalid_function_parameters")
    return Function(name, parameters, f"{param}.parameters")


def _named(functions: list[Function], name: Any, param: str = "tool_choice") -> Function:
    for function in functions:
        if function.name == name:
            return function
    raise ApiError(f"Tool choice '{name}' not found in the tools of the request.", param=param)


def _next(functions: list[Function], messages: list[Body]) -> Function:
    """The first function that was not called yet since the last question; the last one if all were.

    So a conversation in which each turn requires a call ends, if what ends it is the last of its tools.
    """
    _, called = _since_the_question(messages)
    return next((function for function in functions if function.name not in called), functions[-1])


def _mentioned_call(functions: list[Function], messages: list[Body]) -> Call | None:
    """A call of the first function that the last question names and that was not called since."""
    question, called = _since_the_question(messages)
    for function in functions:
        if function.name not in called and re.search(rf"\b{re.escape(function.name)}\b", question):
            return Call(function, "tool_calls")
    return None


def _since_the_question(messages: list[Body]) -> tuple[str, set[str]]:
    """The content of the last message of the user, and the names of the functions called after it."""
    question = ""
    called: set[str] = set()
    for message in messages:
        if message["role"] == "user":
            question, called = str(message.get("content")), set()
        called |= {call.get("function", {}).get("name") for call in message.get("tool_calls") or ()}
    return question, called
