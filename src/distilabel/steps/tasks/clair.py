"""Revising a solution minimally, for contrastive preference pairs (CLAIR)."""

from typing import Any

from distilabel.steps.tasks._core.parsing import sections_of
from distilabel.steps.tasks.base import Task
from distilabel.typing import ChatType, Row, StepColumns

__all__ = ["CLAIR"]

_SYSTEM_PROMPT = "You are a teacher who makes a student's solution better with as few changes as possible."
_PROMPT = """\
Below are a task and a student's solution. Revise the solution so that it is more correct, clearer and more engaging. \
Copy every part that needs no change word for word. The revision must stand by itself: it must not mention that it \
is a revision, or that there was another solution.

[Task]
{task}

[Student's solution]
{student_solution}

Answer in exactly this form:

## Reasoning
<what to change, and why>

## Revision
<the whole revised solution>"""


class CLAIR(Task):
    r"""Revise a student's solution minimally; the solution and the revision form a contrastive preference pair.

    Columns:
        In: `task` and `student_solution`. Out: `revision`, the complete revised solution; `rational`, the reasons for the
        revision (both None if the answer has another form); and `model_name`.

    References:
        Anchored Preference Optimization and Contrastive Revisions, https://arxiv.org/abs/2408.06266

    Examples:
        >>> from distilabel.models.llms.base import LLM
        >>> class Scripted(LLM):
        ...     @property
        ...     def model_name(self):
        ...         return "scripted"
        ...     def generate(self, inputs, num_generations=1):
        ...         said = "## Reasoning\nThe sum is wrong.\n\n## Revision\nThe sum is 4."
        ...         return [{"generations": [said] * num_generations} for _ in inputs]
        >>> task = CLAIR(llm=Scripted())
        >>> row = next(task.process([{"task": "2 + 2?", "student_solution": "The sum is 5."}]))[0]
        >>> row["revision"], row["rational"]
        ('The sum is 4.', 'The sum is wrong.')
    """

    @property
    def inputs(self) -> StepColumns:
        """The task and the student's solution."""
        return ["task", "student_solution"]

    @property
    def outputs(self) -> StepColumns:
        """The revision, the reason for it and the model's name."""
        return ["revision", "rational", "model_name"]

    def format_input(self, input: Row) -> ChatType:
        """Return the chat that requests reasons and a revision."""
        prompt = _PROMPT.format(task=input["task"], student_solution=input["student_solution"])
        return [{"role": "system", "content": _SYSTEM_PROMPT}, {"role": "user", "content": prompt}]

    def format_output(self, output: str | None, input: Row) -> dict[str, Any]:  # noqa: ARG002 - public API
        """Read the two sections; raises DistilabelGenerationException where one is missing."""
        sections = sections_of(output, ["Reasoning", "Revision"])
        return {"revision": sections["Revision"], "rational": sections["Reasoning"]}
