"""Step-by-step solutions of mathematical problems."""

from typing import Any

from pydantic import PositiveInt

from distilabel.steps.base import StepInput
from distilabel.steps.tasks._core.trajectory import (
    Trajectory,
    finish_trajectories,
    require_text,
    start_trajectories,
    step_trajectories,
)
from distilabel.steps.tasks.base import Task
from distilabel.steps.tasks.math_shepherd.prompts import GENERATOR_FEW_SHOTS, GENERATOR_PROMPT, fill
from distilabel.steps.tasks.math_shepherd.solutions import STEPS, steps_of
from distilabel.typing import ChatType, FormattedInput, Row, StepColumns, StepOutput

__all__ = ["MathShepherdGenerator"]


class MathShepherdGenerator(Task):
    """Solve a problem step by step, once (the golden solution) or several times.

    Attributes:
        system_prompt: Replaces the built-in system prompt: a Jinja2 template with `{{ extra_rules }}` and
            `{{ few_shots }}`.
        extra_rules: Further rules for the system prompt.
        few_shots: Replaces the built-in examples in the system prompt.
        M: The number of solutions, each from a separate request; None generates one, the golden solution.

    Columns:
        In: `instruction`. Out: `golden_solution`, a list of steps, or with `M` `solutions`, a list of such lists (shorter
        if one could not be parsed); and `model_name`. A column without a value is None, with the reason in
        `distilabel_metadata`.

    References:
        Math-Shepherd: Verify and Reinforce LLMs Step-by-step without Human Annotations,
        https://arxiv.org/abs/2312.08935

    Examples:
        >>> from distilabel.models.llms.base import LLM
        >>> class Sure(LLM):
        ...     @property
        ...     def model_name(self):
        ...         return "sure"
        ...     def generate(self, inputs, num_generations=1):
        ...         return [{"generations": ["Step 1: 2 + 2 = 4. The answer is: 4"]} for _ in inputs]
        >>> row = {"instruction": "What is 2 + 2?"}
        >>> next(MathShepherdGenerator(llm=Sure()).process([row]))[0]["golden_solution"]
        ['Step 1: 2 + 2 = 4. The answer is: 4']
    """

    system_prompt: str | None = None
    extra_rules: str | None = None
    few_shots: str | None = None
    M: PositiveInt | None = None

    @property
    def inputs(self) -> StepColumns:
        """The problem."""
        return ["instruction"]

    @property
    def outputs(self) -> StepColumns:
        """The solution or solutions, and the model's name."""
        return ["solutions" if self.M else "golden_solution", "model_name"]

    def verify(self) -> None:
        """Check the system prompt; raises DistilabelUserError."""
        self._system()

    def format_input(self, input: Row) -> ChatType:
        """Return the system prompt and the problem."""
        return [
            {"role": "system", "content": self._system()},
            {"role": "user", "content": f"Problem: {require_text(input, 'instruction')}"},
        ]

    def get_structured_output(self) -> dict[str, Any]:
        """Return the JSON schema of a solution."""
        return STEPS

    def process(self, inputs: StepInput) -> StepOutput:
        """Yield the rows with their solutions; see `Task.process`."""
        trajectories = start_trajectories(self, inputs)
        step_trajectories(self, trajectories, self._questions, _read, partial=True)
        yield finish_trajectories(self, trajectories, self._columns)

    def _system(self) -> str:
        return fill(
            self.name,
            self.system_prompt or GENERATOR_PROMPT,
            self.extra_rules,
            GENERATOR_FEW_SHOTS if self.few_shots is None else self.few_shots,
        )

    def _questions(self, trajectory: Trajectory) -> list[FormattedInput]:
        return [self._formatted_input(trajectory.row)] * (self.M or 1)

    def _columns(self, trajectory: Trajectory) -> dict[str, Any]:
        if self.M:
            return {"solutions": trajectory.results or None}
        return {"golden_solution": trajectory.results[0] if trajectory.results else None}


def _read(trajectory: Trajectory, texts: list[str | None]) -> None:
    """Parse all solutions; raise the first error only afterwards."""
    errors = []
    for text in texts:
        if text is not None:
            try:
                trajectory.results.append(steps_of(text))
            except ValueError as error:
                errors.append(error)
    if errors:
        raise errors[0]
