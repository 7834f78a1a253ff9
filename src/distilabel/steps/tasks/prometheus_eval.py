"""Evaluating one generation, or comparing two, by a rubric, with the Prometheus 2 models."""

import re
from typing import Any, ClassVar, Literal

from pydantic import Field

from distilabel.exceptions import DistilabelGenerationException, DistilabelUserError
from distilabel.steps.tasks._core.parsing import as_text
from distilabel.steps.tasks._core.scoring import items_of
from distilabel.steps.tasks.base import Task
from distilabel.steps.tasks.prometheus_rubrics import RUBRICS, check_rubric
from distilabel.typing import ChatType, Row, StepColumns

__all__ = ["PrometheusEval"]

# The models were trained with these headings, this order and `[RESULT]`, https://arxiv.org/abs/2405.01535, appendix.
_ABSOLUTE = """\
###Task Description:
You are given an instruction, a response to it{with_reference}, and a score rubric for one criterion.
1. Write detailed feedback on the response, strictly by the rubric and not in general.
2. After it write a score, a whole number from 1 to 5, by what the rubric says of each score.
3. Your output must look like this: "Feedback: (feedback by the rubric) [RESULT] (a whole number from 1 to 5)"
4. Write nothing before, between or after.

###The instruction to evaluate:
{instruction}

###Response to evaluate:
{generation}
{reference}
###Score Rubrics:
{rubric}

###Feedback: """
_RELATIVE = """\
###Task Description:
You are given an instruction, two responses to it{with_reference}, and a criterion.
1. Write detailed feedback that compares the two responses, strictly by the criterion and not in general.
2. After it say which response is better, A or B, by the criterion.
3. Your output must look like this: "Feedback: (feedback by the criterion) [RESULT] (A or B)"
4. Write nothing before, between or after.

###Instruction:
{instruction}

###Response A:
{first}

###Response B:
{second}
{reference}
###Score Rubric:
{rubric}

###Feedback: """
_SYSTEM_PROMPT = (
    "You are a fair judge who gives clear, objective feedback that keeps strictly to the given rubric."
)
_WITH_REFERENCE = {"absolute": ", a reference answer that deserves a 5", "relative": ", a reference answer"}
_REFERENCE = {
    "absolute": "\n###Reference Answer (Score 5):\n{}\n",
    "relative": "\n###Reference Answer:\n{}\n",
}
_RESULT = re.compile(r"\[RESULT\]", re.IGNORECASE)
_SCORE = re.compile(r"[\s(*]*(?:score\s*:?\s*)?([1-5])(?:\s*/\s*5)?[\s).*]*", re.IGNORECASE)
_BETTER = re.compile(r"[\s(*]*(?:response\s+)?([AB])[\s).*]*", re.IGNORECASE)


class PrometheusEval(Task):
    """Score one generation, or compare two, by a rubric, with a Prometheus 2 model.

    It is made for https://huggingface.co/prometheus-eval/prometheus-7b-v2.0 and prometheus-8x7b-v2.0.

    Attributes:
        mode: "absolute" scores one generation from 1 to 5; "relative" decides which of two is better.
        rubric: The name of the rubric: "helpfulness", "harmlessness", "honesty", "factual-validity" or "reasoning",
            or one of `rubrics`.
        rubrics: Custom rubrics by name, which replace the built-in ones: "[question]", then lines from "Score 1: ..." to
            "Score 5: ...". The relative mode uses only the question.
        reference: Whether the column `reference` holds a reference answer; False by default.

    Columns:
        In: `instruction`; `generation`, or in the relative mode `generations`, a list of two; and `reference` if that
        is set. Out: `feedback`; `result`, an integer from 1 to 5, or "A" or "B" (both None if the answer has another
        form); and `model_name`.

    Raises:
        DistilabelUserError: There is no rubric of that name, or one of `rubrics` has another form.

    References:
        Prometheus 2: An Open Source Language Model Specialized in Evaluating Other Language Models,
        https://arxiv.org/abs/2405.01535

    Examples:
        >>> from distilabel.models.llms.base import LLM
        >>> class Scripted(LLM):
        ...     @property
        ...     def model_name(self):
        ...         return "scripted"
        ...     def generate(self, inputs, num_generations=1):
        ...         return [{"generations": ["Feedback: It is right. [RESULT] 5"] * num_generations} for _ in inputs]
        >>> task = PrometheusEval(llm=Scripted(), mode="absolute", rubric="factual-validity")
        >>> row = next(task.process([{"instruction": "2 + 2?", "generation": "4"}]))[0]
        >>> row["result"], row["feedback"]
        (5, 'It is right.')
    """

    not_text: ClassVar[frozenset[str]] = frozenset({"generations"})

    mode: Literal["absolute", "relative"]
    rubric: str
    rubrics: dict[str, str] = Field(default_factory=lambda: dict(RUBRICS))
    reference: bool = False

    def verify(self) -> None:
        """Check the rubrics; raises DistilabelUserError."""
        super().verify()
        for name, rubric in self.rubrics.items():
            check_rubric(name, rubric)
        if self.rubric not in self.rubrics:
            known = ", ".join(map(repr, self.rubrics)) or "none"
            raise DistilabelUserError(
                f"{self.name!r} has no rubric {self.rubric!r}: set `rubric` to one of {known}, or add it to `rubrics`.",
            )

    @property
    def inputs(self) -> StepColumns:
        """The instruction, the generations, and the reference if it is set."""
        judged = "generation" if self.mode == "absolute" else "generations"
        return ["instruction", judged, *(["reference"] if self.reference else [])]

    @property
    def outputs(self) -> StepColumns:
        """The feedback, the result and the model's name."""
        return ["feedback", "result", "model_name"]

    def format_input(self, input: Row) -> ChatType:
        """Return the prompt that the models were trained with; raises DistilabelUserError if two generations are needed."""
        common = {
            "instruction": input["instruction"],
            "with_reference": _WITH_REFERENCE[self.mode] if self.reference else "",
            "reference": _REFERENCE[self.mode].format(input["reference"]) if self.reference else "",
        }
        prompt = self._absolute(input, common) if self.mode == "absolute" else self._relative(input, common)
        return [{"role": "system", "content": _SYSTEM_PROMPT}, {"role": "user", "content": prompt}]

    def _absolute(self, row: Row, common: dict[str, str]) -> str:
        return _ABSOLUTE.format(**common, generation=row["generation"], rubric=self.rubrics[self.rubric])

    def _relative(self, row: Row, common: dict[str, str]) -> str:
        generations = items_of(row, "generations", least=2)
        if len(row["generations"]) != 2:  # noqa: PLR2004 - A and B
            raise DistilabelUserError(
                f"{self.name!r} compares two generations, and was given {len(row['generations'])}."
            )
        question = self.rubrics[self.rubric].partition("]")[0] + "]"
        return _RELATIVE.format(**common, first=generations[0], second=generations[1], rubric=question)

    def format_output(self, output: str | None, input: Row) -> dict[str, Any]:  # noqa: ARG002 - public API
        """Parse the feedback and the result; raises DistilabelGenerationException if one is missing."""
        parts = _RESULT.split(as_text(output))
        result = (_SCORE if self.mode == "absolute" else _BETTER).fullmatch(parts[-1])
        if len(parts) != 2 or result is None:  # noqa: PLR2004 - before and after
            wanted = "a score from 1 to 5" if self.mode == "absolute" else "A or B"
            raise DistilabelGenerationException(f"The answer is not feedback, [RESULT] and {wanted}.")
        feedback = parts[0].strip().removeprefix("###").removeprefix("Feedback:").strip()
        return {
            "feedback": feedback,
            "result": int(result[1]) if self.mode == "absolute" else result[1].upper(),
        }

    def sample_input(self) -> Row:
        """Return a row of placeholders."""
        generations = {} if self.mode == "absolute" else {"generations": ["<GENERATION A>", "<GENERATION B>"]}
        return {**super().sample_input(), **generations}
