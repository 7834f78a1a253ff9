"""Having annotators rate several generations."""

import math
from collections.abc import Iterator
from typing import Any

from pydantic import Field, PositiveInt

from distilabel.steps.argilla.base import ArgillaStep, record_id
from distilabel.typing import Row, StepColumns

__all__ = ["PreferenceToArgilla"]

_RATINGS = (1, 2, 3, 4, 5)


class PreferenceToArgilla(ArgillaStep):
    """Make a record of each row, with a rating from 1 to 5 and a rationale to give to each generation.

    Ratings and rationales of the row are the annotators' suggestions: whole numbers from 1 to 5, and texts; others, and
    lists that are not as long as the generations, are left out. A record's id is made of instruction and generations:
    what is sent again replaces itself. A row with fewer than `num_generations` texts at the start of its generations
    makes no record; of more, the first ones are shown. Needs `distilabel[argilla]`.

    Attributes:
        num_generations: How many generations a record shows, 2 by default.
        dataset_name: The dataset in Argilla; it is made if need be.
        dataset_workspace: Its workspace; by default the first one of the user.
        api_url: Argilla's address; by default ARGILLA_API_URL.
        api_key: The user's key; by default ARGILLA_API_KEY.

    Columns:
        In: `instruction`, `generations` (texts); `ratings`, `rationales` (one a generation) and `model_name` (who gave
        them) if there are. Out: the same.

    Raises:
        DistilabelStepError: Argilla cannot be reached, or refuses. What was done is kept; run again.

    Examples:
        >>> PreferenceToArgilla(dataset_name="preferences").num_generations
        2
    """

    num_generations: PositiveInt = Field(default=2, description="How many generations a record shows.")

    @property
    def inputs(self) -> StepColumns:
        """What is shown; the suggestions need not be there."""
        shown = dict.fromkeys(("instruction", "generations"), True)
        return {**shown, "ratings": False, "rationales": False, "model_name": False}

    def _settings(self, argilla: Any) -> Any:
        numbers = range(self.num_generations)
        fields = [
            argilla.TextField(name="instruction", title="Instruction"),
            *(argilla.TextField(name=f"generation-{i}", title=f"Generation {i}") for i in numbers),
        ]
        questions = [question for i in numbers for question in _questions(argilla, i)]
        return argilla.Settings(fields=fields, questions=questions)

    def _records(self, argilla: Any, row: Row) -> Iterator[Any]:
        generations = (row.get("generations") or [])[: self.num_generations]
        texts = [row.get("instruction"), *generations]
        if len(generations) < self.num_generations or not all(isinstance(t, str) and t for t in texts):
            return
        fields = {f"generation-{i}": text for i, text in enumerate(generations)}
        yield argilla.Record(
            id=record_id(*texts),
            fields={"instruction": texts[0], **fields},
            suggestions=list(self._suggestions(argilla, row)),
        )

    def _suggestions(self, argilla: Any, row: Row) -> Iterator[Any]:
        kept = (("rating", "ratings", _as_rating), ("rationale", "rationales", _as_text))
        for what, column, read in kept:
            for i, given in enumerate(_one_each(row, column)[: self.num_generations]):
                value = read(given)
                if value is not None:
                    name = f"generation-{i}-{what}"
                    yield argilla.Suggestion(question_name=name, value=value, agent=row.get("model_name"))


def _questions(argilla: Any, number: int) -> list[Any]:
    rating = argilla.RatingQuestion(
        name=f"generation-{number}-rating",
        title=f"How good is generation {number}?",
        values=list(_RATINGS),
    )
    rationale = argilla.TextQuestion(
        name=f"generation-{number}-rationale", title=f"Why? (generation {number})", required=False
    )
    return [rating, rationale]


def _one_each(row: Row, column: str) -> list[Any]:
    given = row.get(column)
    return given if isinstance(given, list) and len(given) == len(row["generations"]) else []


def _as_rating(value: Any) -> int | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return int(value) if is_number and value in _RATINGS else None


def _as_text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
