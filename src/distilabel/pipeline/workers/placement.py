"""Decides where each step runs, in threads of the driver process or in worker processes, and assigns its runner."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from distilabel.models.fields import models_in
from distilabel.pipeline.workers.actor import RayActor
from distilabel.pipeline.workers.cluster import Cluster, ResourceRequest, options_for, shortages
from distilabel.pipeline.workers.gpus import GpuRequest, assign_gpus, environment_of, gpus_here
from distilabel.pipeline.workers.pool import Pool
from distilabel.pipeline.workers.runner import InProcessRunner, Runner
from distilabel.steps._core.resources import StepResources
from distilabel.steps.base import _Step

__all__ = ["Placement", "Runners", "assign_runners", "place"]

_HAS_WORKERS = os.name == "posix"


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a step runs.

    Attributes:
        replicas: The number of worker processes; 0: the step runs in threads of the driver process.
        computes: Whether the step holds a model that runs in the step's process.
        notes: Sentences for the user.
    """

    replicas: int = 0
    notes: tuple[str, ...] = ()
    computes: bool = False


def place(step: _Step, *, has_workers: bool = _HAS_WORKERS) -> Placement:
    """Return where a step runs.

    A step gets worker processes if it requests resources, if it sets `in_process`, or if it holds a model that does, also
    inside of another model. A task that uses batch jobs never does: the ids of its jobs stay in the driver process.

    Args:
        step: The step, its runtime parameters set.
        has_workers: Whether worker processes are available.
    """
    requests = step.resources != StepResources()
    if any(llm.use_offline_batch_generation or llm.requires_all_inputs for llm in models_in(step)):
        note = f"Step {step.name!r} uses batch jobs and runs in this process: its resources are not used."
        return Placement(0, (note,) if requests else ())
    values = (getattr(step, name) for name in type(step).model_fields)
    parts = (step, *values, *models_in(step))
    computes = any(getattr(part, "in_process", False) is True for part in parts)
    if not (requests or computes):
        return Placement()
    if not has_workers:
        note = f"Step {step.name!r} runs in this process: worker processes need Linux, macOS or another POSIX system."
        return Placement(0, (note,))
    replicas = step.resources.replicas or 1
    if replicas > 1 and not step.is_normal:
        kind = "is a generator" if step.is_generator else "takes all rows at once"
        note = f"Step {step.name!r} {kind}: it runs in one worker process, not in {replicas} replicas."
        return Placement(1, (note,), computes)
    return Placement(replicas, computes=computes)


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
    requests_met = [request for request in requests if available or not request.gpus]
    assigned = assign_gpus(available, requests_met) if requests_met else {}
    runners: dict[str, Runner] = {}
    for step in steps:
        number = places[step.name].replicas
        if not number:
            runners[step.name] = InProcessRunner(step)
            continue
        seen: Sequence[tuple[str, ...] | None] = assigned.get(step.name) or [None] * number
        runners[step.name] = Pool(step, [environment_of(step.resources, devices) for devices in seen])
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
