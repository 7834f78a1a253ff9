"""The questions of an Argilla dataset: which answers are valid, and how an answer is parsed; pure."""

import json
from dataclasses import dataclass
from typing import Any

from distilabel.exceptions import DistilabelGenerationException, DistilabelUserError
from distilabel.steps.tasks._core.parsing import as_text, holds_object, object_schema, value_of

__all__ = ["VALUE", "Question", "plain", "question_of"]

VALUE = "value"
"""The key of an answer's value."""

_KINDS = ("label_selection", "multi_label_selection", "rating", "text")


@dataclass(frozen=True, slots=True)
class Question:
    """A question of a dataset in Argilla.

    Attributes:
        name: Its name in suggestions.
        kind: `label_selection`, `multi_label_selection`, `rating` or `text`.
        title: The text of the question.
        description: Further instructions for annotators, or an empty text.
        options: The valid answers, and how each is displayed; empty if any text is valid.
    """

    name: str
    kind: str
    title: str
    description: str
    options: dict[Any, str]

    def schema(self) -> dict[str, Any]:
        """Return the JSON schema of an answer."""
        if self.kind == "text":
            return object_schema("Answer", {VALUE: {"type": "string"}})
        one = {"type": "integer" if self.kind == "rating" else "string", "enum": list(self.options)}
        many = {"type": "array", "items": one, "minItems": 1}
        return object_schema("Answer", {VALUE: many if self.kind == "multi_label_selection" else one})

    def read(self, output: str | None) -> Any:
        """Parse an answer and return its value; raises DistilabelGenerationException if it is not valid."""
        text = as_text(output)
        # Without a schema a model may answer with the bare value.
        given = value_of(text, VALUE) if holds_object(text, VALUE) else text.strip("\"'`*. ")
        if self.kind == "multi_label_selection":
            labels = given if isinstance(given, list) else [given]
            return list(dict.fromkeys(self._known(label) for label in labels))
        if self.kind == "text":
            if not isinstance(given, str) or not given.strip():
                raise DistilabelGenerationException("The answer contains no text.")
            return given.strip()
        return self._known(given)

    def _known(self, given: Any) -> Any:
        """Return a value in the spelling of the options; the answer may use the displayed text instead."""
        wanted = str(given).strip().lower()
        for names in (
            {str(value).lower(): value for value in self.options},
            {text.lower(): value for value, text in self.options.items()},
        ):
            if wanted in names:
                return names[wanted]
        raise DistilabelGenerationException(f"The answer {str(given)[:60]!r} is not one of the options.")


def question_of(settings: dict[str, Any]) -> Question:
    """Return a question from its settings.

    Args:
        settings: The settings as plain values (see `plain`).

    Raises:
        DistilabelUserError: The question has another type.

    Examples:
        >>> question_of({"name": "good", "settings": {"type": "rating", "options": [{"value": 1}, {"value": 2}]}}).options
        {1: '1', 2: '2'}
    """
    inner = settings.get("settings") or {}
    kind = inner.get("type") or settings.get("type")
    if kind not in _KINDS:
        raise DistilabelUserError(
            f"The question {settings.get('name')!r} is of the type {kind!r}: an LLM labels {', '.join(_KINDS[:-1])} and "
            f"{_KINDS[-1]}."
        )
    options = {one["value"]: str(one.get("text") or one["value"]) for one in inner.get("options") or ()}
    title = settings.get("title") or settings["name"]
    return Question(settings["name"], kind, title, settings.get("description") or "", options)


def plain(thing: Any) -> Any:
    """Convert records, fields and questions of Argilla's client, and lists of them, to plain values.

    Examples:
        >>> plain([{"name": "text"}, None])
        [{'name': 'text'}, None]
    """
    if isinstance(thing, list | tuple):
        return [plain(one) for one in thing]
    for way in ("to_dict", "serialize", "model_dump"):
        if not isinstance(thing, type) and callable(write := getattr(thing, way, None)):
            return json.loads(json.dumps(write(), default=str))
    return thing
