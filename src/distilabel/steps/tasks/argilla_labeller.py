"""Answering the questions of an Argilla dataset about its records."""

import json
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, ClassVar, Optional

from pydantic import BeforeValidator, Field

from distilabel.config import RuntimeParameter
from distilabel.exceptions import DistilabelUserError
from distilabel.steps.argilla.questions import VALUE, Question, plain, question_of
from distilabel.steps.tasks.base import Task
from distilabel.typing import ChatType, FormattedInput, Row, StepColumns, StructuredOutputType

__all__ = ["ArgillaLabeller"]

_SYSTEM_PROMPT = (
    "You annotate the records of a dataset, as a careful annotator does who has read the guidelines. You answer with JSON "
    "only, and with no word beside it."
)
_INSTRUCTIONS = {
    "label_selection": "Give the one label that fits the record best.",
    "multi_label_selection": "Give all labels that fit the record, and no other.",
    "rating": "Give the rating that the record deserves.",
    "text": "Answer in words of your own.",
}
_FORMS = {
    "label_selection": '{"value": "<label>"}',
    "multi_label_selection": '{"value": ["<label>", ...]}',
    "rating": '{"value": <rating>}',
    "text": '{"value": "<answer>"}',
}


class ArgillaLabeller(Task):
    """Answer a question of a dataset in Argilla about each record, as a suggestion for its annotators.

    Records, fields and questions are objects of the package `argilla`, or the dicts that their `to_dict()` and
    `serialize()` return; `argilla` itself is not required. A pipeline stores its rows in files, so its records are dicts,
    without keys that are empty in all records. The values of a row take precedence over those of the task. Any LLM can be
    used, also by offline batch. The answer follows a JSON schema by default: set `use_default_structured_output=False` for
    an LLM that does not support schemas.

    Attributes:
        system_prompt: The system prompt.
        question_to_label_instruction: For each type of question (`label_selection`, `multi_label_selection`, `rating`,
            `text`) the sentence that describes the answer.
        example_records: Records with answers, as examples; those without a response or suggestion are ignored.
        fields: The fields to show; by default all fields of a record.
        question: The question to answer.
        guidelines: The guidelines of the dataset for its annotators.

    Columns:
        In: `record`; optional: `fields`, `question`, `example_records` and `guidelines`. Out: `suggestion` (a dict of
        `value`, `question_name`, `type` and `agent`, the arguments of `argilla.Suggestion`; all questions of a run must
        have one type), and `model_name`.

    Raises:
        DistilabelUserError: The type of the question is not supported.

    References:
        ChatGPT Outperforms Crowd-Workers for Text-Annotation Tasks, https://arxiv.org/abs/2303.15056;
        https://docs.argilla.io (read in November 2026)

    Examples:
        >>> from distilabel.models.llms.base import LLM
        >>> class Scripted(LLM):
        ...     @property
        ...     def model_name(self):
        ...         return "scripted"
        ...     def generate(self, inputs, num_generations=1):
        ...         return [{"generations": ['{"value": "joy"}'] * num_generations} for _ in inputs]
        >>> labels = {"type": "label_selection", "options": [{"value": "joy"}, {"value": "anger"}]}
        >>> task = ArgillaLabeller(llm=Scripted(), question={"name": "mood", "settings": labels})
        >>> next(task.process([{"record": {"fields": {"text": "What a day!"}}}]))[0]["suggestion"]
        {'value': 'joy', 'question_name': 'mood', 'type': 'model', 'agent': 'scripted'}
    """

    not_text: ClassVar[frozenset[str]] = frozenset({"record"})

    system_prompt: Optional[str] = _SYSTEM_PROMPT
    question_to_label_instruction: dict[str, str] = Field(default_factory=lambda: dict(_INSTRUCTIONS))
    example_records: Annotated[Optional[RuntimeParameter[list[dict[str, Any]]]], BeforeValidator(plain)] = (
        None
    )
    fields: Annotated[Optional[RuntimeParameter[list[dict[str, Any]]]], BeforeValidator(plain)] = None
    question: Annotated[Optional[RuntimeParameter[dict[str, Any]]], BeforeValidator(plain)] = None
    guidelines: Optional[RuntimeParameter[str]] = None
    use_default_structured_output: bool = Field(default=True)

    def verify(self) -> None:
        """Check the question; raises DistilabelUserError."""
        super().verify()
        if self.question is not None:
            question_of(self.question)

    @property
    def inputs(self) -> StepColumns:
        """The record; the other columns are optional."""
        optional = dict.fromkeys(("fields", "question", "example_records", "guidelines"), False)
        return {"record": True, **optional}

    @property
    def outputs(self) -> StepColumns:
        """The suggestion and the model's name."""
        return ["suggestion", "model_name"]

    def format_input(self, input: Row) -> FormattedInput:
        """Return the chat of the question, with the structure for its type."""
        question = self._question(input)
        record = plain(input["record"])
        fields = self._fields(input, record)
        parts = [
            _section("Guidelines", self._of(input, "guidelines")),
            _section("Question", "\n".join(filter(None, self._asked(question)))),
            _section("Examples", "\n\n".join(self._examples(input, question))),
            _section("Record", _shown(record, fields)),
            f"Answer with JSON of exactly this form:\n{_FORMS[question.kind]}",
        ]
        text = "\n\n".join(filter(None, parts))
        images = [_image(record["fields"][field["name"]]) for field in _images(record, fields)]
        content: Any = [{"type": "text", "text": text}, *images] if images else text
        chat: ChatType = [{"role": "system", "content": self.system_prompt}] if self.system_prompt else []
        chat.append({"role": "user", "content": content})
        if input.get("question") is None or not self.use_default_structured_output:
            return chat
        wanted: StructuredOutputType = {"format": "json", "schema": question.schema()}
        return chat, getattr(self.llm, "structured_output", None) or wanted

    def get_structured_output(self) -> dict[str, Any] | None:
        """Return the JSON schema for the task's question; a row's question has another schema."""
        return None if self.question is None else question_of(self.question).schema()

    def format_output(self, output: str | None, input: Row) -> dict[str, Any]:
        """Parse the value; raises DistilabelGenerationException if it is not one of the options."""
        question = self._question(input)
        suggestion = {
            "value": question.read(output),
            "question_name": question.name,
            "type": "model",
            "agent": self.llm.model_name,
        }
        return {"suggestion": suggestion}

    def _of(self, row: Row, name: str) -> Any:
        """Return the value of the row, or else of the task."""
        own = plain(row.get(name))
        return getattr(self, name) if own is None else own

    def _question(self, row: Row) -> Question:
        settings = self._of(row, "question")
        if settings is None:
            raise DistilabelUserError(
                f"Step {self.name!r} has no question: pass question=..., or add a column 'question'."
            )
        return question_of(settings)

    def _fields(self, row: Row, record: dict[str, Any]) -> list[dict[str, Any]]:
        return self._of(row, "fields") or [{"name": name} for name in record["fields"]]

    def _asked(self, question: Question) -> Iterator[str]:
        yield question.title
        yield question.description
        yield self.question_to_label_instruction.get(question.kind, _INSTRUCTIONS[question.kind])
        if question.options:
            yield f"The {'ratings' if question.kind == 'rating' else 'labels'} are:"
        for value, text in question.options.items():
            yield f"- {value}" if text == str(value) else f"- {value}: {text}"

    def _examples(self, row: Row, question: Question) -> Iterator[str]:
        for record in self._of(row, "example_records") or ():
            answer = _answer(record, question.name)
            if answer is not None:
                shown = _shown(record, self._fields(row, record))
                yield f"{shown}\n{json.dumps({VALUE: answer}, ensure_ascii=False)}"


def _section(title: str, text: str | None) -> str:
    return f"[{title}]\n{text}" if text else ""


def _shown(record: dict[str, Any], fields: Iterable[dict[str, Any]]) -> str:
    """Return a record's fields under their titles; images appear by name."""
    values = record["fields"]
    shown = [field for field in fields if values.get(field["name"]) is not None]
    return "\n".join(f"{field.get('title') or field['name']}: {_text(values, field)}" for field in shown)


def _text(values: dict[str, Any], field: dict[str, Any]) -> str:
    value = values[field["name"]]
    if _kind(field) == "image":
        return "(an image)"
    if isinstance(value, list) and all(isinstance(turn, dict) and "role" in turn for turn in value):
        return "\n".join(f"{turn['role']}: {turn.get('content')}" for turn in value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _images(record: dict[str, Any], fields: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for one in fields if _kind(one) == "image" and record["fields"].get(one["name"])]


def _kind(field: dict[str, Any]) -> str:
    return str((field.get("settings") or {}).get("type") or field.get("type") or "")


def _image(address: str) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": address}}


def _answer(record: dict[str, Any], name: str) -> Any:
    """Return a record's answer: an annotator's response, or else a suggestion, or None."""
    responses = (record.get("responses") or {}).get(name) or ()
    for response in responses:
        if response.get("value") is not None:
            return response["value"]
    return ((record.get("suggestions") or {}).get(name) or {}).get("value")
