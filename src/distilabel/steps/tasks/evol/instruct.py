"""Evolution of instructions in depth (harder) and in breadth (rarer)."""

from typing import Any

from pydantic import Field, PositiveInt

from distilabel.config import RuntimeParameter
from distilabel.steps.base import StepInput
from distilabel.steps.tasks._core.trajectory import (
    Trajectory,
    check_multi_turn,
    finish_trajectories,
    require_text,
    start_trajectories,
    step_trajectories,
)
from distilabel.steps.tasks.base import Task
from distilabel.steps.tasks.evol.mutations import check_templates, mutation, pick, rewritten
from distilabel.steps.tasks.evol.prompts import INSTRUCTION_TEMPLATES
from distilabel.typing import ChatType, Row, StepColumns, StepOutput

__all__ = ["EvolInstruct"]


class EvolInstruct(Task):
    """Rewrite an instruction into a harder or a rarer one, several times.

    All rows of a chunk are evolved together. If an evolution fails, its row is not evolved further.

    Attributes:
        num_evolutions: The number of evolutions.
        store_evolutions: Whether to keep all evolutions, as lists, or only the last one.
        generate_answers: Whether to generate an answer to each instruction that is kept.
        include_original_instruction: Whether the list of `store_evolutions` starts with the original instruction.
        mutation_templates: Name to prompt; one is drawn at random for each evolution. `<PROMPT>` stands for the
            instruction.
        seed: The random seed, 42 by default. A random choice depends only on the seed and the row's instruction.

    Columns:
        In: `instruction`. Out: `evolved_instruction`, or `evolved_instructions` (a list, shorter where an evolution
        failed); with `generate_answers` also `answer`, or `answers` (as long as the other list); and `model_name`.
        A column without a value is None, with the reason in
        `distilabel_metadata`.

    References:
        WizardLM: Empowering Large Language Models to Follow Complex Instructions, https://arxiv.org/abs/2304.12244

    Raises:
        DistilabelUserError: A template lacks `<PROMPT>`, or the LLM cannot be prompted several times for a row.

    Examples:
        >>> from distilabel.models.llms.base import LLM
        >>> class Demanding(LLM):
        ...     @property
        ...     def model_name(self):
        ...         return "demanding"
        ...     def generate(self, inputs, num_generations=1):
        ...         return [{"generations": [chat[-1]["content"] + " Say why."]} for chat in inputs]
        >>> task = EvolInstruct(llm=Demanding(), num_evolutions=2, mutation_templates={"WHY": "<PROMPT>"})
        >>> next(task.process([{"instruction": "Name a prime."}]))[0]["evolved_instruction"]
        'Name a prime. Say why. Say why.'
    """

    num_evolutions: PositiveInt
    store_evolutions: bool = False
    generate_answers: bool = False
    include_original_instruction: bool = False
    mutation_templates: dict[str, str] = Field(default_factory=lambda: dict(INSTRUCTION_TEMPLATES))
    seed: RuntimeParameter[int] = Field(default=42, description="The random seed.")

    @property
    def inputs(self) -> StepColumns:
        """The instruction."""
        return ["instruction"]

    @property
    def outputs(self) -> StepColumns:
        """The evolved instructions, the answers if configured, and the model's name."""
        evolved, answered = (
            ("evolved_instructions", "answers")
            if self.store_evolutions
            else ("evolved_instruction", "answer")
        )
        return [evolved, *([answered] if self.generate_answers else []), "model_name"]

    def verify(self) -> None:
        """Check the templates and the LLM; raises DistilabelUserError."""
        check_multi_turn(self)
        check_templates(self.name, self.mutation_templates, "PROMPT")

    def format_input(self, input: Row) -> ChatType:
        """Return the chat of the first evolution."""
        return self._mutation(Trajectory(input))[0]

    def process(self, inputs: StepInput) -> StepOutput:
        """Yield the rows with their evolved instructions; see `Task.process`."""
        trajectories = start_trajectories(self, inputs)
        for _ in range(self.num_evolutions):
            step_trajectories(self, trajectories, self._mutation, _evolve)
        if self.generate_answers:
            step_trajectories(self, trajectories, self._questions, _answer, partial=True)
        yield finish_trajectories(self, trajectories, self._columns)

    def _mutation(self, trajectory: Trajectory) -> list[ChatType]:
        original, current = require_text(trajectory.row, "instruction"), _current(trajectory)
        name = pick(self.mutation_templates, self.seed, trajectory.number, len(trajectory.results), original)
        return [mutation(self.mutation_templates[name], PROMPT=current)]

    def _questions(self, trajectory: Trajectory) -> list[ChatType]:
        kept = self._kept(trajectory) if self.store_evolutions else trajectory.results[-1:]
        return [[{"role": "user", "content": text}] for text in kept]

    def _kept(self, trajectory: Trajectory) -> list[str]:
        return (
            [trajectory.row["instruction"], *trajectory.results]
            if self.include_original_instruction
            else trajectory.results
        )

    def _columns(self, trajectory: Trajectory) -> dict[str, Any]:
        if self.store_evolutions:
            columns = {"evolved_instructions": self._kept(trajectory) if trajectory.results else None}
            return {**columns, "answers": trajectory.answers or None} if self.generate_answers else columns
        whole = len(trajectory.results) == self.num_evolutions
        columns = {"evolved_instruction": trajectory.results[-1] if whole else None}
        return {**columns, "answer": (trajectory.answers or [None])[-1]} if self.generate_answers else columns


def _current(trajectory: Trajectory) -> str:
    return str(trajectory.results[-1]) if trajectory.results else require_text(trajectory.row, "instruction")


def _evolve(trajectory: Trajectory, texts: list[Any]) -> None:
    trajectory.results.append(rewritten(texts[0], before=_current(trajectory)))


def _answer(trajectory: Trajectory, texts: list[Any]) -> None:
    trajectory.answers = texts
