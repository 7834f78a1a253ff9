"""The graph of a pipeline: steps, edges, routes, and the checks that need no data. Pure."""

import hashlib
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter
from typing import Any

from distilabel.exceptions import DistilabelTypeError, DistilabelUserError
from distilabel.pipeline.graph.routing import RoutingBatchFunction
from distilabel.steps.base import GeneratorStep, _Step, validate_step

__all__ = ["DAG"]

_LONGEST_NAME = 100

Route = Callable[[list[str]], list[str]]


class DAG:
    """Steps by name, in the order in which they were added, and the edges between them."""

    def __init__(self) -> None:
        self.steps: dict[str, _Step] = {}
        self.edges: list[tuple[str, str]] = []
        self.routes: dict[str, Route] = {}

    def inferred_name(self) -> str:
        """Return the default name of the pipeline: `pipeline_` and the names of its steps."""
        inferred = "_".join(["pipeline", *self.steps])
        if len(inferred) <= _LONGEST_NAME:
            return inferred
        digest = hashlib.sha1(inferred.encode(), usedforsecurity=False).hexdigest()[:8]
        return f"{inferred[:_LONGEST_NAME]}_{digest}"

    def add(self, step: _Step) -> None:
        """Add a step; its name must be new."""
        if step.name in self.steps:
            raise DistilabelUserError(
                f"Two steps of the pipeline are named {step.name!r}: give one of them another name."
            )
        self.steps[step.name] = step

    def connect(self, start: str, end: str) -> None:
        """Add an edge; reject unknown steps, duplicates, edges to a generator, and cycles."""
        for name in (start, end):
            if name not in self.steps:
                raise DistilabelUserError(
                    f"Step {name!r} is not in this pipeline: create it inside `with Pipeline()`."
                )
        if (start, end) in self.edges:
            raise DistilabelUserError(
                f"Step {start!r} is connected to {end!r} already: remove one of the connections."
            )
        if self.steps[end].is_generator:
            raise DistilabelUserError(
                f"Step {end!r} makes its own rows: nothing can be connected to a generator."
            )
        self.edges.append((start, end))
        try:
            list(self.order())
        except CycleError:
            self.edges.pop()
            raise DistilabelUserError(
                f"The connection from {start!r} to {end!r} closes a cycle: rows must not return to a step that they passed."
            ) from None

    def order(self) -> Iterator[str]:
        """Yield the names of the steps, each after its predecessors."""
        sorter = TopologicalSorter({name: self.before(name) for name in self.steps})
        return iter(sorter.static_order())

    def before(self, name: str) -> list[str]:
        """Return the direct predecessors of a step."""
        return [start for start, end in self.edges if end == name]

    def after(self, name: str) -> list[str]:
        """Return the direct successors of a step."""
        return [end for start, end in self.edges if start == name]

    @property
    def leaves(self) -> list[str]:
        """The steps whose rows go into the Distiset."""
        return [name for name in self.steps if not self.after(name)]

    def set_runtime_parameters(self, parameters: dict[Any, dict[str, Any]]) -> None:
        """Set runtime parameters by step or step name.

        Raises:
            DistilabelUserError: The name of a step or of a parameter is unknown, or a value does not fit.
        """
        if not isinstance(parameters, dict):
            raise DistilabelTypeError(
                f"`parameters` must be a dict such as {{'my_step': {{'my_parameter': 1}}}}, not {parameters!r:.60}."
            )
        for key, values in parameters.items():
            name = key.name if isinstance(key, _Step) else key
            if name not in self.steps:
                raise DistilabelUserError(self.unknown(name))
            self.steps[name].set_runtime_parameters(values)

    def unknown(self, name: str) -> str:
        """Return an error text about a name that no step has."""
        close = get_close_matches(name, self.steps, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"it has {', '.join(map(repr, self.steps))}."
        return f"The pipeline has no step {name!r}; {hint}"

    def validate(self, *, open_sources: bool = True) -> None:
        """Check all that can be checked before the first row.

        Args:
            open_sources: Whether generators may open their datasets to know the columns; without them, the steps after
                such a generator are checked as far as their columns are known.

        Raises:
            DistilabelUserError: The first error; the message names the step and says how to fix it.
        """
        if not self.steps:
            raise DistilabelUserError(
                "The pipeline has no steps: create them inside `with Pipeline() as pipeline:`."
            )
        columns: dict[str, set[str] | None] = {}
        for name in self.order():
            step = self.steps[name]
            is_closed = step.opens_source and not open_sources
            validate_step(step, check_outputs=not is_closed)
            self._check_start(step)
            columns[name] = None if is_closed else self._columns_after(step, columns)
        self._check_routes()

    def _check_start(self, step: _Step) -> None:
        if not step.is_generator and not self.before(step.name):
            raise DistilabelUserError(
                f"Step {step.name!r} gets no rows: connect a step to it, such as `load_data >> {step.name}`, or give the "
                "rows with pipeline.run(dataset=...)."
            )
        many = len(self.before(step.name)) > 1
        if many and not step.has_multiple_inputs and not self.converges(step.name):
            raise DistilabelUserError(
                f"Step {step.name!r} gets rows from several steps, but its process() takes one list: write "
                "`def process(self, *inputs: StepInput)`."
            )

    def converges(self, name: str) -> bool:
        """Tell whether the predecessors of a step are the branches of one route."""
        parents = {tuple(self.before(branch)) for branch in self.before(name)}
        return len(parents) == 1 and all(len(p) == 1 and p[0] in self.routes for p in parents)

    def _columns_after(self, step: _Step, columns: dict[str, set[str] | None]) -> set[str] | None:
        """Return the columns that rows have after a step; raise an error if the step needs a column that is not there.

        None stands for columns that are not known.
        """
        there: set[str] = set()
        for name in self.before(step.name):
            known = columns[name]
            if known is None:
                return None
            there |= known
        for column, required in step.get_inputs().items():
            if required and column not in there and not step.is_generator:
                raise DistilabelUserError(_missing_column(step, column, there, self.before(step.name)))
        return there | set(step.get_outputs())

    def source_features(self, leaf: str) -> dict[str, Any]:
        """Return the features that the sources declare for columns which no step before a leaf, or the leaf, writes."""
        features: dict[str, dict[str, Any]] = {}
        for name in self.order():
            step = self.steps[name]
            if isinstance(step, GeneratorStep):
                mappings = step.output_mappings
                features[name] = {
                    mappings.get(key, key): value for key, value in step.source_features.items()
                }
            else:
                given = {
                    key: value for before in self.before(name) for key, value in features[before].items()
                }
                features[name] = {key: given[key] for key in given.keys() - step.get_outputs().keys()}
        return features[leaf]

    def _check_routes(self) -> None:
        for name, end in self.edges:
            if name in self.routes and len(self.before(end)) > 1:
                raise DistilabelUserError(
                    f"Step {end!r} is one of the branches routed from {name!r} and must get its rows from there alone."
                )

    def dump(self) -> dict[str, Any]:
        """Return the edges and routes as plain values."""
        connections = [{"from": name, "to": self.after(name)} for name in self.steps]
        routed = [
            {"step": name, "description": getattr(route, "description", None), "type_info": _place(route)}
            for name, route in self.routes.items()
        ]
        return {"connections": connections, "routing_batch_functions": routed}


def _place(route: Route) -> dict[str, Any]:
    """Return where a route was defined."""
    if isinstance(route, RoutingBatchFunction):
        return route.dump()
    return {
        "module": str(getattr(route, "__module__", "")),
        "name": getattr(route, "__qualname__", "<unnamed>"),
    }


def _missing_column(step: _Step, column: str, there: set[str], before: list[str]) -> str:
    if not there:
        return (
            f"Step {step.name!r} needs the column {column!r}, and {' and '.join(map(repr, before))} before it has no rows: give "
            f"it at least one row with a column {column!r}, such as data=[{{{column!r}: ...}}]."
        )
    close = get_close_matches(column, there, n=1)
    hint = close[0] if close else "your_column"
    has = ", ".join(repr(name) for name in sorted(there))
    return (
        f"Step {step.name!r} needs the column {column!r}, and the rows that reach it have {has}: rename it with "
        f'output_mappings={{"{hint}": "{column}"}} in the step before, or with input_mappings={{"{column}": "{hint}"}} in '
        "this one."
    )
