"""Rows from the generations of an LLM: columns, entries of `distilabel_metadata`, and failure reasons; pure."""

import inspect
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple, TypeVar

import orjson

from distilabel.exceptions import DistilabelOfflineBatchGenerationNotFinishedException
from distilabel.providers.parsing.finish_reasons import cut_or_filtered
from distilabel.typing import DISTILABEL_METADATA_KEY, FailureReason, GenerateOutput, Row

__all__ = [
    "CUT_OFF",
    "Answer",
    "AnswerLengths",
    "Origin",
    "attempt",
    "failure_reason",
    "grouped_row",
    "is_json",
    "log_failures",
    "missing_value",
    "single_rows",
]

_MAX_MESSAGE_LENGTH = 500
_MAX_VALUE_LENGTH = 60
_OWN_KEYS = frozenset({"generations", "statistics", "failures", "details"})

CUT_OFF = "The limit of tokens cut off the answer: raise it."
_LIMITS = ("max_new_tokens", "max_completion_tokens", "max_output_tokens", "max_tokens")

T = TypeVar("T")


class Answer(NamedTuple):
    """One parsed generation: its columns, its metadata, and the reason where there is none."""

    columns: dict[str, Any]
    raw: dict[str, Any]
    failure: FailureReason | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """The names of the step and of the model that produced an answer."""

    step: str
    model_name: str


# Failures


def failure_reason(code: str, message: str) -> FailureReason:
    """Return the reason of a failure that no platform reported; long messages are cut."""
    return {"code": code, "message": message[:_MAX_MESSAGE_LENGTH], "attempts": 1, "job_id": None}


def attempt(code: str, make: Callable[..., T], *arguments: Any) -> tuple[T | None, FailureReason | None]:
    """Call `make`; return its result, or None and its exception as a failure with this code."""
    try:
        return make(*arguments), None
    except DistilabelOfflineBatchGenerationNotFinishedException:
        raise
    except Exception as error:  # noqa: BLE001 - a user's hook may raise anything; it concerns one row
        return None, failure_reason(code, f"{type(error).__name__}: {error}")


def missing_value(row: Row, columns: Mapping[str, bool]) -> FailureReason | None:
    """Return a failure if a required column has no usable value, so that no prompt contains "None" or "nan".

    Args:
        row: A row.
        columns: The required columns, each with whether it must hold text.
    """
    for name, is_text in columns.items():
        value = row.get(name)
        if isinstance(value, str):
            continue
        if value is None:
            lack = "is None" if name in row else "is not in the row"
            return failure_reason(
                "missing_input", f"The column {name!r} {lack}: there is nothing to ask about."
            )
        if is_text:
            shown = repr(value)[:_MAX_VALUE_LENGTH]
            return failure_reason(
                "not_text", f"The column {name!r} holds {shown}, which is not text: convert it to text first."
            )
    return None


def log_failures(step_name: str, failures: Sequence[FailureReason | None]) -> None:
    """Log one warning for each failure code."""
    messages: dict[str, list[str]] = {}
    for failure in failures:
        if failure is not None:
            messages.setdefault(failure["code"], []).append(failure["message"])
    logger = logging.getLogger(f"distilabel.steps.{step_name}")
    for code, of_code in messages.items():
        count = f"{len(of_code)} of {len(failures)} generations"
        logger.warning("Step %r has no answer for %s (%s): %s", step_name, count, code, of_code[0])


@dataclass(slots=True)
class AnswerLengths:
    """How many answers of a step were cut off by the limit of tokens."""

    _answers: int = field(default=0, compare=False)
    _cut: int = field(default=0, compare=False)

    def count(self, output: GenerateOutput, generations: Sequence[str | None]) -> list[bool]:
        """Count the answers to one input; return for each whether it was cut off."""
        details = output.get("details") or ()
        cut = [cut_or_filtered(one.get("finish_reason")) == "length" for one in details]
        cut += [False] * (len(generations) - len(cut))
        self._answers += len(generations)
        self._cut += sum(cut)
        return cut

    def warn(self, step: str, parameters: Mapping[str, inspect.Parameter]) -> None:
        """Log one warning about the answers that were cut off, with the argument to raise; start to count again."""
        if self._cut:
            limit = next((name for name in _LIMITS if name in parameters), "the limit of tokens")
            logging.getLogger(f"distilabel.steps.{step}").warning(
                "Step %r: %d of %d answers were cut off by the limit of tokens; raise %s in the LLM's generation_kwargs.",
                step, self._cut, self._answers, limit,
            )  # fmt: skip
        self._answers = self._cut = 0


def is_json(text: str | None) -> bool:
    """Return whether a text is a JSON value."""
    try:
        orjson.loads(text or "")
    except orjson.JSONDecodeError:
        return False
    return True


# Rows


def single_rows(
    origin: Origin,
    row: Row,
    answers: Sequence[Answer],
    output: GenerateOutput,
    chat: Any = None,
) -> list[Row]:
    """Return one row for each generation.

    Examples:
        >>> answers = [Answer({"generation": "Hi"}, {"raw_output": "Hi"})]
        >>> single_rows(Origin("t", "echo"), {"a": 1}, answers, {"generations": ["Hi"]})
        [{'a': 1, 'generation': 'Hi', 'model_name': 'echo', 'distilabel_metadata': {'raw_output_t': 'Hi'}}]
    """
    return [
        {
            **row,
            **answer.columns,
            **_extra_columns(origin.step, output, i),
            "model_name": origin.model_name,
            DISTILABEL_METADATA_KEY: {
                **(row.get(DISTILABEL_METADATA_KEY) or {}),
                **_metadata(origin.step, answer, output, i, chat),
            },
        }
        for i, answer in enumerate(answers)
    ]


def grouped_row(
    origin: Origin,
    row: Row,
    answers: Sequence[Answer],
    output: GenerateOutput,
    chat: Any = None,
) -> list[Row]:
    """Return one row: each column and each metadata entry is a list over all generations."""
    metadata = [_metadata(origin.step, answer, output, i, chat) for i, answer in enumerate(answers)]
    return [
        {
            **row,
            **_as_lists([answer.columns for answer in answers]),
            **_extra_columns(origin.step, output, None),
            "model_name": origin.model_name,
            DISTILABEL_METADATA_KEY: {**(row.get(DISTILABEL_METADATA_KEY) or {}), **_as_lists(metadata)},
        },
    ]


def _as_lists(dicts: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    names = dict.fromkeys(name for values in dicts for name in values)
    return {name: [values.get(name) for values in dicts] for name in names}


def _metadata(step: str, answer: Answer, output: GenerateOutput, i: int, chat: Any) -> dict[str, Any]:
    metadata = {_key(name, step): value for name, value in answer.raw.items()}
    if chat is not None:
        metadata[_key("raw_input", step)] = chat
    if statistics := output.get("statistics"):
        metadata[_key("statistics", step)] = {name: _at(values, i) for name, values in statistics.items()}
    if details := _at(output.get("details"), i):
        for name, value in details.items():
            metadata[_key(name, step)] = value
    if answer.failure is not None:
        metadata[_key("failure", step)] = answer.failure
    return metadata


@cache
def _key(name: str, step: str) -> str:
    """Return the key of a metadata entry; cached, so that all rows of a chunk share one string object."""
    return f"{name}_{step}"


def _at(values: Any, i: int) -> Any:
    if not isinstance(values, list | tuple):
        return values
    return values[i] if i < len(values) else None


def _extra_columns(step: str, output: GenerateOutput, i: int | None) -> dict[str, Any]:
    """Return other values of the LLM, such as `logprobs` and tool calls: those of generation `i`, or all for None."""
    details = output.get("details") or ()
    calls = [one.get("tool_calls") for one in details]
    has_calls = any(calls)
    if output.keys() <= _OWN_KEYS and not has_calls:
        return {}
    count = len(output.get("generations") or ())
    extras: dict[str, Any] = {}
    if has_calls:
        extras[f"llm_{step}_tool_calls"] = calls if i is None else _at(calls, i)
    for name, value in output.items():
        if name not in _OWN_KEYS:
            is_parallel = i is not None and isinstance(value, list | tuple) and len(value) == count
            extras[f"llm_{step}_{name}"] = _at(value, i or 0) if is_parallel else value
    return extras
