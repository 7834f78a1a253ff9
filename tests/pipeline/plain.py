"""Plain steps that remember what they were given, and a short way to a pipeline's rows."""

from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import PrivateAttr

from distilabel.pipeline import Pipeline
from distilabel.steps import GeneratorStep, GlobalStep, LoadDataFromDicts, Step, StepInput

Row = dict[str, Any]


class Same(Step):
    """Gives the rows as they came, and keeps count of them."""

    _seen: list[list[Row]] = PrivateAttr(default_factory=list)

    @property
    def calls(self) -> int:
        return len(self._seen)

    @property
    def given(self) -> list[int]:
        """The column `n` of all rows that it was given."""
        return [row["n"] for rows in self._seen for row in rows]

    def process(self, inputs: StepInput) -> Iterator[list[Row]]:
        self._seen.append([dict(row) for row in inputs])
        yield self.made(inputs)

    def made(self, rows: list[Row]) -> list[Row]:
        return rows


class Add(Same):
    """Writes `m`, which is `n` and a bit."""

    by: int = 1

    @property
    def inputs(self) -> list[str]:
        return ["n"]

    @property
    def outputs(self) -> list[str]:
        return ["m"]

    def made(self, rows: list[Row]) -> list[Row]:
        return [{**row, "m": row["n"] + self.by} for row in rows]


class Fails(Add):
    """Raises for some rows, as long as there are any."""

    _on: set[int] = PrivateAttr(default_factory=set)

    def on(self, *numbers: int) -> "Fails":
        self._on = set(numbers)
        return self

    def made(self, rows: list[Row]) -> list[Row]:
        bad = next((row["n"] for row in rows if row["n"] in self._on), None)
        if bad is not None:
            raise ValueError(f"{bad} is bad")
        return super().made(rows)


class Sum(GlobalStep):
    """One row: how many there were, and their sum."""

    _calls: int = PrivateAttr(default=0)

    @property
    def inputs(self) -> list[str]:
        return ["n"]

    @property
    def outputs(self) -> list[str]:
        return ["rows", "sum"]

    def process(self, inputs: StepInput) -> Iterator[list[Row]]:
        self._calls += 1
        yield [{"rows": len(inputs), "sum": sum(row["n"] for row in inputs)}]


class Count(GeneratorStep):
    """Yields 0, 1, 2 and so on, and remembers from where on it was asked."""

    until: int = 10
    _asked: list[int] = PrivateAttr(default_factory=list)
    _fail_at: int | None = PrivateAttr(default=None)

    @property
    def outputs(self) -> list[str]:
        return ["n"]

    def process(self, offset: int = 0) -> Iterator[tuple[list[Row], bool]]:
        self._asked.append(offset)
        for start in range(offset, self.until, self.batch_size):
            if self._fail_at is not None and start >= self._fail_at:
                raise ValueError("the source is gone")
            end = min(start + self.batch_size, self.until)
            yield [{"n": n} for n in range(start, end)], end == self.until


def numbers(count: int) -> list[Row]:
    return [{"n": n} for n in range(count)]


def line(cache: Any, *steps: Any, data: Sequence[Row] | None = None, size: int = 2, **named: Any) -> Pipeline:
    """Build `load >> step >> step ...`; a step may be something to call for it."""
    with Pipeline(**{"name": "line", "cache_dir": cache, **named}) as pipeline:
        last: Any = LoadDataFromDicts(
            name="load", data=list(numbers(10) if data is None else data), batch_size=size
        )
        for step in steps:
            made = step() if callable(step) else step
            if made.pipeline is None:
                made.pipeline = pipeline
                pipeline._add_step(made)
            last = last >> made
    return pipeline


def rows(distiset: Any, part: str = "default") -> list[Row]:
    found: list[Row] = distiset[part]["train"].to_list()
    return found


def column(distiset: Any, name: str = "n", part: str = "default") -> list[Any]:
    return list(distiset[part]["train"][name])
