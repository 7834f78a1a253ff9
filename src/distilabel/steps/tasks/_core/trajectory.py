"""Conversations of several turns with an LLM. All rows of a chunk take a turn together; a failed row drops out alone."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from distilabel.exceptions import DistilabelUserError
from distilabel.steps.tasks._core.rows import (
    Answer,
    Origin,
    attempt,
    failure_reason,
    grouped_row,
    log_failures,
    missing_value,
    single_rows,
)
from distilabel.steps.tasks.base import _BaseTask
from distilabel.typing import FailureReason, FormattedInput, GenerateOutput, Row

__all__ = [
    "Trajectory",
    "check_multi_turn",
    "check_one_generation",
    "finish_trajectories",
    "require_text",
    "start_trajectories",
    "step_trajectories",
]

# The functions below are parts of a task: they use what only a task may use of itself.
# ruff: noqa: SLF001


@dataclass(slots=True, eq=False)
class Trajectory:
    """One generation of one row, over all its turns.

    Attributes:
        row: The row; it does not change.
        number: The number of the generation within its row, from 0.
        results: What the task has made so far.
        answers: The answers to the results, where the task requests them; None where there is no answer.
        chats: Every chat so far.
        outputs: The output for each chat, None where there is none.
        token_counts: Sums over all chats.
        failure: Why it takes no further turns.
    """

    row: Row
    number: int = 0
    results: list[Any] = field(default_factory=list)
    answers: list[str | None] = field(default_factory=list)
    chats: list[Any] = field(default_factory=list)
    outputs: list[str | None] = field(default_factory=list)
    token_counts: Counter[str] = field(default_factory=Counter)
    failure: FailureReason | None = None

    def record(self, chat: FormattedInput, output: GenerateOutput) -> str | None:
        """Record a chat and its output; return the output's text."""
        text = (output.get("generations") or [None])[0]
        self.chats.append(chat[0] if isinstance(chat, tuple) else chat)
        self.outputs.append(text)
        for name, values in (output.get("statistics") or {}).items():
            count = next(iter(values), None) if isinstance(values, list | tuple) else values
            if isinstance(count, int):
                self.token_counts[name] += count
        if text is None:
            reported = (output.get("failures") or [None])[0]
            self.fail(reported or failure_reason("no_generation", "The model returned no text."))
        return text

    def fail(self, failure: FailureReason | None) -> None:
        """End the trajectory; the first failure stays."""
        self.failure = self.failure or failure


def start_trajectories(task: _BaseTask, rows: Iterable[Row]) -> list[Trajectory]:
    """Return `num_generations` trajectories for each row, in order; a row that lacks an input has failed."""
    required, count = task._required_columns(), task.num_generations or 1
    return [
        Trajectory(row, number, failure=missing_value(row, required))
        for row in rows
        for number in range(count)
    ]


def step_trajectories(
    task: _BaseTask,
    trajectories: Iterable[Trajectory],
    make_chats: Callable[[Trajectory], Iterable[FormattedInput]],
    read: Callable[[Trajectory, list[Any]], None],
    *,
    partial: bool = False,
) -> None:
    """Take one turn with all open trajectories, in one call of the LLM.

    A chat must not depend on which other trajectories are open, nor on the time: an offline step runs again from its
    start until no answer is missing, and it must then make the same chats.

    Args:
        task: The task.
        trajectories: From `start_trajectories`; those that have failed are skipped.
        make_chats: Returns the chats of a trajectory for this turn: one, several or none.
        read: Takes a trajectory and the texts, one for each chat, and stores the result in the trajectory. An exception
            of `read` or `make_chats` becomes the failure of that trajectory.
        partial: Whether to call `read` also where some of the texts are None; such a trajectory fails all the same.

    Raises:
        DistilabelOfflineBatchGenerationNotFinishedException: Batch jobs are still running.
    """
    open_trajectories = []
    for trajectory in trajectories:
        if trajectory.failure is None:
            chats, failure = attempt("unformattable_input", _listed, make_chats, trajectory)
            trajectory.fail(failure)
            if chats is not None:
                open_trajectories.append((trajectory, chats))
    outputs = iter(task._generate([chat for _, chats in open_trajectories for chat in chats], 1))
    for trajectory, chats in open_trajectories:
        texts = [trajectory.record(chat, next(outputs)) for chat in chats]
        if trajectory.failure is None or partial:
            trajectory.fail(attempt("unparseable_output", read, trajectory, texts)[1])


def _listed(
    make_chats: Callable[[Trajectory], Iterable[FormattedInput]], trajectory: Trajectory
) -> list[FormattedInput]:
    # `make_chats` may be a generator, so it raises only when it is read.
    return list(make_chats(trajectory))


def finish_trajectories(
    task: _BaseTask, trajectories: Sequence[Trajectory], columns: Callable[[Trajectory], dict[str, Any]]
) -> list[Row]:
    """Return a row for each trajectory, or one row with lists for each input row if the task groups generations.

    In `distilabel_metadata`, `raw_input_<step>` and `raw_output_<step>` are lists with an entry for each chat, and
    `statistics_<step>` holds sums over all chats.

    Args:
        task: The task.
        trajectories: All of `start_trajectories`.
        columns: Returns the columns of a trajectory, also of a failed one.
    """
    log_failures(task.name, [trajectory.failure for trajectory in trajectories])
    origin = Origin(task.name, task.llm.model_name)
    to_rows = grouped_row if task.group_generations else single_rows
    size = task.num_generations or 1
    rows: list[Row] = []
    for first in range(0, len(trajectories), size):
        group = trajectories[first : first + size]
        answers = [Answer(columns(one), _raw(task, one), one.failure) for one in group]
        names = sorted({name for one in group for name in one.token_counts})
        statistics: Any = {name: [one.token_counts[name] for one in group] for name in names}
        output: GenerateOutput = {"generations": [None] * len(group), "statistics": statistics}
        rows += to_rows(origin, group[0].row, answers, output)
    return rows


def _raw(task: _BaseTask, trajectory: Trajectory) -> dict[str, Any]:
    raw: dict[str, Any] = {"raw_output": trajectory.outputs} if task.add_raw_output else {}
    return {**raw, "raw_input": trajectory.chats} if task.add_raw_input else raw


def check_multi_turn(task: _BaseTask) -> None:
    """Check that the LLM can take several turns for one row.

    Raises:
        DistilabelUserError: The LLM has a custom batch protocol, which keeps one set of batch jobs for all rows.
    """
    if task.llm.requires_all_inputs:
        raise DistilabelUserError(
            f"Step {task.name!r} prompts its LLM several times for each row, and {type(task.llm).__name__} keeps one set "
            "of batch jobs: set use_offline_batch_generation=False, or use an LLM such as OpenAILLM.",
        )


def require_text(row: Row, column: str) -> str:
    """Return the text in a column; raises ValueError where there is none.

    Examples:
        >>> require_text({"instruction": "Say hello."}, "instruction")
        'Say hello.'
    """
    value = row.get(column)
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"the column {column!r} holds no text")
    return value


def check_one_generation(task: _BaseTask, rows: str) -> None:
    """Check that a generator requests one generation for each row; raises DistilabelUserError."""
    if (task.num_generations or 1) != 1:
        raise DistilabelUserError(
            f"Step {task.name!r} makes its rows from nothing: leave num_generations at 1, and request more rows with "
            f"`{rows}`.",
        )
