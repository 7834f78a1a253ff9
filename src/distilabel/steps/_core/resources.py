"""The resources that a step requests."""

from typing import Any, Optional

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, PositiveInt

from distilabel.config import RuntimeParameter

__all__ = ["StepResources"]


class StepResources(BaseModel):
    """The resources that a step requests. A step that requests any runs in worker processes.

    Tasks with offline batch are the exception: they run in the driver process, and their requests have no effect.

    Attributes:
        replicas: How many copies of the step work in parallel, 1 by default. Generators and steps that take all rows at
            once always have one.
        cpus: CPUs for each copy. Ray reserves them. On one machine they set `OMP_NUM_THREADS` (rounded down, at least 1),
            unless that variable is set.
        gpus: GPUs for each copy; fractions are allowed. On one machine each copy sees its GPUs by `CUDA_VISIBLE_DEVICES`;
            if there are too few, copies share them. 0 hides all GPUs.
        memory: Bytes for each copy. Ray reserves them; on one machine they have no effect.
        resources: Custom resources of a Ray cluster, by name. On one machine they have no effect.

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
