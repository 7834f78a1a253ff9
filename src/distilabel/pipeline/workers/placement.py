"""Decides where each step runs: in threads of the driver process, or in worker processes. Pure."""

import os
from dataclasses import dataclass

from distilabel.models.fields import models_in
from distilabel.steps._core.resources import StepResources
from distilabel.steps.base import _Step

__all__ = ["Placement", "place"]

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
