"""Turning what a user's function returns into a response in OpenAI's shape."""

import inspect
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeAlias, Union

from distilabel.records import parse_custom_id
from distilabel.typing import GenerateOutput

__all__ = [
    "ChatFunction",
    "EmbeddingFunction",
    "Responder",
    "ResponseError",
    "call_function",
    "completion_of",
]

ChatResult: TypeAlias = Union[str, list[Union[str, None]], GenerateOutput, None]
ChatFunction: TypeAlias = Callable[[Any], Union[ChatResult, Awaitable[ChatResult]]]
"""A function in place of an LLM; see `FunctionLLM` for what it takes and returns."""

EmbeddingFunction: TypeAlias = Callable[[str], Union[list[float], None]]
"""A function in place of an embedding model: takes a text, returns its vector, or None for none."""

_OK, _BAD_REQUEST, _NOT_FOUND = 200, 400, 404


class ResponseError(Exception):
    """An exception by which a function chooses the HTTP status of its failure.

    Args:
        message: The error text.
        status: The HTTP status. 408, 409, 425, 429 and 5xx count as temporary: an offline request that fails so is
            submitted again.
        code: The machine-readable code.

    Examples:
        >>> error = ResponseError("Slow down.", status=429, code="rate_limit_exceeded")
        >>> error.status, str(error)
        (429, 'Slow down.')
    """

    def __init__(self, message: str, *, status: int = _BAD_REQUEST, code: str = "generation_error") -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class Responder:
    """Answers requests in OpenAI's shape with two functions: `(endpoint, body, custom_id)` -> `(status, body)`.

    Args:
        chat: Answers Chat Completions.
        embed: Answers Embeddings.
    """

    def __init__(self, chat: ChatFunction, embed: EmbeddingFunction) -> None:
        self.chat = chat
        self.embed = embed

    async def __call__(
        self, endpoint: str, body: dict[str, Any], custom_id: str
    ) -> tuple[int, dict[str, Any]]:
        """Answer one request; a function that raises gives an error response."""
        try:
            if endpoint == "/v1/embeddings":
                return self._embeddings(body)
            result = await call_function(self.chat, body["messages"])
        except Exception as error:  # noqa: BLE001 - any failure of the function is a failure of its request
            return error_response(error)
        _, sample = parse_custom_id(custom_id) or ("", 0)
        return completion_of(result, sample, model=str(body.get("model")))

    def _embeddings(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        inputs = body["input"] if isinstance(body["input"], list) else [body["input"]]
        vectors = [self.embed(text) for text in inputs]
        if None in vectors:
            return _failure(_BAD_REQUEST, "no_embedding", "The function returned None.")
        data = [
            {"object": "embedding", "index": index, "embedding": vector}
            for index, vector in enumerate(vectors)
        ]
        tokens = sum(_count(text) for text in inputs)
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        return _OK, {"object": "list", "model": body.get("model"), "data": data, "usage": usage}


async def call_function(function: ChatFunction, chat: Sequence[Any]) -> ChatResult:
    """Call a function with the chat, or with the prompt if that is what its parameter is called."""
    result = function(_prompt(chat) if _takes_prompt(function) else chat)
    return await result if inspect.isawaitable(result) else result


def completion_of(result: ChatResult, index: int, *, model: str) -> tuple[int, dict[str, Any]]:
    """Return status and body of the response for generation number `index` of a function's result."""
    if isinstance(result, dict):
        return _completion_of_output(result, index, model)
    text = result[index % len(result)] if isinstance(result, list) else result
    if text is None:
        return _failure(_BAD_REQUEST, "generation_error", "The function returned None.")
    return _OK, _completion({"content": text}, model, {"prompt_tokens": 0, "completion_tokens": _count(text)})


def error_response(error: Exception) -> tuple[int, dict[str, Any]]:
    """Return status and body of the response for an error that a function raised."""
    if isinstance(error, ResponseError):
        return _failure(error.status, error.code, str(error))
    return _failure(_BAD_REQUEST, "generation_error", f"{type(error).__name__}: {error}")


def _completion_of_output(output: GenerateOutput, index: int, model: str) -> tuple[int, dict[str, Any]]:
    """Return the response that a model's client reads as entry `index` of `output`."""
    generations = output["generations"]
    entry = index % len(generations)
    details = (output.get("details") or [{}] * len(generations))[entry]
    reason = (output.get("failures") or [None] * len(generations))[entry]
    text, calls = generations[entry], details.get("tool_calls")
    if reason is not None:
        return _failure(_BAD_REQUEST, reason["code"], reason["message"])
    if text is None and not calls:
        return _failure(_BAD_REQUEST, "generation_error", "The function returned None.")
    message: dict[str, Any] = {"content": text}
    if "reasoning" in details:
        message["reasoning_content"] = details["reasoning"]
    if calls:
        message["tool_calls"] = [
            {
                "id": call["id"],
                "type": "function",
                "function": {"name": call["name"], "arguments": call["arguments"]},
            }
            for call in calls
        ]
    body = _completion(message, model, _usage(output, entry))
    choice = body["choices"][0]
    choice["finish_reason"] = details.get("finish_reason", "stop")
    if "request_id" in details:
        body["id"] = details["request_id"]
    if (logprobs := output.get("logprobs")) and logprobs[entry]:
        choice["logprobs"] = {"content": logprobs[entry]}
    return _OK, body


def _usage(output: GenerateOutput, entry: int) -> dict[str, Any]:
    statistics: dict[str, Any] = dict(output.get("statistics") or {})
    counts = {name: values[entry] for name, values in statistics.items()}
    usage: dict[str, Any] = {
        "prompt_tokens": counts.get("input_tokens", 0),
        "completion_tokens": counts.get("output_tokens", 0),
    }
    if "cached_tokens" in counts:
        usage["prompt_tokens_details"] = {"cached_tokens": counts["cached_tokens"]}
    if "reasoning_tokens" in counts:
        usage["completion_tokens_details"] = {"reasoning_tokens": counts["reasoning_tokens"]}
    return usage


def _completion(message: dict[str, Any], model: str, usage: dict[str, Any]) -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": "stop"}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "model": model,
        "choices": [choice],
        "usage": usage,
    }


def _failure(status: int, code: str, message: str) -> tuple[int, dict[str, Any]]:
    return status, {
        "error": {"message": message, "type": "invalid_request_error", "param": None, "code": code}
    }


def _takes_prompt(function: ChatFunction) -> bool:
    try:
        return next(iter(inspect.signature(function).parameters), "") == "prompt"
    except ValueError:  # some built-in functions have no signature
        return False


def _prompt(chat: Sequence[Any]) -> str:
    """Return the text of the last message; empty for an empty chat."""
    content = chat[-1].get("content") if chat else ""
    if isinstance(content, list):
        return "".join(part.get("text", "") for part in content if part.get("type") == "text")
    return str(content or "")


def _count(text: str) -> int:
    return len(text.split())
