"""Drawing: equal prompts get different samples, replays draw the same, a new run reuses before it makes."""

import itertools
import random
from collections import Counter
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distilabel.ledger.draw import Draw, Sample, draw, drawn_again
from distilabel.ledger.states import SampleState

Asks = dict[int, list[str]]


class Pools:
    """Keeps samples as the ledger does."""

    def __init__(self) -> None:
        self.samples: dict[str, list[Sample]] = {}
        self.made = 0

    def ask(
        self, keys: Iterable[str], asker: int, run: int, drawn: Counter[str] | None = None, since: int = 0
    ) -> list[Draw]:
        keys = list(keys)
        pools = {key: list(self.samples[key]) for key in keys if key in self.samples}
        drawn = Counter() if drawn is None else drawn
        numbers = itertools.count(self.made + 1)
        draws = draw(keys, pools, asker_id=asker, run_id=run, drawn=drawn, numbers=numbers, since=since)
        for each in draws:
            pool = self.samples.setdefault(each.key, [])
            if each.sample is None:
                self.made += 1
                assert each.id == self.made
                pool.append(Sample(each.id, each.n, asker, run, each.nth, SampleState.WANTED))
            elif each.moves(asker, run):
                (at,) = [i for i, sample in enumerate(pool) if sample.id == each.sample.id]
                pool[at] = pool[at]._replace(asker_id=asker, run_id=run, nth=each.nth)
        return draws

    def run(
        self, asks: Asks, run: int, order: Iterable[int] | None = None
    ) -> dict[int, list[tuple[str, int]]]:
        """Have all askers ask once; what each drew."""
        return {
            asker: [(each.key, each.n) for each in self.ask(asks[asker], asker, run)]
            for asker in order or asks
        }

    def settle(self, key: str, n: int, state: SampleState) -> None:
        self.samples[key] = [s._replace(state=state) if s.n == n else s for s in self.samples[key]]


asks = st.dictionaries(st.integers(0, 5), st.lists(st.sampled_from("abc"), max_size=5), max_size=5)
orders = st.randoms(use_true_random=False)


def shuffled(asks: Asks, order: random.Random) -> list[int]:
    return order.sample(sorted(asks), len(asks))


@given(asks, orders)
def test_an_asker_draws_again_in_one_run_what_the_pools_would_give_it(asks: Asks, order: random.Random):
    pools = Pools()
    pools.run(asks, 1)
    for asker in shuffled(asks, order):
        own = {
            (key, sample.nth): sample
            for key, pool in pools.samples.items()
            for sample in pool
            if sample.asker_id == asker
        }
        counted, drawn = Counter[str](), Counter[str]()
        assert drawn_again(asks[asker], own, counted) == pools.ask(asks[asker], asker, 1, drawn)
        assert counted == drawn


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=5), st.data())
def test_who_asks_for_one_thing_more_draws_from_the_pools_and_nothing_was_counted(
    keys: list[str], data: st.DataObject
):
    pools = Pools()
    pools.run({1: keys}, 1)
    own = {(key, sample.nth): sample for key, pool in pools.samples.items() for sample in pool}
    asked = list(keys)
    asked[data.draw(st.integers(0, len(keys) - 1))] = "new"
    drawn = Counter(a=0)
    assert drawn_again(asked, own, drawn) is None
    assert drawn_again([*keys, keys[0]], own, drawn) is None
    assert drawn == Counter(a=0)


@given(asks)
def test_no_two_askings_of_a_run_share_a_sample(asks: Asks):
    drawn = [sample for samples in Pools().run(asks, 1).values() for sample in samples]
    assert len(drawn) == len(set(drawn)) == sum(len(keys) for keys in asks.values())


@given(asks, asks, orders)
def test_no_two_askings_of_a_later_run_share_a_sample_whoever_asks(
    first: Asks, second: Asks, order: random.Random
):
    pools = Pools()
    pools.run(first, 1)
    drawn = [s for samples in pools.run(second, 2, shuffled(second, order)).values() for s in samples]
    assert len(drawn) == len(set(drawn))


@given(asks, asks, orders, orders)
def test_replays_draw_the_same_in_any_order(
    first: Asks, second: Asks, order: random.Random, other: random.Random
):
    pools = Pools()
    pools.run(first, 1)
    before = pools.run(second, 2, shuffled(second, order))
    made = pools.made
    assert pools.run(second, 2, shuffled(second, other)) == before
    assert pools.made == made


@given(asks, orders)
def test_same_askers_draw_the_same_in_every_run(asks: Asks, order: random.Random):
    pools = Pools()
    before = pools.run(asks, 1)
    assert pools.run(asks, 2, shuffled(asks, order)) == before
    assert pools.made == sum(len(keys) for keys in asks.values())


@given(asks, asks, orders)
def test_new_run_reuses_before_it_makes(first: Asks, second: Asks, order: random.Random):
    pools = Pools()
    pools.run(first, 1)
    # Askers that were there before ask the same again; new ones ask what they like.
    later = {asker: first.get(asker, keys) for asker, keys in second.items()}
    before = pools.made
    pools.run(later, 2, shuffled(later, order))
    had, wanted = count(first), count(later)
    assert pools.made - before == sum(max(0, wanted[key] - had[key]) for key in wanted)


def count(asks: Asks) -> Counter[str]:
    return Counter(key for keys in asks.values() for key in keys)


@given(asks)
def test_samples_of_a_request_are_numbered_without_gaps(asks: Asks):
    pools = Pools()
    pools.run(asks, 1)
    for pool in pools.samples.values():
        assert sorted(sample.n for sample in pool) == list(range(len(pool)))


@given(st.lists(st.sampled_from("ab"), max_size=6), st.lists(st.integers(0, 6), max_size=3))
def test_asking_bit_by_bit_draws_what_asking_at_once_draws(keys: list[str], cuts: list[int]):
    at_once = [each.n for each in Pools().ask(keys, 1, 1)]
    pools, drawn, bounds = Pools(), Counter(), [0, *sorted(min(cut, len(keys)) for cut in cuts), len(keys)]
    parts = [keys[start:end] for start, end in itertools.pairwise(bounds)]
    assert [each.n for part in parts for each in pools.ask(part, 1, 1, drawn)] == at_once


def test_answered_sample_is_taken_before_an_awaited_one_and_that_before_a_failed_one():
    pools = Pools()
    pools.ask("aaaa", asker=1, run=1)
    states = [SampleState.FAILED, SampleState.WANTED, SampleState.CLAIMED, SampleState.ANSWERED]
    for n, state in enumerate(states):
        pools.settle("a", n, state)
    assert [each.n for each in pools.ask("aaaa", asker=2, run=2)] == [3, 2, 1, 0]


def test_new_asker_leaves_the_sample_that_this_run_has_given_to_another():
    pools = Pools()
    pools.ask("a", asker=1, run=1)
    pools.ask("a", asker=1, run=2)
    assert [each.n for each in pools.ask("a", asker=2, run=2)] == [1]


@pytest.mark.parametrize(("asker", "run", "moves"), [(1, 1, False), (1, 2, True), (2, 2, True)])
def test_sample_changes_hands_where_asker_or_run_are_new(asker: int, run: int, moves: bool):
    pools = Pools()
    pools.ask("a", asker=1, run=1)
    (drawn,) = pools.ask("a", asker=asker, run=run)
    assert drawn.sample is not None
    assert drawn.moves(asker, run) is moves


class TestWithoutTheCache:
    def test_samples_made_before_are_left_alone_and_a_replay_draws_the_new_ones(self):
        pools = Pools()
        pools.ask("aab", asker=1, run=1)
        for _ in range(2):
            again = pools.ask("aab", asker=1, run=2, since=4)
            assert [(each.key, each.n) for each in again] == [("a", 2), ("a", 3), ("b", 1)]
        assert pools.made == 6

    def test_run_that_continues_it_draws_what_it_drew(self):
        pools = Pools()
        pools.ask("a", asker=1, run=1)
        pools.ask("a", asker=1, run=2, since=2)
        pools.ask("a", asker=1, run=3)
        (continued,) = pools.ask("a", asker=1, run=4, since=2)
        assert (continued.n, pools.made) == (1, 2)

    @pytest.mark.parametrize(
        ("first", "second", "drawn"),
        [
            (SampleState.ANSWERED, SampleState.ANSWERED, 0),
            (SampleState.WANTED, SampleState.CLAIMED, 1),
            (SampleState.CLAIMED, SampleState.ANSWERED, 1),
            (SampleState.FAILED, SampleState.WANTED, 1),
        ],
    )
    def test_run_with_the_cache_takes_of_an_askers_samples_the_one_that_is_furthest(
        self, first, second, drawn
    ):
        pools = Pools()
        pools.ask("a", asker=1, run=1)
        pools.ask("a", asker=1, run=2, since=2)
        pools.settle("a", 0, first)
        pools.settle("a", 1, second)
        assert [each.n for each in pools.ask("a", asker=1, run=3)] == [drawn]
        # What it drew once it keeps, whatever becomes of the other.
        pools.settle("a", 1 - drawn, SampleState.ANSWERED)
        assert [each.n for each in pools.ask("a", asker=1, run=3)] == [drawn]
