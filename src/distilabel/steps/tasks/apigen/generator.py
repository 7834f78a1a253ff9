"""Generating queries, and the function calls that answer them."""

import json
import random
from math import isclose
from typing import Any

from pydantic import PositiveInt

from distilabel.exceptions import DistilabelUserError
from distilabel.steps.tasks._core.trajectory import require_text
from distilabel.steps.tasks.apigen.parsing import calls_in, json_in, json_text
from distilabel.steps.tasks.apigen.prompts import GENERATOR_PROMPT
from distilabel.steps.tasks.base import Task
from distilabel.typing import ChatType, Row, StepColumns

__all__ = ["APIGenGenerator"]


class APIGenGenerator(Task):
    """Generate user queries for a function, and the calls that answer them.

    Attributes:
        system_prompt: Replaces the built-in system prompt; it must request the same JSON.
        use_tools: Whether the prompt also shows the functions in the column `tools`; False by default.
        number: How many queries to generate: a number (1 by default), a list from which one is drawn for each row, or a
            dict of number to probability. The draw depends on the row's texts.

    Columns:
        In: `func_name`, `func_desc`, `examples` (a text, may be empty), and, if there is one, `tools` (a JSON text or a
        list). Out: `query` and `answers` (the calls, a JSON text of a list of `name` and `arguments`); unless `number` is
        1 both are lists: unfold them with `ExpandColumns(columns=["query", "answers"])`; and `model_name`. None where there
        is none, with the reason in `distilabel_metadata`.

    References:
        APIGen: Automated Pipeline for Generating Verifiable and Diverse Function-Calling Datasets,
        https://arxiv.org/abs/2406.18518

    Raises:
        DistilabelUserError: The probabilities in `number` do not add up to 1, or it is empty.

    Examples:
        >>> from distilabel.models.llms.base import LLM
        >>> class Sure(LLM):
        ...     @property
        ...     def model_name(self):
        ...         return "sure"
        ...     def generate(self, inputs, num_generations=1):
        ...         text = '[{"query": "What is 1 + 2?", "answers": [{"name": "add", "arguments": {"a": 1, "b": 2}}]}]'
        ...         return [{"generations": [text]} for _ in inputs]
        >>> row = {"func_name": "add", "func_desc": "Adds a and b.", "examples": ""}
        >>> made = next(APIGenGenerator(llm=Sure()).process([row]))[0]
        >>> made["query"], made["answers"]
        ('What is 1 + 2?', '[{"name": "add", "arguments": {"a": 1, "b": 2}}]')
    """

    system_prompt: str = GENERATOR_PROMPT
    use_tools: bool = False
    number: PositiveInt | list[PositiveInt] | dict[PositiveInt, float] = 1

    @property
    def inputs(self) -> StepColumns:
        """The function, examples, and tools if there are any."""
        return {"func_name": True, "func_desc": True, "examples": True, "tools": False}

    @property
    def outputs(self) -> StepColumns:
        """Queries, answers and the model's name."""
        return ["query", "answers", "model_name"]

    def verify(self) -> None:
        """Check `number`; raises DistilabelUserError."""
        if not self.number:
            raise DistilabelUserError(
                f"Step {self.name!r} has an empty `number`: give how many queries to make."
            )
        total = sum(self.number.values()) if isinstance(self.number, dict) else 1.0
        if not isclose(total, 1.0, abs_tol=1e-6):
            raise DistilabelUserError(
                f"The probabilities in `number` of step {self.name!r} add up to {total:g}: they must add up to 1."
            )

    def format_input(self, input: Row) -> ChatType:
        """Return the system prompt and the function with its examples."""
        name, description = require_text(input, "func_name"), require_text(input, "func_desc")
        examples, tools = input.get("examples") or "", input.get("tools") if self.use_tools else None
        number = self._number(name, description, str(examples))
        parts = [
            f"The function:\n{name}\n{description}",
            *([f"Functions that may be called, too:\n{json_text(tools)}"] if tools else []),
            *([f"Examples of queries and answers:\n{examples}"] if examples else []),
            f"Write {number} {'query' if number == 1 else 'queries'} that this function answers.",
        ]
        return [
            {"role": "system", "content": self.system_prompt},
            {"role": "user", "content": "\n\n".join(parts)},
        ]

    def _number(self, *seed: str) -> int:
        if isinstance(self.number, int):
            return self.number
        chance = random.Random("\0".join(seed))  # noqa: S311 - repeatable on purpose
        if isinstance(self.number, list):
            return chance.choice(self.number)
        return chance.choices(list(self.number), list(self.number.values()))[0]

    def format_output(self, output: str | None, input: Row) -> dict[str, Any]:  # noqa: ARG002 - public API
        """Read queries and calls; raises ValueError where there are none."""
        pairs = _pairs(output or "")
        if self.number == 1:
            return pairs[0]
        return {name: [pair[name] for pair in pairs] for name in ("query", "answers")}

    def get_structured_output(self) -> dict[str, Any]:
        """Return the JSON schema of the answer; in strict schemas free arguments are a text of JSON."""
        call = {"name": {"type": "string"}, "arguments": {"type": "string", "description": "A JSON object."}}
        pair = {"query": {"type": "string"}, "answers": {"type": "array", "items": _object(call)}}
        return _object({"pairs": {"type": "array", "items": _object(pair)}})


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _pairs(text: str) -> list[dict[str, str]]:
    """Read all pairs that can be read; raises what is wrong with the first where none can."""
    value = json_in(text)
    given = value.get("pairs", [value]) if isinstance(value, dict) else value
    pairs, errors = [], [ValueError("the answer holds no queries")]
    for one in given if isinstance(given, list) else []:
        try:
            pairs.append(_pair(one))
        except ValueError as error:
            errors.append(error)
    if not pairs:
        raise errors[1 if len(errors) > 1 else 0]
    return pairs


def _pair(one: Any) -> dict[str, str]:
    query = one.get("query") if isinstance(one, dict) else None
    if not isinstance(query, str) or not query.strip():
        raise ValueError("a query must be a text")
    calls = calls_in(one.get("answers"))
    return {"query": query.strip(), "answers": json.dumps(calls, ensure_ascii=False)}
