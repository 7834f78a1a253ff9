"""Routes: functions that pick, and the book that remembers what they picked."""

import random
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distilabel.exceptions import DistilabelStepError, DistilabelUserError
from distilabel.pipeline import routing_batch_function, sample_n_steps
from distilabel.pipeline.storage.routes import RouteStore
from distilabel.steps._core.context import chunk_random, current_random

BRANCHES = ("a", "b", "c")


def fixed(*picked):
    return lambda _: list(picked)


def by_chance(steps):
    return current_random().sample(steps, 1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "routes.jsonl"


class TestFunctions:
    def test_decorated_function_is_called_with_the_names_and_keeps_its_description(self):
        @routing_batch_function(description="all but the first")
        def rest(steps: list[str]) -> list[str]:
            return steps[1:]

        assert rest(["a", "b", "c"]) == ["b", "c"]
        assert rest.description == "all but the first"

    @given(n=st.integers(0, 5), seed=st.integers())
    def test_sample_gives_n_different_steps(self, n, seed):
        steps = [f"s{i}" for i in range(5)]
        with chunk_random(str(seed)):
            picked = sample_n_steps(n)(steps)
        assert len(set(picked)) == len(picked) == n
        assert set(picked) <= set(steps)

    def test_sample_of_the_same_chunk_is_the_same_whatever_else_is_random(self):
        def pick(seed):
            random.seed(seed)
            with chunk_random("chunk 7"):
                return sample_n_steps(2)(list(BRANCHES))

        assert pick(1) == pick(2)

    def test_different_chunks_are_routed_differently(self):
        def pick(chunk):
            with chunk_random(f"chunk {chunk}"):
                return tuple(sample_n_steps(1)(list(BRANCHES)))

        assert {pick(chunk) for chunk in range(40)} == {("a",), ("b",), ("c",)}


class TestBook:
    def test_branches_come_in_their_own_order_and_only_once(self, path):
        assert RouteStore(path).route("load", "x", fixed("c", "a", "c"), BRANCHES) == ("a", "c")

    def test_route_is_asked_once_for_a_chunk_also_by_later_runs(self, path):
        assert RouteStore(path).route("load", "x", fixed("b"), BRANCHES) == ("b",)
        book = RouteStore(path)
        assert book.route("load", "x", fixed("a"), BRANCHES) == ("b",)
        assert book.route("load", "y", fixed("a"), BRANCHES) == ("a",)
        assert book.route("other", "x", fixed("c"), BRANCHES) == ("c",)

    def test_route_to_a_branch_that_is_gone_is_picked_again(self, path):
        RouteStore(path).route("load", "x", fixed("b"), BRANCHES)
        assert RouteStore(path).route("load", "x", fixed("c"), ("a", "c")) == ("c",)
        assert RouteStore(path).route("load", "x", fixed("a"), ("a", "c")) == ("c",)

    def test_route_may_lead_nowhere(self, path):
        assert RouteStore(path).route("load", "x", fixed(), BRANCHES) == ()
        assert RouteStore(path).route("load", "x", fixed("a"), BRANCHES) == ()

    def test_chance_is_that_of_the_chunk(self, path, tmp_path):
        picked = [RouteStore(path).route("load", str(i), by_chance, BRANCHES) for i in range(20)]
        other = RouteStore(tmp_path / "other.jsonl")
        assert [other.route("load", str(i), by_chance, BRANCHES) for i in range(20)] == picked
        assert len(set(picked)) == 3

    @pytest.mark.parametrize("cut", range(1, 18))
    def test_line_that_was_torn_is_picked_again_and_the_book_stays_readable(self, path, cut):
        book = RouteStore(path)
        book.route("load", "x", fixed("a"), BRANCHES)
        book.route("load", "y", fixed("b"), BRANCHES)
        path.write_bytes(path.read_bytes()[:-cut])
        again = RouteStore(path)
        assert again.route("load", "x", fixed("c"), BRANCHES) == ("a",)
        assert again.route("load", "y", fixed("c"), BRANCHES) == ("c",)
        assert again.route("load", "z", fixed("b"), BRANCHES) == ("b",)
        last = RouteStore(path)
        assert [last.route("load", name, fixed(), BRANCHES) for name in "xyz"] == [("a",), ("c",), ("b",)]
        assert [orjson.loads(line)[0] for line in path.read_bytes().splitlines()] == [
            "load/x",
            "load/y",
            "load/z",
        ]

    @pytest.mark.parametrize("picked", [["a", "typo"], "typo"])
    def test_name_of_no_branch_is_refused_and_not_remembered(self, path, picked):
        with pytest.raises(
            DistilabelUserError, match=r"route after step 'load' picks 't\w*': .* among 'a', 'b', 'c'"
        ):
            RouteStore(path).route("load", "x", lambda _: picked, BRANCHES)
        assert RouteStore(path).route("load", "x", fixed("a"), BRANCHES) == ("a",)

    def test_route_that_fails_is_named(self, path):
        def broken(steps):
            return steps[99]

        with pytest.raises(
            DistilabelStepError,
            match="The route after step 'load' failed: IndexError: list index out of range",
        ):
            RouteStore(path).route("load", "x", broken, BRANCHES)

    @pytest.mark.parametrize("n", [-1, 4])
    def test_sample_that_cannot_be_drawn_says_what_can(self, path, n):
        with pytest.raises(DistilabelUserError, match="give a number from 0 to 3"):
            RouteStore(path).route("load", "x", sample_n_steps(n), BRANCHES)
