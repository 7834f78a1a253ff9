"""The three kinds of step: normal (chunk by chunk), global (all rows at once) and generator."""

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field, PositiveInt

from distilabel.config import RuntimeParameter
from distilabel.steps._core.inputs import StepInput
from distilabel.steps._core.resources import StepResources
from distilabel.steps._core.step import StepKind, _Step
from distilabel.typing import Row

__all__ = ["GeneratorStep", "GlobalStep", "Step", "StepInput", "StepResources", "_Step"]


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
