"""Graphs drawn by chance, run for real and compared with a model that knows no chunks, no cache and no threads.

Drawn are the shape (fan-out, branches that meet, globals, routes), sizes of batches, rows for which a step raises, and
a step that ends the first run. What must hold: every row is there, in order where there is one; where branches meet,
the rows that meet are the same; a rerun goes on where the first run ended, and one more processes nothing.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.pipeline.plain import Row

from distilabel.exceptions import DistilabelStepError, DistilabelUserError
from distilabel.pipeline import Pipeline, sample_n_steps
from distilabel.steps import GlobalStep, LoadDataFromDicts, Step, StepInput

pytestmark = pytest.mark.slow  # hundreds of whole pipelines

DISTILABEL_METADATA_KEY = "distilabel_metadata"
Book = Counter[str]


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISTILABEL_PROGRESS", "none")


# What steps do to rows: the model calls these on all rows at once, the steps on the rows that they are given.


def marked(name: str, row: Row) -> Row:
    return {**row, name: row["id"] * 10 + len(name)}


def multiplied(name: str, row: Row) -> list[Row]:
    return [{**row, name: copy} for copy in range((row["id"] + len(name)) % 3)]


def ranked(name: str, rows: list[Row]) -> list[Row]:
    return [{**row, name: rank} for rank, row in enumerate(sorted(map(bare, rows), key=text))]


def side_by_side(parts: tuple[list[Row], ...]) -> list[Row]:
    merged = [
        {name: value for row in rows for name, value in row.items()} for rows in zip(*parts, strict=True)
    ]
    for rows in zip(*parts, strict=True):
        assert len({row["id"] for row in rows}) == 1, "rows that do not belong together met"
    return merged


def bare(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != DISTILABEL_METADATA_KEY}


def text(row: Row) -> bytes:
    return orjson.dumps(row, option=orjson.OPT_SORT_KEYS)


class Drawn(Step):
    """A step of a drawn graph: raises for some rows, and may end the run."""

    bad: list[int] = []  # noqa: RUF012 - pydantic copies it
    _book: Any = None
    _bomb: int | None = None

    @property
    def outputs(self) -> list[str]:
        return [self.name]

    def process(self, inputs: StepInput) -> Iterator[list[Row]]:
        self._book[self.name] += 1
        if self._bomb is not None and self._book[self.name] > self._bomb:
            raise DistilabelUserError("the end")
        if any(row["id"] in self.bad for row in inputs):
            raise ValueError("a bad row")
        yield self.made(inputs)

    def made(self, rows: list[Row]) -> list[Row]:
        return [marked(self.name, row) for row in rows]


class Multiply(Drawn):
    def made(self, rows: list[Row]) -> list[Row]:
        return [made for row in rows for made in multiplied(self.name, row)]


class Rank(GlobalStep):
    _book: Any = None

    def process(self, inputs: StepInput) -> Iterator[list[Row]]:
        self._book[self.name] += 1
        yield ranked(self.name, inputs)


class Zip(Step):
    _book: Any = None

    def process(self, *inputs: StepInput) -> Iterator[list[Row]]:
        self._book[self.name] += 1
        yield side_by_side(inputs)


class Concat(Zip):
    def process(self, *inputs: StepInput) -> Iterator[list[Row]]:
        self._book[self.name] += 1
        yield [row for rows in inputs for row in rows]


class Collect(Drawn):
    @property
    def outputs(self) -> list[str]:
        return []

    def made(self, rows: list[Row]) -> list[Row]:
        return rows


class CollectAll(GlobalStep):
    """Takes the rows of all branches at once, in the order in which they came to the route."""

    _book: Any = None

    def process(self, inputs: StepInput) -> Iterator[list[Row]]:
        self._book[self.name] += 1
        yield inputs


# The drawing


@dataclass(frozen=True)
class Node:
    """A drawn step: its kind, those before it, its batch, the rows for which it raises, and how many branches get a row."""

    name: str
    kind: str
    before: tuple[str, ...] = ()
    size: int = 50
    bad: tuple[int, ...] = ()
    picks: int = 0


@dataclass
class Graph:
    """A drawn graph; `shape` names what last changed the rows on the way to a step: equal shapes, equal rows."""

    rows: int
    nodes: list[Node] = field(default_factory=list)
    shape: dict[str, str] = field(default_factory=dict)
    unordered: set[str] = field(default_factory=set)

    def add(self, node: Node) -> None:
        self.nodes.append(node)
        first = node.before[0] if node.before else node.name
        self.shape[node.name] = self.shape[first] if node.kind in ("mark", "zip", "branch") else node.name
        mixed = node.kind == "concat" or node.picks > 1 or any(name in self.unordered for name in node.before)
        if mixed and node.kind != "rank":
            self.unordered.add(node.name)

    @property
    def leaves(self) -> list[Node]:
        inner = {name for node in self.nodes for name in node.before}
        return [node for node in self.nodes if node.name not in inner]


@st.composite
def graphs(draw: Callable[[Any], Any]) -> Graph:
    graph = Graph(rows=draw(st.integers(1, 17)))
    sizes = st.sampled_from([1, 2, 3, 4, 7, 50])
    bad = st.one_of(st.just(()), st.lists(st.integers(0, 16), max_size=3, unique=True).map(tuple))
    for i in range(draw(st.integers(1, 2))):
        graph.add(Node(f"load{i}", "load", size=draw(sizes)))
    open_ends = [node.name for node in graph.nodes]
    for i in range(draw(st.integers(1, 6))):
        kind = draw(st.sampled_from(["mark", "mark", "multiply", "rank", "zip", "concat", "route", "route"]))
        name, size = f"{kind}{i}", draw(sizes)
        first = draw(st.sampled_from(open_ends))
        alike = [end for end in open_ends if graph.shape[end] == graph.shape[first] and end != first]
        if kind == "zip" and alike:
            graph.add(Node(name, kind, (first, draw(st.sampled_from(alike))), size))
        elif kind == "concat" and len(open_ends) > 1:
            other = draw(st.sampled_from([end for end in open_ends if end != first]))
            graph.add(Node(name, kind, (first, other), size))
        elif kind == "route" and not any(first in node.before for node in graph.nodes):
            width = draw(st.integers(2, 3))
            branches = tuple(f"branch{i}{letter}" for letter in "abc"[:width])
            picks = draw(st.sampled_from([1, 1, width]))
            for branch in branches:
                graph.add(Node(branch, "branch", (first,), draw(sizes), picks=picks))
            collect = draw(st.sampled_from(["collect", "collect all"]))
            graph.add(Node(name, collect, branches, size, picks=picks))
            open_ends.remove(first)  # all that it gives goes by way of the route
            if not open_ends:
                break
            continue
        elif kind in ("zip", "concat", "route"):
            graph.add(Node(name, "mark", (first,), size, draw(bad)))
        else:
            graph.add(Node(name, kind, (first,), size, draw(bad) if kind != "rank" else ()))
        open_ends.append(name)
    return graph


# The model


def modelled(graph: Graph) -> dict[str, list[Row]]:
    """All rows that each step gives; for a step after a route, as if each row had passed by no branch."""
    made: dict[str, list[Row]] = {}
    for node in graph.nodes:
        given_ = [made[name] for name in node.before]
        made[node.name] = _model(node, given_, graph.rows)
    return made


def _model(node: Node, given_: list[list[Row]], count: int) -> list[Row]:
    kinds: dict[str, Callable[[], list[Row]]] = {
        "load": lambda: [{"id": n} for n in range(count)],
        "mark": lambda: [_or_none(node, row, [marked(node.name, row)])[0] for row in given_[0]],
        "multiply": lambda: [
            made for row in given_[0] for made in _or_none(node, row, multiplied(node.name, row))
        ],
        "rank": lambda: ranked(node.name, given_[0]),
        "zip": lambda: side_by_side(tuple(given_)),
        "concat": lambda: [row for rows in given_ for row in rows],
        "branch": lambda: given_[0],
        "collect": lambda: [row for row in given_[0] for _ in range(node.picks)],
    }
    return kinds[node.kind.removesuffix(" all")]()


def _or_none(node: Node, row: Row, made: list[Row]) -> list[Row]:
    return [{**row, node.name: None}] if row["id"] in node.bad else made


def failing(graph: Graph) -> set[str]:
    """The steps that raise for a row: they are asked again in each run."""
    return {node.name for node in graph.nodes if node.bad}


def hopeless(graph: Graph, made: dict[str, list[Row]]) -> bool:
    """Whether a step raises for all of its rows: such a run ends."""
    given_ = [(node, made[node.before[0]]) for node in graph.nodes if node.bad]
    return any(rows and all(row["id"] in node.bad for row in rows) for node, rows in given_)


# The run


def built(graph: Graph, cache: Path, book: Book, bomb: tuple[str, int] | None = None) -> Pipeline:
    kinds = {"mark": Drawn, "branch": Drawn, "multiply": Multiply, "collect": Collect, "rank": Rank}
    kinds |= {"zip": Zip, "concat": Concat, "collect all": CollectAll}
    with Pipeline("drawn", cache_dir=cache) as pipeline:
        steps: dict[str, Any] = {}
        for node in graph.nodes:
            if node.kind == "load":
                data = [{"id": n} for n in range(graph.rows)]
                steps[node.name] = LoadDataFromDicts(name=node.name, data=data, batch_size=node.size)
                continue
            more = {"bad": list(node.bad)} if issubclass(kinds[node.kind], Drawn) else {}
            step = kinds[node.kind](name=node.name, input_batch_size=node.size, **more)
            step._book = book
            if bomb is not None and bomb[0] == node.name and isinstance(step, Drawn):
                step._bomb = bomb[1]
            steps[node.name] = step
            if node.kind != "branch":
                [steps[name] for name in node.before] >> step
        for parent in dict.fromkeys(node.before[0] for node in graph.nodes if node.kind == "branch"):
            branches = [node for node in graph.nodes if node.kind == "branch" and node.before[0] == parent]
            steps[parent] >> sample_n_steps(branches[0].picks) >> [steps[node.name] for node in branches]
    return pipeline


def found_rows(graph: Graph, distiset: Any) -> dict[str, list[Row]]:
    leaves = [leaf.name for leaf in graph.leaves]
    parts = {leaves[0]: "default"} if len(leaves) == 1 else {name: name for name in leaves}
    return {name: distiset[part]["train"].to_list() for name, part in parts.items()}


def check(graph: Graph, distiset: Any) -> None:
    made = modelled(graph)
    for name, rows in found_rows(graph, distiset).items():
        leaf = next(node for node in graph.leaves if node.name == name)
        expected = made[name]
        if leaf.kind.startswith("collect"):
            rows = [_checked_branch(leaf, row) for row in rows]  # noqa: PLW2901
        columns = {column for row in [*expected, *rows] for column in row}
        got, wanted = ([{c: row.get(c) for c in columns} for row in some] for some in (rows, expected))
        if name in graph.unordered:
            got, wanted = sorted(got, key=text), sorted(wanted, key=text)
        assert got == wanted, name


def _checked_branch(leaf: Node, row: Row) -> Row:
    """Take off what the branch wrote: it must be one branch, and its right value."""
    wrote = [branch for branch in leaf.before if row.get(branch) is not None]
    assert len(wrote) == 1
    assert row[wrote[0]] == marked(wrote[0], row)[wrote[0]]
    return {column: value for column, value in row.items() if column not in leaf.before}


@settings(max_examples=40, deadline=None)
@given(graph=graphs())
def test_all_rows_come_out_as_the_model_says_and_a_rerun_processes_nothing(graph: Graph):
    with TemporaryDirectory() as cache:
        book: Book = Counter()
        pipeline = built(graph, Path(cache), book)
        if hopeless(graph, modelled(graph)):
            with pytest.raises(DistilabelStepError):
                pipeline.run()
            return
        check(graph, pipeline.run())
        book.clear()
        check(graph, built(graph, Path(cache), book).run())
        assert set(book) <= failing(graph)


@settings(max_examples=25, deadline=None)
@given(graph=graphs(), data=st.data())
def test_a_run_that_was_ended_goes_on_where_it_was(graph: Graph, data: st.DataObject):
    made = modelled(graph)
    drawn = [node.name for node in graph.nodes if node.kind in ("mark", "multiply", "collect")]
    bomb = (data.draw(st.sampled_from(drawn)), data.draw(st.integers(0, 3))) if drawn else None
    if hopeless(graph, made):
        return
    with TemporaryDirectory() as cache:
        first: Book = Counter()
        try:
            check(graph, built(graph, Path(cache), first, bomb).run())
        except DistilabelUserError as error:
            assert str(error) == "the end"  # noqa: PT017
        second: Book = Counter()
        check(graph, built(graph, Path(cache), second).run())
        third: Book = Counter()
        check(graph, built(graph, Path(cache), third).run())
        assert set(third) <= failing(graph)


@settings(max_examples=15, deadline=None)
@given(graph=graphs(), data=st.data())
def test_stages_change_nothing(graph: Graph, data: st.DataObject):
    if hopeless(graph, modelled(graph)):
        return
    with TemporaryDirectory() as cache:
        pipeline = built(graph, Path(cache), Counter())
        singles = data.draw(st.sets(st.sampled_from([node.name for node in graph.nodes])))
        groups = data.draw(st.sampled_from(["sequential_step_execution", [[name] for name in singles]]))
        check(graph, pipeline.run(load_groups=groups))
