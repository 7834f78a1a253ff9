"""What these tasks may leave to chance, how it is drawn, and how their prompts end; pure."""

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
    "chance_of",
    "chosen",
    "json_prompt",
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


def chance_of(chunk: random.Random, seed: int) -> random.Random:
    """Give the randomness of one question: the next of its chunk, so that a replay draws the same; another for each seed.

    Examples:
        >>> first = chance_of(random.Random(1), seed=42).random()
        >>> first == chance_of(random.Random(1), seed=42).random()
        True
        >>> first == chance_of(random.Random(1), seed=43).random()
        False
    """
    return random.Random(f"{seed}/{chunk.random()}")  # noqa: S311 - repeatable on purpose


def chosen(value: T | None, options: Any, chance: random.Random) -> T:
    """Give the value, or where there is none one of the values of a Literal."""
    drawn: T = chance.choice(get_args(options))
    return drawn if value is None else value


def json_prompt(task: str, fields: dict[str, str], rules: Sequence[str]) -> ChatType:
    """Give the question that asks for one JSON object.

    Args:
        task: What to make.
        fields: Name and meaning of each text of the object.
        rules: What must hold for them.
    """
    meanings = "\n".join(f'- "{name}": {meaning}' for name, meaning in fields.items())
    kept = "\n".join(f"- {rule}" for rule in rules)
    prompt = (
        f"{task}\n\nAnswer with one JSON object and nothing else. It has these keys, with a string each:\n{meanings}\n\n"
        f"Keep these rules:\n{kept}"
    )
    return [{"role": "user", "content": prompt}]
