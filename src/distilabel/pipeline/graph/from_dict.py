"""Builds a pipeline from the output of `Pipeline.dump`, of this version or of distilabel 1.5."""

from collections.abc import Sequence
from typing import Any

from distilabel import config
from distilabel.exceptions import DistilabelUserError
from distilabel.pipeline.graph.dag import DAG, Route
from distilabel.pipeline.graph.routing import sample_n_steps
from distilabel.steps._core.context import current_pipeline
from distilabel.steps.base import _Step

__all__ = ["add_edges", "make_steps", "read_pipeline"]


def read_pipeline(data: Any) -> dict[str, Any]:
    """Return the part of a document that describes the pipeline.

    Raises:
        DistilabelUserError: The document does not describe a pipeline.
    """
    found = data.get("pipeline") if isinstance(data, dict) else None
    if not isinstance(found, dict) or not isinstance(found.get("steps"), list):
        raise DistilabelUserError("This does not describe a pipeline: it has no `pipeline` with `steps`.")
    return found


def make_steps(found: dict[str, Any], allow: Sequence[str], *, allow_code: bool) -> list[_Step]:
    """Return the steps, which belong to no pipeline yet; `Pipeline.from_dict` says what the arguments allow."""
    # A module that is imported for its classes may build a pipeline at its top level.
    token = current_pipeline.set(None)
    try:
        return [_step(entry, allow, allow_code=allow_code) for entry in found["steps"]]
    finally:
        current_pipeline.reset(token)


def _step(entry: Any, allow: Sequence[str], *, allow_code: bool) -> _Step:
    described = entry.get("step") if isinstance(entry, dict) else None
    step = config.load(described, allow, allow_code=allow_code)
    if not isinstance(step, _Step):
        raise DistilabelUserError(
            "An entry of `steps` does not describe a step: each entry needs a `step` with the `type_info` of a step class."
        )
    return step


def add_edges(found: dict[str, Any], dag: DAG, allow: Sequence[str]) -> None:
    """Add the edges and routes to the graph."""
    for arrow in found.get("connections") or ():
        for end in arrow["to"]:
            dag.connect(arrow["from"], end)
    for entry in found.get("routing_batch_functions") or ():
        dag.routes[entry["step"]] = _route(entry, allow)


def _route(entry: dict[str, Any], allow: Sequence[str]) -> Route:
    place = entry.get("type_info") or {}
    module, name = str(place.get("module", "")), str(place.get("name", "<unknown>"))
    if name == sample_n_steps.__name__ and module.partition(".")[0] == "distilabel":
        return sample_n_steps(**place.get("kwargs") or {})
    if "<" in name:
        raise DistilabelUserError(
            f"The route after step {entry.get('step')!r} is a function and cannot be read from a file: build the pipeline "
            "in Python, or define the route at the top of a module."
        )
    route: Route = config.load({"module": module, "name": name}, allow)
    return route
