"""The GPUs of this machine, and which of them each worker process sees."""

import math
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from distilabel.steps._core.resources import StepResources

__all__ = ["GpuRequest", "assign_gpus", "environment_of", "gpus_here"]

_NVIDIA_SMI = "nvidia-smi"


@dataclass(frozen=True, slots=True)
class GpuRequest:
    """The number of GPUs that each replica of a step requests; None: no number was given."""

    step: str
    replicas: int
    gpus: float | None


def gpus_here(environment: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """Return the ids of the GPUs: those in CUDA_VISIBLE_DEVICES, or else all that nvidia-smi lists."""
    if (visible := environment.get("CUDA_VISIBLE_DEVICES")) is not None:
        return tuple(name.strip() for name in visible.split(",") if name.strip() not in ("", "-1"))
    if (command := shutil.which(_NVIDIA_SMI)) is None:
        return ()
    try:
        listed = subprocess.run(  # noqa: S603 - a constant
            [command, "-L"], capture_output=True, text=True, check=True, timeout=20
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return ()
    count = sum(line.startswith("GPU ") for line in listed.splitlines())
    return tuple(str(number) for number in range(count))


def assign_gpus(available: Sequence[str], requests: Sequence[GpuRequest]) -> dict[str, list[tuple[str, ...]]]:
    """Return which GPUs each replica of each step sees.

    A replica that requests a whole GPU has it alone, and fractions are packed onto the same GPU, as long as there are
    enough. After that, replicas share the GPUs with the lowest load.

    Examples:
        >>> assign_gpus(["0", "1", "2"], [GpuRequest("judge", 2, 0.5), GpuRequest("write", 2, 1)])
        {'judge': [('0',), ('0',)], 'write': [('1',), ('2',)]}
    """
    taken = dict.fromkeys(available, 0.0)
    return {
        request.step: [_devices(taken, request.gpus) for _ in range(request.replicas)]
        for request in requests
        if request.gpus is not None
    }


def _devices(taken: dict[str, float], gpus: float) -> tuple[str, ...]:
    chosen: list[str] = []
    share = min(1.0, gpus)
    for _ in range(math.ceil(gpus)):
        left = {name: load for name, load in taken.items() if name not in chosen}
        if not left:
            break
        fitting = {name: load for name, load in left.items() if load + share <= 1}
        name = max(fitting, key=fitting.__getitem__) if fitting else min(left, key=left.__getitem__)
        taken[name] += share
        chosen.append(name)
    return tuple(chosen)


def environment_of(
    resources: StepResources, gpus: tuple[str, ...] | None, given: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """Return the environment variables of a worker process.

    Args:
        resources: The resources that its step requests; `cpus` sets OMP_NUM_THREADS unless that is set.
        gpus: Sets CUDA_VISIBLE_DEVICES; None leaves it unchanged.
        given: The environment variables of the driver process.
    """
    made = dict(given)
    if resources.cpus is not None:
        made.setdefault("OMP_NUM_THREADS", str(max(1, int(resources.cpus))))
    if gpus is not None:
        made["CUDA_VISIBLE_DEVICES"] = ",".join(gpus)
    return made
