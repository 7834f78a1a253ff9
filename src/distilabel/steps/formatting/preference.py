"""Which of several generations is preferred to which; pure."""

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
"""The columns of a preference; the models' names are there if the row tells them."""


@dataclass(frozen=True, slots=True)
class Rated:
    """A generation, its rating, and who wrote it."""

    text: str
    rating: float
    model: str | None = None


def pair(row: Row) -> tuple[Rated, Rated]:
    """Give the generation to choose and the one to reject.

    Only generations that are text and have a finite number as rating take part. Chosen is the one with the highest
    rating; rejected is, among those with a lower rating and another text, the one with the lowest. Of several with
    the same rating the first is taken.

    Raises:
        UnusableRowError: There is no such pair: fewer than two generations take part, all are rated alike, or nobody
            can tell which rating belongs to which generation.

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
        raise UnusableRowError("No generation is rated below another one: there is nothing to prefer.")
    return chosen, min(worse, key=lambda one: one.rating)


def preference_columns(row: Row, chat: Callable[[Row], tuple[str, ChatType]]) -> Row:
    """Give the columns of a preference; `chat` gives the prompt of a row and the messages that ask it."""
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
            f"There are {len(generations)} generations and {len(ratings)} ratings by {len(models)} models: nobody can "
            "tell which belong together."
            if has_models
            else f"There are {len(generations)} generations and {len(ratings)} ratings: nobody can tell which belong "
            "together."
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
