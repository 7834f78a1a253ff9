"""Scores and other values for several numbered items: each is matched to its item by number; pure."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

from distilabel.exceptions import DistilabelGenerationException, DistilabelUserError
from distilabel.steps.tasks._core.parsing import as_text, entries_of, holds_object, object_schema
from distilabel.typing import Row

__all__ = [
    "as_number",
    "by_number",
    "in_place",
    "items_of",
    "leading_score",
    "numbered",
    "numbered_schema",
    "parts_of",
    "score_within",
    "scores_form",
    "scores_of",
]

T = TypeVar("T")

_NUMBER = r"(?P<score>-?\d{1,9}(?:\.\d{1,9})?)(?P<doubt>\s*(?:-|\u2013|or\b|to\b)\s*\d)?"
_SCORE = re.compile(
    r"^[^\w\n]*(?:(?:instruction|question|response|answer|text|item)[^\w\n]{0,3})?(\d{1,4})\W{1,8}score[^\w\n-]{0,5}"
    + _NUMBER,
    re.IGNORECASE | re.MULTILINE,
)
_LEADING = re.compile(r"[^\w\n-]{0,3}" + _NUMBER)
_SHOWN = 60


def items_of(row: Row, column: str, least: int = 1) -> list[str]:
    """Return the texts of a column that holds a list of them; None values, which are missing answers, are left out.

    Raises:
        DistilabelUserError: It is not a list of texts, or has fewer than `least`.
    """
    items = row.get(column)
    texts = [item for item in items if item is not None] if isinstance(items, list | tuple) else []
    if len(texts) < least or not all(isinstance(item, str) for item in texts):
        raise DistilabelUserError(f"The column {column!r} must hold a list of texts, at least {least}.")
    return texts


def in_place(found: Sequence[T], row: Row, column: str) -> list[T | None]:
    """Return what was found for the texts of a column, with None where the column has None.

    Examples:
        >>> in_place([5, 3], {"generations": ["a", None, "c"]}, "generations")
        [5, None, 3]
    """
    values = iter(found)
    return [None if item is None else next(values) for item in row[column]]


def numbered(items: Sequence[str], label: str) -> str:
    r"""Return the items as text, each under a heading with its number.

    Examples:
        >>> numbered(["a", "b"], "Text")
        '[Text 1]\na\n\n[Text 2]\nb'
    """
    return "\n\n".join(f"[{label} {number}]\n{item}" for number, item in enumerate(items, start=1))


def by_number(pairs: Iterable[tuple[int, T]], count: int, kind: str) -> list[T]:
    """Return what belongs to items 1 to `count`, in their order.

    Raises:
        DistilabelGenerationException: An item has none, or two that differ, or a number is no item's.

    Examples:
        >>> by_number([(2, "b"), (1, "a")], 2, "score")
        ['a', 'b']
    """
    found: dict[int, T] = {}
    for number, value in pairs:
        if not 1 <= number <= count:
            raise DistilabelGenerationException(f"The answer has a {kind} for item {number} of {count}.")
        if found.setdefault(number, value) != value:
            raise DistilabelGenerationException(f"The answer has two {kind}s for item {number}.")
    for number in range(1, count + 1):
        if number not in found:
            raise DistilabelGenerationException(f"The answer has no {kind} for item {number} of {count}.")
    return [found[number] for number in range(1, count + 1)]


def scores_form(label: str, count: int, *, as_json: bool) -> str:
    r"""Return the instruction for a model to answer in the format that `scores_of` parses.

    Examples:
        >>> scores_form("text", 2, as_json=False)
        'Answer with one line for each text, in their order, and nothing else:\n[1] Score: <number>\n[2] Score: <number>'
        >>> scores_form("text", 2, as_json=True)
        'Answer with JSON, with an entry for each text: {"scores": [{"number": 1, "score": <number>}, ...]}'
    """
    if as_json:
        return f'Answer with JSON, with an entry for each {label}: {{"scores": [{{"number": 1, "score": <number>}}, ...]}}'
    lines = "\n".join(f"[{number}] Score: <number>" for number in range(1, count + 1))
    return f"Answer with one line for each {label}, in their order, and nothing else:\n{lines}"


def scores_of(output: str | None, count: int, low: int, high: int) -> list[float]:
    r"""Read the scores of items 1 to `count`: lines like "[1] Score: 3", or JSON after `numbered_schema`.

    Raises:
        DistilabelGenerationException: A score has no clear item, or is not from `low` to `high`.

    Examples:
        >>> scores_of("[2] Score: 5\n[1] Score: 1/5", 2, 1, 5)
        [1.0, 5.0]
        >>> scores_of("Score: 1\nScore: 5", 2, 1, 5)
        Traceback (most recent call last):
        distilabel.exceptions.DistilabelGenerationException: The answer has no score for item 1 of 2.
    """
    text = as_text(output)
    pairs = _in_json(text) if holds_object(text, "scores") else _in_lines(text)
    return by_number([(number, score_within(score, low, high)) for number, score in pairs], count, "score")


def score_within(value: Any, low: int, high: int) -> float:
    """Return a score as a number.

    Raises:
        DistilabelGenerationException: It is not a number from `low` to `high`.
    """
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not low <= value <= high:
        shown = str(value)[:_SHOWN]
        raise DistilabelGenerationException(f"The score {shown!r} is not a number from {low} to {high}.")
    return float(value)


def leading_score(text: str, low: int, high: int) -> float:
    """Parse the score at the start of a text, such as "4", "4/5" or "**4** (good)".

    Raises:
        DistilabelGenerationException: There is no score, or a range, or it is not from `low` to `high`.
    """
    match = _LEADING.match(text)
    is_plain = match is not None and not match["doubt"]
    return score_within(float(match["score"]) if match and is_plain else text, low, high)


def _in_lines(text: str) -> Iterator[tuple[int, float]]:
    for match in _SCORE.finditer(text):
        if match["doubt"]:
            raise DistilabelGenerationException(f"The score of item {match[1]} is not one number.")
        yield int(match[1]), float(match["score"])


def _in_json(text: str) -> Iterator[tuple[int, Any]]:
    for entry in entries_of(text, "scores"):
        yield as_number(entry), entry.get("score")


def as_number(entry: Any) -> int:
    """Return the number of the item that an entry of a JSON list is about.

    Raises:
        DistilabelGenerationException: The entry has no number.
    """
    number = entry.get("number") if isinstance(entry, dict) else None
    if not isinstance(number, int) or isinstance(number, bool):
        raise DistilabelGenerationException("An entry of the answer does not say which item it is about.")
    return number


def numbered_schema(title: str, name: str, properties: dict[str, Any]) -> dict[str, Any]:
    """Return the JSON schema of a list `name` whose entries say by `number` which item they are about."""
    entry = object_schema(f"{title}Entry", {"number": {"type": "integer"}, **properties})
    return object_schema(title, {name: {"type": "array", "items": entry}})


def parts_of(text: str, label: str, count: int) -> list[str]:
    r"""Read the parts of a text under headings such as "[Text 1]", "### Text 1:" or "#### Output for Text 1".

    Raises:
        DistilabelGenerationException: A part is missing, or there are two for one number.

    Examples:
        >>> parts_of("[Text 2]\nb\n[Text 1]\na", "Text", 2)
        ['a', 'b']
    """
    heading = re.compile(
        rf"^[^\w\n]*(?:\w+ (?:for|of|on) )?{label}\s+(\d{{1,4}})[^\w\n]*$", re.IGNORECASE | re.MULTILINE
    )
    _, *rest = heading.split(text)
    pairs = zip(map(int, rest[::2]), map(str.strip, rest[1::2]), strict=True)
    return by_number(pairs, count, label.lower())
