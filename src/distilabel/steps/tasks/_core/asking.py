"""Asking an LLM about rows: format, generate, and give each row its own answer or the reason why it has none."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple, Protocol, TypeVar

from distilabel.exceptions import (
    DistilabelOfflineBatchGenerationNotFinishedException,
    DistilabelStepError,
    DistilabelTypeError,
)
from distilabel.models.llms.base import LLM
from distilabel.steps._core.inputs import as_columns
from distilabel.steps.tasks._core.answering import Answer, Origin, grouped_row, single_rows
from distilabel.typing import FailureReason, FormattedInput, GenerateOutput, Row, StepColumns

__all__ = ["LLMTask", "answer", "attempt", "generate", "input_of", "missing", "needed", "warn", "why"]

_LONGEST_MESSAGE = 500
_SHOWN = 60

T = TypeVar("T")


class LLMTask(Protocol):
    """What a task offers for its LLM to be asked."""

    name: str
    llm: LLM
    group_generations: bool
    add_raw_output: bool | None
    add_raw_input: bool | None
    num_generations: int | None
    use_default_structured_output: bool
    takes_none: ClassVar[bool]
    not_text: ClassVar[frozenset[str]]

    @property
    def inputs(self) -> StepColumns:
        """The columns that the task reads."""

    @property
    def outputs(self) -> StepColumns:
        """The columns that the task writes."""

    def format_input(self, input: Row) -> FormattedInput:
        """Make a chat of a row."""

    def format_output(self, output: str | None, input: Row) -> dict[str, Any]:
        """Make columns of a generation."""

    def get_structured_output(self) -> dict[str, Any] | None:
        """Give the JSON schema of the answer."""


class Question(NamedTuple):
    """A row and what is asked about it; `failure` says why nothing can be asked."""

    row: Row
    formatted: FormattedInput
    failure: FailureReason | None = None


def answer(task: LLMTask, rows: Sequence[Row]) -> list[Row]:
    """Ask the task's LLM about each row.

    Args:
        task: Says how to ask and what to make of the answer.
        rows: They are not changed.

    Returns:
        For each row in turn one row a generation, or one row with lists when the task groups its generations.

    Raises:
        DistilabelStepError: The LLM did not give one output an input: nobody knows which belongs to which.
        DistilabelOfflineBatchGenerationNotFinishedException: Batch jobs are still running.
    """
    columns = needed(task)
    questions = [_question(task, row, columns) for row in rows]
    asked = [q.formatted for q in questions if q.failure is None]
    outputs = iter(generate(task, asked, task.num_generations or 1))
    names = [name for name in as_columns(task.outputs) if name != "model_name"]
    answers = [_answers(task, names, q, next(outputs) if q.failure is None else {}) for q in questions]
    warn(task.name, [one.failure for several, _ in answers for one in several])
    origin = Origin(task.name, task.llm.model_name)
    made: list[Row] = []
    for question, (several, output) in zip(questions, answers, strict=True):
        chat = _chat(question.formatted) if task.add_raw_input and question.formatted else None
        to_rows = grouped_row if task.group_generations else single_rows
        made += to_rows(origin, question.row, several, output, chat)
    return made


def input_of(task: LLMTask, row: Row) -> FormattedInput:
    """Give what the LLM is asked about a row, with the structure of the answer if the task has one by default."""
    formatted = task.format_input(row)
    if isinstance(formatted, tuple) or not task.use_default_structured_output:
        return formatted
    schema = task.get_structured_output()
    if schema is None or getattr(task.llm, "structured_output", None):
        return formatted
    return (
        formatted,
        {"format": "json", "schema": schema["schema"]} if "schema" in schema else _as_json(schema),
    )


def _as_json(schema: dict[str, Any]) -> Any:
    return {"format": "json", "schema": schema}


def _chat(formatted: FormattedInput) -> Any:
    return formatted[0] if isinstance(formatted, tuple) else formatted


def needed(task: LLMTask) -> dict[str, bool]:
    """Give the columns without whose value nothing can be asked, and whether it must be text.

    What a task of the user's own asks with is for its `format_input` to say.
    """
    if task.takes_none or not _is_ours(type(task)):
        return {}
    return {name: name not in task.not_text for name, required in as_columns(task.inputs).items() if required}


def _is_ours(kind: Any) -> bool:
    """Tell whether this library says what a kind of task reads, and how."""
    members = (kind.format_input, getattr(kind.inputs, "fget", None))
    return all(getattr(member, "__module__", "").startswith("distilabel.") for member in members)


def missing(row: Row, columns: Mapping[str, bool]) -> FailureReason | None:
    """Say which of the columns has nothing to ask about, so that no question says "None" or "nan".

    Args:
        row: A row.
        columns: From `needed`.
    """
    for name, is_text in columns.items():
        value = row.get(name)
        if isinstance(value, str):
            continue
        if value is None:
            lack = "is None" if name in row else "is not in the row"
            return why("missing_input", f"The column {name!r} {lack}: there is nothing to ask about.")
        if is_text:
            shown = repr(value)[:_SHOWN]
            return why(
                "not_text", f"The column {name!r} holds {shown} and not a text: turn it into one first."
            )
    return None


def _question(task: LLMTask, row: Row, columns: Mapping[str, bool]) -> Question:
    if columns and (lacking := missing(row, columns)) is not None:
        return Question(row, [], lacking)
    formatted, failure = attempt("unformattable_input", input_of, task, row)
    return Question(row, formatted or [], failure)


def generate(task: LLMTask, inputs: list[FormattedInput], num_generations: int) -> list[GenerateOutput]:
    """Ask the task's LLM, and see that it gave one output for each input; raises DistilabelStepError."""
    if not inputs:
        return []
    outputs = task.llm.generate_outputs(
        inputs=inputs,
        num_generations=num_generations,
        **task.llm.get_generation_kwargs(),
    )
    if len(outputs) != len(inputs):
        raise DistilabelStepError(
            f"Step {task.name!r} asked {len(inputs)} questions and its LLM gave {len(outputs)} outputs: generate() must "
            "return one output for each input, in their order.",
        )
    return outputs


def _answers(
    task: LLMTask, names: list[str], question: Question, output: GenerateOutput
) -> tuple[list[Answer], GenerateOutput]:
    generations = output.get("generations")
    if not generations:
        generations = [None] * (task.num_generations or 1)
        output = {**output, "generations": generations}
    reasons = _padded(output.get("failures"), len(generations))
    if question.failure is not None:
        reasons = [question.failure] * len(generations)
    pairs = zip(generations, reasons, strict=True)
    answers = [_read(task, names, question.row, text, reason) for text, reason in pairs]
    return answers, output


def _padded(values: Iterable[Any] | None, length: int) -> list[Any]:
    if not values:
        return [None] * length
    given = list(values)[:length]
    return given + [None] * (length - len(given))


def _read(
    task: LLMTask, names: list[str], row: Row, text: str | None, reason: FailureReason | None
) -> Answer:
    columns, unread = attempt("unparseable_output", task.format_output, text, row)
    if unread is None and not isinstance(columns, dict):
        raise DistilabelTypeError(
            f"format_output() of step {task.name!r} must return a dict, not {columns!r}."
        )
    if text is None:
        unread = why("no_generation", "The model gave no text.")
    raw = {"raw_output": text} if task.add_raw_output else {}
    return Answer(dict.fromkeys(names) if columns is None else columns, raw, reason or unread)


def attempt(code: str, make: Callable[..., T], *arguments: Any) -> tuple[T | None, FailureReason | None]:
    """Call `make`; give what it gave, or why it raised, under `code`."""
    try:
        return make(*arguments), None
    except DistilabelOfflineBatchGenerationNotFinishedException:
        raise
    except Exception as error:  # noqa: BLE001 - a user's hook may raise anything; it concerns one row
        return None, why(code, f"{type(error).__name__}: {error}")


def why(code: str, message: str) -> FailureReason:
    """Say why one generation is None, where no platform is to blame."""
    return {"code": code, "message": message[:_LONGEST_MESSAGE], "attempts": 1, "job_id": None}


def warn(step_name: str, failures: Sequence[FailureReason | None]) -> None:
    """Log one line for each kind of failure."""
    logger = logging.getLogger(f"distilabel.steps.{step_name}")
    for code, messages in _by_code(failures):
        count = f"{len(messages)} of {len(failures)} generations"
        logger.warning("Step %r has no answer for %s (%s): %s", step_name, count, code, messages[0])


def _by_code(failures: Iterable[FailureReason | None]) -> Iterator[tuple[str, list[str]]]:
    codes: dict[str, list[str]] = {}
    for failure in failures:
        if failure is not None:
            codes.setdefault(failure["code"], []).append(failure["message"])
    yield from codes.items()
