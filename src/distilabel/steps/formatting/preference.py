"""Preference pairs from rated generations; pure."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from distilabel.steps._core.row_errors import UnusableRowError
from distilabel.steps.formatting.messages import assistant, prompt_columns
from distilabel.typing import ChatType, Row

__all__ = ["OUTPUTS", "Rated", "pair", "preference_columns"]

OUTPUTS = {
    **dict.fromkeys(("prompt", "prompt_id", "chosen", "chosen_rating", "rejected", "rejected_rating"), True),
    "chosen_model": False,
    "rejected_model": False,
}
"""The columns of a preference pair; the models' names are optional."""


@dataclass(frozen=True, slots=True)
class Rated:
    """A generation, its rating, and its model."""

    text: str
    rating: float
    model: str | None = None


def pair(row: Row) -> tuple[Rated, Rated]:
    """Return the chosen and the rejected generation.

    Only generations that are text and have a finite rating take part. The chosen one has the highest rating. The
    rejected one has the lowest rating among those with a lower rating and a different text. Of equal ratings, the first
    is taken.

    Raises:
        UnusableRowError: There is no such pair: fewer than two generations take part, all have the same rating, or the
            numbers of generations and ratings differ.

    Examples:
        >>> chosen, rejected = pair({"generations": ["a", None, "b", "c"], "ratings": [3, 5, 1, 1]})
        >>> chosen.text, rejected.text
        ('a', 'b')
    """
    candidates = _candidates(row)
    if not candidates:
        raise UnusableRowError("No generation has both a text and a rating.")
    chosen = max(candidates, key=lambda one: one.rating)
    worse = [one for one in candidates if one.rating < chosen.rating and one.text != chosen.text]
    if not worse:
        raise UnusableRowError("No generation is rated lower than another one, so there is no pair.")
    return chosen, min(worse, key=lambda one: one.rating)


def preference_columns(row: Row, chat: Callable[[Row], tuple[str, ChatType]]) -> Row:
    """Return the columns of a preference pair; `chat` returns a row's prompt and the messages before the reply."""
    prompt, messages = chat(row)
    chosen, rejected = pair(row)
    models = {"chosen_model": chosen.model, "rejected_model": rejected.model}
    return {
        **prompt_columns(prompt),
        "chosen": [*messages, assistant(chosen.text)],
        "chosen_rating": chosen.rating,
        "rejected": [*messages, assistant(rejected.text)],
        "rejected_rating": rejected.rating,
        **(models if row.get("generation_models") is not None else {}),
    }


def _candidates(row: Row) -> list[Rated]:
    generations, ratings = _list(row, "generations"), _list(row, "ratings")
    has_models = row.get("generation_models") is not None
    models = _list(row, "generation_models") if has_models else [None] * len(generations)
    if not len(generations) == len(ratings) == len(models):
        raise UnusableRowError(
            f"There are {len(generations)} generations, {len(ratings)} ratings and {len(models)} models: the numbers must "
            "be equal."
            if has_models
            else f"There are {len(generations)} generations and {len(ratings)} ratings: the numbers must be equal."
        )
    rated = zip(generations, ratings, models, strict=True)
    return [Rated(text, rating, model) for text, rating, model in rated if _counts(text, rating)]


def _list(row: Row, name: str) -> list[Any]:
    value = row.get(name)
    if not isinstance(value, list):
        raise UnusableRowError(f"Column {name!r} does not hold a list.")
    return value


def _counts(text: Any, rating: Any) -> bool:
    is_number = isinstance(rating, int | float) and not isinstance(rating, bool)
    return isinstance(text, str) and is_number and math.isfinite(rating)
