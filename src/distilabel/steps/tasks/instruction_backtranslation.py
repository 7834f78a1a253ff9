"""Rating how well a generation answers its instruction, after instruction backtranslation."""

import re
from typing import Any

from distilabel.exceptions import DistilabelGenerationException
from distilabel.steps.tasks._core.parsing import as_text
from distilabel.steps.tasks._core.scoring import leading_score
from distilabel.steps.tasks.base import Task
from distilabel.typing import ChatType, Row, StepColumns

__all__ = ["InstructionBacktranslation"]

_LOWEST, _HIGHEST = 1, 5
_SCORE = re.compile(r"^[^\w\n]*score[^\w\n]{0,3}:(.*)$", re.IGNORECASE | re.MULTILINE)
_PROMPT = """\
Below are an instruction that a user gave, and an answer to it. Say how good an example the answer is of how an AI \
assistant should answer this instruction.

Use this scale:
1: It is incomplete, vague, beside the point, or not what was asked: parts are missing, it opens by repeating the \
question, or it reads like a page with a person's opinions, advertisements or navigation.
2: It deals with most of what was asked, but not with the question itself: for instance it tells how one might solve \
it, and does not.
3: It helps, and deals with all that was asked, but not as an assistant would: it reads like an excerpt of an article, \
a post or the results of a search, by somebody else.
4: It is written as by an assistant, with a clear view of what was asked; complete, clear and well ordered; it could \
be a little shorter or more to the point.
5: It is what a perfect assistant would say: all of it serves the question, it shows knowledge, reads well and \
lacks nothing.

[Instruction]
{instruction}

[Answer]
{generation}

First give your reasons, in a few sentences. Then end with a line of its own: "Score: " and a number from 1 to 5."""


class InstructionBacktranslation(Task):
    r"""Rate how good an example a generation is of how an assistant should answer its instruction.

    Columns:
        In: `instruction` and `generation`. Out: `score`, an integer from 1 to 5, and `reason` (both None if the answer has
        no clear score), and `model_name`.

    References:
        Self-Alignment with Instruction Backtranslation, https://arxiv.org/abs/2308.06259

    Examples:
        >>> from distilabel.models.llms.base import LLM
        >>> class Scripted(LLM):
        ...     @property
        ...     def model_name(self):
        ...         return "scripted"
        ...     def generate(self, inputs, num_generations=1):
        ...         return [{"generations": ["Short and right.\nScore: 4"] * num_generations} for _ in inputs]
        >>> task = InstructionBacktranslation(llm=Scripted())
        >>> row = next(task.process([{"instruction": "2 + 2?", "generation": "4"}]))[0]
        >>> row["score"], row["reason"]
        (4, 'Short and right.')
    """

    @property
    def inputs(self) -> StepColumns:
        """The instruction and what was generated for it."""
        return ["instruction", "generation"]

    @property
    def outputs(self) -> StepColumns:
        """The score, the reason for it and the model's name."""
        return ["score", "reason", "model_name"]

    def format_input(self, input: Row) -> ChatType:
        """Ask for reasons and a score."""
        prompt = _PROMPT.format(instruction=input["instruction"], generation=input["generation"])
        return [{"role": "user", "content": prompt}]

    def format_output(self, output: str | None, input: Row) -> dict[str, Any]:  # noqa: ARG002 - public API
        """Read the score of the last line, or the only one; raises DistilabelGenerationException where it is not plain."""
        text = as_text(output)
        lines = list(_SCORE.finditer(text))
        if not lines or (len(lines) > 1 and lines[-1].end() < len(text)):
            raise DistilabelGenerationException(f"The answer has {len(lines) or 'no'} lines with a score.")
        score = leading_score(lines[-1][1].strip(), _LOWEST, _HIGHEST)
        if not score.is_integer():
            raise DistilabelGenerationException(f"The score {score} is not a whole number.")
        reason = text[: lines[-1].start()].strip() or text[lines[-1].end() :].strip()
        return {"score": int(score), "reason": reason}
