"""The parameters of a step's process function: which of them take rows."""

import inspect
from collections.abc import Callable
from typing import Annotated, Any, TypeAlias, get_args, get_type_hints

from distilabel.typing import Row, StepColumns

__all__ = ["StepInput", "as_columns", "is_row_annotation", "process_parameters", "row_parameters"]


class StepInputMark:
    """Marks the parameter of `process` that takes the rows."""

    def __repr__(self) -> str:
        return "step input"


StepInput: TypeAlias = Annotated[list[Row], StepInputMark()]
"""The rows that a step is given: `def process(self, inputs: StepInput)`, or `*inputs: StepInput` for several."""


def as_columns(columns: StepColumns) -> dict[str, bool]:
    """Give each column with whether it is required; a list means that all are.

    Examples:
        >>> as_columns(["instruction"])
        {'instruction': True}
    """
    return dict(columns) if isinstance(columns, dict) else dict.fromkeys(columns, True)


def process_parameters(process: Callable[..., Any]) -> list[inspect.Parameter]:
    """Give the parameters of a function, without `self`, with their annotations resolved where possible."""
    hints = _hints(process)
    parameters = inspect.signature(process).parameters.values()
    return [p.replace(annotation=hints.get(p.name, p.annotation)) for p in parameters if p.name != "self"]


def row_parameters(process: Callable[..., Any]) -> list[inspect.Parameter]:
    """Give the parameters that are annotated as `StepInput`."""
    return [p for p in process_parameters(process) if is_row_annotation(p.annotation)]


def is_row_annotation(annotation: Any) -> bool:
    """Tell whether an annotation is `StepInput`, or text that ends in this name."""
    if isinstance(annotation, str):
        return annotation.rpartition(".")[2].strip("'\"] ") == "StepInput"
    marks = getattr(annotation, "__metadata__", ())
    nested = any(is_row_annotation(part) for part in get_args(annotation)[:1])
    return nested or any(isinstance(mark, StepInputMark) for mark in marks)


def _hints(process: Callable[..., Any]) -> dict[str, Any]:
    try:
        return get_type_hints(process, include_extras=True)
    except (NameError, TypeError, AttributeError):  # a name that only type checkers see
        return {}
