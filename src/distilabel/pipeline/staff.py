"""Who runs each step of a graph: a runner for each, and what the person should know about it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from distilabel.pipeline.placement import place
from distilabel.pipeline.runner import InDriver, Runner
from distilabel.pipeline.workers.machine import Want, allot, environment_of, gpus_here
from distilabel.pipeline.workers.pool import Pool
from distilabel.steps.base import _Step

__all__ = ["Staff", "staff"]


@dataclass(frozen=True, slots=True)
class Staff:
    """The runner of each step, by its name, and sentences for the person who runs the pipeline."""

    runners: dict[str, Runner]
    notes: tuple[str, ...]


def staff(steps: Iterable[_Step], gpus: Callable[[], Sequence[str]] = gpus_here) -> Staff:
    """Give each step its runner.

    Args:
        steps: Their runtime parameters set.
        gpus: Finds the GPUs of this machine; asked only where a step wants some.
    """
    steps = list(steps)
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
        runners[step.name] = Pool(step, environments) if number else InDriver(step)
    return Staff(runners, (*notes, *_shortage(wants, available)))


def _shortage(wants: Sequence[Want], available: Sequence[str]) -> tuple[str, ...]:
    asked = sum((want.gpus or 0) * want.replicas for want in wants)
    if asked <= len(available):
        return ()
    there = f"{len(available)}: some share one" if available else "none: they run without"
    return (f"The steps ask for GPUs, {asked:g} in all, and this machine has {there}.",)
