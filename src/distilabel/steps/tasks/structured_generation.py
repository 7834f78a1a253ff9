"""Generating text with a structure from the row."""

from typing import Any, ClassVar

from distilabel.exceptions import DistilabelUserError
from distilabel.steps.tasks.base import Task
from distilabel.typing import ChatType, Row, StepColumns, StructuredInput, StructuredOutputType

__all__ = ["StructuredGeneration"]


class StructuredGeneration(Task):
    """Generate text that follows the row's structure: a JSON schema, or a regular expression.

    The LLM determines which of the two it supports: LLMs behind OpenAI's API support JSON schemas.

    Attributes:
        use_system_prompt: Whether to use the row's column `system_prompt`; False by default.

    Columns:
        In: `instruction`; `structured_output`, a dict such as {"format": "json", "schema": <JSON schema or pydantic
        model>} or {"format": "regex", "schema": <expression>}; optional: `system_prompt`. Out: `generation`, the unchanged
        text (None where there is no answer), and `model_name`.

    References:
        Efficient Guided Generation for Large Language Models, https://arxiv.org/abs/2307.09702

    Examples:
        >>> from distilabel.models.llms.base import LLM
        >>> class Scripted(LLM):
        ...     @property
        ...     def model_name(self):
        ...         return "scripted"
        ...     def generate(self, inputs, num_generations=1):
        ...         return [{"generations": ['{"sum": 4}'] * num_generations} for _ in inputs]
        >>> task = StructuredGeneration(llm=Scripted())
        >>> schema = {"type": "object", "properties": {"sum": {"type": "integer"}}}
        >>> row = {"instruction": "2 + 2?", "structured_output": {"format": "json", "schema": schema}}
        >>> next(task.process([row]))[0]["generation"]
        '{"sum": 4}'
    """

    not_text: ClassVar[frozenset[str]] = frozenset({"structured_output"})

    use_system_prompt: bool = False

    @property
    def inputs(self) -> StepColumns:
        """The instruction and the structure; `system_prompt` is optional."""
        return {"instruction": True, "structured_output": True, "system_prompt": False}

    @property
    def outputs(self) -> StepColumns:
        """The text and the model's name."""
        return ["generation", "model_name"]

    def format_input(self, input: Row) -> StructuredInput:
        """Return the prompt and the structure of its answer.

        Raises:
            DistilabelUserError: The row has no structure.
        """
        given = input.get("system_prompt") if self.use_system_prompt else None
        system_prompt = given if isinstance(given, str) else ""
        chat: ChatType = [{"role": "system", "content": system_prompt}] if system_prompt else []
        return [*chat, {"role": "user", "content": input["instruction"]}], self._structure(input)

    def _structure(self, row: Row) -> StructuredOutputType:
        given = row.get("structured_output")
        if not isinstance(given, dict) or not given.get("schema"):
            raise DistilabelUserError(
                f"The column 'structured_output' of {self.name!r} must hold a dict such as "
                '{"format": "json", "schema": ...}.',
            )
        return StructuredOutputType(format=given.get("format") or "json", schema=given["schema"])

    def format_output(self, output: str | None, input: Row) -> dict[str, Any]:  # noqa: ARG002 - public API
        """Return the unchanged text."""
        return {"generation": output}

    def sample_input(self) -> Row:
        """Return a row of placeholders."""
        return {
            "instruction": "<INSTRUCTION>",
            "structured_output": {"format": "json", "schema": {"type": "object"}},
        }
