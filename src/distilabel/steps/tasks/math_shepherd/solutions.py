"""Solutions in steps: reading them, finding their answer, and telling whether two answers are the same. Pure."""

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
"""The JSON schema of a solution; the answer stands in its last step."""

_STEP = re.compile(r"^[\s*#>-]*Step\s+\d+\s*[*_]*\s*[:.)]", re.IGNORECASE | re.MULTILINE)
_ANSWER = re.compile(r"\banswer(?:\s+is\b\s*:?|\s*[:=])[\s*]*", re.IGNORECASE)
_BOXED = re.compile(r"\\boxed\s*\{((?:[^{}]|\{[^{}]*\})*)\}")
# A number of a length that one may calculate with, and a unit or a word after it.
_NUMBER = re.compile(r"([+-]?(?:\d{1,60}(?:\.\d{0,60})?|\.\d{1,60})(?:/\d{1,60})?)(?:\s+[^\W\d].*)?")


def steps_of(text: str) -> list[str]:
    r"""Split a solution into its steps; what stands before the first one is left out.

    Raises:
        ValueError: It is neither text with lines that begin with "Step 1:", nor JSON with a list of `steps`.

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
    """Read the steps out of JSON; None where it is none."""
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
    """Return the steps of a solution as it stands in a row: a list of them, or text; raises ValueError."""
    if isinstance(solution, str):
        return steps_of(solution)
    is_list = isinstance(solution, Sequence) and len(solution) > 0
    if not is_list or not all(isinstance(step, str) for step in solution):
        raise ValueError("a solution must be a list of steps, or a text")
    return list(solution)


def answer_of(text: str) -> str | None:
    r"""Find what a solution gives as its answer: after the last "The answer is:", or in the last `\boxed{}`.

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
    """Return whether two answers mean the same: as numbers, or to the letter but for case and spaces.

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
    """Take off what stands around an answer: marks, dollars, a box, the full stop."""
    boxed = _BOXED.search(answer)
    return (boxed[1] if boxed else answer).strip().strip("*_`$ ").rstrip(".,;").strip("*_`$ ")


def _number(text: str) -> Fraction | None:
    found = _NUMBER.fullmatch(re.sub(r"(?<=\d),(?=\d{3}\b)", "", text).lstrip("$€£ "))
    try:
        return Fraction(found[1].rstrip(".")) if found else None
    except (ValueError, ZeroDivisionError):
        return None
