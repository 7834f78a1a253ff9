"""Sending several generations to annotators for rating."""

import math
from collections.abc import Iterator
from typing import Any

from pydantic import Field, PositiveInt

from distilabel.steps.argilla.base import ArgillaStep, record_id
from distilabel.typing import Row, StepColumns

__all__ = ["PreferenceToArgilla"]

_RATINGS = (1, 2, 3, 4, 5)


class PreferenceToArgilla(ArgillaStep):
    """Make a record for each row, with a rating question from 1 to 5 and a rationale question for each generation.

    The row's ratings (integers from 1 to 5) and rationales (texts) become suggestions for the annotators. Other values,
    and lists whose length is not that of the generations, are ignored. A record's id depends on the instruction and the
    generations, so that a record that is sent again replaces itself. A record shows the first `num_generations`
    generations; a row with fewer texts makes no record. Needs `distilabel[argilla]`.

    Attributes:
        num_generations: The number of generations in a record, 2 by default.
        dataset_name: The dataset in Argilla; the step creates it if it does not exist.
        dataset_workspace: Its workspace; by default the user's first workspace.
        api_url: The URL of Argilla; by default ARGILLA_API_URL.
        api_key: The user's API key; by default ARGILLA_API_KEY.

    Columns:
        In: `instruction`, `generations` (texts); optional: `ratings`, `rationales` (one for each generation) and
        `model_name` (the model that rated). Out: the same.

    Raises:
        DistilabelStepError: Argilla cannot be reached, or refuses the request. Finished work is kept; run again.

    Examples:
        >>> PreferenceToArgilla(dataset_name="preferences").num_generations
        2
    """

    num_generations: PositiveInt = Field(default=2, description="The number of generations in a record.")

    @property
    def inputs(self) -> StepColumns:
        """The texts to show; the suggestions are optional."""
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
