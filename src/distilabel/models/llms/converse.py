"""Conversion of chats to the format of Bedrock's Converse API.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ContentBlock.html (November 2026)
"""

from collections.abc import Sequence
from typing import Any

from distilabel.exceptions import DistilabelUserError
from distilabel.models.llms.chat_formats import _DATA_URL, _SYSTEM, Part, _arguments, _url
from distilabel.models.llms.structure import output_format_of
from distilabel.records import canonical_json
from distilabel.typing import ChatType, StructuredOutputType

__all__ = ["converse_chat", "converse_output", "converse_tools"]


def converse_chat(chat: ChatType) -> dict[str, Any]:
    """Return the fields `system` and `messages`.

    A part that is not in OpenAI's format is sent unchanged, as one in Converse's format.

    Raises:
        DistilabelUserError: An image has a URL that Bedrock cannot read.

    Examples:
        >>> converse_chat([{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}])
        {'system': [{'text': 'Be brief.'}], 'messages': [{'role': 'user', 'content': [{'text': 'Hi'}]}]}
    """
    system: list[Part] = []
    messages: list[Part] = []
    for message in chat:
        if message["role"] in _SYSTEM:
            system += _blocks(message["content"])
        else:
            _append_turn(messages, dict(message))
    return {"system": system, "messages": messages} if system else {"messages": messages}


def _append_turn(messages: list[Part], message: Part) -> None:
    """Append a message; consecutive tool results go into one user message."""
    if message["role"] != "tool":
        uses = [_tool_use(call) for call in message.get("tool_calls") or ()]
        messages.append({"role": message["role"], "content": [*_blocks(message.get("content")), *uses]})
        return
    result = {"toolUseId": message.get("tool_call_id"), "content": _blocks(message.get("content"))}
    if messages and any("toolResult" in block for block in messages[-1]["content"]):
        messages[-1]["content"].append({"toolResult": result})
    else:
        messages.append({"role": "user", "content": [{"toolResult": result}]})


def _blocks(content: Any) -> list[Part]:
    if isinstance(content, str):
        return [{"text": content}]
    return [_block(part) for part in content or ()]


def _block(part: Part) -> Part:
    if part.get("type") == "text":
        return {"text": part["text"]}
    return _image(_url(part)) if part.get("type") == "image_url" else part


def _image(url: str) -> Part:
    """Return an image part with its bytes in base64, or with its S3 URL."""
    if data := _DATA_URL.fullmatch(url):
        kind, source = data[1].rpartition("/")[2], {"bytes": data[2]}
    elif url.startswith("s3://"):
        kind, source = url.rpartition(".")[2].lower(), {"s3Location": {"uri": url}}
    else:
        raise DistilabelUserError(
            f"AWS Bedrock does not fetch images from {url[:80]!r}: pass a data URL "
            "(data:image/png;base64,...) or an s3:// URL."
        )
    return {"image": {"format": "jpeg" if kind == "jpg" else kind, "source": source}}


def _tool_use(call: Part) -> Part:
    return {"toolUse": {"toolUseId": call["id"], "name": call["function"]["name"], "input": _arguments(call)}}


def converse_tools(tools: Sequence[Part] | None, choice: str | Part | None) -> Part | None:
    """Return the field `toolConfig`; tools in Converse's format are unchanged.

    Args:
        tools: Tools in OpenAI's or in Converse's format.
        choice: `auto`, `any`, `required`, `none`, or a choice in OpenAI's or in Converse's format. Converse does not
            know `none`: the tools are left out instead.
    """
    if not tools or choice == "none":
        return None
    config: Part = {"tools": [_tool(tool) for tool in tools]}
    return config if choice is None else {**config, "toolChoice": _choice(choice)}


def _tool(tool: Part) -> Part:
    if "function" not in tool:
        return tool
    function = tool["function"]
    named = {name: function[name] for name in ("name", "description") if function.get(name)}
    return {"toolSpec": {**named, "inputSchema": {"json": function.get("parameters") or {"type": "object"}}}}


def _choice(choice: str | Part) -> Part:
    if isinstance(choice, str):
        return {"any" if choice == "required" else choice: {}}
    return {"tool": {"name": choice["function"]["name"]}} if "function" in choice else choice


def converse_output(structure: StructuredOutputType | None) -> Part | None:
    """Return the field `outputConfig`; None without a structure.

    https://docs.aws.amazon.com/bedrock/latest/userguide/structured-output.html (November 2026): the schema is a JSON
    text, with the limits of Anthropic's models for all models.
    """
    form = output_format_of(structure)
    if form is None:
        return None
    schema = {"schema": canonical_json(form["schema"]).decode()}
    return {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": schema}}}
