"""Keeps the branches that each chunk was routed to, so that later runs route it the same way, also after a random pick."""

import os
import threading
from pathlib import Path

import orjson

from distilabel._files import writing
from distilabel.exceptions import DistilabelStepError, DistilabelUserError
from distilabel.pipeline.graph.dag import Route
from distilabel.steps._core.context import chunk_random

__all__ = ["RouteStore"]


class RouteStore:
    """The branches picked for each chunk, one JSON line per chunk.

    Args:
        path: Created when the first chunk is routed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._taken: dict[str, list[str]] = {}
        if path.exists():
            *lines, incomplete = path.read_bytes().split(b"\n")
            self._taken = dict(orjson.loads(line) for line in lines)
            os.truncate(path, path.stat().st_size - len(incomplete))

    def route(self, step: str, chunk: str, route: Route, branches: tuple[str, ...]) -> tuple[str, ...]:
        """Return the branches of a chunk: those picked before, if all of them still exist, or those that `route` picks now.

        Args:
            step: The step that gave the chunk.
            chunk: The id of the chunk within the step.
            route: Picks among the branches.
            branches: The steps after it.
        """
        name = f"{step}/{chunk}"
        with self._lock:
            if name not in self._taken or not set(self._taken[name]) <= set(branches):
                with chunk_random(name):
                    self._taken[name] = _pick(step, route, branches)
                with writing(self._path.parent), self._path.open("ab") as file:
                    file.write(orjson.dumps([name, self._taken[name]]) + b"\n")
            return tuple(branch for branch in branches if branch in self._taken[name])


def _pick(step: str, route: Route, branches: tuple[str, ...]) -> list[str]:
    try:
        picked = list(route(list(branches)))
    except DistilabelUserError:
        raise
    except Exception as error:
        raise DistilabelStepError(
            f"The route after step {step!r} failed: {type(error).__name__}: {error}."
        ) from error
    unknown = [name for name in picked if name not in branches]
    if unknown:
        raise DistilabelUserError(
            f"The route after step {step!r} picks {unknown[0]!r}: it must return a list of names among "
            f"{', '.join(map(repr, branches))}."
        )
    return picked
