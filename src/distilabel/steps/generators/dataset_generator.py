"""The base class of generators that read a dataset in batches, without holding all of it."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar, Optional

from pydantic import Field, PositiveInt, PrivateAttr

from distilabel.config import RuntimeParameter
from distilabel.distiset import without_progress_bars
from distilabel.exceptions import DistilabelException, DistilabelUserError
from distilabel.steps._core.storage import storage_code
from distilabel.steps.base import GeneratorStep
from distilabel.steps.generators.memory_map import MemoryMappedDataset, memory_map
from distilabel.typing import GeneratorStepOutput, Row, StepColumns

__all__ = ["DatasetGenerator", "batches", "column_names", "describe_load_errors", "pick_split"]


class DatasetGenerator(GeneratorStep):
    """The base class of steps that yield the rows of a dataset; a subclass defines `_open`.

    Attributes:
        num_examples: How many rows to load, all by default.
        storage_options: Options for fsspec, if the files are not on this machine.
    """

    repeatable: ClassVar[bool] = True
    opens_source: ClassVar[bool] = True

    num_examples: Optional[RuntimeParameter[PositiveInt]] = Field(
        default=None,
        description="How many rows to load, all by default.",
    )
    storage_options: Optional[RuntimeParameter[dict[str, Any]]] = Field(
        default=None,
        description="Options for fsspec, if the files are not on this machine.",
    )

    _dataset: Any = PrivateAttr(default=None)
    _is_given: bool = PrivateAttr(default=False)
    _features: dict[str, Any] = PrivateAttr(default_factory=dict)

    @classmethod
    def code_in(cls, fields: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        """Yield the fields from a file that may run code, or send keys of this machine elsewhere."""
        yield from super().code_in(fields)
        yield from storage_code(fields)

    @abstractmethod
    def _open(self) -> Any:
        """Return the dataset, a `datasets.Dataset` or `IterableDataset`."""

    def use(self, dataset: Any) -> None:
        """Use a dataset that is open already, instead of opening one."""
        self._dataset, self._is_given = dataset, True
        self._features = dict(dataset.features or {})

    def load(self) -> None:
        """Open the dataset.

        Raises:
            DistilabelUserError: The dataset does not exist, cannot be read, or has no rows.
        """
        super().load()
        if self._dataset is None:
            with describe_load_errors(self.name):
                dataset = self._open()
                check_not_empty(self.name, dataset)
                self._features = dict(dataset.features or {})
                self._dataset = memory_map(dataset)

    def unload(self) -> None:
        """Close the dataset."""
        super().unload()
        if not self._is_given:
            self._dataset = None

    @property
    def outputs(self) -> StepColumns:
        """The columns of the dataset; opens the dataset if it is not open."""
        if self._dataset is None:
            DatasetGenerator.load(self)
        return column_names(self._dataset)

    @property
    def source_features(self) -> Mapping[str, Any]:
        """The features of the dataset, once it has been opened."""
        return self._features

    @property
    def fingerprint(self) -> str | None:
        """An identifier of the rows of a dataset on this machine's disk; None for any other."""
        return self._dataset.fingerprint if isinstance(self._dataset, MemoryMappedDataset) else None

    def process(self, offset: int = 0) -> GeneratorStepOutput:
        """Yield the rows from `offset` on, and whether they are the last."""
        if self._dataset is None:
            DatasetGenerator.load(self)
        yield from batches(self._dataset, offset, self.batch_size or 1, self.num_examples)


def batches(dataset: Any, offset: int, size: int, limit: int | None = None) -> GeneratorStepOutput:
    """Yield a dataset's rows, `size` at a time, from `offset` on and up to row `limit`."""
    pieces = _pieces(dataset, offset, size, limit)
    piece = next(pieces, [])
    for following in pieces:
        yield piece, False
        piece = following
    yield piece, True


def _pieces(dataset: Any, offset: int, size: int, limit: int | None) -> Iterator[list[Row]]:
    if not hasattr(dataset, "__len__"):
        rest = dataset.skip(offset)
        rest = rest if limit is None else rest.take(max(0, limit - offset))
        yield from map(_rows, rest.iter(batch_size=size))
        return
    total = len(dataset) if limit is None else min(limit, len(dataset))
    if isinstance(dataset, MemoryMappedDataset):
        yield from map(_rows, dataset.slices(offset, total, size))
        return
    for start in range(offset, total, size):
        yield _rows(dataset[start : min(start + size, total)])


def _rows(columns: dict[str, list[Any]]) -> list[Row]:
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def column_names(dataset: Any) -> list[str]:
    """Return the names of a dataset's columns; reads the first row if the dataset does not declare them."""
    names = dataset.column_names
    return list(next(iter(dataset), {}) if names is None else names)


def check_not_empty(step_name: str, dataset: Any) -> None:
    """Check that a dataset has rows; raises DistilabelUserError."""
    is_empty = len(dataset) == 0 if hasattr(dataset, "__len__") else next(iter(dataset), None) is None
    if is_empty:
        raise DistilabelUserError(f"Step {step_name!r} found no rows: the dataset is empty.")


def pick_split(step_name: str, dataset: Any, split: str | None) -> Any:
    """Return one split of a dict of splits: the one named, or the only one, or "train"."""
    if not isinstance(dataset, dict):
        return dataset
    wanted = split or (next(iter(dataset)) if len(dataset) == 1 else "train")
    if wanted not in dataset:
        raise DistilabelUserError(
            f"Step {step_name!r} found no split {wanted!r}: set `split` to one of {', '.join(map(repr, dataset))}.",
        )
    return dataset[wanted]


@contextmanager
def describe_load_errors(step_name: str) -> Iterator[None]:
    """Raise DistilabelUserError with one sentence if loading a dataset fails; hide its progress bars."""
    try:
        with without_progress_bars():
            yield
    except DistilabelException:
        raise
    except StopIteration as error:
        raise DistilabelUserError(f"Step {step_name!r} found no rows: the dataset is empty.") from error
    except Exception as error:
        reason = _reason(error)
        if "StopIteration" in reason:
            reason = "it is empty"
        raise DistilabelUserError(f"Step {step_name!r} cannot load its dataset: {reason}.") from error


def _reason(error: BaseException) -> str:
    deepest = error
    while type(error).__module__.startswith("datasets") and deepest.__cause__ is not None:
        deepest = deepest.__cause__
    return " ".join(str(deepest).split()).rstrip(".") or type(deepest).__name__
