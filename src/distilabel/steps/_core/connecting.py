"""The arrows between steps: `a >> b`, `a >> [b, c]`, `[a, b] >> c`, `a >> route >> [b, c]`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from distilabel.exceptions import DistilabelTypeError, DistilabelUserError
from distilabel.steps._core.context import Registry

__all__ = ["Routed", "Routing", "as_steps", "connect", "is_step"]

Routing: TypeAlias = Callable[[list[str]], list[str]]


@dataclass(frozen=True, slots=True)
class Routed:
    """`a >> route`, waiting for the steps among which the route picks."""

    step: Any
    routing: Routing

    def __rshift__(self, others: Any) -> Any:
        """Connect the step with the others by way of the route; gives the others."""
        connect(self.step, as_steps(others), self.routing)
        return others


def connect(from_step: Any, to_steps: Sequence[Any], routing: Routing | None = None) -> None:
    """Lead the rows of a step to others, in the pipeline that the step belongs to.

    Raises:
        DistilabelUserError: The step belongs to no pipeline.
    """
    pipeline: Registry | None = from_step.pipeline
    if pipeline is None:
        raise DistilabelUserError(
            f"Step {from_step.name!r} belongs to no pipeline: create it inside of `with Pipeline() as pipeline:`.",
        )
    pipeline._connect(from_step, list(to_steps), routing)  # noqa: SLF001 - the Registry's own face


def as_steps(others: Any) -> list[Any]:
    """Give a list of steps for one step or several.

    Raises:
        DistilabelTypeError: Something else than a step is among them.
    """
    steps = list(others) if isinstance(others, list | tuple) else [others]
    for step in steps:
        if not is_step(step):
            raise DistilabelTypeError(f"A step connects to steps or to a routing function, not to {step!r}.")
    return steps


def is_step(thing: Any) -> bool:
    """Tell a step from a routing function."""
    return hasattr(thing, "process_applying_mappings") and not isinstance(thing, type)
