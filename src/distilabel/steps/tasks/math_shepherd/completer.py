"""Labels for the steps of solutions, by the answers that they lead to."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, ClassVar

from pydantic import Field, PositiveInt

from distilabel.config import RuntimeParameter
from distilabel.steps.base import StepInput
from distilabel.steps.tasks._core.trajectory import (
    Trajectory,
    finish_trajectories,
    require_text,
    start_trajectories,
    step_trajectories,
)
from distilabel.steps.tasks.base import Task
from distilabel.steps.tasks.math_shepherd.prompts import COMPLETER_FEW_SHOTS, COMPLETER_PROMPT, fill
from distilabel.steps.tasks.math_shepherd.solutions import STEPS, answer_of, same_answer, steps_in
from distilabel.steps.tasks.math_shepherd.tags import check_tags
from distilabel.typing import ChatType, FormattedInput, Row, StepColumns, StepOutput

__all__ = ["MathShepherdCompleter"]


class MathShepherdCompleter(Task):
    """Label each step of each solution by whether it can lead to the right answer.

    For each step except the last, the LLM completes the solution several times. The step is good if one of the
    completions has the answer of the golden solution (the paper's hard estimation). The last step is good if it has this
    answer itself. All completions for all rows of a chunk are requested together.

    Attributes:
        system_prompt: Replaces the built-in system prompt: a Jinja2 template with `{{ extra_rules }}` and
            `{{ few_shots }}`.
        extra_rules: Further rules for the system prompt.
        few_shots: Replaces the built-in examples in the system prompt.
        N: The number of completions for each step.
        tags: The tags after a good step and after a bad step.

    Columns:
        In: `instruction`, `solutions` (a list of solutions, each a list of steps or a text), `golden_solution` (a list of
        steps, or a text; its last step contains the answer). Out: `solutions`, each step with its tag, or None for a
        solution with a step that could not be labelled; and `model_name`. `solutions` is None for a row that could not
        be labelled, with the reason in `distilabel_metadata`.

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
        ...         return [{"generations": ["Step 2: The answer is: 4"]} for _ in inputs]
        >>> row = {
        ...     "instruction": "What is 2 + 2?",
        ...     "golden_solution": ["Step 1: The answer is: 4"],
        ...     "solutions": [["Step 1: 2 + 2 is 2 * 2.", "Step 2: The answer is: 5"]],
        ... }
        >>> next(MathShepherdCompleter(llm=Sure()).process([row]))[0]["solutions"]
        [['Step 1: 2 + 2 is 2 * 2. +', 'Step 2: The answer is: 5 -']]
    """

    not_text: ClassVar[frozenset[str]] = frozenset({"solutions", "golden_solution"})

    system_prompt: str | None = None
    extra_rules: str | None = None
    few_shots: str | None = None
    N: PositiveInt = 1
    tags: RuntimeParameter[list[str]] = Field(
        default_factory=lambda: ["+", "-"],
        description="The tags after a good step and after a bad step.",
    )

    @property
    def inputs(self) -> StepColumns:
        """The problem, its solutions and the golden solution."""
        return ["instruction", "solutions", "golden_solution"]

    @property
    def outputs(self) -> StepColumns:
        """The labelled solutions, and the model's name."""
        return ["solutions", "model_name"]

    def verify(self) -> None:
        """Check the tags and the system prompt; raises DistilabelUserError."""
        check_tags(self.name, self.tags)
        self._system()

    def format_input(self, input: Row) -> ChatType:
        """Return the chat that completes the first solution from its first step."""
        return self._chat(require_text(input, "instruction"), _solutions(input)[0][:1])

    def get_structured_output(self) -> dict[str, Any]:
        """Return the JSON schema of a completion."""
        return STEPS

    def process(self, inputs: StepInput) -> StepOutput:
        """Yield the rows with their labelled solutions; see `Task.process`."""
        trajectories = start_trajectories(self, inputs)
        step_trajectories(self, trajectories, self._questions, self._label, partial=True)
        yield finish_trajectories(
            self, trajectories, lambda trajectory: {"solutions": trajectory.results or None}
        )

    def sample_input(self) -> Row:
        """Return a row of placeholders."""
        steps = ["Step 1: <STEP>", "Step 2: <STEP>"]
        return {"instruction": "<INSTRUCTION>", "solutions": [steps], "golden_solution": steps}

    def _system(self) -> str:
        return fill(
            self.name,
            self.system_prompt or COMPLETER_PROMPT,
            self.extra_rules,
            COMPLETER_FEW_SHOTS if self.few_shots is None else self.few_shots,
        )

    def _questions(self, trajectory: Trajectory) -> list[FormattedInput]:
        instruction = require_text(trajectory.row, "instruction")
        _golden(trajectory.row)
        return [
            self._formatted(self._chat(instruction, solution[:end]))
            for solution in _solutions(trajectory.row)
            for end in range(1, len(solution))
            for _ in range(self.N)
        ]

    def _chat(self, instruction: str, steps: Sequence[str]) -> ChatType:
        question = f"Problem: {instruction}\n\nFirst steps:\n" + "\n".join(steps)
        return [{"role": "system", "content": self._system()}, {"role": "user", "content": question}]

    def _formatted(self, chat: ChatType) -> FormattedInput:
        if not self.use_default_structured_output or getattr(self.llm, "structured_output", None):
            return chat
        return chat, {"format": "json", "schema": STEPS}

    def _label(self, trajectory: Trajectory, texts: list[str | None]) -> None:
        golden, completions = _golden(trajectory.row), iter(texts)
        trajectory.results = [
            self._labelled(solution, golden, completions) for solution in _solutions(trajectory.row)
        ]

    def _labelled(
        self, solution: Sequence[str], golden: str, completions: Iterator[str | None]
    ) -> list[str] | None:
        verdicts = [_leads_to(golden, list(islice(completions, self.N))) for _ in solution[:-1]]
        verdicts.append(_leads_to(golden, [solution[-1]]))
        good, bad = self.tags or ("+", "-")
        if None in verdicts:
            return None
        return [
            f"{step} {good if verdict else bad}" for step, verdict in zip(solution, verdicts, strict=True)
        ]


def _leads_to(golden: str, completions: Sequence[str | None]) -> bool | None:
    """Return whether a completion has the right answer; None without completions."""
    answers = [answer_of(text) for text in completions if text is not None]
    return any(answer is not None and same_answer(answer, golden) for answer in answers) if answers else None


def _solutions(row: Row) -> list[list[str]]:
    solutions = row["solutions"]
    if not isinstance(solutions, Sequence) or isinstance(solutions, str) or not solutions:
        raise ValueError("the column 'solutions' must be a list of solutions")
    return [steps_in(solution) for solution in solutions]


def _golden(row: Row) -> str:
    golden = row["golden_solution"]
    answer = answer_of(golden if isinstance(golden, str) else "\n".join(steps_in(golden)))
    if answer is None:
        raise ValueError('the golden solution has no answer: it must end with "The answer is: ..."')
    return answer
