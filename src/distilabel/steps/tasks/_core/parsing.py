"""Parsing answers: text, JSON, sections under headings, and lists; pure."""

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
    """Return an answer's text without space around it.

    Raises:
        DistilabelGenerationException: There is none.
    """
    text = (output or "").strip()
    if not text:
        raise DistilabelGenerationException("The answer is empty.")
    return text


# JSON


def texts_of(output: str | None, names: Sequence[str]) -> dict[str, str]:
    """Read the texts called `names` from the one JSON object of an answer that holds them.

    Raises:
        DistilabelGenerationException: There is no such object, or several that differ, or it lacks a text.

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
    """Read what is called `name` in the one JSON object of an answer that holds it.

    Raises:
        DistilabelGenerationException: There is no such object, several that differ, or nothing of that name in it.

    Examples:
        >>> value_of('I would say {"rating": 4}.', "rating")
        4
    """
    found = _object(as_text(output), [name])
    if found.get(name) is None:
        raise DistilabelGenerationException(f"The JSON object of the answer has no {name!r}.")
    return found[name]


def entries_of(output: str | None, name: str) -> list[Any]:
    """Read the list called `name` from the one JSON object of an answer that holds it.

    Raises:
        DistilabelGenerationException: There is no such object, or several that differ, or it has no such list.
    """
    found = _object(as_text(output), [name]).get(name)
    if not isinstance(found, list) or not found:
        raise DistilabelGenerationException(f"The JSON object of the answer has no list {name!r}.")
    return found


def list_of_texts(output: str | None) -> list[str]:
    """Read the one JSON list of texts that an answer holds.

    Raises:
        DistilabelGenerationException: There is none, or there are several that differ.

    Examples:
        >>> list_of_texts('See [1]. ["a", "b"]')
        ['a', 'b']
    """
    found = _only(
        (values for values in _json_values(as_text(output), "[") if _are_texts(values)), "list of texts"
    )
    return [text.strip() for text in found]


def holds_object(text: str, name: str) -> bool:
    """Return whether an answer holds a JSON object with something called `name`.

    Examples:
        >>> holds_object('{"scores": []}', "scores"), holds_object("[1] Score: 3", "scores")
        (True, False)
    """
    return any(name in value for value in _json_values(text, "{"))


def object_schema(title: str, properties: dict[str, Any]) -> dict[str, Any]:
    """Return the JSON schema of an object that has all of `properties` and no other."""
    return {
        "title": title,
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def texts_schema(title: str, names: Sequence[str]) -> dict[str, Any]:
    """Return the JSON schema of what `texts_of` reads."""
    return object_schema(title, {name: {"type": "string"} for name in names})


def _are_texts(values: list[Any]) -> bool:
    return bool(values) and all(isinstance(value, str) and value.strip() for value in values)


def _json_values(text: str, opening: str) -> Iterator[Any]:
    """Return each JSON value that starts with `opening` and is not part of another."""
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
    # A model that thinks aloud may write down other objects before.
    whole = [value for value in objects if value.keys() >= set(names)]
    return _only(whole or objects, "JSON object")


def _only(values: Iterable[Any], kind: str) -> Any:
    found = list(values)
    if not found:
        raise DistilabelGenerationException(f"The answer holds no {kind}.")
    if any(value != found[0] for value in found):
        raise DistilabelGenerationException(f"The answer holds more than one {kind}, and they differ.")
    return found[0]


# Headings and lists


def sections_of(output: str | None, names: Sequence[str]) -> dict[str, str]:
    r"""Read the sections of an answer under headings such as "## Name", "**Name**" or "Name:", in upper or lower case.

    Raises:
        DistilabelGenerationException: A section is missing, empty or there twice.

    Examples:
        >>> sections_of("## Positive\n\nYes.\n\n**Negative:** No.", ["Positive", "Negative"])
        {'Positive': 'Yes.', 'Negative': 'No.'}
    """
    text, found = as_text(output), dict.fromkeys(map(str.lower, names), "")
    for heading, following in pairwise([*_headings(names).finditer(text), None]):
        assert heading is not None
        name, end = heading[1].lower(), following.start() if following else len(text)
        if found[name]:
            raise DistilabelGenerationException(f"The section {name!r} of the answer is there twice.")
        found[name] = text[heading.end() : end].strip()
    for name in names:
        if not found[name.lower()]:
            raise DistilabelGenerationException(f"The answer has no section {name!r}.")
    return {name: found[name.lower()] for name in names}


def _headings(names: Sequence[str]) -> re.Pattern[str]:
    longest_first = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    return re.compile(rf"^[#* \t]*({longest_first})(?:[* \t]*:\**|[* \t]*$)", re.IGNORECASE | re.MULTILINE)


def listed_lines(text: str) -> list[str]:
    r"""Read a list of "1. ..." or "- ..."; a line without a mark goes on with the entry before it.

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
