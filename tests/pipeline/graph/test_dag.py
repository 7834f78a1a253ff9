"""The graph: arrows and routes, and what is refused before the first row."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.pipeline.plain import Add, Same, Sum, numbers

from distilabel.config import RuntimeParameter
from distilabel.exceptions import DistilabelUserError
from distilabel.pipeline import Pipeline, routing_batch_function
from distilabel.pipeline.graph.dag import DAG
from distilabel.steps import CombineOutputs, GroupColumns, KeepColumns, LoadDataFromDicts, Step, StepInput

FIRST = routing_batch_function(description="the first")(lambda steps: steps[:1])


def load(name="load", **data: Any):
    return LoadDataFromDicts(name=name, data=[data or {"n": 1}])


def graph(*steps):
    dag = DAG()
    for step in steps:
        dag.add(step)
    return dag


def refusal(pipeline):
    with pytest.raises(DistilabelUserError) as refused:
        pipeline.dag.validate()
    return str(refused.value)


@pytest.fixture
def pipeline():
    with Pipeline("p", cache_dir="unused") as made:
        yield made


class TestArrows:
    def test_a_name_stands_for_one_step_only(self):
        dag = graph(Same(name="a"))
        with pytest.raises(
            DistilabelUserError, match="Two steps of the pipeline are named 'a': give one of them"
        ):
            dag.add(Same(name="a"))

    @pytest.mark.parametrize("arrow", [("a", "lost"), ("lost", "a")])
    def test_step_of_another_pipeline_is_refused(self, arrow):
        with pytest.raises(
            DistilabelUserError, match="Step 'lost' is not in this pipeline: create it inside"
        ):
            graph(Same(name="a")).connect(*arrow)

    def test_an_arrow_is_drawn_once(self):
        dag = graph(Same(name="a"), Same(name="b"))
        dag.connect("a", "b")
        with pytest.raises(DistilabelUserError, match="Step 'a' is connected to 'b' already: remove one"):
            dag.connect("a", "b")
        assert dag.edges == [("a", "b")]

    def test_nothing_leads_into_a_generator(self):
        dag = graph(Same(name="a"), load())
        with pytest.raises(
            DistilabelUserError, match="Step 'load' makes its own rows: nothing can be connected"
        ):
            dag.connect("a", "load")

    @pytest.mark.parametrize("length", [1, 2, 5])
    def test_a_circle_is_refused_and_leaves_no_trace(self, length):
        dag = graph(*(Same(name=f"s{i}") for i in range(length)))
        for i in range(length - 1):
            dag.connect(f"s{i}", f"s{i + 1}")
        before = list(dag.edges)
        with pytest.raises(DistilabelUserError, match=f"from 's{length - 1}' to 's0' closes a cycle"):
            dag.connect(f"s{length - 1}", "s0")
        assert dag.edges == before
        assert len(list(dag.order())) == length

    @settings(max_examples=50, deadline=None)
    @given(st.sets(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=20))
    def test_whatever_is_drawn_there_is_an_order_and_every_step_comes_after_those_before_it(self, pairs):
        dag = graph(*(Same(name=f"s{i}") for i in range(7)))
        for start, end in pairs:
            try:
                dag.connect(f"s{start}", f"s{end}")
            except DistilabelUserError as error:
                assert "cycle" in str(error)  # noqa: PT017
        order = list(dag.order())
        assert sorted(order) == sorted(dag.steps)
        assert all(order.index(start) < order.index(end) for start, end in dag.edges)
        assert dag.leaves == [name for name in dag.steps if all(start != name for start, _ in dag.edges)]

    def test_neighbours_are_named_in_the_order_of_the_arrows(self, pipeline):
        a, b, c = Same(name="a"), Same(name="b"), CombineOutputs(name="c")
        load() >> [b, a] >> c
        assert pipeline.dag.after("load") == ["b", "a"]
        assert pipeline.dag.before("c") == ["b", "a"]


class TestColumns:
    def test_missing_column_is_named_with_what_is_there_and_how_to_rename(self, pipeline):
        load(num=1, other=2) >> Add(name="add", input_mappings={"n": "nmu"})
        text = refusal(pipeline)
        assert "Step 'add' needs the column 'nmu', and the rows that reach it have 'num', 'other'" in text
        assert 'output_mappings={"num": "nmu"}' in text
        assert 'input_mappings={"nmu": "num"}' in text

    def test_hint_without_a_similar_column_says_your_column(self, pipeline):
        load(text="x") >> Add(name="add")
        assert '"your_column": "n"' in refusal(pipeline)

    def test_generator_without_rows_is_named(self, pipeline):
        LoadDataFromDicts(data=[]) >> Add(name="add")
        assert "before it has no rows: give it at least one row" in refusal(pipeline)

    def test_columns_pass_through_steps_that_do_not_name_them(self, pipeline):
        load(n=1, far="x") >> Add(name="add") >> Same(name="same") >> KeepColumns(columns=["far", "m"])
        pipeline.dag.validate()

    def test_columns_of_every_branch_are_there_where_they_meet(self, pipeline):
        a, b = Add(name="a", output_mappings={"m": "x"}), Add(name="b", output_mappings={"m": "y"})
        load() >> [a, b] >> CombineOutputs(name="c") >> KeepColumns(columns=["x", "y"])
        pipeline.dag.validate()

    def test_renamed_output_is_no_longer_there_under_its_old_name(self, pipeline):
        load() >> Add(name="a", output_mappings={"m": "x"}) >> KeepColumns(name="keep", columns=["m"])
        assert "Step 'keep' needs the column 'm', and the rows that reach it have 'n', 'x'" in refusal(
            pipeline
        )

    def test_optional_input_may_be_missing(self, pipeline):
        class Maybe(Same):
            @property
            def inputs(self):
                return {"n": True, "context": False}

        load() >> Maybe()
        pipeline.dag.validate()

    @pytest.mark.parametrize("kind", ["input", "output"])
    def test_mapping_of_a_column_that_the_step_does_not_have_is_refused(self, pipeline, kind):
        load() >> Add(name="add", **{f"{kind}_mappings": {"nope": "n"}})
        assert f"Step 'add' has no {kind} 'nope' for its {kind}_mappings" in refusal(pipeline)


class Sole(Step):
    def process(self, inputs: StepInput):
        yield inputs


class TestShape:
    def test_pipeline_without_steps_is_refused(self, pipeline):
        assert "has no steps: create them inside `with Pipeline() as pipeline:`" in refusal(pipeline)

    def test_step_that_gets_no_rows_is_reported_both_ways_out(self, pipeline):
        Same(name="alone")
        text = refusal(pipeline)
        assert "Step 'alone' gets no rows" in text
        assert "`load_data >> alone`" in text
        assert "pipeline.run(dataset=...)" in text

    def test_several_steps_into_a_process_of_one_list_are_refused(self, pipeline):
        load() >> [Same(name="a"), Same(name="b")] >> Sole(name="sole")
        text = refusal(pipeline)
        assert "Step 'sole' gets rows from several steps, but its process() takes one list" in text
        assert "`def process(self, *inputs: StepInput)`" in text

    def test_two_generators_into_a_process_of_one_list_are_refused(self, pipeline):
        [load("one"), load("two")] >> Sole(name="sole")
        assert "Step 'sole' gets rows from several steps" in refusal(pipeline)

    @pytest.mark.parametrize("step", [CombineOutputs, lambda name: GroupColumns(name=name, columns=["n"])])
    def test_several_steps_into_a_process_of_several_lists_are_fine(self, pipeline, step):
        load() >> [Same(name="a"), Same(name="b")] >> step(name="both")
        pipeline.dag.validate()

    def test_branches_of_a_route_may_converge_in_a_process_of_one_list(self, pipeline):
        load() >> FIRST >> [Same(name="a"), Same(name="b")] >> Sole(name="sole")
        pipeline.dag.validate()

    def test_branches_of_two_routes_may_not(self, pipeline):
        first, second, third = Same(name="x"), Same(name="y"), Same(name="z")
        load() >> [first, second]
        a, b, c, d = (Same(name=name) for name in "abcd")
        first >> FIRST >> [a, b]
        second >> FIRST >> [c, d]
        [a, c] >> third
        assert "Step 'z' gets rows from several steps" in refusal(pipeline)

    def test_branch_of_a_route_gets_rows_from_nowhere_else(self, pipeline):
        start, a, b = load(), Same(name="a"), CombineOutputs(name="b")
        start >> FIRST >> [a, b]
        a >> b
        text = refusal(pipeline)
        assert "Step 'b' is one of the branches routed from 'load'" in text
        assert "rows from there alone" in text

    def test_runtime_parameter_that_must_be_set_is_named_with_its_place(self, pipeline):
        class Needs(Same):
            key: RuntimeParameter[int]

        load() >> Needs(name="needs")
        assert "Step 'needs' lacks 'key'" in refusal(pipeline)

    def test_process_without_rows_is_refused(self, pipeline):
        class Bare(Step):
            def process(self, inputs):
                yield inputs

        load() >> Bare(name="bare")
        assert "Step 'bare' has no parameter of process() for the rows" in refusal(pipeline)


class TestWords:
    def test_unknown_name_brings_a_hint(self):
        dag = graph(load(), Sum(name="total"))
        assert dag.unknown("laod") == "The pipeline has no step 'laod'; did you mean 'load'?"
        assert dag.unknown("zzz") == "The pipeline has no step 'zzz'; it has 'load', 'total'."

    def test_arrows_and_routes_are_written_down(self, pipeline):
        load() >> FIRST >> [Same(name="a"), Same(name="b")]
        assert pipeline.dag.dump() == {
            "connections": [
                {"from": "load", "to": ["a", "b"]},
                {"from": "a", "to": []},
                {"from": "b", "to": []},
            ],
            "routing_batch_functions": [
                {
                    "step": "load",
                    "description": "the first",
                    "type_info": {"module": __name__, "name": "<lambda>"},
                }
            ],
        }

    def test_checks_do_not_depend_on_the_order_in_which_steps_were_made(self, pipeline):
        add, start = Add(name="add"), LoadDataFromDicts(name="load", data=numbers(2))
        start >> add
        pipeline.dag.validate()
