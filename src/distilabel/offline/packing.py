"""Packs requests into jobs under a platform's limits: pure functions."""

from collections.abc import Iterable
from dataclasses import dataclass

from distilabel.providers.base import Limits

__all__ = ["Packed", "PlannedJob", "estimated_tokens", "pack"]

# English prose has 4.5 bytes a token, dense JSON 1.6 (o200k_base, measured): 3 errs on the safe side for most prompts.
_BYTES_A_TOKEN = 3


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

    def full(self, requests: int) -> tuple[PlannedJob, ...]:
        """Return the full jobs: all but a last one of fewer requests.

        Examples:
            >>> pack([(1, 40), (2, 40), (3, 40)], Limits(requests=2, size=100), overhead=5).full(requests=2)
            (PlannedJob(samples=(1, 2), size=90),)
        """
        if self.jobs and len(self.jobs[-1].samples) < requests:
            return self.jobs[:-1]
        return self.jobs


def estimated_tokens(size: int) -> int:
    """Return an estimate of the tokens in so many bytes, rather too high than too low.

    Examples:
        >>> estimated_tokens(300)
        100
    """
    return -(-size // _BYTES_A_TOKEN)


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
        if current and _is_over(limits, len(current) + 1, size + line):
            jobs.append(PlannedJob(tuple(current), size))
            current, size = [], 0
        current.append(sample)
        size += line
    if current:
        jobs.append(PlannedJob(tuple(current), size))
    return Packed(tuple(jobs), tuple(too_large))


def _is_over(limits: Limits, requests: int, size: int) -> bool:
    if requests > limits.requests or size > limits.size:
        return True
    return limits.tokens is not None and estimated_tokens(size) > limits.tokens
