"""Generation of instructions without input, and evolution to a target length."""

import random
from typing import Any

from pydantic import Field, PositiveInt

from distilabel.config import RuntimeParameter
from distilabel.exceptions import DistilabelUserError
from distilabel.steps.tasks._core.rows import failure_reason
from distilabel.steps.tasks._core.trajectory import (
    Trajectory,
    check_multi_turn,
    check_one_generation,
    finish_trajectories,
    start_trajectories,
    step_trajectories,
)
from distilabel.steps.tasks.base import GeneratorTask
from distilabel.steps.tasks.evol.mutations import check_templates, mutation, pick, rewritten
from distilabel.steps.tasks.evol.prompts import FRESH_START, INSTRUCTION_GENERATION_TEMPLATES
from distilabel.steps.tasks.evol.words import WORDS
from distilabel.typing import ChatType, GeneratorStepOutput, Row, StepColumns

__all__ = ["EvolInstructGenerator"]

_MOST_TURNS = 12


class EvolInstructGenerator(GeneratorTask):
    """Generate instructions from pairs of everyday words, and evolve each.

    If an instruction becomes too long, a new one is generated from other words. An instruction that does not reach the
    target length within 12 turns fails, with the reason in its row.

    Attributes:
        num_instructions: The number of instructions, which is the number of rows.
        generate_answers: Whether to generate an answer to each instruction.
        mutation_templates: Name to prompt; one is drawn at random for each evolution. `<PROMPT>` stands for the
            instruction, and in the template `FRESH_START`, which makes the first one, for a pair of words.
        min_length: The minimum length of an instruction in bytes of UTF-8.
        max_length: The maximum length.
        seed: The random seed, 42 by default.

    Columns:
        Out: `instruction`, with `generate_answers` also `answer`, and `model_name`. A column without a value is
        None, with the reason in `distilabel_metadata`.

    References:
        WizardLM: Empowering Large Language Models to Follow Complex Instructions, https://arxiv.org/abs/2304.12244

    Raises:
        DistilabelUserError: A template lacks `<PROMPT>`, no length is valid, or the LLM cannot be prompted several
            times for a row.

    Examples:
        >>> from distilabel.models.llms.base import LLM
        >>> class Curious(LLM):
        ...     @property
        ...     def model_name(self):
        ...         return "curious"
        ...     def generate(self, inputs, num_generations=1):
        ...         return [{"generations": [f"What is tea number {len(chat[-1]['content'])}?"]} for chat in inputs]
        >>> task = EvolInstructGenerator(llm=Curious(), num_instructions=2, min_length=10, max_length=50)
        >>> rows, is_last = next(task.process())
        >>> len(rows), rows[0]["instruction"].startswith("What is tea"), is_last
        (2, True, True)
    """

    num_instructions: PositiveInt
    generate_answers: bool = False
    mutation_templates: dict[str, str] = Field(default_factory=lambda: dict(INSTRUCTION_GENERATION_TEMPLATES))
    min_length: RuntimeParameter[PositiveInt] = Field(
        default=512, description="The minimum length of an instruction in bytes."
    )
    max_length: RuntimeParameter[PositiveInt] = Field(
        default=1024, description="The maximum length of an instruction in bytes."
    )
    seed: RuntimeParameter[int] = Field(default=42, description="The random seed.")

    @property
    def outputs(self) -> StepColumns:
        """The instruction, the answer if configured, and the model's name."""
        return ["instruction", *(["answer"] if self.generate_answers else []), "model_name"]

    @property
    def total_rows(self) -> int:
        """The number of rows."""
        return self.num_instructions

    def verify(self) -> None:
        """Check the templates, the lengths and the LLM; raises DistilabelUserError."""
        check_multi_turn(self)
        check_one_generation(self, "num_instructions")
        check_templates(self.name, self.mutation_templates, "PROMPT")
        if not self._ways:
            raise DistilabelUserError(
                f"Step {self.name!r} has no mutation template except {FRESH_START}: add one."
            )
        if self._shortest > self._longest:
            raise DistilabelUserError(
                f"Step {self.name!r} has min_length={self._shortest}, which is larger than max_length={self._longest}: "
                "set max_length to min_length or more.",
            )

    @property
    def _shortest(self) -> int:
        return self.min_length or 1

    @property
    def _longest(self) -> int:
        return self.max_length or 1

    @property
    def _ways(self) -> dict[str, str]:
        return {name: text for name, text in self.mutation_templates.items() if name != FRESH_START}

    def format_input(self, input: Row) -> ChatType:  # noqa: ARG002 - a generator has no input
        """Return the chat that generates the first instruction."""
        return self._question(Trajectory({}))[0]

    def process(self, offset: int = 0) -> GeneratorStepOutput:
        """Yield the instructions from `offset` on, and whether they are the last."""
        size = self.batch_size or 1
        for first in range(offset, self.total_rows, size):
            trajectories = start_trajectories(self, [{} for _ in range(min(size, self.total_rows - first))])
            for number, trajectory in enumerate(trajectories, first):
                trajectory.number = number
            yield self._evolved(trajectories), first + size >= self.total_rows

    def _evolved(self, trajectories: list[Trajectory]) -> list[Row]:
        for _ in range(_MOST_TURNS):
            step_trajectories(self, trajectories, self._question, self._read)
        for trajectory in trajectories:
            if not self._done(trajectory):
                trajectory.fail(self._given_up())
        if self.generate_answers:
            step_trajectories(self, trajectories, _instruction, _answer, partial=True)
        return finish_trajectories(self, trajectories, self._columns)

    def _question(self, trajectory: Trajectory) -> list[ChatType]:
        if self._done(trajectory):
            return []
        if not trajectory.results:
            words = random.Random(f"{self.seed}\0{trajectory.number}\0{len(trajectory.outputs)}")  # noqa: S311 - repeatable on purpose
            start = {**INSTRUCTION_GENERATION_TEMPLATES, **self.mutation_templates}[FRESH_START]
            return [mutation(start, PROMPT=", ".join(words.sample(WORDS, 2)))]
        name = pick(self._ways, self.seed, trajectory.number, len(trajectory.outputs))
        return [mutation(self._ways[name], PROMPT=trajectory.results[-1])]

    def _read(self, trajectory: Trajectory, texts: list[Any]) -> None:
        if not texts:
            return
        trajectory.results.append(
            rewritten(texts[0], before=trajectory.results[-1] if trajectory.results else "")
        )
        if len(trajectory.results[-1].encode()) > self._longest:
            trajectory.results.clear()

    def _done(self, trajectory: Trajectory) -> bool:
        """Return whether the instruction has been evolved and is long enough."""
        return len(trajectory.results) > 1 and len(trajectory.results[-1].encode()) >= self._shortest

    def _given_up(self) -> Any:
        return failure_reason(
            "length",
            f"After {_MOST_TURNS} turns there was no instruction of {self._shortest} to {self._longest} bytes: widen "
            "min_length and max_length.",
        )

    def _columns(self, trajectory: Trajectory) -> dict[str, Any]:
        columns = {"instruction": trajectory.results[-1] if self._done(trajectory) else None}
        return {**columns, "answer": (trajectory.answers or [None])[0]} if self.generate_answers else columns


def _instruction(trajectory: Trajectory) -> list[ChatType]:
    return [[{"role": "user", "content": trajectory.results[-1]}]]


def _answer(trajectory: Trajectory, texts: list[Any]) -> None:
    trajectory.answers = texts
