"""Computes the positions of boxes and arrows in a pipeline's picture, in pixels. Pure."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from distilabel.pipeline.graph.dag import DAG

__all__ = ["Arrow", "Box", "Picture", "lay_out"]

_CHARACTER = 7.5
_PADDING = 14.0
_HEIGHT = 44.0
_GAP = 28.0
_BETWEEN = 70.0
_MARGIN = 16.0
_MOST_COLUMNS = 3
_SWEEPS = 4


@dataclass(frozen=True, slots=True)
class Box:
    """A step: its two lines of text, and its middle and size."""

    name: str
    kind: str
    x: float
    y: float
    width: float
    height: float = _HEIGHT


@dataclass(frozen=True, slots=True)
class Arrow:
    """An arrow between two boxes; `label` names the columns that are read, `routed` tells whether a route picks it."""

    start: str
    end: str
    points: tuple[tuple[float, float], ...]
    label: str = ""
    routed: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """All boxes and arrows, within a width and a height."""

    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    width: float
    height: float


# A place in a layer: a step, or a point where an arrow passes through the layer to a later one.
_Place = str | tuple[str, str, int]


def lay_out(dag: DAG, *, top_to_bottom: bool = False, labels: bool = True) -> Picture:
    """Place each step in a layer after its predecessors and near the steps that it is connected with.

    Args:
        dag: The graph.
        top_to_bottom: Whether rows flow down instead of to the right.
        labels: Whether arrows show the columns that the step at their end reads.
    """
    depth = _depths(dag)
    layers = _ordered(_layers(dag, depth), _neighbours(dag, depth))
    widths = {name: _PADDING * 2 + _CHARACTER * max(len(name), len(_kind(dag, name))) for name in dag.steps}
    texts = {edge: _label(dag, edge[1]) if labels else "" for edge in dag.edges}
    longest = max(map(len, texts.values()), default=0)
    between = _BETWEEN if top_to_bottom else max(_BETWEEN, longest * _CHARACTER * 0.85 + _GAP)
    sizes: dict[_Place, tuple[float, float]] = {
        place: (widths.get(str(place), 0.0), _HEIGHT) for layer in layers for place in layer
    }
    if top_to_bottom:
        sizes = {place: (height, width) for place, (width, height) in sizes.items()}
    at, length, breadth = _places(layers, sizes, between)
    if top_to_bottom:
        at, length, breadth = {place: (y, x) for place, (x, y) in at.items()}, breadth, length
    boxes = {name: Box(name, _kind(dag, name), *at[name], widths[name]) for name in dag.steps}
    arrows = (
        Arrow(
            start,
            end,
            _points(
                boxes[start], boxes[end], [at[p] for p in _way(start, end, depth)[1:-1]], down=top_to_bottom
            ),
            text,
            start in dag.routes,
        )
        for (start, end), text in texts.items()
    )
    return Picture(tuple(boxes.values()), tuple(arrows), length, breadth)


def _places(
    layers: list[list[_Place]], sizes: Mapping[_Place, tuple[float, float]], between: float
) -> tuple[dict[_Place, tuple[float, float]], float, float]:
    """Return the middle of each place, layer after layer, and the length and breadth of it all."""
    spans = [sum(sizes[place][1] for place in layer) + _GAP * (len(layer) - 1) for layer in layers]
    at: dict[_Place, tuple[float, float]] = {}
    edge = _MARGIN
    for layer, span in zip(layers, spans, strict=True):
        thick = max(sizes[place][0] for place in layer)
        side = _MARGIN + (max(spans) - span) / 2
        for place in layer:
            at[place] = (edge + thick / 2, side + sizes[place][1] / 2)
            side += sizes[place][1] + _GAP
        edge += thick + between
    return at, edge - between + _MARGIN, max(spans) + 2 * _MARGIN


def _kind(dag: DAG, name: str) -> str:
    return type(dag.steps[name]).__name__


def _label(dag: DAG, end: str) -> str:
    columns = list(dag.steps[end].get_inputs())
    return ", ".join(columns[:_MOST_COLUMNS]) + (", ..." if len(columns) > _MOST_COLUMNS else "")


def _depths(dag: DAG) -> dict[str, int]:
    depth: dict[str, int] = {}
    for name in dag.order():
        depth[name] = 1 + max((depth[before] for before in dag.before(name)), default=-1)
    return depth


def _way(start: str, end: str, depth: Mapping[str, int]) -> list[_Place]:
    return [start, *((start, end, layer) for layer in range(depth[start] + 1, depth[end])), end]


def _layers(dag: DAG, depth: Mapping[str, int]) -> list[list[_Place]]:
    layers: list[list[_Place]] = [[] for _ in range(1 + max(depth.values(), default=-1))]
    for name in dag.steps:
        layers[depth[name]].append(name)
    for start, end in dag.edges:
        for layer, place in enumerate(_way(start, end, depth)[1:-1], start=depth[start] + 1):
            layers[layer].append(place)
    return layers


def _neighbours(dag: DAG, depth: Mapping[str, int]) -> dict[_Place, list[_Place]]:
    found: dict[_Place, list[_Place]] = {}
    for start, end in dag.edges:
        way = _way(start, end, depth)
        for one, other in itertools.pairwise(way):
            found.setdefault(one, []).append(other)
            found.setdefault(other, []).append(one)
    return found


def _ordered(layers: list[list[_Place]], neighbours: Mapping[_Place, Sequence[_Place]]) -> list[list[_Place]]:
    """Move each place next to the middle of its neighbours, up and down a few times."""
    position = {place: number for layer in layers for number, place in enumerate(layer)}

    def middle(place: _Place) -> float:
        near = [position[other] for other in neighbours.get(place, ())]
        return sum(near) / len(near) if near else position[place]

    for _ in range(_SWEEPS):
        for layer in layers:
            layer.sort(key=middle)
            position |= {place: number for number, place in enumerate(layer)}
    return layers


def _points(
    first: Box, last: Box, middle: Sequence[tuple[float, float]], *, down: bool
) -> tuple[tuple[float, float], ...]:
    if down:
        return ((first.x, first.y + first.height / 2), *middle, (last.x, last.y - last.height / 2))
    return ((first.x + first.width / 2, first.y), *middle, (last.x - last.width / 2, last.y))
