"""Load groups: what may be a group, in which stages steps are loaded, and that a run keeps to them."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import PrivateAttr
from tests.pipeline.plain import Add, Same, Sum, column, line, numbers, rows
from tests.support.platform import Platform

from distilabel.exceptions import DistilabelUserError
from distilabel.llms import OpenAILLM
from distilabel.pipeline import Pipeline
from distilabel.pipeline.graph.dag import DAG
from distilabel.pipeline.graph.stages import load_stages
from distilabel.steps import CombineOutputs, KeepColumns, LoadDataFromDicts
from distilabel.steps.tasks import TextGeneration


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISTILABEL_PROGRESS", "none")


@pytest.fixture
def diamond(tmp_path: Path) -> Pipeline:
    """Return `load >> [a, b] >> both >> last`."""
    with Pipeline("diamond", cache_dir=tmp_path) as pipeline:
        load = LoadDataFromDicts(name="load", data=numbers(7), batch_size=2)
        a, b = Add(name="a"), Add(name="b", output_mappings={"m": "k"})
        load >> [a, b] >> CombineOutputs(name="both") >> Same(name="last")
    return pipeline


class TestStages:
    def test_without_groups_there_is_one(self, diamond):
        assert diamond.get_load_stages() == ([["load", "a", "b", "both", "last"]], [["last"]])

    def test_a_global_step_is_a_stage_of_its_own(self, tmp_path):
        pipeline = line(tmp_path, Same(name="s"), Sum(name="sum"), KeepColumns(name="keep", columns=["sum"]))
        assert pipeline.get_load_stages() == (
            [["load", "s"], ["sum"], ["keep"]],
            [["s"], ["sum"], ["keep"]],
        )

    def test_a_group_is_loaded_when_all_before_it_have_ended(self, diamond):
        stages, last = diamond.get_load_stages(load_groups=[["a", "b"]])
        assert stages == [["load"], ["a", "b"], ["both", "last"]]
        assert last == [["load"], ["a", "b"], ["last"]]

    def test_groups_side_by_side_run_in_the_order_given_and_steps_are_as_good_as_names(self, diamond):
        a, b = diamond.dag.steps["a"], diamond.dag.steps["b"]
        assert diamond.get_load_stages([[b], [a]])[0] == [["load"], ["b"], ["a"], ["both", "last"]]
        assert diamond.get_load_stages([["b", "a"]])[0][1] == ["a", "b"]

    def test_one_after_another(self, diamond):
        stages, last = diamond.get_load_stages("sequential_step_execution")
        assert stages == last == [["load"], ["a"], ["b"], ["both"], ["last"]]

    def test_a_global_step_may_be_named_as_a_group_of_one(self, tmp_path):
        pipeline = line(tmp_path, Sum(name="sum"))
        assert pipeline.get_load_stages([["sum"]])[0] == [["load"], ["sum"]]

    @settings(max_examples=100, deadline=None)
    @given(data=st.data(), count=st.integers(1, 8))
    def test_each_step_has_one_stage_and_none_before_those_that_it_needs(self, data, count):
        dag = DAG()
        for i in range(count):
            dag.steps[f"s{i}"] = Sum(name=f"s{i}") if i and data.draw(st.booleans()) else Same(name=f"s{i}")
            for before in data.draw(st.sets(st.integers(0, i - 1), max_size=3)) if i else ():
                dag.edges.append((f"s{before}", f"s{i}"))
        singles = data.draw(st.sets(st.sampled_from(list(dag.steps))))
        stages = load_stages(dag, [[name] for name in singles])
        of = {name: number for number, stage in enumerate(stages) for name in stage}
        assert sorted(name for stage in stages for name in stage) == sorted(dag.steps)
        assert all(of[start] <= of[end] for start, end in dag.edges)
        assert all(stages[of[s]] == [s] for s in dag.steps if s in singles or dag.steps[s].is_global)


class TestRefusals:
    @pytest.mark.parametrize(
        ("groups", "words"),
        [
            ([["laod"]], "Unknown step in load_groups. The pipeline has no step 'laod'; did you mean 'load'?"),
            ([["a"], ["b", "a"]], "Step 'a' is in the load groups twice: leave it in one of them."),
            ([["a", "last"]], "Step 'both' is between steps of the load group ['a', 'last']"),
            ([["load", "last"]], "is between steps of the load group"),
            ("in_order", "load_groups is 'in_order': give lists of steps"),
        ],
    )  # fmt: skip
    def test_what_cannot_be_a_group_is_reported(self, diamond, groups, words):
        for refused in (diamond.get_load_stages, lambda load_groups: diamond.run(load_groups=load_groups)):
            with pytest.raises(DistilabelUserError) as raised:
                refused(load_groups=groups)
            assert words in str(raised.value)

    def test_a_global_step_shares_no_group(self, tmp_path):
        pipeline = line(tmp_path, Same(name="s"), Sum(name="sum"))
        with pytest.raises(
            DistilabelUserError, match="Step 'sum' takes all rows at once and cannot share a load"
        ):
            pipeline.get_load_stages([["s", "sum"]])

    def test_groups_that_wait_for_one_another_are_reported(self, tmp_path):
        with Pipeline("p", cache_dir=tmp_path) as pipeline:
            load, (a, b, c, d) = LoadDataFromDicts(name="load"), (Same(name=name) for name in "abcd")
            load >> [a, c]
            a >> b
            c >> d
        with pytest.raises(DistilabelUserError, match="wait for one another: put their steps into one group"):
            pipeline.get_load_stages([["a", "d"], ["b", "c"]])


class Heavy(Add):
    """Notes when it is loaded and unloaded, and by whom rows are taken."""

    _book: list[str] = PrivateAttr(default_factory=list)

    def noting(self, book: list[str]) -> "Heavy":
        self._book = book
        return self

    def load(self) -> None:
        super().load()
        self._book.append(f"+{self.name}")

    def unload(self) -> None:
        super().unload()
        self._book.append(f"-{self.name}")

    def made(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        self._book.append(self.name)
        return super().made(rows)


def heavy(cache: Path, book: list[str], **arguments: Any) -> Any:
    steps = [Heavy(name=name, input_batch_size=2).noting(book) for name in "abc"]
    pipeline = line(cache, *steps, data=numbers(9))
    return pipeline.run(**arguments)


class TestRuns:
    def test_a_group_is_unloaded_before_the_next_is_loaded(self, tmp_path):
        book: list[str] = []
        assert column(heavy(tmp_path, book, load_groups=[["a"], ["b", "c"]])) == list(range(9))
        assert book[:7] == ["+a", *"aaaaa", "-a"]
        assert sorted(book[-2:]) == ["-b", "-c"]
        assert book.count("b") == book.count("c") == 5

    def test_step_by_step(self, tmp_path):
        book: list[str] = []
        heavy(tmp_path, book, load_groups="sequential_step_execution")
        assert book == [word for name in "abc" for word in (f"+{name}", *(name * 5), f"-{name}")]

    def test_groups_do_not_change_the_rows_and_the_cache_is_the_same(self, tmp_path, diamond):
        found = rows(diamond.run(load_groups="sequential_step_execution"))
        assert found == [{"n": n, "m": n + 1, "k": n + 1} for n in range(7)]
        assert rows(diamond.run(load_groups=[["a"]])) == rows(diamond.run()) == found
        assert diamond.dag.steps["a"].calls == 1

    def test_more_chunks_than_the_backlog_wait_for_their_stage(self, tmp_path):
        pipeline = line(tmp_path, Add(name="add", input_batch_size=1), data=numbers(70), size=1)
        assert column(pipeline.run(load_groups=[["add"]])) == list(range(70))

    def test_what_comes_out_of_the_cache_is_not_loaded(self, tmp_path):
        for expected in (17 + 4, 0):
            book: list[str] = []
            heavy(tmp_path, book, load_groups=[["b"]])
            assert len(book) == expected

    def test_rows_given_to_run_are_the_first_stage(self, tmp_path):
        with Pipeline("p", cache_dir=tmp_path) as pipeline:
            Add(name="add")
        assert column(pipeline.run(dataset=numbers(3), load_groups=[["add"]]), "m") == [1, 2, 3]

    def test_unfinished_batches_keep_their_stage_open_and_the_run_returns(self, fast_platform: Platform):
        def build() -> Pipeline:
            with Pipeline("p") as pipeline:
                load = LoadDataFromDicts(data=[{"instruction": f"What is {i}?"} for i in range(5)])
                asked = {"llm": OpenAILLM(model="toy-1", use_offline_batch_generation=True)}
                first = TextGeneration(name="first", **asked)
                second = TextGeneration(name="second", input_mappings={"instruction": "generation"}, **asked)
                load >> first >> second
            return pipeline

        for batches in (1, 2):
            assert len(build().run(load_groups=[["second"]])) == 0
            assert len(fast_platform.batches()) == batches
            fast_platform.wait()
        assert len(rows(build().run(load_groups=[["second"]]))) == 5
        assert len(fast_platform.batches()) == 2


class TestStorage:
    def test_it_is_accepted_and_a_warning_says_where_rows_lie(self, tmp_path, caplog):
        pipeline = line(tmp_path, Add, data=numbers(1))
        found = pipeline.run(
            use_fs_to_pass_data=True, storage_parameters={"path": "s3://bucket/x", "key": "k1"}
        )
        assert column(found) == [0]
        (warned,) = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
        assert warned.startswith("storage_parameters are not used: rows travel between the steps through")
        assert "Pipeline(cache_dir=...)" in warned

    def test_without_a_path_it_is_refused(self, tmp_path):
        with pytest.raises(DistilabelUserError, match="storage_parameters has no 'path'"):
            line(tmp_path, Add).run(storage_parameters={"key": "k1"})
