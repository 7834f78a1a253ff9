"""What this machine offers to worker processes, and which of it each one gets."""

import math
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from distilabel.steps._core.resources import StepResources

__all__ = ["Want", "allot", "environment_of", "gpus_here"]

_NVIDIA_SMI = "nvidia-smi"


@dataclass(frozen=True, slots=True)
class Want:
    """What each of a step's replicas asks for: a number of GPUs, None where nothing was said."""

    step: str
    replicas: int
    gpus: float | None


def gpus_here(environment: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """Return the names of the GPUs: those in CUDA_VISIBLE_DEVICES, or all that the driver of the cards lists."""
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


def allot(available: Sequence[str], wants: Sequence[Want]) -> dict[str, list[tuple[str, ...]]]:
    """Tell which GPUs each replica of each step sees.

    Whole GPUs are given to one replica alone, and parts of one are put together on it, as long as there are enough;
    then those with the least to do are shared.

    Examples:
        >>> allot(["0", "1", "2"], [Want("judge", 2, 0.5), Want("write", 2, 1)])
        {'judge': [('0',), ('0',)], 'write': [('1',), ('2',)]}
    """
    taken = dict.fromkeys(available, 0.0)
    return {
        want.step: [_devices(taken, want.gpus) for _ in range(want.replicas)]
        for want in wants
        if want.gpus is not None
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
    """Return the environment of a worker.

    Args:
        resources: What its step asks for; `cpus` becomes OMP_NUM_THREADS where that is not set.
        gpus: Becomes CUDA_VISIBLE_DEVICES; None leaves it as it is.
        given: The driver's environment.
    """
    made = dict(given)
    if resources.cpus is not None:
        made.setdefault("OMP_NUM_THREADS", str(max(1, int(resources.cpus))))
    if gpus is not None:
        made["CUDA_VISIBLE_DEVICES"] = ",".join(gpus)
    return made
