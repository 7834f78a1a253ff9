"""Routes: functions that pick, chunk by chunk, which of the next steps get the rows."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from distilabel.exceptions import DistilabelUserError
from distilabel.steps._core.context import current_random

__all__ = ["RoutingBatchFunction", "routing_batch_function", "sample_n_steps"]


@dataclass(frozen=True, slots=True)
class RoutingBatchFunction:
    """A function that receives the names of the next steps and returns those that get the chunk."""

    routing_function: Callable[[list[str]], list[str]]
    description: str | None = None
    arguments: dict[str, Any] | None = None
    """The arguments of the function that made the route; None if the route is a function itself."""

    def dump(self) -> dict[str, Any]:
        """Return the route's module, name and arguments, from which `Pipeline.from_dict` restores it."""
        name, module = self.routing_function.__qualname__, self.routing_function.__module__
        if self.arguments is None:
            return {"module": module, "name": name}
        return {"module": module, "name": name.partition(".<locals>")[0], "kwargs": dict(self.arguments)}

    def __call__(self, steps: list[str]) -> list[str]:
        """Pick among `steps`."""
        return self.routing_function(steps)


def routing_batch_function(
    description: str | None = None,
) -> Callable[[Callable[[list[str]], list[str]]], RoutingBatchFunction]:
    """Decorator that makes a function a route: `first >> my_route >> [second, third]`.

    Args:
        description: A text for readers of the pipeline.

    Examples:
        >>> @routing_batch_function(description="the last one")
        ... def last(steps):
        ...     return steps[-1:]
        >>> last(["a", "b"])
        ['b']
    """

    def decorate(function: Callable[[list[str]], list[str]]) -> RoutingBatchFunction:
        return RoutingBatchFunction(function, description)

    return decorate


def sample_n_steps(n: int) -> RoutingBatchFunction:
    """Route each chunk to `n` of the next steps, picked at random; the same chunk is always routed the same way.

    Raises:
        DistilabelUserError: There are fewer next steps, or `n` is negative; raised when the first chunk is routed.

    Examples:
        >>> len(sample_n_steps(2)(["a", "b", "c"]))
        2
    """

    def pick(steps: list[str]) -> list[str]:
        if not 0 <= n <= len(steps):
            raise DistilabelUserError(
                f"sample_n_steps({n}) has {len(steps)} steps to pick from: give a number from 0 to {len(steps)}, or route "
                "to more steps."
            )
        generator = current_random() or random
        return generator.sample(steps, n)

    return RoutingBatchFunction(pick, f"Sample {n} steps from the list of steps.", {"n": n})
