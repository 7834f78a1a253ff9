"""Reading one chat completion, or the completion of a raw text, as OpenAI shapes them.

Shapes: https://platform.openai.com/docs/api-reference/chat/object and
https://platform.openai.com/docs/api-reference/completions/object, read in November 2026.
"""

from typing import Any

from distilabel.providers.parsing.json_values import count_of, counted
from distilabel.providers.parsing.logprobs import openai_logprobs
from distilabel.records import Reply, Usage

__all__ = ["chat_reply"]


def chat_reply(body: dict[str, Any]) -> Reply | None:
    """Read a chat completion; None where there is no answer in it."""
    choices = body.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = _message(choice) if isinstance(choice, dict) else None
    if not isinstance(choice, dict) or not isinstance(message, dict):
        return None
    text, refusal_text = _text(message.get("content")), message.get("refusal")
    finish, name = choice.get("finish_reason"), body.get("id")
    if text is None and not refusal_text and finish == "content_filter":
        refusal_text = "content_filter"
    extras = _extras(message, choice)
    if text is None and not refusal_text and "tool_calls" not in extras:
        return None
    return Reply(
        text,
        _usage(body.get("usage")),
        str(finish) if finish else None,
        str(refusal_text) if refusal_text else None,
        str(name) if name else None,
        extras,
    )


def _message(choice: dict[str, Any]) -> Any:
    """Return what was said: the completion of a raw text has it as `text` alone."""
    if "message" in choice:
        return choice["message"]
    text = choice.get("text")
    return {"content": text} if isinstance(text, str) else None


def _text(content: Any) -> str | None:
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        parts = [part.get("text") for part in content if isinstance(part, dict)]
        return "".join(part for part in parts if isinstance(part, str)) if parts else None
    return None


def _extras(message: dict[str, Any], choice: dict[str, Any]) -> dict[str, Any]:
    found = {}
    if calls := message.get("tool_calls"):
        found["tool_calls"] = calls
    # Which of the two names depends on the platform; OpenAI itself has neither.
    reasoning = message.get("reasoning_content") or message.get("reasoning")
    if reasoning or (reasoning := _thinking(message.get("content"))):
        found["reasoning"] = reasoning
    if (told := choice.get("logprobs")) and (logprobs := openai_logprobs(told)):
        found["logprobs"] = logprobs
    return found


def _thinking(content: Any) -> str:
    """Return the reasoning that stands among the parts of a message: https://docs.mistral.ai/capabilities/reasoning."""
    if not isinstance(content, list):
        return ""
    thoughts = [_text(part.get("thinking")) for part in content if isinstance(part, dict)]
    return "".join(thought for thought in thoughts if thought)


def _usage(value: Any) -> Usage:
    if not isinstance(value, dict):
        return Usage()
    prompt, completion = value.get("prompt_tokens_details"), value.get("completion_tokens_details")
    return Usage(
        count_of(value, "prompt_tokens"),
        count_of(value, "completion_tokens"),
        counted(prompt, "cached_tokens") if prompt else None,
        counted(completion, "reasoning_tokens") if completion else None,
    )
