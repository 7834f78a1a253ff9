"""Who runs each step of a graph: a runner for each, and what the person should know about it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from distilabel.pipeline.workers.actor import RayActor
from distilabel.pipeline.workers.cluster import Cluster, ResourceRequest, options_for, shortages
from distilabel.pipeline.workers.gpus import Want, allot, environment_of, gpus_here
from distilabel.pipeline.workers.placement import Placement, place
from distilabel.pipeline.workers.pool import Pool
from distilabel.pipeline.workers.runner import InProcessRunner, Runner
from distilabel.steps.base import _Step

__all__ = ["Runners", "assign_runners"]


@dataclass(frozen=True, slots=True)
class Runners:
    """The runner of each step, by its name, and sentences for the person who runs the pipeline."""

    runners: dict[str, Runner]
    notes: tuple[str, ...]


def assign_runners(
    steps: Iterable[_Step],
    gpus: Callable[[], Sequence[str]] = gpus_here,
    cluster: Cluster | None = None,
) -> Runners:
    """Give each step its runner: those that need worker processes get them here, or on a cluster.

    Args:
        steps: Their runtime parameters set.
        gpus: Finds the GPUs of this machine; asked only where a step wants some.
        cluster: Joined; None: all is done on this machine.
    """
    steps = list(steps)
    if cluster is not None:
        return _runners_on(cluster.nodes, steps)
    places = {step.name: place(step) for step in steps}
    notes = [note for placement in places.values() for note in placement.notes]
    wants = [Want(step.name, places[step.name].replicas, step.resources.gpus) for step in steps]
    wants = [want for want in wants if want.replicas and want.gpus is not None]
    available = tuple(gpus()) if any(want.gpus for want in wants) else ()
    # Where there are none, CUDA is left to find out by itself: hiding all GPUs from it would help nobody.
    allotted = allot(available, [want for want in wants if available or not want.gpus])
    runners: dict[str, Runner] = {}
    for step in steps:
        number = places[step.name].replicas
        seen: Sequence[tuple[str, ...] | None] = allotted.get(step.name) or [None] * number
        environments = [environment_of(step.resources, devices) for devices in seen]
        runners[step.name] = Pool(step, environments) if number else InProcessRunner(step)
    return Runners(runners, (*notes, *_shortage(wants, available)))


def _runners_on(nodes: Sequence[Mapping[str, float]], steps: Sequence[_Step]) -> Runners:
    places = {step.name: place(step, has_workers=True) for step in steps}
    has_gpus = any(node.get("GPU") for node in nodes)
    runners: dict[str, Runner] = {}
    askings = []
    for step in steps:
        placed = places[step.name]
        options = options_for(step.resources, _gpus(step, placed, has_gpus))
        pool = [options] * placed.replicas
        runners[step.name] = Pool(step, pool, RayActor) if pool else InProcessRunner(step)
        askings += [ResourceRequest(step.name, placed.replicas, options)] if pool else []
    notes = [note for placement in places.values() for note in placement.notes]
    return Runners(runners, (*notes, *shortages(askings, nodes)))


def _gpus(step: _Step, placed: Placement, has_gpus: bool) -> float | None:
    """Return how many GPUs a replica asks for: Ray hides all that it was not asked for, also from a model."""
    if step.resources.gpus is None and placed.computes and has_gpus:
        return 1.0
    return step.resources.gpus


def _shortage(wants: Sequence[Want], available: Sequence[str]) -> tuple[str, ...]:
    asked = sum((want.gpus or 0) * want.replicas for want in wants)
    if asked <= len(available):
        return ()
    there = f"{len(available)}: some share one" if available else "none: they run without"
    return (f"The steps ask for GPUs, {asked:g} in all, and this machine has {there}.",)
