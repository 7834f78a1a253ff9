"""What a step asks of the machine that it runs on."""

from typing import Any, Optional

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, PositiveInt

from distilabel.declared import RuntimeParameter

__all__ = ["StepResources"]


class StepResources(BaseModel):
    """What a step asks for; a step that asks for anything runs in processes (or actors) of its own.

    Attributes:
        replicas: How many copies of the step work side by side; only for steps that are neither generators nor
            global.
        cpus: CPUs for each copy.
        gpus: GPUs for each copy.
        memory: Bytes for each copy.
        resources: Custom resources of the cluster, by name.

    Examples:
        >>> StepResources(replicas=2).replicas
        2
    """

    model_config = ConfigDict(extra="forbid", validate_assignment=True)

    replicas: RuntimeParameter[PositiveInt] = Field(default=1)
    cpus: Optional[RuntimeParameter[NonNegativeFloat]] = None
    gpus: Optional[RuntimeParameter[NonNegativeFloat]] = None
    memory: Optional[RuntimeParameter[PositiveInt]] = None
    resources: Optional[RuntimeParameter[dict[str, Any]]] = None
