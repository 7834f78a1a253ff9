"""Evolution of responses towards higher quality."""

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
from distilabel.steps.tasks.evol.prompts import QUALITY_TEMPLATES
from distilabel.typing import ChatType, Row, StepColumns, StepOutput

__all__ = ["EvolQuality"]


class EvolQuality(Task):
    """Rewrite an answer into a better one, several times.

    Attributes:
        num_evolutions: The number of evolutions.
        store_evolutions: Whether to keep all evolutions, as a list, or only the last one.
        include_original_response: Whether the list of `store_evolutions` starts with the original response.
        mutation_templates: Name to prompt; one is drawn at random for each evolution. `<PROMPT>` stands for the
            instruction, `<RESPONSE>` for the answer.
        seed: The random seed, 42 by default. A random choice depends only on the seed and the row's texts.

    Columns:
        In: `instruction`, `response`. Out: `evolved_response`, or `evolved_responses` (a list, shorter where an
        evolution failed), and `model_name`. A column without a value is None, with the reason in
        `distilabel_metadata`.

    References:
        What Makes Good Data for Alignment? A Comprehensive Study of Automatic Data Selection in Instruction Tuning
        (DEITA), https://arxiv.org/abs/2312.15685

    Raises:
        DistilabelUserError: A template lacks a placeholder, or the LLM cannot be prompted several times for a row.

    Examples:
        >>> from distilabel.models.llms.base import LLM
        >>> class Adding(LLM):
        ...     @property
        ...     def model_name(self):
        ...         return "adding"
        ...     def generate(self, inputs, num_generations=1):
        ...         return [{"generations": [chat[-1]["content"] + "!"]} for chat in inputs]
        >>> task = EvolQuality(
        ...     llm=Adding(), num_evolutions=2, mutation_templates={"LOUDER": "<PROMPT> <RESPONSE>"}, store_evolutions=True
        ... )
        >>> next(task.process([{"instruction": "Greet.", "response": "Hi"}]))[0]["evolved_responses"]
        ['Greet. Hi!', 'Greet. Greet. Hi!!']
    """

    num_evolutions: PositiveInt
    store_evolutions: bool = False
    include_original_response: bool = False
    mutation_templates: dict[str, str] = Field(default_factory=lambda: dict(QUALITY_TEMPLATES))
    seed: RuntimeParameter[int] = Field(default=42, description="The random seed.")

    @property
    def inputs(self) -> StepColumns:
        """The instruction and its response."""
        return ["instruction", "response"]

    @property
    def outputs(self) -> StepColumns:
        """The evolved responses and the model's name."""
        return ["evolved_responses" if self.store_evolutions else "evolved_response", "model_name"]

    def verify(self) -> None:
        """Check the templates and the LLM; raises DistilabelUserError."""
        check_multi_turn(self)
        check_templates(self.name, self.mutation_templates, "PROMPT", "RESPONSE")

    def format_input(self, input: Row) -> ChatType:
        """Return the chat of the first evolution."""
        return self._mutation(Trajectory(input))[0]

    def process(self, inputs: StepInput) -> StepOutput:
        """Yield the rows with their evolved responses; see `Task.process`."""
        trajectories = start_trajectories(self, inputs)
        for _ in range(self.num_evolutions):
            step_trajectories(self, trajectories, self._mutation, _evolve)
        yield finish_trajectories(self, trajectories, self._columns)

    def _mutation(self, trajectory: Trajectory) -> list[ChatType]:
        instruction, original = (
            require_text(trajectory.row, "instruction"),
            require_text(trajectory.row, "response"),
        )
        name = pick(
            self.mutation_templates,
            self.seed,
            trajectory.number,
            len(trajectory.results),
            instruction,
            original,
        )
        return [mutation(self.mutation_templates[name], PROMPT=instruction, RESPONSE=_current(trajectory))]

    def _columns(self, trajectory: Trajectory) -> dict[str, Any]:
        if not self.store_evolutions:
            whole = len(trajectory.results) == self.num_evolutions
            return {"evolved_response": trajectory.results[-1] if whole else None}
        original = (
            [trajectory.row["response"]] if self.include_original_response and trajectory.results else []
        )
        return {"evolved_responses": [*original, *trajectory.results] or None}


def _current(trajectory: Trajectory) -> str:
    return str(trajectory.results[-1]) if trajectory.results else require_text(trajectory.row, "response")


def _evolve(trajectory: Trajectory, texts: list[Any]) -> None:
    trajectory.results.append(rewritten(texts[0], before=_current(trajectory)))
