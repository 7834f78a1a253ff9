"""A Ray cluster: joined for one run, what it has, and what a step's replicas ask it for."""

import os
import re
import socket
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from types import TracebackType
from typing import Any, Self

from distilabel._optional import require
from distilabel.exceptions import DistilabelUserError
from distilabel.steps._core.resources import StepResources

__all__ = ["Cluster", "ResourceRequest", "is_within_one", "options_for", "shortages"]

# How Ray calls what an actor's options ask for.
_NAMES = {"num_cpus": "CPU", "num_gpus": "GPU", "memory": "memory"}


_HOST_AND_PORT = re.compile(r"(?:ray://)?([^:/]+):(\d+)")
_CONNECTING = 10.0
# One of these is set where a process runs within a cluster, or has been told of one; the first two by KubeRay and Ray's
# cluster launcher, the third by whoever submits a job.
_SIGNS = ("RAY_NODE_TYPE_NAME", "RAY_CLUSTER_NAME", "RAY_ADDRESS")


def is_within_one() -> bool:
    """Tell whether this process belongs to a Ray cluster, by its environment, and has Ray."""
    return any(os.environ.get(name) for name in _SIGNS) and find_spec("ray") is not None


class Cluster:
    """Joined while it is entered: the cluster that this process is connected to already, or the one at an address.

    Args:
        address: Such as `ray://head:10001` or `auto`; None: the one that RAY_ADDRESS names, or a small one, started here.
        init: Further arguments of `ray.init`.

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
            where = f"at {given['address']}" if "address" in given else "that this process asks for"
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
        """What each node that is alive has, by resource: `CPU`, `GPU`, `memory` in bytes, and custom ones."""
        return [node["Resources"] for node in require("ray", "ray").nodes() if node["Alive"]]


def _check_reachable(address: str) -> None:
    """Raise OSError where nobody listens: Ray would try for minutes, and end the process then."""
    if named := _HOST_AND_PORT.fullmatch(address):
        socket.create_connection((named[1], int(named[2])), timeout=_CONNECTING).close()


@dataclass(frozen=True, slots=True)
class ResourceRequest:
    """A step, how many replicas it has, and what each of them asks for, as options of an actor."""

    step: str
    replicas: int
    options: Mapping[str, Any]

    @property
    def needs(self) -> dict[str, float]:
        """What one replica needs, by resource."""
        plain = {name: float(self.options[key]) for key, name in _NAMES.items() if key in self.options}
        named = {name: float(amount) for name, amount in self.options.get("resources", {}).items()}
        return {name: amount for name, amount in (plain | named).items() if amount}


def options_for(resources: StepResources, gpus: float | None) -> dict[str, Any]:
    """Return what an actor asks for: what its step says, and nothing else.

    Without `num_cpus` Ray would reserve a CPU for each actor that asks for anything, and have the others wait for it.
    https://docs.ray.io/en/latest/ray-core/scheduling/resources.html

    Args:
        resources: The step's.
        gpus: For each replica.

    Examples:
        >>> options_for(StepResources(resources={"ssd": 1}), gpus=0.5)
        {'num_cpus': 0.0, 'num_gpus': 0.5, 'resources': {'ssd': 1}}
    """
    asked = {
        "num_cpus": resources.cpus or 0.0,
        "num_gpus": gpus,
        "memory": resources.memory,
        "resources": resources.resources,
    }
    return {name: value for name, value in asked.items() if value is not None}


def shortages(askings: Sequence[ResourceRequest], nodes: Sequence[Mapping[str, float]]) -> tuple[str, ...]:
    """Return a sentence for each thing that the nodes have too little of: Ray waits for what is missing.

    Examples:
        >>> shortages([ResourceRequest("judge", 2, {"num_gpus": 1})], nodes=[{"CPU": 4, "GPU": 1}])
        ("The steps ask for 2 'GPU' in all, and the Ray cluster has 1 now: replicas may wait for each other. ...",)
    """
    homeless = [asking for asking in askings if not any(_fits(asking.needs, node) for node in nodes)]
    notes = [
        f"No node of the Ray cluster has {asking.needs} for a replica of step {asking.step!r}: it waits until such a node "
        "joins."
        for asking in homeless
    ]
    wanted, there = _sums(askings, nodes)
    known = {name for asking in homeless for name in asking.needs}
    notes += [
        f"The steps ask for {amount:g} {name!r} in all, and the Ray cluster has {there.get(name, 0):g} now: replicas may wait "
        "for each other. Ask for less, or put steps into `load_groups`, so that they follow each other."
        for name, amount in sorted(wanted.items())
        if amount > there.get(name, 0) and name not in known
    ]
    return tuple(notes)


def _fits(needs: Mapping[str, float], node: Mapping[str, float]) -> bool:
    return all(node.get(name, 0) >= need for name, need in needs.items())


def _sums(
    askings: Iterable[ResourceRequest], nodes: Iterable[Mapping[str, float]]
) -> tuple[dict[str, float], dict[str, float]]:
    """Return how much of each resource is wanted, and how much there is."""
    wanted: Counter[str] = Counter()
    there: Counter[str] = Counter()
    for asking in askings:
        for name, need in asking.needs.items():
            wanted[name] += asking.replicas * need  # type: ignore[assignment]
    for node in nodes:
        there.update(node)
    return dict(wanted), dict(there)
