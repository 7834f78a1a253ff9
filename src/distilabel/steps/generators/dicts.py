"""Loading rows from a list in memory."""

from typing import ClassVar

from pydantic import Field

from distilabel.exceptions import DistilabelUserError
from distilabel.steps.base import GeneratorStep
from distilabel.typing import GeneratorStepOutput, Row, StepColumns

__all__ = ["LoadDataFromDicts"]


class LoadDataFromDicts(GeneratorStep):
    """Yield the rows of a list.

    Attributes:
        data: The rows. A dump never contains them, so a pipeline that is loaded from a file needs them again.

    Columns:
        Out: those of the rows.

    Raises:
        DistilabelUserError: There are no rows.

    Examples:
        >>> step = LoadDataFromDicts(data=[{"instruction": "Say hello."}])
        >>> next(step.process())
        ([{'instruction': 'Say hello.'}], True)
    """

    repeatable: ClassVar[bool] = True

    data: list[Row] = Field(default_factory=list, exclude=True, repr=False)

    @property
    def outputs(self) -> StepColumns:
        """The columns of all rows."""
        return list(dict.fromkeys(name for row in self.data for name in row))

    def load(self) -> None:
        """Check that there are rows; raises DistilabelUserError."""
        super().load()
        if not self.data:
            raise DistilabelUserError(f"Step {self.name!r} has no rows: pass them as `data=[{{...}}, ...]`.")

    def process(self, offset: int = 0) -> GeneratorStepOutput:
        """Yield the rows from `offset` on, and whether they are the last."""
        size = self.batch_size or 1
        starts = range(offset, len(self.data), size)
        for start in starts:
            yield [dict(row) for row in self.data[start : start + size]], start == starts[-1]
        if not starts:
            yield [], True
