"""Random samples from a list of rows, such as few-shot examples."""

import random
from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field, PositiveInt

from distilabel.exceptions import DistilabelUserError
from distilabel.steps.base import GeneratorStep
from distilabel.typing import GeneratorStepOutput, Row, StepColumns

__all__ = ["DataSampler"]


class DataSampler(GeneratorStep):
    """Yield rows that each contain a random sample of a list of rows, drawn without replacement.

    Row number `i` depends only on `data`, `size`, `seed` and `i`: it is the same in every run, for any offset and batch
    size.

    Attributes:
        data: The rows to draw from. A dump never contains them.
        size: How many rows to draw for each output row, 2 by default.
        samples: How many rows to yield, 100 by default.
        seed: The seed, 42 by default.

    Columns:
        Out: those of `data`, each a list of `size` values; None where a row of `data` lacks the column.

    Raises:
        DistilabelUserError: There are fewer rows than `size`.

    Examples:
        >>> step = DataSampler(data=[{"n": 1}, {"n": 2}], size=2, samples=1)
        >>> rows, is_last = next(step.process())
        >>> sorted(rows[0]["n"]), is_last
        ([1, 2], True)
    """

    repeatable: ClassVar[bool] = True

    data: list[Row] = Field(default_factory=list, exclude=True, repr=False)
    size: PositiveInt = Field(default=2, description="How many rows to draw for each output row.")
    samples: PositiveInt = Field(default=100, description="How many rows to yield.")
    seed: int = Field(default=42, description="The seed.")

    @property
    def outputs(self) -> StepColumns:
        """The columns of all rows."""
        return list(dict.fromkeys(name for row in self.data for name in row))

    def load(self) -> None:
        """Check that there are enough rows to draw from; raises DistilabelUserError."""
        super().load()
        if len(self.data) < self.size:
            raise DistilabelUserError(
                f"Step {self.name!r} has {len(self.data)} rows to draw {self.size} from: pass more `data`, or a smaller "
                "`size`."
            )

    def process(self, offset: int = 0) -> GeneratorStepOutput:
        """Yield the rows from `offset` on, and whether they are the last."""
        DataSampler.load(self)
        size = self.batch_size or 1
        starts = range(offset, self.samples, size)
        for start in starts:
            end = min(start + size, self.samples)
            yield list(self._drawn(range(start, end))), start == starts[-1]
        if not starts:
            yield [], True

    def _drawn(self, numbers: range) -> Iterator[Row]:
        names = list(self.outputs)
        for number in numbers:
            chance = random.Random(f"{self.seed}/{number}")  # noqa: S311 - repeatable on purpose
            drawn = chance.sample(self.data, self.size)
            yield {name: [row.get(name) for row in drawn] for name in names}
