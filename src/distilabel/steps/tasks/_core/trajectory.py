"""Asking an LLM turn by turn: the rows of a chunk take each turn together, and a row that fails drops out alone."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from distilabel.exceptions import DistilabelUserError
from distilabel.steps.tasks._core.answering import Answer, Origin, grouped_row, single_rows
from distilabel.steps.tasks._core.asking import LLMTask, attempt, generate, missing, needed, warn, why
from distilabel.typing import FailureReason, FormattedInput, GenerateOutput, Row

__all__ = ["Trajectory", "check_one_generation", "check_turns", "finish", "start", "step", "text_in"]


@dataclass(slots=True, eq=False)
class Trajectory:
    """One generation of one row on its way through the turns.

    Attributes:
        row: The row; it is not changed.
        number: Which generation of its row it is, counted from 0.
        made: What the task has made so far.
        answers: What was answered to that, where the task asks for it; None where there is no answer.
        asked: Every chat so far.
        said: The answer to each of them, None where there is none.
        tokens: Token counts, summed over all of them.
        failure: Why it takes no further turns.
    """

    row: Row
    number: int = 0
    made: list[Any] = field(default_factory=list)
    answers: list[str | None] = field(default_factory=list)
    asked: list[Any] = field(default_factory=list)
    said: list[str | None] = field(default_factory=list)
    tokens: Counter[str] = field(default_factory=Counter)
    failure: FailureReason | None = None

    def hear(self, chat: FormattedInput, output: GenerateOutput) -> str | None:
        """Note what was said to a chat, and return it."""
        text = (output.get("generations") or [None])[0]
        self.asked.append(chat[0] if isinstance(chat, tuple) else chat)
        self.said.append(text)
        self.tokens.update(_counts(output))
        if text is None:
            given = (output.get("failures") or [None])[0]
            self.fail(given or why("no_generation", "The model gave no text."))
        return text

    def fail(self, failure: FailureReason | None) -> None:
        """Note why the path ends; the first reason stays."""
        self.failure = self.failure or failure


def _counts(output: GenerateOutput) -> dict[str, int]:
    firsts = ((name, _first(values)) for name, values in (output.get("statistics") or {}).items())
    return {name: value for name, value in firsts if isinstance(value, int)}


def _first(values: Any) -> Any:
    return next(iter(values), None) if isinstance(values, list | tuple) else values


def start(task: LLMTask, rows: Iterable[Row]) -> list[Trajectory]:
    """Give `num_generations` paths for each row, in the rows' order; those of a row that lacks an input have failed."""
    columns, count = needed(task), task.num_generations or 1
    return [Trajectory(row, number, failure=missing(row, columns)) for row in rows for number in range(count)]


def step(
    task: LLMTask,
    paths: Iterable[Trajectory],
    question: Callable[[Trajectory], Iterable[FormattedInput]],
    read: Callable[[Trajectory, list[Any]], None],
    *,
    partial: bool = False,
) -> None:
    """Let all paths that are still open take a turn, in one call of the LLM.

    Nothing may depend on which other paths are still open, nor on when: offline, a step is replayed from its start
    until no answer is missing, and must then ask the same.

    Args:
        task: Who asks.
        paths: From `begin`; those that have failed are passed over.
        question: Gives the chats to ask about a path, one or several or none.
        read: Is given a path and the texts, one a chat, and notes in the path what they mean. What it raises, or
            `question`, becomes the failure of that path.
        partial: Whether `read` is called for a path of whose texts some are None, too; it has failed then all the same.

    Raises:
        DistilabelOfflineBatchGenerationNotFinishedException: Batch jobs are still running.
    """
    asked = [(path, chats) for path in paths if (chats := _chats(path, question)) is not None]
    outputs = iter(generate(task, [chat for _, chats in asked for chat in chats], 1))
    for path, chats in asked:
        texts = [path.hear(chat, next(outputs)) for chat in chats]
        if path.failure is None or partial:
            path.fail(_unread(path, texts, read))


def _chats(
    path: Trajectory, question: Callable[[Trajectory], Iterable[FormattedInput]]
) -> Sequence[FormattedInput] | None:
    if path.failure is not None:
        return None
    chats, failure = attempt("unformattable_input", lambda: list(question(path)))
    path.fail(failure)
    return chats


def _unread(
    path: Trajectory, texts: list[Any], read: Callable[[Trajectory, list[Any]], None]
) -> FailureReason | None:
    return attempt("unparseable_output", read, path, texts)[1]


def finish(
    task: LLMTask, paths: Sequence[Trajectory], columns: Callable[[Trajectory], dict[str, Any]]
) -> list[Row]:
    """Make rows of the paths: one for each, or one with lists for each row when the task groups its generations.

    `distilabel_metadata` gets `raw_input_<step>` and `raw_output_<step>` as lists with an entry for each question,
    and `statistics_<step>` as sums over all of them.

    Args:
        task: Who asked.
        paths: All that `begin` gave.
        columns: Gives the columns of a path, also of one that has failed.
    """
    warn(task.name, [path.failure for path in paths])
    origin = Origin(task.name, task.llm.model_name)
    to_rows = grouped_row if task.group_generations else single_rows
    size = task.num_generations or 1
    groups = (paths[start : start + size] for start in range(0, len(paths), size))
    return [row for group in groups for row in to_rows(origin, group[0].row, *_told(task, group, columns))]


def _told(
    task: LLMTask, group: Sequence[Trajectory], columns: Callable[[Trajectory], dict[str, Any]]
) -> tuple[list[Answer], GenerateOutput]:
    answers = [Answer(columns(path), _raw(task, path), path.failure) for path in group]
    names = sorted({name for path in group for name in path.tokens})
    statistics: Any = {name: [path.tokens[name] for path in group] for name in names}
    return answers, {"generations": [None] * len(group), "statistics": statistics}


def _raw(task: LLMTask, path: Trajectory) -> dict[str, Any]:
    said = {"raw_output": path.said} if task.add_raw_output else {}
    return {**said, **({"raw_input": path.asked} if task.add_raw_input else {})}


def check_turns(task: Any) -> None:
    """Check that the task's LLM may be asked several times for one row.

    Raises:
        DistilabelUserError: It has a batch protocol of its own, which knows one set of jobs for all rows.
    """
    if task.llm.asks_all_at_once:
        raise DistilabelUserError(
            f"Step {task.name!r} asks its LLM several times for each row, and {type(task.llm).__name__} keeps one set of "
            "batch jobs: set use_offline_batch_generation=False, or take an LLM such as OpenAILLM.",
        )


def text_in(row: Row, column: str) -> str:
    """Give the text in a column; raises ValueError where there is none.

    Examples:
        >>> text_in({"instruction": "Say hello."}, "instruction")
        'Say hello.'
    """
    value = row.get(column)
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"the column {column!r} holds no text")
    return value


def check_one_generation(task: Any, rows: str) -> None:
    """Check that a generator is asked for one generation a row; raises DistilabelUserError."""
    if (task.num_generations or 1) != 1:
        raise DistilabelUserError(
            f"Step {task.name!r} makes its rows from nothing: leave num_generations at 1, and ask for more rows with "
            f"`{rows}`.",
        )
