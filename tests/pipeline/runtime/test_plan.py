"""From graph to plan: how many chunks of the steps before make one of a step's own."""

from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.pipeline.plain import Count, Same, Sum, line, numbers

from distilabel.models.fields import models_in
from distilabel.models.llms import LLM, MixtureOfAgentsLLM
from distilabel.pipeline import Pipeline, routing_batch_function
from distilabel.pipeline.runtime.plan import Source, StepPlan, plan
from distilabel.steps import CombineOutputs, LoadDataFromDicts


def load(size, name="load"):
    return LoadDataFromDicts(name=name, data=numbers(3), batch_size=size)


def planned(pipeline):
    return {found.name: found for found in plan(pipeline.dag)}


@pytest.fixture
def pipeline(tmp_path: Path):
    with Pipeline("p", cache_dir=tmp_path) as made:
        yield made


@pytest.mark.parametrize(
    ("given_rows", "taken_rows", "width"),
    [(10, 50, 5), (10, 55, 5), (10, 10, 1), (50, 10, 1), (3, 50, 16), (7, 8, 1)],
)
def test_a_step_takes_as_many_chunks_as_fit_into_its_batch(pipeline, given_rows, taken_rows, width):
    load(given_rows) >> Same(name="s", input_batch_size=taken_rows)
    assert plan(pipeline.dag) == [StepPlan("load"), StepPlan("s", (Source("load", width),))]


def test_widths_multiply_down_a_line(pipeline):
    load(2) >> Same(name="a", input_batch_size=10) >> Same(name="b", input_batch_size=30)
    plans = planned(pipeline)
    assert plans["a"].sources == (Source("load", 5),)
    assert plans["b"].sources == (Source("a", 3),)


def test_a_smaller_batch_further_down_does_not_split_chunks(pipeline):
    load(2) >> Same(name="a", input_batch_size=10) >> Same(name="b", input_batch_size=2)
    assert planned(pipeline)["b"].sources == (Source("a", 1),)


def test_branches_of_different_size_meet_on_the_same_rows(pipeline):
    first = load(10)
    a, b = Same(name="a", input_batch_size=20), Same(name="b", input_batch_size=30)
    first >> [a, b] >> CombineOutputs(name="both", input_batch_size=10)
    assert planned(pipeline)["both"].sources == (Source("a", 3), Source("b", 2))


def test_where_branches_meet_a_larger_batch_still_joins_chunks(pipeline):
    first = load(10)
    (
        first
        >> [Same(name="a", input_batch_size=10), Same(name="b", input_batch_size=10)]
        >> CombineOutputs(name="c")
    )
    assert planned(pipeline)["c"].sources == (Source("a", 5), Source("b", 5))


def test_a_step_that_takes_all_rows_begins_chunks_of_its_own(pipeline):
    load(10) >> Sum(name="all", input_batch_size=5) >> Same(name="s", input_batch_size=20)
    plans = planned(pipeline)
    assert plans["all"].sources == (Source("load", None),)
    assert plans["s"].sources == (Source("all", 4),)


def test_two_generators_meet_only_with_all_of_their_rows(pipeline):
    [load(5, "first"), load(7, "second")] >> CombineOutputs(name="both")
    assert planned(pipeline)["both"].sources == (Source("first", None), Source("second", None))


def test_rows_from_before_and_after_a_global_step_meet_only_all_together(pipeline):
    first = load(5)
    everything, each = Sum(name="all"), Same(name="each")
    first >> [everything, each]
    [everything, each] >> CombineOutputs(name="both")
    assert planned(pipeline)["both"].sources == (Source("all", None), Source("each", None))


def test_branches_of_a_route_and_their_meeting_point_keep_the_chunks_and_so_the_order(pipeline):
    anywhere = routing_batch_function()(lambda steps: steps[:1])
    load(2) >> anywhere >> [Same(name="a"), Same(name="b")] >> Same(name="join")
    plans = planned(pipeline)
    assert plans["load"].branches == ("a", "b")
    assert [plans[name].sources for name in ("a", "b")] == [(Source("load", 1),)] * 2
    assert plans["join"].sources == (Source("a", 1), Source("b", 1))


class Echo(LLM):
    all_at_once: ClassVar[bool] = True
    name: str = "echo"

    @property
    def model_name(self) -> str:
        return self.name

    @property
    def requires_all_inputs(self) -> bool:
        return self.all_at_once

    def generate(self, inputs: list[Any], num_generations: int = 1) -> list[Any]:
        return []


class Asks(Same):
    llm: LLM
    other: LLM | None = None


def test_a_step_whose_llm_asks_for_everything_at_once_takes_all_rows(pipeline):
    load(10) >> Asks(name="ask", llm=Echo())
    assert planned(pipeline)["ask"].sources == (Source("load", None),)


def test_models_of_a_step_are_those_among_its_fields():
    one, two = Echo(name="one"), Echo(name="two")
    assert [llm.model_name for llm in models_in(Asks(llm=one, other=two))] == ["one", "two"]
    assert models_in(Same()) == []


def test_llms_inside_an_llm_are_found_too_each_once(pipeline):
    one, two = Echo(name="one"), Echo(name="two")
    both = MixtureOfAgentsLLM(aggregator_llm=one, proposers_llms=[one, two])
    assert models_in(Asks(llm=both)) == [both, one, two]
    assert models_in(Asks(llm=one, other=both)) == [one, both, two]


class Sized(Count):
    rows: int | None = 10

    @property
    def total_rows(self):
        return self.rows


def test_generator_that_knows_its_rows_tells_how_many_chunks_it_gives(pipeline):
    Sized(name="sized", batch_size=3)
    Sized(name="open", rows=None)
    assert {name: found.chunks for name, found in planned(pipeline).items()} == {"sized": 4, "open": None}
    assert [found.chunks for found in plan(pipeline.dag, most_chunks=1)] == [1, None]


class Wide(Same):
    @property
    def concurrency(self) -> int:
        return 7


def test_a_step_says_how_many_of_its_chunks_may_be_under_way(pipeline):
    load(10) >> Wide(name="wide")
    assert planned(pipeline)["wide"].concurrency == 7


@settings(max_examples=60, deadline=None)
@given(
    batches=st.lists(st.integers(1, 40), min_size=1, max_size=4),
    left=st.integers(1, 40),
    right=st.integers(1, 40),
    last=st.integers(1, 90),
)
def test_all_sources_of_a_step_bring_the_same_rows(batches, left, right, last):
    steps = [Same(name=f"s{i}", input_batch_size=size) for i, size in enumerate(batches)]
    pipeline = line("unused", *steps, size=4)
    tip = pipeline.dag.steps[pipeline.dag.leaves[0]]
    Same(name="left", input_batch_size=left, pipeline=pipeline)
    Same(name="right", input_batch_size=right, pipeline=pipeline)
    CombineOutputs(name="both", input_batch_size=last, pipeline=pipeline)
    pipeline.dag.connect(tip.name, "left")
    pipeline.dag.connect(tip.name, "right")
    pipeline.dag.connect("left", "both")
    pipeline.dag.connect("right", "both")
    plans = planned(pipeline)
    per = {name: plans[name].sources[0].width for name in ("left", "right")}
    first, second = plans["both"].sources
    assert first.width * per["left"] == second.width * per["right"]
    assert all(source.width >= 1 for found in plans.values() for source in found.sources)
