"""The decorator `@task`, which makes a task from a function and its docstring."""

import inspect
import string
from collections.abc import Callable
from typing import Any

import yaml

from distilabel.exceptions import DistilabelUserError
from distilabel.steps._core.inputs import as_columns
from distilabel.steps.decorator import class_from_function, columns
from distilabel.steps.tasks.base import Task
from distilabel.typing import ChatType, Row, StepColumns

__all__ = ["task"]

_PARTS = ("system_prompt", "user_message_template")


def task(
    inputs: StepColumns | None = None, outputs: StepColumns | None = None
) -> Callable[[Callable[..., dict[str, Any]]], Callable[..., Task]]:
    """Make a task class from a function that parses the LLM's answer; its docstring holds the prompt.

    Args:
        inputs: The columns that the question uses.
        outputs: The columns that the function gives; `model_name` comes by itself.

    The function takes `output` (the answer, None where there is none) and `input` (the row), and returns a dict. Its
    docstring holds, between two lines of `---`, YAML with `system_prompt` and `user_message_template`; `{column}`
    stands for a column's value, `{{` for a brace.

    Raises:
        DistilabelUserError: The docstring is not like that, or uses a column that is not in `inputs`.

    Examples:
        >>> @task(inputs=["country"], outputs=["capital"])
        ... def Capital(output, input):
        ...     '''
        ...     ---
        ...     system_prompt: You know the world.
        ...     user_message_template: Which is the capital of {country}?
        ...     ---
        ...     '''
        ...     return {"capital": output}
        >>> from distilabel.models.llms.base import LLM
        >>> Capital(llm=LLM()).format_input({"country": "Peru"})[-1]["content"]
        'Which is the capital of Peru?'
    """

    def decorate(function: Callable[..., Any]) -> type[Task]:
        parts = _parts(function)
        _check_columns(function, parts, as_columns(inputs or []))

        def format_input(self: Task, input: Row) -> ChatType:  # noqa: ARG001 - the public API's names
            return [
                {"role": "system", "content": _fill(parts["system_prompt"], input)},
                {"role": "user", "content": _fill(parts["user_message_template"], input)},
            ]

        def format_output(self: Task, output: str | None, input: Row) -> Any:  # noqa: ARG001 - public API
            return function(output, input)

        members = {
            "format_input": format_input,
            "format_output": format_output,
            **columns(inputs or [], outputs or []),
        }
        made = class_from_function(function, Task, {}, members)
        made.not_text = frozenset(as_columns(inputs or []))  # the template writes down whatever there is
        return made

    return decorate


def _parts(function: Callable[..., Any]) -> dict[str, str]:
    sections = inspect.cleandoc(function.__doc__ or "").split("---")
    try:
        found = yaml.safe_load(sections[1]) if len(sections) == 3 else None  # noqa: PLR2004 - before, between, after
    except yaml.YAMLError as error:
        raise DistilabelUserError(
            f"The docstring of {function.__name__} is not valid YAML: {error}."
        ) from error
    if not isinstance(found, dict) or not all(isinstance(found.get(part), str) for part in _PARTS):
        raise DistilabelUserError(
            f"The docstring of {function.__name__} must hold YAML with {' and '.join(_PARTS)} between two lines of ---.",
        )
    return {part: found[part] for part in _PARTS}


def _check_columns(function: Callable[..., Any], parts: dict[str, str], known: dict[str, bool]) -> None:
    for part, text in parts.items():
        for name in _placeholders(function, part, text):
            if name not in known:
                raise DistilabelUserError(
                    f"The {part} of {function.__name__} uses {{{name}}}: add {name!r} to `inputs`, or write {{{{ and }}}} "
                    "for braces.",
                )


def _placeholders(function: Callable[..., Any], part: str, text: str) -> list[str]:
    try:
        return [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]
    except ValueError as error:
        raise DistilabelUserError(
            f"The {part} of {function.__name__} cannot be read: {error}; write {{{{ and }}}} for braces.",
        ) from error


def _fill(text: str, row: Row) -> str:
    try:
        return text.format_map({name: value for name, value in row.items() if value is not None})
    except KeyError as error:
        raise DistilabelUserError(
            f"The column {error} is None or not in the row: there is nothing to ask about."
        ) from error
