"""Selection of the NVIDIA GPUs that are visible to this process."""

import os
from typing import Literal, TypeAlias

__all__ = ["CudaDevices", "set_visible_devices"]

CudaDevices: TypeAlias = list[int] | Literal["auto"]
"""GPU indexes, as `nvidia-smi -L` lists them; "auto": the GPUs that the process already sees."""


def set_visible_devices(devices: CudaDevices | None, *, disabled: bool | None) -> None:
    """Set `CUDA_VISIBLE_DEVICES`; call it before the first import of a CUDA package.

    In a pipeline a worker process sees the GPUs that `StepResources(gpus=...)` requests; "auto" changes nothing.

    Args:
        devices: GPU indexes, or "auto".
        disabled: Whether to ignore `devices`.

    Examples:
        >>> set_visible_devices("auto", disabled=False)
    """
    if isinstance(devices, list) and not disabled:
        os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(map(str, devices))
