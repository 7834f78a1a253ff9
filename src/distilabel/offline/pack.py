"""How requests become jobs: pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from distilabel.providers.base import Limits

__all__ = ["Packed", "PlannedJob", "pack"]


@dataclass(frozen=True, slots=True)
class PlannedJob:
    """The samples of one job and the size of its file in bytes."""

    samples: tuple[int, ...]
    size: int


@dataclass(frozen=True, slots=True)
class Packed:
    """Jobs within the limits, and samples that are too large for any job."""

    jobs: tuple[PlannedJob, ...]
    too_large: tuple[int, ...]


def pack(samples: Iterable[tuple[int, int]], limits: Limits, overhead: int) -> Packed:
    """Fill jobs in order, each up to the limits.

    Args:
        samples: Number and body's size in bytes of each.
        limits: Of one job.
        overhead: Bytes that a line adds to a body.

    Examples:
        >>> packed = pack([(1, 40), (2, 40), (3, 400)], Limits(requests=10, size=100), overhead=5)
        >>> packed.jobs, packed.too_large
        ((PlannedJob(samples=(1, 2), size=90),), (3,))
    """
    jobs: list[PlannedJob] = []
    too_large: list[int] = []
    current: list[int] = []
    size = 0
    for sample, body in samples:
        line = body + overhead
        if line > limits.size:
            too_large.append(sample)
            continue
        if current and (len(current) >= limits.requests or size + line > limits.size):
            jobs.append(PlannedJob(tuple(current), size))
            current, size = [], 0
        current.append(sample)
        size += line
    if current:
        jobs.append(PlannedJob(tuple(current), size))
    return Packed(tuple(jobs), tuple(too_large))
