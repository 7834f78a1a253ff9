"""Conversion of a platform's answers to the output of an LLM."""

from collections.abc import Sequence
from typing import Any

from distilabel.offline.session import Answer
from distilabel.records import Failure, Reply, Usage, canonical_json
from distilabel.typing import AnswerDetails, FailureReason, GenerateOutput, LLMStatistics, ToolCall

__all__ = ["output_of"]

_NO_REPLY = Reply(None)


def output_of(answers: Sequence[Answer]) -> GenerateOutput:
    """Return the output for one input from the answers to its requests."""
    replies = [answer.outcome if isinstance(answer.outcome, Reply) else _NO_REPLY for answer in answers]
    output: GenerateOutput = {
        "generations": [reply.text for reply in replies],
        "statistics": _statistics([reply.usage for reply in replies]),
    }
    failures, details = [_reason(answer) for answer in answers], [_details(reply) for reply in replies]
    if any(failures):
        output["failures"] = failures
    if any(details):
        output["details"] = details
    if any([reply.extras and "logprobs" in reply.extras for reply in replies]):  # noqa: C419 - twice as fast
        output["logprobs"] = [reply.extras.get("logprobs") for reply in replies]
    return output


def _statistics(usages: Sequence[Usage]) -> LLMStatistics:
    """Return the token counts; optional counts only if an answer has one."""
    inputs, outputs, cached, reasoning = map(list, zip(*usages, strict=True))
    statistics: LLMStatistics = {"input_tokens": inputs, "output_tokens": outputs}
    if cached.count(None) < len(cached):
        statistics["cached_tokens"] = cached
    if reasoning.count(None) < len(reasoning):
        statistics["reasoning_tokens"] = reasoning
    return statistics


def _details(reply: Reply) -> AnswerDetails:
    """Return the further details of a reply, without those that it lacks."""
    details: AnswerDetails = {}
    if reply.finish_reason:
        details["finish_reason"] = reply.finish_reason
    if reply.request_id:
        details["request_id"] = reply.request_id
    if not reply.extras:
        return details
    if reasoning := reply.extras.get("reasoning"):
        details["reasoning"] = reasoning if isinstance(reasoning, str) else _json(reasoning)
    if isinstance(calls := reply.extras.get("tool_calls"), list):
        details["tool_calls"] = [_tool_call(call) for call in calls if isinstance(call, dict)]
    return details


def _tool_call(call: dict[str, Any]) -> ToolCall:
    """Return a tool call with fixed fields, so that a column of calls has one type."""
    function = call.get("function")
    function = function if isinstance(function, dict) else {}
    arguments, name = function.get("arguments"), function.get("name")
    return {
        "id": str(call["id"]) if call.get("id") else None,
        "name": str(name) if name else None,
        "arguments": arguments if isinstance(arguments, str) else _json(arguments),
    }


def _json(value: Any) -> str:
    return canonical_json(value).decode()


def _reason(answer: Answer) -> FailureReason | None:
    """Return why there is no text: the request failed, or the model refused."""
    outcome = answer.outcome
    if isinstance(outcome, Failure):
        code, message = outcome.code, outcome.message
    elif outcome.text is None and outcome.refusal:
        filtered = outcome.finish_reason == "content_filter"
        code, message = "content_filter" if filtered else "refusal", outcome.refusal
    else:
        return None
    return {"code": code, "message": message, "attempts": answer.attempts, "job_id": answer.job_id}
