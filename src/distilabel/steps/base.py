"""The base classes of all steps: normal (chunk by chunk), global (all rows at once) and generator."""

import logging
import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self, TypeAlias, TypeVar, overload

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PositiveInt, PrivateAttr

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


class _Step(BaseModel):
    """What all steps have in common.

    Attributes:
        name: Letters, digits, `_` and `-`; without one, the class's name in snake case and a number.
        resources: What the step asks of the machine.
        pipeline: The pipeline that it belongs to; without one, that of the open `with` block, if any.
        input_mappings: Name of an input in the step to the name of the column that holds it.
        output_mappings: Name of an output in the step to the name of the column to write.
        use_cache: Whether rows that a former run has finished may be taken from the cache.
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

    def __init__(self, **data: Any) -> None:
        super().__init__(**data)
        self._settle()
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
        self._settle()

    def _settle(self) -> None:
        # Past the validation of assignments: a subclass's validators need not run for what it did not set.
        own = self.__dict__
        own["pipeline"] = current_pipeline.get() if self.pipeline is None else self.pipeline
        taken = () if self.pipeline is None else self.pipeline.names
        own["name"] = self.name or _free_name(type(self).__name__, taken)

    def __getstate__(self) -> dict[Any, Any]:
        """Cross a process boundary alone: the pipeline stays behind."""
        state = super().__getstate__()
        return {**state, "__dict__": {**state["__dict__"], "pipeline": None}}

    # What a step is, and what it reads and writes.

    @property
    def is_generator(self) -> bool:
        """Whether the step makes rows out of nothing."""
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
        """Whether the step takes the rows of several steps side by side: `process(self, *inputs: StepInput)`."""
        return any(parameter.kind is parameter.VAR_POSITIONAL for parameter in row_parameters(self.process))

    @property
    def inputs(self) -> StepColumns:
        """The columns that the step reads, by the step's own names."""
        return []

    @property
    def outputs(self) -> StepColumns:
        """The columns that the step writes, by the step's own names."""
        return []

    def get_inputs(self) -> dict[str, bool]:
        """Return the columns that the step reads, as the rows name them, each with whether it is required."""
        return {self.input_mappings.get(name, name): must for name, must in as_columns(self.inputs).items()}

    def get_outputs(self) -> dict[str, bool]:
        """Return the columns that the step writes, as the rows will name them."""
        return {self.output_mappings.get(name, name): must for name, must in as_columns(self.outputs).items()}

    def verify(self) -> None:
        """Check the fields against one another; called when the step is made and before the pipeline runs.

        Raises:
            DistilabelUserError: What does not fit, and how to mend it.
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

    # Its life.

    def load(self) -> None:
        """Get ready to process: open files, load models. Call it when overriding."""

    def unload(self) -> None:
        """Let go of what `load` took."""

    def process(self, *args: Any, **kwargs: Any) -> Iterator[Any]:  # noqa: ARG002 - each class has its own
        """Yield rows: lists of them, or in a generator pairs of a list and whether it is the last."""
        raise DistilabelNotImplementedError(
            f"Step {self.name!r} has no process method: define one in its class."
        )

    def impute_step_outputs(self, rows: list[Row]) -> list[Row]:
        """Return the rows with None in every column that the step would have written.

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
        """Randomness that is the same when a chunk is processed again; outside of a pipeline, seeded by the name."""
        self._random = self._random or random.Random(self.name)  # noqa: S311 - repeatable on purpose
        return current_random() or self._random

    @property
    def concurrency(self) -> int:
        """How many chunks may be processed at once."""
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
        """Leave a file or several beside the rows, in a folder called `name`; an older one is replaced.

        Args:
            name: The artifact's name.
            write_function: Is given a folder, and writes into it.
            metadata: Written beside it as `metadata.json`.

        Outside of a running pipeline nothing is written, and a warning says so.
        """
        if self._artifacts_directory is None:
            self._logger.warning("Artifact %r is not saved: the step is not running in a pipeline.", name)
            return
        artifacts.save_artifact(self._artifacts_directory, name, write_function, metadata)

    # Its arrows.

    def connect(self, *others: "_Step", routing_batch_function: RoutingFunction | None = None) -> None:
        """Lead the rows to other steps: to all, or to those that `routing_batch_function` picks for a chunk.

        Raises:
            DistilabelUserError: The step belongs to no pipeline.
            DistilabelTypeError: Something else than a step was given.
        """
        pipeline: Registry | None = self.pipeline
        if pipeline is None:
            raise DistilabelUserError(
                f"Step {self.name!r} belongs to no pipeline: create it inside of `with Pipeline() as pipeline:`.",
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

    # Its written form.

    @property
    def signature(self) -> str:
        """40 hexadecimal digits for what the step declares; resources and batch size do not count."""
        return config.signature(self)

    def dump(self) -> dict[str, Any]:
        """Return the step as plain values, without secrets; see `distilabel.config.dump`."""
        return config.dump(self)

    def save(self, path: str | Path, format: Literal["json", "yaml"] = "json") -> None:
        """Write the step to a file."""
        config.write_document(self.dump(), path, format)

    @classmethod
    def from_dict(cls, data: dict[str, Any], allow: Sequence[str] = ("distilabel",)) -> Self:
        """Build a step from what `dump` gave; `allow` names the packages whose classes may be imported."""
        step = config.load(data, allow)
        if not isinstance(step, cls):
            raise DistilabelTypeError(f"This describes a {type(step).__name__}, not a {cls.__name__}.")
        return step

    @classmethod
    def from_json(cls, path: str | Path, allow: Sequence[str] = ("distilabel",)) -> Self:
        """Build a step from a JSON file."""
        return cls.from_dict(config.read_document(path, "json"), allow)

    @classmethod
    def from_yaml(cls, path: str | Path, allow: Sequence[str] = ("distilabel",)) -> Self:
        """Build a step from a YAML file."""
        return cls.from_dict(config.read_document(path, "yaml"), allow)

    @classmethod
    def from_file(cls, path: str | Path, allow: Sequence[str] = ("distilabel",)) -> Self:
        """Build a step from a JSON or YAML file, by its ending."""
        return cls.from_dict(config.read_document(path), allow)

    def set_runtime_parameters(self, runtime_parameters: dict[str, Any]) -> None:
        """Set runtime parameters by name; a name that is not known is logged as a warning."""
        for warning in config.set_runtime_parameters(self, runtime_parameters):
            self._logger.warning("%s", warning)

    def get_runtime_parameters_info(self) -> list[dict[str, Any]]:
        """Describe the runtime parameters; see `distilabel.config.runtime_parameters_info`."""
        return config.runtime_parameters_info(self)

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

    Define `inputs` and `outputs`, and `process(self, inputs: StepInput)` that yields one list of rows; with
    `*inputs: StepInput` it takes the rows of several steps side by side.

    Attributes:
        input_batch_size: How many rows make a chunk, 50 by default.

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
        default=50, description="How many rows make a chunk."
    )

    def process_applying_mappings(self, *inputs: list[Row]) -> Iterator[list[Row]]:
        """Process rows whose columns have the names that the mappings give.

        Args:
            inputs: The rows of each step before this one; without mappings, `process` is given these very rows.

        Yields:
            What `process` yields, with the columns named back; a column that the renaming hid is there again.
        """
        renaming = self._renaming
        inner: list[list[Row]] = []
        originals: list[Row] = []
        for rows in inputs:
            inner.append(renaming.into(rows, first=len(originals)))
            originals += rows
        for made in self.process(*inner):
            yield renaming.out_of(made, originals)


class GlobalStep(Step):
    """A step that takes all rows at once, in one chunk."""

    kind: ClassVar[StepKind] = "global"


class GeneratorStep(_Step):
    """A step that makes rows: it stands at the start of a pipeline.

    Define `outputs` and `process(self, offset=0)`, which yields pairs of rows and whether they are the last.

    Attributes:
        batch_size: How many rows to yield at once, 50 by default.
        repeatable: Class attribute: whether `process` may be asked again for the rows from an offset on, and then
            gives those of the source as it is now.

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
        """How many rows there will be, where that is known beforehand and every chunk but the last is full.

        Then, while some chunks wait for the replies of a batch job, the others are asked for too; they all go into one
        job. With None, one chunk is asked for after the other.
        """
        return None

    @property
    def fingerprint(self) -> str | None:
        """What stands for all rows of a repeatable generator, where that is known without reading them; else None.

        Where it is what it was in a former run, the rows of that run are taken, and the source is not read again.
        """
        return None

    def process_applying_mappings(self, offset: int = 0) -> Iterator[tuple[list[Row], bool]]:
        """Yield what `process` yields, with the columns named as `output_mappings` says."""
        renaming = self._renaming
        for rows, is_last in self.process(offset=offset):
            yield renaming.out_of(rows, ()), is_last


def validate_step(step: _Step) -> None:
    """Check everything that a step declares, before it runs.

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
    step.verify_outputs_mappings()
