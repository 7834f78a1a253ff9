"""What Argilla asks about a record, as plain values: what an answer may be, and how one is read; pure."""

import json
from dataclasses import dataclass
from typing import Any

from distilabel.exceptions import DistilabelGenerationException, DistilabelUserError
from distilabel.steps.tasks._core.parsing import as_text, holds_object, object_schema, value_of

__all__ = ["VALUE", "Question", "plain", "question_of"]

VALUE = "value"
"""Under which name an answer holds its value."""

_KINDS = ("label_selection", "multi_label_selection", "rating", "text")


@dataclass(frozen=True, slots=True)
class Question:
    """A question of a dataset in Argilla.

    Attributes:
        name: As suggestions name it.
        kind: `label_selection`, `multi_label_selection`, `rating` or `text`.
        title: What is asked.
        description: What else annotators are told; empty where nothing is.
        options: What may be answered, and how it is shown; empty where any text may.
    """

    name: str
    kind: str
    title: str
    description: str
    options: dict[Any, str]

    def schema(self) -> dict[str, Any]:
        """Give the JSON schema of an answer."""
        if self.kind == "text":
            return object_schema("Answer", {VALUE: {"type": "string"}})
        one = {"type": "integer" if self.kind == "rating" else "string", "enum": list(self.options)}
        many = {"type": "array", "items": one, "minItems": 1}
        return object_schema("Answer", {VALUE: many if self.kind == "multi_label_selection" else one})

    def read(self, output: str | None) -> Any:
        """Read the value of an answer; raises DistilabelGenerationException where it is none that may be given."""
        text = as_text(output)
        # Without a schema a model may give the bare value.
        given = value_of(text, VALUE) if holds_object(text, VALUE) else text.strip("\"'`*. ")
        if self.kind == "multi_label_selection":
            labels = given if isinstance(given, list) else [given]
            return list(dict.fromkeys(self._known(label) for label in labels))
        if self.kind == "text":
            if not isinstance(given, str) or not given.strip():
                raise DistilabelGenerationException("The answer holds no text.")
            return given.strip()
        return self._known(given)

    def _known(self, given: Any) -> Any:
        """Give a value as it is written among the options; one may be meant by what is shown."""
        wanted = str(given).strip().lower()
        for names in (
            {str(value).lower(): value for value in self.options},
            {text.lower(): value for value, text in self.options.items()},
        ):
            if wanted in names:
                return names[wanted]
        raise DistilabelGenerationException(f"The answer {str(given)[:60]!r} is not one of the options.")


def question_of(settings: dict[str, Any]) -> Question:
    """Read the settings of a question.

    Args:
        settings: As Argilla writes them down (see `plain`).

    Raises:
        DistilabelUserError: It is a question of another kind.

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
    """Give records, fields and questions of Argilla's client, and lists of them, as plain values; what is plain stays so.

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
