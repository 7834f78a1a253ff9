"""The decorators `@step`, which makes a step from a function, and `@requirements`."""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal, TypeVar, overload

from pydantic.fields import FieldInfo

from distilabel.config.parameters import is_runtime_parameter
from distilabel.exceptions import DistilabelUserError
from distilabel.steps._core.inputs import StepInput, is_row_annotation, process_parameters, row_parameters
from distilabel.steps.base import GeneratorStep, GlobalStep, Step, StepKind, _Step
from distilabel.typing import GeneratorStepOutput, StepColumns, StepOutput

__all__ = ["class_from_function", "columns", "requirements", "step"]

Made = TypeVar("Made", bound=_Step)
Decorated = TypeVar("Decorated", bound=type[Any])

_BASES: dict[str, type[_Step]] = {"normal": Step, "global": GlobalStep, "generator": GeneratorStep}


@overload
def step(
    inputs: StepColumns | None = None,
    outputs: StepColumns | None = None,
    step_type: Literal["normal"] = "normal",
) -> Callable[[Callable[..., StepOutput]], Callable[..., Step]]: ...
@overload
def step(
    inputs: StepColumns | None = None, outputs: StepColumns | None = None, *, step_type: Literal["global"]
) -> Callable[[Callable[..., StepOutput]], Callable[..., GlobalStep]]: ...
@overload
def step(
    inputs: StepColumns | None = None, outputs: StepColumns | None = None, *, step_type: Literal["generator"]
) -> Callable[[Callable[..., GeneratorStepOutput]], Callable[..., GeneratorStep]]: ...
def step(
    inputs: StepColumns | None = None,
    outputs: StepColumns | None = None,
    step_type: StepKind = "normal",
) -> Callable[[Callable[..., Any]], Callable[..., _Step]]:
    """Make a step class from a function that processes rows.

    Args:
        inputs: The columns that it reads; none by default.
        outputs: The columns that it writes; none by default.
        step_type: "normal" (chunk by chunk), "global" (all rows at once) or "generator".

    Parameters of the function that are annotated as `RuntimeParameter` become fields of the class; the one for the
    rows is annotated as `StepInput`; a generator may take `offset`.

    Raises:
        DistilabelUserError: The kind is not known, or a parameter is neither of these.

    Examples:
        >>> from distilabel.config import RuntimeParameter
        >>> from distilabel.steps import StepInput
        >>> @step(inputs=["text"], outputs=["short"])
        ... def Cut(inputs: StepInput, length: RuntimeParameter[int] = 3):
        ...     yield [{**row, "short": row["text"][:length]} for row in inputs]
        >>> next(Cut(length=2).process([{"text": "hello"}]))
        [{'text': 'hello', 'short': 'he'}]
    """
    if step_type not in _BASES:
        raise DistilabelUserError(
            f"The step type {step_type!r} is not known: use {', '.join(map(repr, _BASES))}."
        )

    def decorate(function: Callable[..., Any]) -> type[_Step]:
        fields = _fields(function, step_type)
        process_for = _process_offset if step_type == "generator" else _process_rows
        members = {"process": process_for(function, tuple(fields)), **columns(inputs or [], outputs or [])}
        return class_from_function(function, _BASES[step_type], fields, members)

    return decorate


def requirements(packages: Sequence[str]) -> Callable[[Decorated], Decorated]:
    """Declare the packages that a class needs, in addition to those of its base classes.

    Args:
        packages: Requirements for pip, such as `["nltk>=3.8"]`. The pipeline checks that they are installed.

    Examples:
        >>> from distilabel.steps import Step
        >>> @requirements(["nltk>=3.8"])
        ... class Tokens(Step):
        ...     pass
        >>> Tokens().requirements
        ['nltk>=3.8']
    """

    def decorate(cls: Decorated) -> Decorated:
        cls.requirements = sorted({*getattr(cls, "requirements", ()), *packages})
        return cls

    return decorate


def class_from_function(
    function: Callable[..., Any],
    base: type[Made],
    fields: Mapping[str, tuple[Any, Any]],
    members: Mapping[str, Any],
) -> type[Made]:
    """Make a class that replaces the function: same name, module and documentation.

    Args:
        function: Its source stands for that of the class.
        base: The class to derive from.
        fields: Name to annotation and default.
        members: Methods and properties.
    """
    place = {
        "__module__": function.__module__,
        "__qualname__": function.__qualname__,
        "__doc__": function.__doc__,
    }
    annotations = {name: annotation for name, (annotation, _) in fields.items()}
    defaults = {name: default for name, (_, default) in fields.items()}
    metaclass: Any = type(base)
    made: type[Made] = metaclass(
        function.__name__,
        (base,),
        {**place, "__annotations__": annotations, **defaults, **members},
    )
    type.__setattr__(made, "__wrapped__", function)
    return made


def columns(inputs: StepColumns, outputs: StepColumns) -> dict[str, property]:
    """Return the properties `inputs` and `outputs` of a class."""
    return {"inputs": property(lambda _: inputs), "outputs": property(lambda _: outputs)}


def _fields(function: Callable[..., Any], step_type: StepKind) -> dict[str, tuple[Any, Any]]:
    fields: dict[str, tuple[Any, Any]] = {}
    for parameter in process_parameters(function):
        if is_row_annotation(parameter.annotation) or (
            step_type == "generator" and parameter.name == "offset"
        ):
            continue
        if not is_runtime_parameter(FieldInfo.from_annotation(parameter.annotation)):
            raise DistilabelUserError(
                f"Parameter {parameter.name!r} of {function.__name__} is for neither rows nor settings: annotate it "
                "as StepInput or RuntimeParameter.",
            )
        is_bare = parameter.default is inspect.Parameter.empty
        fields[parameter.name] = (parameter.annotation, None if is_bare else parameter.default)
    return fields


def _process_rows(function: Callable[..., Any], settings: Sequence[str]) -> Callable[..., Any]:
    is_several = any(p.kind is p.VAR_POSITIONAL for p in row_parameters(function))
    if is_several:

        def process_several(self: _Step, *inputs: StepInput) -> Iterator[Any]:
            yield from function(*inputs, **{name: getattr(self, name) for name in settings})

        return process_several

    def process(self: _Step, inputs: StepInput) -> Iterator[Any]:
        yield from function(inputs, **{name: getattr(self, name) for name in settings})

    return process


def _process_offset(function: Callable[..., Any], settings: Sequence[str]) -> Callable[..., Any]:
    takes_offset = "offset" in inspect.signature(function).parameters

    def process(self: _Step, offset: int = 0) -> Iterator[Any]:
        given = {"offset": offset} if takes_offset else {}
        made = function(**given, **{name: getattr(self, name) for name in settings})
        yield from made if takes_offset else _skipping(made, offset)

    return process


def _skipping(made: Iterator[Any], offset: int) -> Iterator[Any]:
    """Skip the first rows of a generator that cannot start at an offset."""
    for rows, is_last in made:
        rest = rows[offset:]
        offset = max(0, offset - len(rows))
        if rest or is_last:
            yield rest, is_last
