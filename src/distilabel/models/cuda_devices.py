"""Which GPUs of NVIDIA's a model in this process sees: the fields that say so, read."""

import os
from typing import Literal, TypeAlias

__all__ = ["CudaDevices", "set_visible_devices"]

CudaDevices: TypeAlias = list[int] | Literal["auto"]
"""Numbers of GPUs, as `nvidia-smi -L` lists them; "auto": those that the process sees already."""


def set_visible_devices(devices: CudaDevices | None, *, disabled: bool | None) -> None:
    """Have CUDA see these GPUs alone; to be called before a package that uses CUDA is first imported.

    In a pipeline a worker process sees the GPUs that `StepResources(gpus=...)` asks for, and "auto" leaves it at that.

    Args:
        devices: Numbers of GPUs, or "auto".
        disabled: Whether nothing is to be changed, whatever `devices` says.

    Examples:
        >>> set_visible_devices("auto", disabled=False)
    """
    if isinstance(devices, list) and not disabled:
        os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(map(str, devices))
