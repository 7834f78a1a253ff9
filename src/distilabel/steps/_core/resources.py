"""What a step asks of the machine that it runs on."""

from typing import Any, Optional

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, PositiveInt

from distilabel.config import RuntimeParameter

__all__ = ["StepResources"]


class StepResources(BaseModel):
    """What a step asks for; a step that asks for anything runs in worker processes of its own.

    Tasks that ask by offline batch are the exception: they stay in the driver, and what they ask for is not used.

    Attributes:
        replicas: How many copies of the step work side by side, 1 by default. Generators and steps that take all rows
            at once have one, whatever is said here.
        cpus: CPUs for each copy. Ray reserves them. On one machine they are not reserved: they become `OMP_NUM_THREADS`, rounded down and
            at least 1, unless that variable is set.
        gpus: GPUs for each copy; parts of one may be asked for. On one machine each copy sees its own by
            `CUDA_VISIBLE_DEVICES`; where there are too few, some are shared. 0 hides all of them.
        memory: Bytes for each copy. Ray reserves them; on one machine nobody checks them.
        resources: Custom resources of a Ray cluster, by name. On one machine they mean nothing.

    Examples:
        >>> StepResources(replicas=2, gpus=0.5).replicas
        2
    """

    model_config = ConfigDict(extra="forbid", validate_assignment=True)

    replicas: RuntimeParameter[PositiveInt] = Field(default=1)
    cpus: Optional[RuntimeParameter[NonNegativeFloat]] = None
    gpus: Optional[RuntimeParameter[NonNegativeFloat]] = None
    memory: Optional[RuntimeParameter[PositiveInt]] = None
    resources: Optional[RuntimeParameter[dict[str, Any]]] = None
