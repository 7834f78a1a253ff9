"""Checking whether function calls do what the query wants."""

from itertools import islice
from typing import Any, ClassVar

from distilabel.steps.base import StepInput
from distilabel.steps.tasks._core.trajectory import require_text
from distilabel.steps.tasks.apigen.parsing import json_in, json_text
from distilabel.steps.tasks.apigen.prompts import CHECKER_PROMPT
from distilabel.steps.tasks.base import Task
from distilabel.typing import ChatType, Row, StepColumns, StepOutput

__all__ = ["APIGenSemanticChecker"]

_VERDICTS = {"yes": True, "true": True, "no": False, "false": False}


class APIGenSemanticChecker(Task):
    """Have a model check whether the calls, and what they returned, do what the query wants.

    Attributes:
        system_prompt: Replaces the built-in system prompt; it must request the same JSON.
        exclude_failed_execution: Whether rows whose `keep_row_after_execution_check` is False are not asked about.

    Columns:
        In: `func_desc`, `query`, `answers` (JSON text), `execution_result`, and `keep_row_after_execution_check` if there
        is one. Out: `thought`, `keep_row_after_semantic_check` (True or False) and `model_name`; None in rows that were
        not asked about, and where there is no answer, then with the reason in `distilabel_metadata`.

    References:
        APIGen: Automated Pipeline for Generating Verifiable and Diverse Function-Calling Datasets,
        https://arxiv.org/abs/2406.18518

    Examples:
        >>> from distilabel.models.llms.base import LLM
        >>> class Sure(LLM):
        ...     @property
        ...     def model_name(self):
        ...         return "sure"
        ...     def generate(self, inputs, num_generations=1):
        ...         return [{"generations": ['{"thought": "It adds.", "passes": "yes"}']} for _ in inputs]
        >>> row = {"func_desc": "Adds.", "query": "1 + 2?", "answers": "[...]", "execution_result": ["3"]}
        >>> made = next(APIGenSemanticChecker(llm=Sure()).process([row]))[0]
        >>> made["thought"], made["keep_row_after_semantic_check"]
        ('It adds.', True)
    """

    not_text: ClassVar[frozenset[str]] = frozenset({"answers", "execution_result"})

    system_prompt: str = CHECKER_PROMPT
    exclude_failed_execution: bool = True

    @property
    def inputs(self) -> StepColumns:
        """The function, the query, the calls, what they returned, and whether they ran."""
        needed = dict.fromkeys(("func_desc", "query", "answers", "execution_result"), True)
        return {**needed, "keep_row_after_execution_check": False}

    @property
    def outputs(self) -> StepColumns:
        """The verdict, its reasons, and the model's name."""
        return ["thought", "keep_row_after_semantic_check", "model_name"]

    def format_input(self, input: Row) -> ChatType:
        """Return the system prompt and what is to be checked."""
        parts = {
            "The function": require_text(input, "func_desc"),
            "The query": require_text(input, "query"),
            "The calls": json_text(input["answers"]),
            "What they returned": json_text(input["execution_result"]),
        }
        return [
            {"role": "system", "content": self.system_prompt},
            {"role": "user", "content": "\n\n".join(f"{title}:\n{text}" for title, text in parts.items())},
        ]

    def format_output(self, output: str | None, input: Row) -> dict[str, Any]:  # noqa: ARG002 - public API
        """Read the verdict; raises ValueError where there is none."""
        value = json_in(output or "")
        passes = str(value.get("passes")).strip(" .").casefold() if isinstance(value, dict) else ""
        if passes not in _VERDICTS:
            raise ValueError('the answer does not say whether the calls pass: "yes" or "no"')
        return {
            "thought": str(value.get("thought") or ""),
            "keep_row_after_semantic_check": _VERDICTS[passes],
        }

    def get_structured_output(self) -> dict[str, Any]:
        """Return the JSON schema of the verdict."""
        properties = {"thought": {"type": "string"}, "passes": {"type": "string", "enum": ["yes", "no"]}}
        return {
            "type": "object",
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
        }

    def process(self, inputs: StepInput) -> StepOutput:
        """Yield the rows with their verdicts; see `Task.process`."""
        made = iter(self._answer_rows([row for row in inputs if self._is_asked(row)]))
        each = 1 if self.group_generations else self.num_generations or 1
        rows = (
            list(islice(made, each)) if self._is_asked(row) else [self._passed_over(row)] for row in inputs
        )
        yield [row for several in rows for row in several]

    def _is_asked(self, row: Row) -> bool:
        return not self.exclude_failed_execution or row.get("keep_row_after_execution_check") is not False

    def _passed_over(self, row: Row) -> Row:
        return {
            **row,
            "thought": None,
            "keep_row_after_semantic_check": None,
            "model_name": self.llm.model_name,
        }
