"""Which sample of a pool an asker draws: pure functions.

Within one run every asker draws a different sample of a request: the first asker the first, the second the second. An
asker draws again what it drew before. A sample that no asker has drawn in this run is free. A new one is made only if the
pool has neither.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from distilabel.ledger.states import SampleState

__all__ = ["Draw", "Sample", "draw", "drawn_again"]


class Sample(NamedTuple):
    """One sample of a pool as it is now.

    Attributes:
        asker_id, run_id, nth: Who drew it last, in which run, and as its n-th request for the same key.
        where: The file, start and length of its answer.
        job: The platform's id of the job that carried it last.
    """

    id: int
    n: int
    asker_id: int
    run_id: int
    nth: int
    state: SampleState
    attempts: int = 0
    where: tuple[str, int, int] | None = None
    code: str | None = None
    message: str | None = None
    job: str | None = None


class Draw(NamedTuple):
    """The result of one draw: sample `n` of the request `key`.

    Attributes:
        sample: As it is now; None if it must be made.
        id: The sample's number in the ledger.
    """

    key: str
    n: int
    nth: int
    sample: Sample | None
    id: int

    def moves(self, asker_id: int, run_id: int) -> bool:
        """Tell whether the sample passes from another asker or run to this one."""
        return self.sample is not None and (self.sample.asker_id, self.sample.run_id) != (asker_id, run_id)


def draw(
    keys: Iterable[str],
    pools: dict[str, list[Sample]],
    *,
    asker_id: int,
    run_id: int,
    drawn: Counter[str],
    numbers: Iterator[int],
    since: int = 0,
) -> list[Draw]:
    """Draw one sample for each key, in order.

    Args:
        keys: The requests asked, with repetitions.
        pools: The samples that exist, by key.
        asker_id: Who asks.
        run_id: In which run.
        drawn: How often this asker has asked each key before in this execution; counted on here.
        numbers: Of the samples that must be made.
        since: Samples with a smaller number in the ledger are left alone: they were made before the run without the cache
            began.

    Examples:
        >>> from itertools import count
        >>> pools = {"k": [Sample(id=1, n=0, asker_id=7, run_id=1, nth=0, state=SampleState.ANSWERED)]}
        >>> draws = draw(["k", "k"], pools, asker_id=8, run_id=2, drawn=Counter(), numbers=count(2))
        >>> [(d.n, d.id) for d in draws]
        [(0, 1), (1, 2)]
    """
    return [
        _draw_one(key, pools.setdefault(key, []), asker_id, run_id, drawn, numbers, since) for key in keys
    ]


def _draw_one(
    key: str,
    pool: list[Sample],
    asker_id: int,
    run_id: int,
    drawn: Counter[str],
    numbers: Iterator[int],
    since: int,
) -> Draw:
    nth = drawn[key]
    drawn[key] += 1
    visible = [sample for sample in pool if sample.id >= since] if since else pool
    # What the asker drew in this run before what it drew in others: after a run without the cache there may be several.
    if own := [sample for sample in visible if sample.asker_id == asker_id and sample.nth == nth]:
        again = min(own, key=lambda sample: (sample.run_id != run_id, _RANK[sample.state], sample.n))
        return Draw(key, again.n, nth, again, again.id)
    # An answered sample before one still awaited, and that before one that failed.
    if free := [sample for sample in visible if sample.run_id != run_id and sample.asker_id != asker_id]:
        taken = min(free, key=lambda sample: (_RANK[sample.state], sample.n))
        pool[pool.index(taken)] = taken._replace(asker_id=asker_id, run_id=run_id, nth=nth)
        return Draw(key, taken.n, nth, taken, taken.id)
    made = Sample(next(numbers), _next_n(pool), asker_id, run_id, nth, SampleState.WANTED)
    pool.append(made)
    return Draw(key, made.n, nth, None, made.id)


def _next_n(pool: Sequence[Sample]) -> int:
    return 1 + max([sample.n for sample in pool]) if pool else 0


def drawn_again(
    keys: Sequence[str], own: Mapping[tuple[str, int], Sample], drawn: Counter[str]
) -> list[Draw] | None:
    """Draw again what an asker has drawn before; None, with nothing counted, if it asks for something else.

    Args:
        keys: The requests asked, with repetitions.
        own: What the asker has drawn in this run, by key and n.
        drawn: As for `draw`.

    Examples:
        >>> own = {("k", 0): Sample(id=1, n=4, asker_id=7, run_id=1, nth=0, state=SampleState.ANSWERED)}
        >>> [d.n for d in drawn_again(["k"], own, Counter())], drawn_again(["k", "k"], own, Counter())
        ([4], None)
    """
    if len(own) < len(keys):
        return None
    counts: dict[str, int] = {}
    draws = []
    for key in keys:
        nth = counts.get(key) or drawn.get(key, 0)
        sample = own.get((key, nth))
        if sample is None:
            return None
        counts[key] = nth + 1
        draws.append(Draw(key, sample.n, nth, sample, sample.id))
    drawn.update(keys)
    return draws


_RANK = {SampleState.ANSWERED: 0, SampleState.CLAIMED: 1, SampleState.WANTED: 2, SampleState.FAILED: 3}
