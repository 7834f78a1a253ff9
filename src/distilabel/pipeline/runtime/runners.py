"""Assigns a runner to each step of a graph."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from distilabel.pipeline.workers.actor import RayActor
from distilabel.pipeline.workers.cluster import Cluster, ResourceRequest, options_for, shortages
from distilabel.pipeline.workers.gpus import GpuRequest, assign_gpus, environment_of, gpus_here
from distilabel.pipeline.workers.placement import Placement, place
from distilabel.pipeline.workers.pool import Pool
from distilabel.pipeline.workers.runner import InProcessRunner, Runner
from distilabel.steps.base import _Step

__all__ = ["Runners", "assign_runners"]


@dataclass(frozen=True, slots=True)
class Runners:
    """The runner of each step, by name, and sentences for the user."""

    runners: dict[str, Runner]
    notes: tuple[str, ...]


def assign_runners(
    steps: Iterable[_Step],
    gpus: Callable[[], Sequence[str]] = gpus_here,
    cluster: Cluster | None = None,
) -> Runners:
    """Return a runner for each step; worker processes run on this machine, or on a Ray cluster.

    Args:
        steps: The steps, with their runtime parameters set.
        gpus: Finds the GPUs of this machine; called only if a step requests some.
        cluster: The Ray cluster, joined; None: everything runs on this machine.
    """
    steps = list(steps)
    if cluster is not None:
        return _runners_on(cluster.nodes, steps)
    places = {step.name: place(step) for step in steps}
    notes = [note for placement in places.values() for note in placement.notes]
    requests = [GpuRequest(step.name, places[step.name].replicas, step.resources.gpus) for step in steps]
    requests = [request for request in requests if request.replicas and request.gpus is not None]
    available = tuple(gpus()) if any(request.gpus for request in requests) else ()
    # If the machine shows no GPU, CUDA_VISIBLE_DEVICES stays as it is: to hide all GPUs from CUDA would help nobody.
    assigned = assign_gpus(available, [request for request in requests if available or not request.gpus])
    runners: dict[str, Runner] = {}
    for step in steps:
        number = places[step.name].replicas
        seen: Sequence[tuple[str, ...] | None] = assigned.get(step.name) or [None] * number
        environments = [environment_of(step.resources, devices) for devices in seen]
        runners[step.name] = Pool(step, environments) if number else InProcessRunner(step)
    return Runners(runners, (*notes, *_shortage(requests, available)))


def _runners_on(nodes: Sequence[Mapping[str, float]], steps: Sequence[_Step]) -> Runners:
    places = {step.name: place(step, has_workers=True) for step in steps}
    has_gpus = any(node.get("GPU") for node in nodes)
    runners: dict[str, Runner] = {}
    requests = []
    for step in steps:
        placed = places[step.name]
        options = options_for(step.resources, _gpus(step, placed, has_gpus))
        pool = [options] * placed.replicas
        runners[step.name] = Pool(step, pool, RayActor) if pool else InProcessRunner(step)
        requests += [ResourceRequest(step.name, placed.replicas, options)] if pool else []
    notes = [note for placement in places.values() for note in placement.notes]
    return Runners(runners, (*notes, *shortages(requests, nodes)))


def _gpus(step: _Step, placed: Placement, has_gpus: bool) -> float | None:
    """Return how many GPUs a replica requests: Ray hides all others, also from a model that did not request one."""
    if step.resources.gpus is None and placed.computes and has_gpus:
        return 1.0
    return step.resources.gpus


def _shortage(requests: Sequence[GpuRequest], available: Sequence[str]) -> tuple[str, ...]:
    requested = sum((request.gpus or 0) * request.replicas for request in requests)
    if requested <= len(available):
        return ()
    there = f"{len(available)}: some replicas share a GPU" if available else "none: they run without a GPU"
    return (f"The steps request {requested:g} GPUs in all, and this machine has {there}.",)
