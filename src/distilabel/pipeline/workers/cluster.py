"""A Ray cluster: joins it for a run, lists its resources, and compares them with those that steps request."""

import re
import socket
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from distilabel._optional import require
from distilabel.exceptions import DistilabelUserError
from distilabel.steps._core.resources import StepResources

__all__ = ["Cluster", "ResourceRequest", "options_for", "shortages"]

# Options of an actor, and Ray's names of the resources.
_NAMES = {"num_cpus": "CPU", "num_gpus": "GPU", "memory": "memory"}
_HOST_AND_PORT = re.compile(r"(?:ray://)?([^:/]+):(\d+)")
_CONNECT_TIMEOUT = 10.0
# One of these variables is set if the process runs in a cluster or should use one. KubeRay and Ray's cluster launcher set the
# first two, users and submitted jobs the third.


class Cluster:
    """A context manager that joins a Ray cluster, unless this process is connected to one already.

    Args:
        address: Such as `ray://head:10001` or `auto`; None: the one that RAY_ADDRESS names, or a local one, started here.
        init: Additional arguments of `ray.init`.

    Raises:
        DistilabelMissingPackageError: Ray is not installed.
        DistilabelUserError: The cluster cannot be joined.
    """

    def __init__(self, address: str | None = None, init: Mapping[str, Any] | None = None) -> None:
        self._address = address
        self._init = dict(init or {})
        self._joined_here = False

    def __enter__(self) -> Self:
        ray = require("ray", "ray")
        if ray.is_initialized():
            return self
        given = self._init if self._address is None else {"address": self._address, **self._init}
        try:
            _check_reachable(str(given.get("address", "")))
            ray.init(**given)
        except (OSError, RuntimeError, TypeError, ValueError) as error:
            where = f"at {given['address']}" if "address" in given else "of this process"
            raise DistilabelUserError(
                f"The Ray cluster {where} cannot be joined ({type(error).__name__}: {error}): check ray_head_node_url, "
                "ray_init_kwargs and RAY_ADDRESS, and that the cluster runs the same versions of Python and Ray."
            ) from error
        self._joined_here = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._joined_here:
            require("ray", "ray").shutdown()

    @property
    def nodes(self) -> list[dict[str, float]]:
        """The resources of each live node: `CPU`, `GPU`, `memory` in bytes, and custom ones."""
        return [node["Resources"] for node in require("ray", "ray").nodes() if node["Alive"]]


def _check_reachable(address: str) -> None:
    """Raise OSError if the address does not accept connections: Ray would retry for minutes and then end the process."""
    if named := _HOST_AND_PORT.fullmatch(address):
        socket.create_connection((named[1], int(named[2])), timeout=_CONNECT_TIMEOUT).close()


@dataclass(frozen=True, slots=True)
class ResourceRequest:
    """The resources that each replica of a step requests, as options of an actor."""

    step: str
    replicas: int
    options: Mapping[str, Any]

    @property
    def needs(self) -> dict[str, float]:
        """The amount that one replica needs of each resource."""
        plain = {name: float(self.options[key]) for key, name in _NAMES.items() if key in self.options}
        named = {name: float(amount) for name, amount in self.options.get("resources", {}).items()}
        return {name: amount for name, amount in (plain | named).items() if amount}


def options_for(resources: StepResources, gpus: float | None) -> dict[str, Any]:
    """Return the options of an actor: the resources that its step requests, and nothing else.

    Without `num_cpus`, Ray would reserve a CPU for each actor that requests any resource, and the others would wait for it.
    https://docs.ray.io/en/latest/ray-core/scheduling/resources.html

    Args:
        resources: The resources that the step requests.
        gpus: The number of GPUs of each replica.

    Examples:
        >>> options_for(StepResources(resources={"ssd": 1}), gpus=0.5)
        {'num_cpus': 0.0, 'num_gpus': 0.5, 'resources': {'ssd': 1}}
    """
    options = {
        "num_cpus": resources.cpus or 0.0,
        "num_gpus": gpus,
        "memory": resources.memory,
        "resources": resources.resources,
    }
    return {name: value for name, value in options.items() if value is not None}


def shortages(requests: Sequence[ResourceRequest], nodes: Sequence[Mapping[str, float]]) -> tuple[str, ...]:
    """Return a sentence for each resource that the nodes have too little of: Ray waits until there is enough.

    Examples:
        >>> shortages([ResourceRequest("judge", 2, {"num_gpus": 1})], nodes=[{"CPU": 4, "GPU": 1}])
        ("The steps request 2 'GPU' in all, and the Ray cluster has 1 now: replicas may wait for each other. ...",)
    """
    unplaceable = [request for request in requests if not any(_fits(request.needs, node) for node in nodes)]
    notes = [
        f"No node of the Ray cluster has {request.needs} for a replica of step {request.step!r}: the step waits until such a "
        "node joins."
        for request in unplaceable
    ]
    needed, there = _sums(requests, nodes)
    known = {name for request in unplaceable for name in request.needs}
    notes += [
        f"The steps request {amount:g} {name!r} in all, and the Ray cluster has {there.get(name, 0):g} now: replicas may wait "
        "for each other. Request less, or put steps into `load_groups`, so that they run one after the other."
        for name, amount in sorted(needed.items())
        if amount > there.get(name, 0) and name not in known
    ]
    return tuple(notes)


def _fits(needs: Mapping[str, float], node: Mapping[str, float]) -> bool:
    return all(node.get(name, 0) >= need for name, need in needs.items())


def _sums(
    requests: Iterable[ResourceRequest], nodes: Iterable[Mapping[str, float]]
) -> tuple[dict[str, float], dict[str, float]]:
    """Return how much of each resource is needed, and how much there is."""
    needed: Counter[str] = Counter()
    there: Counter[str] = Counter()
    for request in requests:
        for name, need in request.needs.items():
            needed[name] += request.replicas * need  # type: ignore[assignment]
    for node in nodes:
        there.update(node)
    return dict(needed), dict(there)
