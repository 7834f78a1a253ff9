"""Making a step out of a function: `@step`."""

import inspect
from collections.abc import Callable, Iterator
from typing import Any, get_type_hints

from pydantic import create_model
from pydantic.fields import FieldInfo

from distilabel.declared.parameters import is_runtime_parameter
from distilabel.exceptions import DistilabelUserError
from distilabel.steps.base import GeneratorStep, GlobalStep, Step, _Step
from distilabel.steps.core import StepKind
from distilabel.steps.inputs import is_row_annotation
from distilabel.typing import StepColumns

__all__ = ["class_from_function", "step"]

_BASES: dict[str, type[_Step]] = {"normal": Step, "global": GlobalStep, "generator": GeneratorStep}


def step(
    inputs: StepColumns | None = None,
    outputs: StepColumns | None = None,
    step_type: StepKind = "normal",
) -> Callable[[Callable[..., Any]], Any]:
    """Make a class of steps out of a function that processes rows.

    Args:
        inputs: The columns that it reads; none by default.
        outputs: The columns that it writes; none by default.
        step_type: "normal" (chunk by chunk), "global" (all rows at once) or "generator".

    Parameters of the function that are annotated as `RuntimeParameter` become fields of the class; the one for the
    rows is annotated as `StepInput`; a generator may take `offset`.

    Raises:
        DistilabelUserError: The kind is not known, or a parameter is neither of these.

    Examples:
        >>> from distilabel.declared import RuntimeParameter
        >>> from distilabel.steps import StepInput
        >>> @step(inputs=["text"], outputs=["short"])
        ... def Cut(inputs: StepInput, length: RuntimeParameter[int] = 3):
        ...     yield [{**row, "short": row["text"][:length]} for row in inputs]
        >>> next(Cut(length=2).process([{"text": "hello"}]))
        [{'text': 'hello', 'short': 'he'}]
    """
    if step_type not in _BASES:
        raise DistilabelUserError(f"The step type {step_type!r} is not known: use {', '.join(map(repr, _BASES))}.")

    def decorate(function: Callable[..., Any]) -> type[_Step]:
        fields = _fields(function)
        process = _process_of_generator if step_type == "generator" else _process_of_rows
        members = {"process": process(function, tuple(fields)), **_columns(inputs or [], outputs or [])}
        return class_from_function(function, _BASES[step_type], fields, members)

    return decorate


def class_from_function[Made: _Step](
    function: Callable[..., Any],
    base: type[Made],
    fields: dict[str, Any],
    members: dict[str, Any],
) -> type[Made]:
    """Make a class that stands where the function stood: same name, module and documentation."""
    body = type(base)(function.__name__, (base,), {"__module__": function.__module__, **members})
    return body
"""
"""
