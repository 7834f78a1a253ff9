"""Parsing of step-by-step solutions, and comparison of their answers."""

import json
import re
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any

__all__ = ["STEPS", "answer_of", "same_answer", "steps_in", "steps_of"]

STEPS: dict[str, Any] = {
    "type": "object",
    "properties": {"steps": {"type": "array", "items": {"type": "string"}, "minItems": 1}},
    "required": ["steps"],
    "additionalProperties": False,
}
"""The JSON schema of a solution; its last step contains the answer."""

_STEP = re.compile(r"^[\s*#>-]*Step\s+\d+\s*[*_]*\s*[:.)]", re.IGNORECASE | re.MULTILINE)
_ANSWER = re.compile(r"\banswer(?:\s+is\b\s*:?|\s*[:=])[\s*]*", re.IGNORECASE)
_BOXED = re.compile(r"\\boxed\s*\{((?:[^{}]|\{[^{}]*\})*)\}")
# A number of limited length, so that arithmetic stays fast, and optionally a unit or a word.
_NUMBER = re.compile(r"([+-]?(?:\d{1,60}(?:\.\d{0,60})?|\.\d{1,60})(?:/\d{1,60})?)(?:\s+[^\W\d].*)?")


def steps_of(text: str) -> list[str]:
    r"""Split a solution into its steps; text before the first step is dropped.

    Raises:
        ValueError: The text has no line that starts with "Step 1:", and is not JSON with a list of `steps`.

    Examples:
        >>> steps_of("Sure!\nStep 1: 2 + 2 = 4.\nStep 2: The answer is: 4")
        ['Step 1: 2 + 2 = 4.', 'Step 2: The answer is: 4']
        >>> steps_of('{"steps": ["Two and two.", "The answer is: 4"]}')
        ['Step 1: Two and two.', 'Step 2: The answer is: 4']
    """
    if (listed := _listed(text)) is not None:
        return _numbered(listed)
    bounds = [*(found.start() for found in _STEP.finditer(text)), len(text)]
    steps = [text[start:end].strip() for start, end in pairwise(bounds)]
    if not steps:
        raise ValueError('the solution has no line that begins with "Step 1:"')
    return steps


def _listed(text: str) -> list[str] | None:
    """Return the steps from JSON; None if the text is not such JSON."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    steps = value.get("steps") if isinstance(value, dict) else None
    if not isinstance(steps, list) or not steps:
        return None
    return steps if all(isinstance(step, str) and step.strip() for step in steps) else None


def _numbered(steps: Sequence[str]) -> list[str]:
    return [
        step.strip() if _STEP.match(step) else f"Step {number}: {step.strip()}"
        for number, step in enumerate(steps, 1)
    ]


def steps_in(solution: Any) -> list[str]:
    """Return the steps of a row's solution, which is a list of steps or a text.

    Raises:
        ValueError: It is neither.
    """
    if isinstance(solution, str):
        return steps_of(solution)
    is_list = isinstance(solution, Sequence) and len(solution) > 0
    if not is_list or not all(isinstance(step, str) for step in solution):
        raise ValueError("a solution must be a list of steps, or a text")
    return list(solution)


def answer_of(text: str) -> str | None:
    r"""Return the answer of a solution; None without one.

    The answer is the text after the last "The answer is:", or in the last `\boxed{}`.

    Examples:
        >>> answer_of("Step 9: So it is twelve. The answer is: **12**.")
        '12'
    """
    given = _listed(text)
    text = text if given is None else "\n".join(given)
    ends = [found.end() for found in _ANSWER.finditer(text)]
    given = [text[ends[-1] :].partition("\n")[0]] if ends else _BOXED.findall(text)
    return (_bare(given[-1]) or None) if given else None


def same_answer(one: str, other: str) -> bool:
    """Return whether two answers are equal.

    Numbers are compared as numbers, other answers as texts without case and spaces.

    Examples:
        >>> same_answer("$1,200.00", "1200 dollars"), same_answer("1/2", "0.5"), same_answer("2x", "2")
        (True, True, False)
    """
    one, other = _bare(one), _bare(other)
    numbers = _number(one), _number(other)
    if None not in numbers:
        return numbers[0] == numbers[1]
    return "".join(one.casefold().split()) == "".join(other.casefold().split())


def _bare(answer: str) -> str:
    """Strip Markdown, dollar signs, a box and the full stop from an answer."""
    boxed = _BOXED.search(answer)
    return (boxed[1] if boxed else answer).strip().strip("*_`$ ").rstrip(".,;").strip("*_`$ ")


def _number(text: str) -> Fraction | None:
    found = _NUMBER.fullmatch(re.sub(r"(?<=\d),(?=\d{3}\b)", "", text).lstrip("$€£ "))
    try:
        return Fraction(found[1].rstrip(".")) if found else None
    except (ValueError, ZeroDivisionError):
        return None
