"""Where each step runs: in the driver's threads, or in worker processes of its own. Pure."""

import os
from dataclasses import dataclass

from distilabel.models.fields import AskingModel, models_in
from distilabel.steps._core.resources import StepResources
from distilabel.steps.base import _Step

__all__ = ["Placement", "models_of", "place"]

_HAS_WORKERS = os.name == "posix"


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a step runs.

    Attributes:
        replicas: In how many worker processes; 0: in the threads of the driver.
        computes: Whether the step holds a model that is computed where the step runs.
        notes: What the person who asked for it should know.
    """

    replicas: int = 0
    notes: tuple[str, ...] = ()
    computes: bool = False


def models_of(step: _Step) -> list[AskingModel]:
    """Return the models among a step's fields that may ask a platform, and those inside of them."""
    return models_in(step)


def place(step: _Step, *, has_workers: bool = _HAS_WORKERS) -> Placement:
    """Tell where a step runs.

    A step that asks for resources, and one that says `in_process` or holds a model that does, also inside of another
    model, gets worker processes. A task that asks by offline batch never does: the ids of its jobs stay in the driver.

    Args:
        step: The step, its runtime parameters set.
        has_workers: Whether this system can have worker processes.
    """
    asks = step.resources != StepResources()
    if any(llm.use_offline_batch_generation or llm.asks_all_at_once for llm in models_of(step)):
        note = f"Step {step.name!r} asks by offline batch, which is done in this process: its resources are not used."
        return Placement(0, (note,) if asks else ())
    computes = _in_process(step)
    if not (asks or computes):
        return Placement()
    if not has_workers:
        note = f"Step {step.name!r} runs in this process: worker processes need Linux, macOS or another POSIX system."
        return Placement(0, (note,))
    return _in_workers(step, step.resources.replicas or 1, computes=computes)


def _in_workers(step: _Step, replicas: int, *, computes: bool) -> Placement:
    if replicas > 1 and not step.is_normal:
        kind = "is a generator" if step.is_generator else "takes all rows at once"
        return Placement(
            1,
            (f"Step {step.name!r} {kind}: it runs in one worker process, not in {replicas} replicas.",),
            computes,
        )
    return Placement(replicas, computes=computes)


def _in_process(step: _Step) -> bool:
    values = (getattr(step, name) for name in type(step).model_fields)
    return any(getattr(value, "in_process", False) is True for value in (step, *values, *models_of(step)))
