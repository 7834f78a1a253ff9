"""Parsing of answers: text, JSON, sections under headings, and lists."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

from distilabel.exceptions import DistilabelGenerationException

__all__ = [
    "as_text",
    "entries_of",
    "holds_object",
    "list_of_texts",
    "listed_lines",
    "object_schema",
    "sections_of",
    "texts_of",
    "texts_schema",
    "value_of",
]

_DECODER = json.JSONDecoder(strict=False)  # models write line breaks into JSON strings
_LISTED = re.compile(r"^\s*(?:\d{1,4}\s*[.):]|[-*•])\s+(.*)$")


def as_text(output: str | None) -> str:
    """Return an answer's text without surrounding whitespace.

    Raises:
        DistilabelGenerationException: The answer is empty.
    """
    text = (output or "").strip()
    if not text:
        raise DistilabelGenerationException("The answer is empty.")
    return text


# JSON


def texts_of(output: str | None, names: Sequence[str]) -> dict[str, str]:
    """Return the texts `names` from the JSON object of an answer.

    Raises:
        DistilabelGenerationException: There is no object, there are several different ones, or a text is missing.

    Examples:
        >>> texts_of('Here it is: {"S1": "a", "S2": "b", "more": 1}', ["S1", "S2"])
        {'S1': 'a', 'S2': 'b'}
    """
    found = _object(as_text(output), names)
    for name in names:
        if not isinstance(found.get(name), str) or not found[name].strip():
            raise DistilabelGenerationException(f"The JSON object of the answer has no text {name!r}.")
    return {name: found[name].strip() for name in names}


def value_of(output: str | None, name: str) -> Any:
    """Return the value `name` from the JSON object of an answer.

    Raises:
        DistilabelGenerationException: There is no object, there are several different ones, or the value is missing.

    Examples:
        >>> value_of('I would say {"rating": 4}.', "rating")
        4
    """
    found = _object(as_text(output), [name])
    if found.get(name) is None:
        raise DistilabelGenerationException(f"The JSON object of the answer has no {name!r}.")
    return found[name]


def entries_of(output: str | None, name: str) -> list[Any]:
    """Return the list `name` from the JSON object of an answer.

    Raises:
        DistilabelGenerationException: There is no object, there are several different ones, or the list is missing.
    """
    found = _object(as_text(output), [name]).get(name)
    if not isinstance(found, list) or not found:
        raise DistilabelGenerationException(f"The JSON object of the answer has no list {name!r}.")
    return found


def list_of_texts(output: str | None) -> list[str]:
    """Return the JSON list of texts in an answer.

    Raises:
        DistilabelGenerationException: There is no list, or there are several different ones.

    Examples:
        >>> list_of_texts('See [1]. ["a", "b"]')
        ['a', 'b']
    """
    found = _only(
        (values for values in _json_values(as_text(output), "[") if _are_texts(values)), "list of texts"
    )
    return [text.strip() for text in found]


def holds_object(text: str, name: str) -> bool:
    """Return whether an answer contains a JSON object with the key `name`.

    Examples:
        >>> holds_object('{"scores": []}', "scores"), holds_object("[1] Score: 3", "scores")
        (True, False)
    """
    return any(name in value for value in _json_values(text, "{"))


def object_schema(title: str, properties: dict[str, Any]) -> dict[str, Any]:
    """Return the JSON schema of an object with exactly these properties."""
    return {
        "title": title,
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def texts_schema(title: str, names: Sequence[str]) -> dict[str, Any]:
    """Return the JSON schema of an object with these texts; see `texts_of`."""
    return object_schema(title, {name: {"type": "string"} for name in names})


def _are_texts(values: list[Any]) -> bool:
    return bool(values) and all(isinstance(value, str) and value.strip() for value in values)


def _json_values(text: str, opening: str) -> Iterator[Any]:
    """Yield each JSON value that starts with `opening` and is not part of another."""
    start = text.find(opening)
    while start >= 0:
        try:
            value, end = _DECODER.raw_decode(text, start)
        except (ValueError, RecursionError):
            end = start + 1
        else:
            yield value
        start = text.find(opening, end)


def _object(text: str, names: Sequence[str]) -> Any:
    objects = list(_json_values(text, "{"))
    # A model may write other objects before, as part of its reasoning.
    whole = [value for value in objects if value.keys() >= set(names)]
    return _only(whole or objects, "JSON object")


def _only(values: Iterable[Any], kind: str) -> Any:
    found = list(values)
    if not found:
        raise DistilabelGenerationException(f"The answer contains no {kind}.")
    if any(value != found[0] for value in found):
        raise DistilabelGenerationException(f"The answer contains more than one {kind}, and they differ.")
    return found[0]


# Headings and lists


def sections_of(output: str | None, names: Sequence[str]) -> dict[str, str]:
    r"""Return the sections of an answer by their headings.

    A heading is a name such as "## Name", "**Name**" or "Name:", in any case.

    Raises:
        DistilabelGenerationException: A section is missing, empty or duplicate.

    Examples:
        >>> sections_of("## Positive\n\nYes.\n\n**Negative:** No.", ["Positive", "Negative"])
        {'Positive': 'Yes.', 'Negative': 'No.'}
    """
    text, found = as_text(output), dict.fromkeys(map(str.lower, names), "")
    for heading, following in pairwise([*_headings(names).finditer(text), None]):
        assert heading is not None
        name, end = heading[1].lower(), following.start() if following else len(text)
        if found[name]:
            raise DistilabelGenerationException(f"The answer has the section {name!r} twice.")
        found[name] = text[heading.end() : end].strip()
    for name in names:
        if not found[name.lower()]:
            raise DistilabelGenerationException(f"The answer has no section {name!r}.")
    return {name: found[name.lower()] for name in names}


def _headings(names: Sequence[str]) -> re.Pattern[str]:
    longest_first = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    return re.compile(rf"^[#* \t]*({longest_first})(?:[* \t]*:\**|[* \t]*$)", re.IGNORECASE | re.MULTILINE)


def listed_lines(text: str) -> list[str]:
    r"""Return the entries of a list with marks such as "1." or "-".

    A line without a mark continues the entry before it.

    Examples:
        >>> listed_lines("Sure:\n1. One\n   more\n\n2. Two")
        ['One\nmore', 'Two']
    """
    found: list[list[str]] = []
    for line in text.split("\n"):
        if entry := _LISTED.match(line):
            found.append([entry[1].strip()])
        elif found and line.strip():
            found[-1].append(line.strip())
    return [entry for entry in map("\n".join, found) if entry]
