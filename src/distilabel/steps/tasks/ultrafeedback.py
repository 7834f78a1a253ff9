"""Ratings with rationales of several generations for one instruction."""

import re
from typing import Any, ClassVar, Literal

from distilabel.exceptions import DistilabelGenerationException
from distilabel.steps.tasks._core.parsing import as_text, entries_of, holds_object, sections_of
from distilabel.steps.tasks._core.scoring import (
    as_number,
    by_number,
    in_place,
    items_of,
    leading_score,
    numbered,
    numbered_schema,
    parts_of,
    score_within,
)
from distilabel.steps.tasks.base import Task
from distilabel.steps.tasks.ultrafeedback_aspects import (
    ASPECTS,
    FORM,
    JSON_FORM,
    PROMPT,
    SYSTEM_PROMPT,
    TYPED_FORM,
    TYPED_JSON_FORM,
)
from distilabel.typing import ChatType, Row, StepColumns

__all__ = ["UltraFeedback"]

_LOWEST, _HIGHEST = 1, 5
_PLAIN = ["rating", "rationale"]
_TYPED = ["type", "rationale", "rating", "rationale for rating"]
_NUMBERS = re.compile(r"\d{1,4}")
_NONE = re.compile(r"\W*(none|n/a|-|0)?\W*$", re.IGNORECASE)
_SHOWN = 60


class UltraFeedback(Task):
    r"""Rate several generations for one instruction under one aspect, from 1 to 5.

    All generations of a row are in one prompt. Each rating has a rationale.

    Attributes:
        aspect: The aspect to rate: "overall-rating" (default), "helpfulness", "honesty", "instruction-following" or
            "truthfulness".

    Columns:
        In: `instruction`, and `generations`, a list of texts. Out: `ratings` and `rationales`, lists with a number and a
        text for each generation, in the same order, and `model_name`. "helpfulness" and "truthfulness" have two more
        columns. `types` has for each generation the numbers of its merits, or of its kinds of falsehood, and `rationales`
        explain these types. `rationales-for-ratings` explain the ratings. All columns are None if it is unclear which
        generation a rating is for.

    With `use_default_structured_output=True` the answer is JSON.

    References:
        UltraFeedback: Boosting Language Models with Scaled AI Feedback, https://arxiv.org/abs/2310.01377

    Examples:
        >>> from distilabel.models.llms.base import LLM
        >>> class Scripted(LLM):
        ...     @property
        ...     def model_name(self):
        ...         return "scripted"
        ...     def generate(self, inputs, num_generations=1):
        ...         said = "[Text 1]\nRating: 5\nRationale: Right.\n\n[Text 2]\nRating: 1\nRationale: Wrong."
        ...         return [{"generations": [said] * num_generations} for _ in inputs]
        >>> task = UltraFeedback(llm=Scripted())
        >>> row = next(task.process([{"instruction": "2 + 2?", "generations": ["4", "5"]}]))[0]
        >>> row["ratings"], row["rationales"]
        ([5.0, 1.0], ['Right.', 'Wrong.'])
    """

    not_text: ClassVar[frozenset[str]] = frozenset({"generations"})

    aspect: Literal["overall-rating", "helpfulness", "honesty", "instruction-following", "truthfulness"] = (
        "overall-rating"
    )

    @property
    def _is_typed(self) -> bool:
        return bool(ASPECTS[self.aspect].types)

    @property
    def inputs(self) -> StepColumns:
        """The instruction and its generations."""
        return ["instruction", "generations"]

    @property
    def outputs(self) -> StepColumns:
        """The ratings and rationales, for some aspects types, and the model's name."""
        if self._is_typed:
            return ["types", "rationales", "ratings", "rationales-for-ratings", "model_name"]
        return ["ratings", "rationales", "model_name"]

    def format_input(self, input: Row) -> ChatType:
        """Return the chat that rates all generations.

        Raises:
            DistilabelUserError: The column is not a list of texts.
        """
        items, aspect = items_of(input, "generations"), ASPECTS[self.aspect]
        prompt = PROMPT.format(
            count=len(items),
            aspect=aspect.description,
            scale=_listed(aspect.scale),
            types=f"\n{aspect.types_title}\n{_listed(aspect.types)}\n" if aspect.types else "",
            instruction=input["instruction"],
            items=numbered(items, "Text"),
            form=self._form(),
        )
        return [{"role": "system", "content": SYSTEM_PROMPT}, {"role": "user", "content": prompt}]

    def _form(self) -> str:
        if self.use_default_structured_output:
            return TYPED_JSON_FORM if self._is_typed else JSON_FORM
        return TYPED_FORM if self._is_typed else FORM

    def format_output(self, output: str | None, input: Row) -> dict[str, Any]:
        """Return the ratings and rationales of all generations, None for a generation that is None.

        Raises:
            DistilabelGenerationException: A generation has no clear rating or no rationale.
        """
        text, count = as_text(output), len(items_of(input, "generations"))
        names = _TYPED if self._is_typed else _PLAIN
        found = (
            _in_json(text, count, names) if holds_object(text, "ratings") else _in_parts(text, count, names)
        )
        columns: dict[str, list[Any]] = {
            "rationales": [_reason(one["rationale"]) for one in found],
            "ratings": [_rating(one["rating"]) for one in found],
        }
        if self._is_typed:
            highest = len(ASPECTS[self.aspect].types)
            columns = {
                "types": [_types(one["type"], highest) for one in found],
                **columns,
                "rationales-for-ratings": [_reason(one["rationale for rating"]) for one in found],
            }
        return {name: in_place(values, input, "generations") for name, values in columns.items()}

    def get_structured_output(self) -> dict[str, Any]:
        """Return the JSON schema of the answer, a list of numbered ratings."""
        text: dict[str, Any] = {"type": "string"}
        rating = {"type": "integer", "enum": list(range(_LOWEST, _HIGHEST + 1))}
        if not self._is_typed:
            return numbered_schema("Ratings", "ratings", {"rationale": text, "rating": rating})
        types = {"type": "array", "items": {"type": "integer"}}
        properties = {"type": types, "rationale": text, "rating": rating, "rationale for rating": text}
        return numbered_schema("Ratings", "ratings", properties)

    def sample_input(self) -> Row:
        """Return a row of placeholders."""
        return {"instruction": "<INSTRUCTION>", "generations": ["<GENERATION 1>", "<GENERATION 2>"]}


def _listed(texts: tuple[str, ...]) -> str:
    return "\n".join(f"{number}. {text}" for number, text in enumerate(texts, start=1))


def _in_json(text: str, count: int, names: list[str]) -> list[dict[str, Any]]:
    pairs = [(as_number(entry), entry) for entry in entries_of(text, "ratings")]
    return [{name: entry.get(name) for name in names} for entry in by_number(pairs, count, "rating")]


def _in_parts(text: str, count: int, names: list[str]) -> list[dict[str, Any]]:
    return [dict(sections_of(part, names)) for part in parts_of(text, "Text", count)]


def _rating(value: Any) -> float:
    if isinstance(value, str):
        return leading_score(value, _LOWEST, _HIGHEST)
    return score_within(value, _LOWEST, _HIGHEST)


def _reason(value: Any) -> str:
    if not isinstance(value, str):
        raise DistilabelGenerationException("The answer has a rating without a reason.")
    return value.strip()


def _types(value: Any, highest: int) -> list[int]:
    named = value if isinstance(value, list) else _NUMBERS.findall(value)
    if not named and not isinstance(value, list) and not _NONE.match(value):
        raise DistilabelGenerationException(f"The types {value[:_SHOWN]!r} are not numbers.")
    return [int(score_within(number, 1, highest)) for number in map(int, named)]
