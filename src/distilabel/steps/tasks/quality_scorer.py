"""Quality scores of responses."""

from typing import Any, ClassVar

from distilabel.steps.tasks._core.scoring import (
    in_place,
    items_of,
    numbered,
    numbered_schema,
    scores_form,
    scores_of,
)
from distilabel.steps.tasks.base import Task
from distilabel.typing import ChatType, Row, StepColumns

__all__ = ["QualityScorer"]

_LOWEST, _HIGHEST = 1, 5
_PROMPT = """\
Below are an instruction and {count} responses to it. Compare the responses, and say how good each one is: how \
helpful, relevant, accurate, deep, creative and detailed.

Give each a whole number from 1, for one that is of no use, to 5, for one that could hardly be better. A longer \
response is not better for its length, nor one for standing first.

[Instruction]
{instruction}

{items}

{form}"""


class QualityScorer(Task):
    r"""Score the quality of each response to an instruction.

    One prompt contains all responses of a row, so that their scores are comparable.

    Columns:
        In: `instruction`, and `responses`, a list of texts. Out: `scores`, a list with a number from 1 to 5 for each
        response, in the same order (None if it is unclear which response a score is for), and `model_name`.

    With `use_default_structured_output=True` the answer is JSON.

    References:
        What Makes Good Data for Alignment? (DEITA), https://arxiv.org/abs/2312.15685

    Examples:
        >>> from distilabel.models.llms.base import LLM
        >>> class Scripted(LLM):
        ...     @property
        ...     def model_name(self):
        ...         return "scripted"
        ...     def generate(self, inputs, num_generations=1):
        ...         return [{"generations": ["[1] Score: 5\n[2] Score: 1"] * num_generations} for _ in inputs]
        >>> task = QualityScorer(llm=Scripted())
        >>> next(task.process([{"instruction": "2 + 2?", "responses": ["4", "5"]}]))[0]["scores"]
        [5.0, 1.0]
    """

    not_text: ClassVar[frozenset[str]] = frozenset({"responses"})

    @property
    def inputs(self) -> StepColumns:
        """The instruction and its responses."""
        return ["instruction", "responses"]

    @property
    def outputs(self) -> StepColumns:
        """The scores and the model's name."""
        return ["scores", "model_name"]

    def format_input(self, input: Row) -> ChatType:
        """Return the chat that scores all responses.

        Raises:
            DistilabelUserError: The column is not a list of texts.
        """
        items = items_of(input, "responses")
        form = scores_form("response", len(items), as_json=self.use_default_structured_output)
        prompt = _PROMPT.format(
            count=len(items),
            instruction=input["instruction"],
            items=numbered(items, "Response"),
            form=form,
        )
        return [{"role": "user", "content": prompt}]

    def format_output(self, output: str | None, input: Row) -> dict[str, Any]:
        """Return the scores of all responses, None for a response that is None.

        Raises:
            DistilabelGenerationException: One of them has no clear score.
        """
        scores = scores_of(output, len(items_of(input, "responses")), _LOWEST, _HIGHEST)
        return {"scores": in_place(scores, input, "responses")}

    def get_structured_output(self) -> dict[str, Any]:
        """Return the JSON schema of the answer, a list of numbered scores."""
        scores = {"score": {"type": "integer", "enum": list(range(_LOWEST, _HIGHEST + 1))}}
        return numbered_schema("Quality", "scores", scores)

    def sample_input(self) -> Row:
        """Return a row of placeholders."""
        return {"instruction": "<INSTRUCTION>", "responses": ["<RESPONSE 1>", "<RESPONSE 2>"]}
