"""Counts the answers that a limit of tokens cut off."""

import inspect
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import orjson

from distilabel.providers.parsing.finish_reasons import cut_or_filtered
from distilabel.typing import GenerateOutput

__all__ = ["CUT_OFF", "AnswerLengths", "is_json"]

CUT_OFF = "The limit of tokens cut off the answer: raise it."
_LIMITS = ("max_new_tokens", "max_completion_tokens", "max_output_tokens", "max_tokens")


@dataclass(slots=True)
class AnswerLengths:
    """How many answers of a step were cut off by the limit of tokens."""

    _answers: int = field(default=0, compare=False)
    _cut: int = field(default=0, compare=False)

    def count(self, output: GenerateOutput, generations: Sequence[str | None]) -> list[bool]:
        """Count the answers to one input; return for each whether it was cut off."""
        details = output.get("details") or ()
        cut = [cut_or_filtered(one.get("finish_reason")) == "length" for one in details]
        cut += [False] * (len(generations) - len(cut))
        self._answers += len(generations)
        self._cut += sum(cut)
        return cut

    def warn(self, step: str, parameters: Mapping[str, inspect.Parameter]) -> None:
        """Log one warning about the answers that were cut off, with the argument to raise; start to count again."""
        if self._cut:
            limit = next((name for name in _LIMITS if name in parameters), "the limit of tokens")
            logging.getLogger(f"distilabel.steps.{step}").warning(
                "Step %r: %d of %d answers were cut off by the limit of tokens; raise %s in the LLM's generation_kwargs.",
                step, self._cut, self._answers, limit,
            )  # fmt: skip
        self._answers = self._cut = 0


def is_json(text: str | None) -> bool:
    """Return whether a text is a JSON value."""
    try:
        orjson.loads(text or "")
    except orjson.JSONDecodeError:
        return False
    return True
