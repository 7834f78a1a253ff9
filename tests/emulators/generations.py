"""Google's way to ask and to answer, which the Gemini API and Vertex AI share: contents, candidates, statuses.

Shapes: `GenerateContentRequest`, `GenerateContentResponse` and `google.rpc.Status` in the `google-genai` package 3.4.
"""

from typing import Any

from tests.emulators.base import Value
from tests.emulators.completions import Hollow, arguments, read

__all__ = ["chat_of", "content_of", "embedding_of", "status_of", "vector_in"]

_FINISHES = {"stop": "STOP", "length": "MAX_TOKENS", "content_filter": "PROHIBITED_CONTENT"}
# HTTP status -> the code and name of google.rpc.Code (https://github.com/googleapis/googleapis, rpc/code.proto).
_CODES = {
    400: (3, "INVALID_ARGUMENT"), 401: (16, "UNAUTHENTICATED"), 403: (7, "PERMISSION_DENIED"), 404: (5, "NOT_FOUND"),
    408: (4, "DEADLINE_EXCEEDED"), 409: (10, "ABORTED"), 429: (8, "RESOURCE_EXHAUSTED"), 499: (1, "CANCELLED"),
    500: (13, "INTERNAL"), 502: (14, "UNAVAILABLE"), 503: (14, "UNAVAILABLE"), 504: (4, "DEADLINE_EXCEEDED"),
}  # fmt: skip


def status_of(status: int, message: str, reason: str = "") -> Value:
    """Return a `google.rpc.Status`; a reason, which is in capital letters, is in its details."""
    code, name = _CODES.get(status, (2, "UNKNOWN"))
    details = [
        {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "googleapis.com"}
    ]
    return {
        "code": code, "message": message, "status": name, **({"details": details} if reason.isupper() else {}),
    }  # fmt: skip


def chat_of(model: str, request: Value) -> Value:
    """Return a request as a chat. Fields that a chat does not have stay: scripted answers are looked up by the whole request."""
    messages = [
        {"role": "assistant" if content.get("role") == "model" else "user", "content": _text(content)}
        for content in request["contents"]
    ]
    if system := request.get("systemInstruction"):
        messages.insert(0, {"role": "system", "content": _text(system)})
    rest = {name: request[name] for name in request if name not in ("contents", "systemInstruction")}
    return {**rest, "model": model, "messages": messages}


def _text(content: Value) -> str:
    return "".join(part.get("text", "") for part in content["parts"])


def embedding_of(model: str, request: Value) -> Value:
    """Return an `EmbedContentRequest` as OpenAI reads it; what that has no place for stays in it."""
    rest = {name: request[name] for name in request if name != "content"}
    return {**rest, "model": model, "input": _text(request["content"])}


def vector_in(body: Value) -> Value:
    """Return OpenAI's embedding as a `SingleEmbedContentResponse`."""
    return {
        "embedding": {"values": body["data"][0]["embedding"]},
        "tokenCount": str(body["usage"]["prompt_tokens"]),
    }


def content_of(body: Any) -> Any:
    """Return a completion as a `GenerateContentResponse`."""
    reply = read(body)
    usage = {"promptTokenCount": 7, "candidatesTokenCount": 9, "totalTokenCount": 16}
    if isinstance(reply, Hollow):
        return {"candidates": reply.value, "usageMetadata": usage} if reply.inside else reply.value
    finish = "SAFETY" if reply.refusal is not None else _FINISHES[reply.finish]
    parts: list[Value] = [{"text": reply.reasoning, "thought": True}] if reply.reasoning else []
    parts += [] if reply.text is None else [{"text": reply.text}]
    for call in reply.calls:
        name, values = arguments(call)
        parts.append({"functionCall": {"id": call["id"], "name": name, "args": values}})
    content = {"role": "model", **({"parts": parts} if parts else {})}
    candidate = {"content": content, "finishReason": finish, "index": 0, **_logprobs(reply.logprobs)}
    return {
        "candidates": [candidate], "usageMetadata": {**usage, **_more_usage(reply.usage)}, "modelVersion": reply.model,
        "responseId": reply.id,
    }  # fmt: skip


def _more_usage(usage: Value) -> Value:
    cached, details = usage.get("prompt_tokens_details"), usage.get("completion_tokens_details")
    more: Value = {"cachedContentTokenCount": cached["cached_tokens"]} if cached else {}
    if details:
        # What is thought is no part of what the candidates count.
        thought = details["reasoning_tokens"]
        more |= {"thoughtsTokenCount": thought, "candidatesTokenCount": usage["completion_tokens"] - thought}
    return more


def _logprobs(tokens: list[Value]) -> Value:
    if not tokens:
        return {}
    tops = [{"candidates": [_candidate(top) for top in token["top_logprobs"]]} for token in tokens]
    return {"logprobsResult": {"chosenCandidates": [_candidate(t) for t in tokens], "topCandidates": tops}}


def _candidate(token: Value) -> Value:
    return {"token": token["token"], "logProbability": token["logprob"]}
