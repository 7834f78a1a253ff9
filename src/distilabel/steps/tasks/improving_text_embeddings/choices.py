"""The values that these tasks draw at random, and the form of their prompts; pure."""

import random
from collections.abc import Sequence
from typing import Any, Literal, TypeVar, get_args

from distilabel.typing import ChatType

__all__ = [
    "Clarity",
    "Difficulty",
    "HighScore",
    "LowScore",
    "NumWords",
    "QueryLength",
    "QueryType",
    "SchoolLevel",
    "Unit",
    "json_prompt",
    "random_for",
    "value_or_random",
]

T = TypeVar("T")

# The values are those of the paper's appendix.
QueryType = Literal["extremely long-tail", "long-tail", "common"]
QueryLength = Literal["less than 5 words", "5 to 15 words", "at least 10 words"]
Difficulty = Literal["high school", "college", "PhD"]
Clarity = Literal["clear", "understandable with some effort", "ambiguous"]
NumWords = Literal[50, 100, 200, 300, 400, 500]
Unit = Literal["sentence", "phrase", "passage"]
SchoolLevel = Literal["elementary school", "high school", "college"]
HighScore = Literal["4", "4.5", "5"]
LowScore = Literal["2.5", "3", "3.5"]


def random_for(chunk: random.Random, seed: int) -> random.Random:
    """Return the randomness of one prompt: the next of its chunk. A second run of the chunk draws the same.

    Examples:
        >>> first = random_for(random.Random(1), seed=42).random()
        >>> first == random_for(random.Random(1), seed=42).random()
        True
        >>> first == random_for(random.Random(1), seed=43).random()
        False
    """
    return random.Random(f"{seed}/{chunk.random()}")  # noqa: S311 - repeatable on purpose


def value_or_random(value: T | None, options: Any, randomness: random.Random) -> T:
    """Return the value, or for None one of the values of a Literal.

    The draw happens in both cases, so that a set value does not change the values drawn after it.
    """
    drawn: T = randomness.choice(get_args(options))
    return drawn if value is None else value


def json_prompt(task: str, fields: dict[str, str], rules: Sequence[str]) -> ChatType:
    """Return the chat that requests one JSON object.

    Args:
        task: What the model must write.
        fields: The name and the meaning of each text of the object.
        rules: The rules for the texts.
    """
    meanings = "\n".join(f'- "{name}": {meaning}' for name, meaning in fields.items())
    kept = "\n".join(f"- {rule}" for rule in rules)
    prompt = (
        f"{task}\n\nAnswer with one JSON object and nothing else. It has these keys, with a string each:\n{meanings}\n\n"
        f"Keep these rules:\n{kept}"
    )
    return [{"role": "user", "content": prompt}]
