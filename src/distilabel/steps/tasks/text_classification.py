"""Classifying texts with one label or several."""

from typing import Any, Optional

from pydantic import Field, PositiveInt

from distilabel.exceptions import DistilabelGenerationException, DistilabelUserError
from distilabel.steps.tasks._core.parsing import as_text, entries_of, holds_object, object_schema, texts_of
from distilabel.steps.tasks.base import Task
from distilabel.typing import ChatType, Row, StepColumns

__all__ = ["TextClassification"]

_SYSTEM_PROMPT = "You classify texts. You answer with labels only, as JSON, and with no word beside it."
_PROMPT = """\
{wanted}
{context}{labels}{examples}
[{title}]
{text}

Answer with JSON of exactly this form:
{form}"""
_FORMS = {
    True: '{"labels": "<label>"}',
    False: '{{"labels": ["<label>", ...]}} with {n} labels at most, the most fitting first',
}


class TextClassification(Task):
    """Classify each text with one label or several, from a list of labels or chosen freely by the LLM.

    The answer follows a JSON schema by default: set `use_default_structured_output=False` for an LLM that does not
    support schemas.

    Attributes:
        system_prompt: The system prompt.
        n: The maximum number of labels for a text: with 1, the default, `labels` is a text, otherwise a list.
        context: A description of the texts and of the purpose of the labels; empty by default.
        examples: Example texts with labels, such as "I want my money back -> complaint".
        available_labels: The labels to choose from; a dict also describes each label. By default the LLM chooses labels
            freely.
        default_label: The label, or labels, of a text that no label fits; "Unclassified" by default.
        query_title: The heading above the text; "User Query" by default.

    Columns:
        In: `text`. Out: `labels`, a text, or a list of texts if `n` is above 1 (None if the answer contains no label, or
        one that is not available), and `model_name`.

    Raises:
        DistilabelUserError: `available_labels` is empty, or there are more default labels than `n`.

    References:
        Let Me Speak Freely? A Study on the Impact of Format Restrictions, https://arxiv.org/abs/2408.02442

    Examples:
        >>> from distilabel.models.llms.base import LLM
        >>> class Scripted(LLM):
        ...     @property
        ...     def model_name(self):
        ...         return "scripted"
        ...     def generate(self, inputs, num_generations=1):
        ...         return [{"generations": ['{"labels": "joy"}'] * num_generations} for _ in inputs]
        >>> task = TextClassification(llm=Scripted(), available_labels=["joy", "anger"])
        >>> next(task.process([{"text": "What a day!"}]))[0]["labels"]
        'joy'
    """

    system_prompt: Optional[str] = _SYSTEM_PROMPT
    n: PositiveInt = 1
    context: str = ""
    examples: Optional[list[str]] = None
    available_labels: Optional[list[str] | dict[str, str]] = None
    default_label: str | list[str] = "Unclassified"
    query_title: str = "User Query"
    use_default_structured_output: bool = Field(default=True)

    def verify(self) -> None:
        """Check the labels; raises DistilabelUserError."""
        super().verify()
        if self.available_labels is not None and not self.available_labels:
            raise DistilabelUserError(
                f"Give {self.name!r} at least one of `available_labels`, or leave them out."
            )
        if not 1 <= len(self._defaults) <= self.n:
            raise DistilabelUserError(
                f"{self.name!r} has {len(self._defaults)} default labels and gives a text from 1 to {self.n}: change "
                "`default_label` or `n`.",
            )

    @property
    def _defaults(self) -> list[str]:
        return [self.default_label] if isinstance(self.default_label, str) else self.default_label

    @property
    def inputs(self) -> StepColumns:
        """The text."""
        return ["text"]

    @property
    def outputs(self) -> StepColumns:
        """The labels and the model's name."""
        return ["labels", "model_name"]

    def format_input(self, input: Row) -> ChatType:
        """Return the chat that requests labels."""
        prompt = _PROMPT.format(
            wanted=self._wanted(),
            context=f"\n[Context]\n{self.context}\n" if self.context else "",
            labels=self._labels(),
            examples="\n[Examples]\n{}\n".format("\n".join(self.examples)) if self.examples else "",
            title=self.query_title,
            text=input["text"],
            form=_FORMS[True] if self.n == 1 else _FORMS[False].format(n=self.n),
        )
        chat: ChatType = [{"role": "system", "content": self.system_prompt}] if self.system_prompt else []
        return [*chat, {"role": "user", "content": prompt}]

    def _wanted(self) -> str:
        count = (
            "the one label that fits it best"
            if self.n == 1
            else f"the labels that fit it best, {self.n} at most"
        )
        where = "one of those below" if self.available_labels else "a short one that you find yourself"
        fallback = " and ".join(map(repr, self._defaults))
        return f"Give the text below {count}; each label is {where}. If none fits, answer with {fallback}."

    def _labels(self) -> str:
        if not self.available_labels:
            return ""
        meanings = self.available_labels if isinstance(self.available_labels, dict) else {}
        lines = [
            f"- {name}: {meanings[name]}" if name in meanings else f"- {name}"
            for name in self.available_labels
        ]
        return "\n[Labels]\n{}\n".format("\n".join(lines))

    def format_output(self, output: str | None, input: Row) -> dict[str, Any]:  # noqa: ARG002 - public API
        """Read the labels; raises DistilabelGenerationException where there is none, or one that is not available."""
        text = as_text(output)
        if self.n > 1:
            labels = [self._known(label) for label in entries_of(text, "labels")]
            if len(labels) > self.n:
                raise DistilabelGenerationException(
                    f"The answer has {len(labels)} labels, of {self.n} at most."
                )
            return {"labels": labels}
        # Without a schema a model may answer with the bare label.
        label = texts_of(text, ["labels"])["labels"] if holds_object(text, "labels") else self._bare(text)
        return {"labels": self._known(label)}

    def _bare(self, text: str) -> str:
        if not self.available_labels:
            raise DistilabelGenerationException("The answer contains no JSON with labels.")
        return text.strip("\"'`*. ")

    def _known(self, label: Any) -> str:
        """Return a label in the spelling of `available_labels`."""
        if not isinstance(label, str) or not label.strip():
            raise DistilabelGenerationException("The answer has a label that is not text.")
        if not self.available_labels:
            return label.strip()
        known: dict[str, str] = {
            name.strip().lower(): name for name in (*self._defaults, *self.available_labels)
        }
        if label.strip().lower() not in known:
            raise DistilabelGenerationException(f"The label {label[:60]!r} is not one of those available.")
        return known[label.strip().lower()]

    def get_structured_output(self) -> dict[str, Any]:
        """Return the JSON schema of the answer; labels are the available ones, or any text."""
        label: dict[str, Any] = {"type": "string"}
        if self.available_labels:
            label["enum"] = list(dict.fromkeys([*self.available_labels, *self._defaults]))
        many = {"type": "array", "items": label, "minItems": 1, "maxItems": self.n}
        return object_schema("Labels", {"labels": label if self.n == 1 else many})
