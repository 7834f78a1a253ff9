"""Packing: within the limits, in order, nothing lost and nothing doubled."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from distilabel.offline.packing import Packed, PlannedJob, estimated_tokens, pack
from distilabel.providers.base import Limits

sizes = st.lists(st.integers(0, 60), max_size=40)
limits = st.builds(Limits, st.integers(1, 8), st.integers(1, 100), st.none() | st.integers(1, 40))
overheads = st.integers(0, 20)


def packed(sizes: list[int], limits: Limits, overhead: int) -> Packed:
    return pack(enumerate(sizes), limits, overhead)


@given(sizes, limits, overheads)
def test_nothing_is_lost_doubled_or_moved(sizes: list[int], limits: Limits, overhead: int):
    result = packed(sizes, limits, overhead)
    in_jobs = [sample for job in result.jobs for sample in job.samples]
    assert in_jobs == sorted(in_jobs)
    assert list(result.too_large) == sorted(result.too_large)
    assert sorted([*in_jobs, *result.too_large]) == list(range(len(sizes)))


@given(sizes, limits, overheads)
def test_no_job_is_over_a_limit_or_empty(sizes: list[int], limits: Limits, overhead: int):
    for job in packed(sizes, limits, overhead).jobs:
        assert 1 <= len(job.samples) <= limits.requests
        assert job.size == sum(sizes[sample] + overhead for sample in job.samples) <= limits.size
        # A single request may hold more tokens than are free: it goes alone.
        assert limits.tokens is None or len(job.samples) == 1 or estimated_tokens(job.size) <= limits.tokens


@given(sizes, limits, overheads)
def test_only_what_fits_into_no_job_is_too_large(sizes: list[int], limits: Limits, overhead: int):
    too_large = {sample for sample, size in enumerate(sizes) if size + overhead > limits.size}
    assert set(packed(sizes, limits, overhead).too_large) == too_large


@given(sizes, limits, overheads)
def test_no_job_could_have_taken_the_next_request_too(sizes: list[int], limits: Limits, overhead: int):
    jobs = packed(sizes, limits, overhead).jobs
    for job, following in itertools.pairwise(jobs):
        size = job.size + sizes[following.samples[0]] + overhead
        tokens = limits.tokens is not None and estimated_tokens(size) > limits.tokens
        assert len(job.samples) == limits.requests or size > limits.size or tokens


def test_first_request_that_is_too_large_makes_no_empty_job():
    # The predecessor's O10: it uploaded an empty file, then the oversize one.
    result = pack([(1, 500), (2, 50)], Limits(requests=10, size=200), 0)
    assert result == Packed((PlannedJob((2,), 50),), (1,))


def test_more_requests_than_a_platform_takes_are_several_jobs():
    # The predecessor's O9: 120,000 lines in one file.
    result = pack(((i, 300) for i in range(120_000)), Limits(requests=50_000, size=200_000_000), 120)
    assert [len(job.samples) for job in result.jobs] == [50_000, 50_000, 20_000]


def test_nothing_is_packed_into_nothing():
    assert pack([], Limits(requests=1, size=1), 1) == Packed((), ())


@given(st.integers(0, 10**9))
def test_tokens_are_estimated_rather_above_than_below(size: int):
    assert size / 3 <= estimated_tokens(size) < size / 3 + 1
