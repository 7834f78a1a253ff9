"""The parameters of a step's `process`: which take rows, and whether they are valid."""

import inspect
from collections.abc import Callable
from typing import Annotated, Any, TypeAlias, get_args, get_type_hints

from distilabel.exceptions import DistilabelUserError
from distilabel.typing import Row, StepColumns

__all__ = [
    "StepInput",
    "as_columns",
    "check_parameters",
    "is_row_annotation",
    "process_parameters",
    "row_parameters",
]


class StepInputMark:
    """Marks the parameter of `process` that takes the rows."""

    def __repr__(self) -> str:
        return "step input"


StepInput: TypeAlias = Annotated[list[Row], StepInputMark()]
"""The rows that a step takes: `def process(self, inputs: StepInput)`, or `*inputs: StepInput` for several steps."""


def as_columns(columns: StepColumns) -> dict[str, bool]:
    """Return each column with whether it is required; in a list, all are.

    Examples:
        >>> as_columns(["instruction"])
        {'instruction': True}
    """
    return dict(columns) if isinstance(columns, dict) else dict.fromkeys(columns, True)


def process_parameters(process: Callable[..., Any]) -> list[inspect.Parameter]:
    """Return the parameters of a function, without `self`, with their annotations resolved where possible."""
    try:
        hints = get_type_hints(process, include_extras=True)
    except (NameError, TypeError, AttributeError):  # a name that only type checkers see
        hints = {}
    parameters = inspect.signature(process).parameters.values()
    return [p.replace(annotation=hints.get(p.name, p.annotation)) for p in parameters if p.name != "self"]


def row_parameters(process: Callable[..., Any]) -> list[inspect.Parameter]:
    """Return the parameters that are annotated as `StepInput`."""
    return [p for p in process_parameters(process) if is_row_annotation(p.annotation)]


def is_row_annotation(annotation: Any) -> bool:
    """Return whether an annotation is `StepInput`, or text that ends in this name."""
    if isinstance(annotation, str):
        return annotation.rpartition(".")[2].strip("'\"] ") == "StepInput"
    marks = getattr(annotation, "__metadata__", ())
    nested = any(is_row_annotation(part) for part in get_args(annotation)[:1])
    return nested or any(isinstance(mark, StepInputMark) for mark in marks)


def check_parameters(process: Callable[..., Any], step_name: str, *, is_generator: bool) -> None:
    """Check the parameters of `process`: one for the rows (none in a generator), and the others have defaults.

    Raises:
        DistilabelUserError: The first problem, with the step's name and the remedy.
    """
    rows = [parameter.name for parameter in row_parameters(process)]
    if is_generator and rows:
        raise DistilabelUserError(
            f"Step {step_name!r} is a generator, which takes no rows: use Step, or remove `{rows[0]}` from process().",
        )
    if not is_generator and not rows:
        raise DistilabelUserError(
            f"Step {step_name!r} has no parameter of process() for the rows: annotate one with StepInput.",
        )
    if len(rows) > 1:
        raise DistilabelUserError(
            f"Step {step_name!r} has {len(rows)} parameters of process() for rows ({', '.join(rows)}): keep one, as "
            "`*inputs: StepInput` if it takes the rows of several steps.",
        )
    known = {*rows, "offset"} if is_generator else set(rows)
    for parameter in process_parameters(process):
        has_default = parameter.default is not inspect.Parameter.empty
        is_variadic = parameter.kind in (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
        if not has_default and not is_variadic and parameter.name not in known:
            raise DistilabelUserError(
                f"Step {step_name!r} has a parameter {parameter.name!r} of process() that nothing sets: give it a "
                "default, or make it a field of the class.",
            )
