"""What must hold for a step before it may run; each check raises the sentence that says what to mend."""

import inspect

from distilabel.config import missing_runtime_parameters
from distilabel.exceptions import DistilabelUserError
from distilabel.steps._core.inputs import process_parameters, row_parameters
from distilabel.steps.base import _Step

__all__ = [
    "check_mappings",
    "check_process",
    "check_runtime_parameters",
    "validate_step",
]


def validate_step(step: _Step) -> None:
    """Check all that can be known about a step by itself.

    Raises:
        DistilabelUserError: The first thing that is wrong: names the step and the way to mend it.

    Examples:
        >>> from distilabel.steps.base import Step, StepInput
        >>> class Nothing(Step):
        ...     def process(self, inputs):
        ...         yield inputs
        >>> validate_step(Nothing(name="nothing"))
        Traceback (most recent call last):
        ...
        distilabel.exceptions.DistilabelUserError: Step 'nothing' does not say which parameter of process() takes the rows: annotate one with StepInput.
    """
    check_process(step)
    check_runtime_parameters(step)
    step.verify()
    check_mappings(step)


def check_process(step: _Step) -> None:
    """Check the parameters of `process`: one for the rows (none in a generator), and no other without a default."""
    rows = [p.name for p in row_parameters(step.process)]
    if step.is_generator and rows:
        raise DistilabelUserError(
            f"Step {step.name!r} is a generator, which takes no rows: use Step, or drop `{rows[0]}` from process().",
        )
    if not step.is_generator and not rows:
        raise DistilabelUserError(
            f"Step {step.name!r} does not say which parameter of process() takes the rows: annotate one with StepInput.",
        )
    if len(rows) > 1:
        raise DistilabelUserError(
            f"Step {step.name!r} has {len(rows)} parameters of process() for rows ({', '.join(rows)}): keep one, as "
            "`*inputs: StepInput` if it takes the rows of several steps.",
        )
    _check_other_parameters(step, {*rows, "offset"} if step.is_generator else set(rows))


def _check_other_parameters(step: _Step, known: set[str]) -> None:
    variadic = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    for parameter in process_parameters(step.process):
        is_free = parameter.default is inspect.Parameter.empty and parameter.kind not in variadic
        if is_free and parameter.name not in known:
            raise DistilabelUserError(
                f"Step {step.name!r} has a parameter {parameter.name!r} of process() that nobody sets: give it a "
                "default, or make it a field of the class.",
            )


def check_runtime_parameters(step: _Step) -> None:
    """Check that each runtime parameter that must be set is set."""
    missing = missing_runtime_parameters(step)
    if missing:
        name, *path = missing[0].split(".")
        value = "...}" + "}" * len(path)
        nested = ": {".join(f'"{part}"' for part in (name, *path))
        raise DistilabelUserError(
            f"Step {step.name!r} lacks {', '.join(map(repr, missing))}: set it in the step, or with "
            f'pipeline.run(parameters={{"{step.name}": {{{nested}: {value}}}).',
        )


def check_mappings(step: _Step) -> None:
    """Check that the mappings name inputs and outputs that the step has."""
    step.verify_inputs_mappings()
    step.verify_outputs_mappings()
