"""The base classes of all steps: normal (chunk by chunk), global (all rows at once) and generator."""

import logging
import random
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self, TypeAlias, TypeVar, overload

from pydantic import BeforeValidator, ConfigDict, Field, PositiveInt, PrivateAttr

from distilabel import config
from distilabel.config import RuntimeParameter, missing_runtime_parameters
from distilabel.exceptions import DistilabelNotImplementedError, DistilabelTypeError, DistilabelUserError
from distilabel.steps._core import artifacts
from distilabel.steps._core.context import Registry, current_pipeline, current_random
from distilabel.steps._core.inputs import StepInput, as_columns, check_parameters, row_parameters
from distilabel.steps._core.mapping import Renaming, check_mapping
from distilabel.steps._core.resources import StepResources
from distilabel.typing import Row, StepColumns

__all__ = [
    "GeneratorStep",
    "GlobalStep",
    "Step",
    "StepInput",
    "StepKind",
    "StepResources",
    "_Step",
    "validate_step",
]

StepKind = Literal["normal", "global", "generator"]
RoutingFunction: TypeAlias = Callable[[list[str]], list[str]]
Others = TypeVar("Others", bound="_Step | Sequence[_Step]")


class _Step(config.Loadable):
    """The base class of all steps.

    Attributes:
        name: Letters, digits, `_` and `-`; by default the class's name in snake case and a number.
        resources: The resources that the step requests.
        pipeline: The pipeline of the step; by default that of the open `with` block, if any.
        input_mappings: A mapping of the step's inputs to names of columns.
        output_mappings: A mapping of the step's outputs to names of columns.
        use_cache: Whether to take rows of an earlier run from the cache; True by default.
    """

    model_config = ConfigDict(
        extra="forbid",
        validate_assignment=True,
        arbitrary_types_allowed=True,
        protected_namespaces=(),
    )
    excluded_from_signature: ClassVar[frozenset[str]] = frozenset(
        {"resources", "input_batch_size", "use_cache"}
    )
    requirements: ClassVar[list[str]] = []
    kind: ClassVar[StepKind] = "normal"
    opens_source: ClassVar[bool] = False
    """Whether the property `outputs` opens a dataset to know its columns."""

    name: Annotated[str, BeforeValidator(lambda name: name or "")] = Field(
        default="", pattern=r"^[a-zA-Z0-9_-]*$"
    )
    resources: StepResources = Field(default_factory=StepResources)
    pipeline: Any = Field(default=None, exclude=True, repr=False)
    input_mappings: dict[str, str] = Field(default_factory=dict)
    output_mappings: dict[str, str] = Field(default_factory=dict)
    use_cache: bool = True

    _artifacts_directory: Path | None = PrivateAttr(default=None)
    _random: random.Random | None = PrivateAttr(default=None)
    _has_warned: bool = PrivateAttr(default=False)

    def __init__(self, **data: Any) -> None:
        super().__init__(**data)
        self._set_pipeline_and_name()
        self.verify()
        if self.pipeline is not None:
            self.pipeline._add_step(self)  # noqa: SLF001 - the Registry's own face

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Let runtime parameters without a default be given at run time."""
        super().__pydantic_init_subclass__(**kwargs)
        config.runtime_parameters_may_be_absent(cls)

    def model_post_init(self, context: Any, /) -> None:
        """Find the pipeline, and a name that is still free in it."""
        super().model_post_init(context)
        self._set_pipeline_and_name()

    def _set_pipeline_and_name(self) -> None:
        # Without validation of assignments: validators of a subclass must not run for fields that it did not set.
        own = self.__dict__
        own["pipeline"] = current_pipeline.get() if self.pipeline is None else self.pipeline
        taken = () if self.pipeline is None else self.pipeline.names
        own["name"] = self.name or _free_name(type(self).__name__, taken)

    def __getstate__(self) -> dict[Any, Any]:
        """Leave the pipeline out when a step is pickled for another process."""
        state = super().__getstate__()
        return {**state, "__dict__": {**state["__dict__"], "pipeline": None}}

    # Kind and columns

    @property
    def is_generator(self) -> bool:
        """Whether the step makes rows and takes none."""
        return self.kind == "generator"

    @property
    def is_global(self) -> bool:
        """Whether the step takes all rows at once."""
        return self.kind == "global"

    @property
    def is_normal(self) -> bool:
        """Whether the step takes rows chunk by chunk."""
        return self.kind == "normal"

    @property
    def has_multiple_inputs(self) -> bool:
        """Whether the step takes the rows of several steps: `process(self, *inputs: StepInput)`."""
        return any(parameter.kind is parameter.VAR_POSITIONAL for parameter in row_parameters(self.process))

    @property
    def inputs(self) -> StepColumns:
        """The columns that the step reads, by their names in the step."""
        return []

    @property
    def outputs(self) -> StepColumns:
        """The columns that the step writes, by their names in the step."""
        return []

    def get_inputs(self) -> dict[str, bool]:
        """Return the columns that the step reads, by their names in the rows, each with whether it is required."""
        return {self.input_mappings.get(name, name): must for name, must in as_columns(self.inputs).items()}

    def get_outputs(self) -> dict[str, bool]:
        """Return the columns that the step writes, by their names in the rows."""
        return {self.output_mappings.get(name, name): must for name, must in as_columns(self.outputs).items()}

    def verify(self) -> None:
        """Check that the fields agree; called when the step is created and before the pipeline runs.

        Raises:
            DistilabelUserError: The fields contradict each other.
        """

    def verify_inputs_mappings(self) -> None:
        """Check that each key of `input_mappings` is an input; raises DistilabelUserError."""
        check_mapping(
            self.name, "input", self.input_mappings, as_columns(self.inputs) if self.input_mappings else {}
        )

    def verify_outputs_mappings(self) -> None:
        """Check that each key of `output_mappings` is an output; raises DistilabelUserError."""
        known = as_columns(self.outputs) if self.output_mappings else {}
        check_mapping(self.name, "output", self.output_mappings, known)

    # Lifecycle

    def load(self) -> None:
        """Get ready to process: open files, load models. Call it when overriding."""

    def unload(self) -> None:
        """Release what `load` acquired."""

    def process(self, *args: Any, **kwargs: Any) -> Iterator[Any]:  # noqa: ARG002 - each class has its own
        """Yield rows: lists of them, or in a generator pairs of a list and whether it is the last."""
        raise DistilabelNotImplementedError(
            f"Step {self.name!r} has no process method: define one in its class."
        )

    def impute_step_outputs(self, rows: list[Row]) -> list[Row]:
        """Return the rows with None in every output column.

        Examples:
            >>> class Judge(_Step):
            ...     @property
            ...     def outputs(self):
            ...         return ["score"]
            >>> Judge().impute_step_outputs([{"a": 1}])
            [{'a': 1, 'score': None}]
        """
        return [{**row, **dict.fromkeys(self.get_outputs())} for row in rows]

    @property
    def random(self) -> random.Random:
        """Randomness that repeats when a chunk is processed again; outside of a pipeline, seeded with the name."""
        self._random = self._random or random.Random(self.name)  # noqa: S311 - repeatable on purpose
        return current_random() or self._random

    @property
    def concurrency(self) -> int:
        """The maximum number of chunks in process at once."""
        return 1

    @property
    def _logger(self) -> logging.Logger:
        return logging.getLogger(f"distilabel.steps.{self.name}")

    @property
    def artifacts_directory(self) -> Path | None:
        """The folder for the step's artifacts, None outside of a running pipeline."""
        return self._artifacts_directory

    @artifacts_directory.setter
    def artifacts_directory(self, folder: Path | None) -> None:
        self._artifacts_directory = folder

    def save_artifact(
        self,
        name: str,
        write_function: Callable[[Path], Any],
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Save files beside the rows, in a folder called `name`, which replaces an older one.

        Args:
            name: The artifact's name.
            write_function: Takes a folder, and writes the files into it.
            metadata: Saved in the folder as `metadata.json`.

        Outside of a running pipeline nothing is written, and a warning says so.
        """
        if self._artifacts_directory is None:
            self._logger.warning("Artifact %r is not saved: the step is not running in a pipeline.", name)
            return
        artifacts.save_artifact(self._artifacts_directory, name, write_function, metadata)

    # Connections

    def connect(self, *others: "_Step", routing_batch_function: RoutingFunction | None = None) -> None:
        """Send the rows to other steps: to all, or to those that `routing_batch_function` selects for a chunk.

        Raises:
            DistilabelUserError: The step belongs to no pipeline.
            DistilabelTypeError: An argument is not a step.
        """
        pipeline: Registry | None = self.pipeline
        if pipeline is None:
            raise DistilabelUserError(
                f"Step {self.name!r} belongs to no pipeline: create it inside `with Pipeline() as pipeline:`.",
            )
        pipeline._connect(self, _as_steps(others), routing_batch_function)  # noqa: SLF001 - the Registry's interface

    @overload
    def __rshift__(self, other: Others) -> Others: ...
    @overload
    def __rshift__(self, other: RoutingFunction) -> "_Routed": ...
    def __rshift__(self, other: Any) -> Any:
        if callable(other) and not isinstance(other, _Step | type):
            return _Routed(self, other)
        self.connect(*_as_steps(other))
        return other

    def __lshift__(self, other: Others) -> Others:
        for step in _as_steps(other):
            step.connect(self)
        return other

    def __rrshift__(self, others: Sequence["_Step"]) -> Self:
        for step in _as_steps(others):
            step.connect(self)
        return self

    # Serialization

    @property
    def signature(self) -> str:
        """40 hexadecimal digits that identify the step's settings, without resources and batch size."""
        return config.signature(self)

    def dump(self) -> dict[str, Any]:
        """Return the step as plain values, without secrets; see `distilabel.config.dump`."""
        return config.dump(self)

    def save(self, path: str | Path, format: Literal["json", "yaml"] = "json") -> None:
        """Write the step to a file."""
        config.write_document(self.dump(), path, format)

    @classmethod
    def from_dict(
        cls, data: dict[str, Any], allow: Sequence[str] = ("distilabel",), *, allow_code: bool = False
    ) -> Self:
        """Build a step from the result of `dump`.

        Args:
            data: The result of `dump`.
            allow: The packages whose classes may be imported.
            allow_code: Whether fields may name code and commands that run on this machine.
        """
        step = config.load(data, allow, allow_code=allow_code)
        if not isinstance(step, cls):
            raise DistilabelTypeError(f"This describes a {type(step).__name__}, not a {cls.__name__}.")
        return step

    @classmethod
    def from_json(
        cls, path: str | Path, allow: Sequence[str] = ("distilabel",), *, allow_code: bool = False
    ) -> Self:
        """Build a step from a JSON file."""
        return cls.from_dict(config.read_document(path, "json"), allow, allow_code=allow_code)

    @classmethod
    def from_yaml(
        cls, path: str | Path, allow: Sequence[str] = ("distilabel",), *, allow_code: bool = False
    ) -> Self:
        """Build a step from a YAML file."""
        return cls.from_dict(config.read_document(path, "yaml"), allow, allow_code=allow_code)

    @classmethod
    def from_file(
        cls, path: str | Path, allow: Sequence[str] = ("distilabel",), *, allow_code: bool = False
    ) -> Self:
        """Build a step from a JSON or YAML file, by its extension."""
        return cls.from_dict(config.read_document(path), allow, allow_code=allow_code)

    def set_runtime_parameters(self, runtime_parameters: dict[str, Any]) -> None:
        """Set runtime parameters by name.

        Raises:
            DistilabelUserError: A name is unknown, or a value does not fit.
        """
        for unknown in config.set_runtime_parameters(self, runtime_parameters):
            raise DistilabelUserError(unknown)

    def get_runtime_parameters_info(self) -> list[dict[str, Any]]:
        """Describe the runtime parameters; see `distilabel.config.runtime_parameters_info`."""
        return config.runtime_parameters_info(self)

    def _name_forgotten_outputs(self, rows: list[Row]) -> None:
        """Warn, once, if a user's step declares a column that none of its rows has."""
        if self._has_warned or not rows or type(self).__module__.startswith("distilabel."):
            return
        declared = [name for name, is_required in as_columns(self.outputs).items() if is_required]
        if missing := [name for name in declared if not any(name in row for row in rows)]:
            self._has_warned = True
            self._logger.warning(
                "Step %r declares the output %r, and none of its rows has it: set row[%r] in its code, or take it out of `outputs`.",
                self.name, missing[0], missing[0],
            )  # fmt: skip

    @property
    def _renaming(self) -> Renaming:
        produced = (
            frozenset(as_columns(self.outputs))
            if self.input_mappings or self.output_mappings
            else frozenset()
        )
        return Renaming(self.input_mappings, self.output_mappings, produced)


@dataclass(frozen=True, slots=True)
class _Routed:
    """`step >> function`, before the steps among which the function picks are known."""

    step: _Step
    function: RoutingFunction

    def __rshift__(self, others: Others) -> Others:
        """Connect the step with the others through the routing function; returns the others."""
        self.step.connect(*_as_steps(others), routing_batch_function=self.function)
        return others


def _as_steps(others: Any) -> list[_Step]:
    steps = list(others) if isinstance(others, list | tuple) else [others]
    for step in steps:
        if not isinstance(step, _Step):
            raise DistilabelTypeError(f"A step connects to steps or to a routing function, not to {step!r}.")
    return steps


def _free_name(class_name: str, taken: Any) -> str:
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", class_name)
    base = re.sub(r"[^a-z0-9_-]+", "_", words.lower())
    number = 0
    while f"{base}_{number}" in taken:
        number += 1
    return f"{base}_{number}"


class Step(_Step):
    """A step that takes rows chunk by chunk.

    Define `inputs` and `outputs`, and `process(self, inputs: StepInput)`, which yields one list of rows. With
    `*inputs: StepInput` it takes the rows of several steps.

    Attributes:
        input_batch_size: The number of rows in a chunk, 50 by default.

    Examples:
        >>> class Upper(Step):
        ...     @property
        ...     def inputs(self):
        ...         return ["text"]
        ...     def process(self, inputs: StepInput):
        ...         yield [{**row, "text": row["text"].upper()} for row in inputs]
        >>> step = Upper()
        >>> step.name, next(step.process([{"text": "hello"}]))
        ('upper_0', [{'text': 'HELLO'}])
    """

    input_batch_size: RuntimeParameter[PositiveInt] = Field(
        default=50, description="The number of rows in a chunk."
    )

    def process_applying_mappings(self, *inputs: list[Row]) -> Iterator[list[Row]]:
        """Process rows, with the columns renamed before and after by the mappings.

        Args:
            inputs: The rows of each step before this one. Without mappings, `process` gets the same objects.

        Yields:
            The rows of `process`, with the original column names. Columns that the renaming hid are restored.
        """
        renaming = self._renaming
        inner: list[list[Row]] = []
        originals: list[Row] = []
        for rows in inputs:
            inner.append(renaming.into(rows, first=len(originals)))
            originals += rows
        for new_rows in _yielded(self.name, self.process(*inner), "yield rows"):
            self._name_forgotten_outputs(_checked_rows(self.name, new_rows))
            yield renaming.out_of(new_rows, originals)


class GlobalStep(Step):
    """A step that takes all rows at once, in one chunk."""

    kind: ClassVar[StepKind] = "global"


class GeneratorStep(_Step):
    """A step that makes rows. It is the first step of a pipeline.

    Define `outputs` and `process(self, offset=0)`, which yields pairs: a list of rows, and whether it is the last.

    Attributes:
        batch_size: How many rows to yield at once, 50 by default.
        repeatable: Class attribute: whether a later call of `process` with an offset yields the rows of the source as it
            is then.

    Examples:
        >>> class Count(GeneratorStep):
        ...     @property
        ...     def outputs(self):
        ...         return ["n"]
        ...     def process(self, offset=0):
        ...         yield [{"n": offset}], True
        >>> list(Count().process())
        [([{'n': 0}], True)]
    """

    kind: ClassVar[StepKind] = "generator"
    repeatable: ClassVar[bool] = False

    batch_size: RuntimeParameter[PositiveInt] = Field(
        default=50, description="How many rows to yield at once."
    )

    @property
    def total_rows(self) -> int | None:
        """The number of rows, if it is known in advance and every chunk but the last is full; else None.

        With a number, all chunks are requested at once, so that their requests go into one batch job. With None, the next
        chunk is requested when the one before it is complete.
        """
        return None

    @property
    def source_features(self) -> Mapping[str, Any]:
        """The `datasets` features of its columns, by their names in the step, where the source declares them."""
        return {}

    @property
    def fingerprint(self) -> str | None:
        """An identifier of all rows of a repeatable generator, if it is known without reading them; else None.

        If it equals that of an earlier run, the rows of that run are used, and the source is not read again.
        """
        return None

    def process_applying_mappings(self, offset: int = 0) -> Iterator[tuple[list[Row], bool]]:
        """Yield what `process` yields, with the columns named as `output_mappings` says."""
        renaming = self._renaming
        for made in _yielded(self.name, self.process(offset=offset), "yield rows, is_last"):
            if not isinstance(made, tuple) or len(made) != 2:  # noqa: PLR2004 - a pair
                raise DistilabelTypeError(
                    f"process() of step {self.name!r} must yield pairs of rows and whether they are the last, not "
                    f"{type(made).__name__}: write `yield rows, is_last`."
                )
            self._name_forgotten_outputs(_checked_rows(self.name, made[0]))
            yield renaming.out_of(made[0], ()), made[1]


def _yielded(step: str, made: Any, statement: str) -> Iterable[Any]:
    """Return what `process` made; raise where it returned its rows, or nothing, in place of yielding lists of rows."""
    if (
        made is None
        or isinstance(made, dict)
        or (isinstance(made, list) and any(isinstance(one, dict) for one in made))
    ):
        raise DistilabelTypeError(
            f"process() of step {step!r} returns {type(made).__name__} and must yield lists of rows (dicts): write `{statement}` "
            "in place of `return`."
        )
    return made  # type: ignore[no-any-return]


def _checked_rows(step: str, rows: Any) -> list[Row]:
    if isinstance(rows, list) and all(isinstance(row, dict) for row in rows):
        return rows
    raise DistilabelTypeError(
        f"process() of step {step!r} must yield lists of rows (dicts), not {type(rows).__name__}"
        + (": write `yield [row]`." if isinstance(rows, dict) else ".")
    )


def validate_step(step: _Step, *, check_outputs: bool = True) -> None:
    """Check everything that a step declares, before it runs.

    Args:
        step: The step.
        check_outputs: Whether to check the mapping of outputs, for which a generator may open its dataset.

    Raises:
        DistilabelUserError: The first problem, with the step's name and the remedy.

    Examples:
        >>> class Nothing(Step):
        ...     def process(self, inputs):
        ...         yield inputs
        >>> validate_step(Nothing(name="nothing"))
        Traceback (most recent call last):
        ...
        distilabel.exceptions.DistilabelUserError: Step 'nothing' has no parameter of process() for the rows: annotate one with StepInput.
    """
    check_parameters(step.process, step.name, is_generator=step.is_generator)
    missing = missing_runtime_parameters(step)
    if missing:
        name, *path = missing[0].split(".")
        value = "...}" + "}" * len(path)
        nested = ": {".join(f'"{part}"' for part in (name, *path))
        raise DistilabelUserError(
            f"Step {step.name!r} lacks {', '.join(map(repr, missing))}: set it in the step, or with "
            f'pipeline.run(parameters={{"{step.name}": {{{nested}: {value}}}).',
        )
    step.verify()
    step.verify_inputs_mappings()
    if check_outputs:
        step.verify_outputs_mappings()
