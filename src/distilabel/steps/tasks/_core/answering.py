"""Turning answers into rows: columns, and in `distilabel_metadata` what was asked, said, counted and failed; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from distilabel.typing import DISTILABEL_METADATA_KEY, FailureReason, GenerateOutput, Row

__all__ = ["Answer", "Origin", "grouped_row", "single_rows"]

_OWN_KEYS = frozenset({"generations", "statistics", "failures", "details"})


class Answer(NamedTuple):
    """One generation as read by the task: its columns, what to note of it, and why there is none."""

    columns: dict[str, Any]
    raw: dict[str, Any]
    failure: FailureReason | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """Who answered: the step's name and the model's."""

    step: str
    model_name: str


def single_rows(
    origin: Origin,
    row: Row,
    answers: Sequence[Answer],
    output: GenerateOutput,
    chat: Any = None,
) -> list[Row]:
    """Give one row for each generation.

    Examples:
        >>> answers = [Answer({"generation": "Hi"}, {"raw_output": "Hi"})]
        >>> single_rows(Origin("t", "echo"), {"a": 1}, answers, {"generations": ["Hi"]})
        [{'a': 1, 'generation': 'Hi', 'model_name': 'echo', 'distilabel_metadata': {'raw_output_t': 'Hi'}}]
    """
    return [
        {
            **row,
            **one.columns,
            **_extras(origin.step, output, i),
            "model_name": origin.model_name,
            DISTILABEL_METADATA_KEY: {
                **(row.get(DISTILABEL_METADATA_KEY) or {}),
                **_noted(origin.step, one, output, i, chat),
            },
        }
        for i, one in enumerate(answers)
    ]


def grouped_row(
    origin: Origin,
    row: Row,
    answers: Sequence[Answer],
    output: GenerateOutput,
    chat: Any = None,
) -> list[Row]:
    """Give one row with a list of all generations in each column, and in each entry of the metadata."""
    noted = [_noted(origin.step, one, output, i, chat) for i, one in enumerate(answers)]
    return [
        {
            **row,
            **_lists([one.columns for one in answers]),
            **_extras(origin.step, output, None),
            "model_name": origin.model_name,
            DISTILABEL_METADATA_KEY: {**(row.get(DISTILABEL_METADATA_KEY) or {}), **_lists(noted)},
        },
    ]


def _lists(dicts: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    names = dict.fromkeys(name for values in dicts for name in values)
    return {name: [values.get(name) for values in dicts] for name in names}


def _noted(step: str, one: Answer, output: GenerateOutput, i: int, chat: Any) -> dict[str, Any]:
    noted = {_named(name, step): value for name, value in one.raw.items()}
    if chat is not None:
        noted[_named("raw_input", step)] = chat
    if statistics := output.get("statistics"):
        noted[_named("statistics", step)] = {name: _at(values, i) for name, values in statistics.items()}
    if details := _at(output.get("details"), i):
        for name, value in details.items():
            noted[_named(name, step)] = value
    if one.failure is not None:
        noted[_named("failure", step)] = one.failure
    return noted


@cache
def _named(name: str, step: str) -> str:
    """Name an entry of the metadata: the very same text each time, so that a chunk of rows is kept with it once."""
    return f"{name}_{step}"


def _at(values: Any, i: int) -> Any:
    if not isinstance(values, list | tuple):
        return values
    return values[i] if i < len(values) else None


def _extras(step: str, output: GenerateOutput, i: int | None) -> dict[str, Any]:
    """Give what else the LLM returned, such as `logprobs`: the entry of one generation, or all of it."""
    if output.keys() <= _OWN_KEYS:
        return {}
    count = len(output.get("generations") or ())
    extras: dict[str, Any] = {}
    for name, value in output.items():
        if name not in _OWN_KEYS:
            is_parallel = i is not None and isinstance(value, list | tuple) and len(value) == count
            extras[f"llm_{step}_{name}"] = _at(value, i or 0) if is_parallel else value
    return extras
