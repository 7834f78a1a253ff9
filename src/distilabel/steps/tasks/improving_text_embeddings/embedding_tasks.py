"""Thinking of tasks that embeddings serve for."""

from typing import Any, Literal

from distilabel.exceptions import DistilabelGenerationException, DistilabelUserError
from distilabel.steps.tasks._core.parsing import (
    as_text,
    entries_of,
    holds_object,
    list_of_texts,
    object_schema,
)
from distilabel.steps.tasks.base import GeneratorTask
from distilabel.typing import ChatType, GeneratorStepOutput, Row, StepColumns

__all__ = ["EmbeddingTaskGenerator"]

_COUNT = 20
_KINDS = {
    "text-retrieval": """\
text retrieval tasks: given a query of a certain kind, find documents of a certain kind that serve it. For example:
- Given a claim about health, find studies that support or refute it.
- Find the paragraph of a manual that answers a customer's question.""",
    "text-matching-short": """\
text matching tasks in which both texts are very short, a sentence or a phrase at most. For example:
- Match the titles of two books about the same subject.
- Find a colloquial saying that means the same as a formal one.""",
    "text-matching-long": """\
text matching tasks in which both texts are long documents. For example:
- Match two reports of the same event from different newspapers.
- Given a patent, find another that claims nearly the same.""",
    "text-classification": """\
text classification tasks: a text is to be given one of a few labels. For example:
- Tell whether a review praises or condemns a film.
- Given a request to a bank, tell which department it is for.""",
}
_PROMPT = """\
Think of {count} useful {kind}

Each task is one sentence that says what is given and what is wanted{labels}. Let the tasks differ widely in subject, \
in the kind of text and in what they are good for, and be of use to somebody.

{form}"""


class EmbeddingTaskGenerator(GeneratorTask):
    """Think of about 20 tasks of one category that embeddings serve for, to make training data of.

    Attributes:
        category: "text-retrieval", "text-matching-short", "text-matching-long" or "text-classification".
        flatten_tasks: Whether each task gets a row of its own; by default each generation gives one row with a list.

    Columns:
        Out: `tasks`, a list of texts, or with `flatten_tasks` `task`, a text (None where the answer holds no list),
        and `model_name`.

    With `use_default_structured_output=True` the answer follows a JSON schema.

    Raises:
        DistilabelUserError: Both `flatten_tasks` and `group_generations` are set.

    References:
        Improving Text Embeddings with Large Language Models, https://arxiv.org/abs/2401.00368

    Examples:
        >>> from distilabel.models.llms.base import LLM
        >>> class Scripted(LLM):
        ...     @property
        ...     def model_name(self):
        ...         return "scripted"
        ...     def generate(self, inputs, num_generations=1):
        ...         return [{"generations": ['["Find recipes.", "Find laws."]'] * num_generations} for _ in inputs]
        >>> task = EmbeddingTaskGenerator(llm=Scripted(), category="text-retrieval", flatten_tasks=True)
        >>> rows, is_last = next(task.process())
        >>> [row["task"] for row in rows]
        ['Find recipes.', 'Find laws.']
    """

    category: Literal["text-retrieval", "text-matching-short", "text-matching-long", "text-classification"]
    flatten_tasks: bool = False

    def verify(self) -> None:
        """Check that rows are not both spread and gathered; raises DistilabelUserError."""
        super().verify()
        if self.flatten_tasks and self.group_generations:
            raise DistilabelUserError(
                f"{self.name!r} cannot both give each task a row and group its generations: set `flatten_tasks` or "
                "`group_generations`, not both.",
            )

    @property
    def outputs(self) -> StepColumns:
        """The tasks, or one of them, and the model's name."""
        return ["task" if self.flatten_tasks else "tasks", "model_name"]

    def process(self, offset: int = 0) -> GeneratorStepOutput:  # noqa: ARG002 - one chunk holds all rows
        """Yield the rows of all generations."""
        rows = self.answer([{}])
        yield [one for row in rows for one in _flat(row)] if self.flatten_tasks else rows, True

    def format_input(self, input: Row) -> ChatType:  # noqa: ARG002 - there is nothing to ask about
        """Ask for tasks of the category."""
        form = f"Answer with a JSON list of {_COUNT} strings and nothing else."
        if self.use_default_structured_output:
            form = f'Answer with JSON of exactly this form, with {_COUNT} tasks: {{"tasks": ["<task>", ...]}}'
        labels = ", and which labels there are" if self.category == "text-classification" else ""
        prompt = _PROMPT.format(count=_COUNT, kind=_KINDS[self.category], labels=labels, form=form)
        return [{"role": "user", "content": prompt}]

    def format_output(self, output: str | None, input: Row) -> dict[str, Any]:  # noqa: ARG002 - public API
        """Read the list; raises DistilabelGenerationException where there is none."""
        text = as_text(output)
        tasks = entries_of(text, "tasks") if holds_object(text, "tasks") else list_of_texts(text)
        if not all(isinstance(task, str) and task.strip() for task in tasks):
            raise DistilabelGenerationException("The answer has a task that is no text.")
        return {"task" if self.flatten_tasks else "tasks": [task.strip() for task in tasks]}

    def get_structured_output(self) -> dict[str, Any]:
        """Give the JSON schema of the answer."""
        return object_schema("Tasks", {"tasks": {"type": "array", "items": {"type": "string"}}})


def _flat(row: Row) -> list[Row]:
    if row["task"] is None:
        return [row]
    return [{**row, "task": task} for task in row["task"]]
