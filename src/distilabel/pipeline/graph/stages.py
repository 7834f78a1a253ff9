"""Divides the steps into stages that run one after the other, so that their models can share a machine. Pure."""

from collections.abc import Iterator

from distilabel.exceptions import DistilabelUserError
from distilabel.pipeline.graph.dag import DAG
from distilabel.steps.base import _Step
from distilabel.typing import LoadGroups

__all__ = ["last_of", "load_stages"]

_ONE_BY_ONE = "sequential_step_execution"


def load_stages(dag: DAG, load_groups: LoadGroups | None = None) -> list[list[str]]:
    """Return the names of the steps of each stage, in the order in which the stages run.

    Each group is a stage, and so is each global step. The other steps join the first stage in which all of their
    predecessors are there. Groups that could run at the same time run in the order in which they are given.

    Args:
        dag: The graph.
        load_groups: Names or steps by group; "sequential_step_execution" for one step after another.

    Raises:
        DistilabelUserError: The groups do not fit the graph; the message names the steps and says how to fix it.
    """
    groups = _groups(dag, load_groups)
    order = {name: number for number, name in enumerate(dag.order())}
    alone = [name for name in order if dag.steps[name].is_global or load_groups == _ONE_BY_ONE]
    waiting = [sorted(group, key=order.__getitem__) for group in groups]
    waiting += [[name] for name in alone if [name] not in groups]
    free = [name for name in order if not any(name in group for group in waiting)]
    stages: list[list[str]] = []
    placed: set[str] = set()
    while free or waiting:
        now = list(_placeable(dag, free, placed))
        ready = [group for group in waiting if _is_ready(dag, group, placed.union(now))]
        stages += [now] if now else []
        stages += ready
        placed.update(now, *ready)
        free = [name for name in free if name not in placed]
        waiting = [group for group in waiting if group not in ready]
        if not now and not ready:
            raise DistilabelUserError(
                f"The load groups {waiting} wait for one another: put their steps into one group, or into more of them."
            )
    return stages


def last_of(dag: DAG, stages: list[list[str]]) -> list[list[str]]:
    """Return the last steps of each stage: those without a successor in the same stage."""
    return [[name for name in stage if not set(dag.after(name)).intersection(stage)] for stage in stages]


def _placeable(dag: DAG, free: list[str], placed: set[str]) -> Iterator[str]:
    """Yield the steps, in order, whose predecessors all have a stage."""
    there = set(placed)
    for name in free:
        if there.issuperset(dag.before(name)):
            there.add(name)
            yield name


def _is_ready(dag: DAG, group: list[str], placed: set[str]) -> bool:
    return placed.union(group).issuperset(before for name in group for before in dag.before(name))


def _groups(dag: DAG, load_groups: LoadGroups | None) -> list[list[str]]:
    """Return the groups as lists of names; raise an error if one is invalid."""
    if load_groups is None or load_groups == _ONE_BY_ONE:
        return []
    if isinstance(load_groups, str):
        raise DistilabelUserError(
            f"load_groups is {load_groups!r}: give lists of steps, such as [['a', 'b'], ['c']], or {_ONE_BY_ONE!r}."
        )
    groups = [
        [step.name if isinstance(step, _Step) else str(step) for step in group] for group in load_groups
    ]
    seen: set[str] = set()
    for name in (name for group in groups for name in group):
        if name not in dag.steps:
            raise DistilabelUserError(f"Unknown step in load_groups. {dag.unknown(name)}")
        if name in seen:
            raise DistilabelUserError(f"Step {name!r} is in the load groups twice: leave it in one of them.")
        seen.add(name)
    for group in groups:
        _check_group(dag, group)
    return [group for group in groups if group]


def _check_group(dag: DAG, group: list[str]) -> None:
    if len(group) > 1 and (whole := next((name for name in group if dag.steps[name].is_global), None)):
        raise DistilabelUserError(
            f"Step {whole!r} takes all rows at once and cannot share a load group: remove it from {group}. It is loaded "
            "alone."
        )
    for name in group:
        between = _between(dag, name, group)
        if between is not None:
            raise DistilabelUserError(
                f"Step {between!r} is between steps of the load group {group} but not in it: add it, or make two groups."
            )


def _between(dag: DAG, name: str, group: list[str]) -> str | None:
    """Return a step that is not in the group but on a path from `name` to another step of the group."""
    outside, seen = [step for step in dag.after(name) if step not in group], set()
    first = {step: step for step in outside}
    while outside:
        step = outside.pop()
        seen.add(step)
        for after in dag.after(step):
            if after in group:
                return first[step]
            if after not in seen:
                first[after] = first[step]
                outside.append(after)
    return None
