"""Whole runs of plain steps in one process: right rows in the right order, nothing done twice, errors reported."""

import os
import signal
import subprocess
import sys
import threading
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from datasets import Dataset
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import PrivateAttr
from tests.pipeline.plain import Add, Count, Fails, Row, Same, Sum, column, line, numbers, rows

from distilabel.exceptions import (
    DistilabelCacheError,
    DistilabelRunningError,
    DistilabelStepError,
    DistilabelUserError,
)
from distilabel.pipeline import Pipeline, routing_batch_function, sample_n_steps
from distilabel.steps import (
    CombineOutputs,
    EmbeddingGeneration,
    ExpandColumns,
    GlobalStep,
    GroupColumns,
    KeepColumns,
    LoadDataFromDicts,
    LoadDataFromFileSystem,
    Step,
    StepInput,
    step,
)
from distilabel.steps.generators import dataset_generator
from distilabel.steps.generators.dataset_generator import batches


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISTILABEL_PROGRESS", "none")


class Stamp(Same):
    """Writes its own name."""

    @property
    def outputs(self) -> list[str]:
        return ["by"]

    def made(self, rows: list[Row]) -> list[Row]:
        return [{**row, "by": self.name} for row in rows]


class TestRows:
    @pytest.mark.parametrize(("size", "taken"), [(1, 50), (3, 2), (3, 3), (3, 7), (50, 1)])
    def test_they_keep_their_order_whatever_the_batches(self, tmp_path, size, taken):
        add = Add(name="add", input_batch_size=taken)
        found = rows(line(tmp_path, add, Same, data=numbers(23), size=size).run())
        assert found == [{"n": n, "m": n + 1} for n in range(23)]
        assert add.given == list(range(23))

    def test_a_step_is_never_given_more_rows_than_its_batch(self, tmp_path):
        add = Add(name="add", input_batch_size=4)
        line(tmp_path, add, data=numbers(23), size=10).run()
        assert [len(given) for given in add._seen] == [4, 4, 2, 4, 4, 2, 3]

    def test_columns_that_a_step_does_not_know_pass_through(self, tmp_path):
        data = [{"n": 1, "far": {"a": [None, "x"]}}]
        assert rows(line(tmp_path, Add, Same, data=data).run()) == [
            {"n": 1, "far": {"a": [None, "x"]}, "m": 2}
        ]

    def test_mappings_rename_on_the_way_in_and_out(self, tmp_path):
        add = Add(name="add", input_mappings={"n": "number"}, output_mappings={"m": "more"})
        assert rows(line(tmp_path, add, data=[{"number": 1, "n": "mine", "m": "also"}]).run()) == [
            {"number": 1, "n": "mine", "m": "also", "more": 2}
        ]

    def test_everything_that_a_step_yields_for_a_chunk_counts(self, tmp_path):
        class Twice(Step):
            def process(self, inputs: StepInput):
                yield inputs[:1]
                yield inputs[1:]
                yield [{"n": -1}]

        assert column(line(tmp_path, Twice(input_batch_size=2), data=numbers(4)).run()) == [
            0,
            1,
            -1,
            2,
            3,
            -1,
        ]

    def test_rows_may_multiply(self, tmp_path):
        data = [{"id": i, "n": list(range(i))} for i in range(4)]
        distiset = line(tmp_path, ExpandColumns(name="expand", columns=["n"]), Same, data=data).run()
        assert [(row["id"], row["n"]) for row in rows(distiset)] == [
            (0, None), (1, 0), (2, 0), (2, 1), (3, 0), (3, 1), (3, 2),
        ]  # fmt: skip

    def test_rows_may_be_filtered_also_whole_chunks_of_them(self, tmp_path):
        class Large(Same):
            def made(self, rows):
                return [row for row in rows if row["n"] > 5]

        assert column(line(tmp_path, Large, Add, Same, data=numbers(10)).run()) == [6, 7, 8, 9]

    def test_a_global_step_takes_all_rows_at_once(self, tmp_path):
        total = Sum(name="sum")
        pipeline = line(tmp_path, Same, total, data=numbers(101))
        assert rows(pipeline.run()) == [{"rows": 101, "sum": 5050}]
        assert total._calls == 1

    def test_a_global_step_that_gives_many_rows_gives_all_of_them_in_order(self, tmp_path):
        class Reverse(GlobalStep):
            def process(self, inputs: StepInput):
                yield inputs[::-1]

        add = Add(name="add", input_batch_size=7)
        assert column(line(tmp_path, Reverse, add, data=numbers(120)).run()) == list(range(119, -1, -1))
        assert max(len(given) for given in add._seen) == 7

    def test_a_step_that_changes_its_rows_does_not_change_those_of_its_neighbour(self, tmp_path):
        class Append(Same):
            def made(self, rows):
                for row in rows:
                    row["tags"].append(self.name)
                return rows

        with Pipeline("p", cache_dir=tmp_path) as pipeline:
            load = LoadDataFromDicts(data=[{"n": 0, "tags": ["a"]}])
            load >> [Append(name="left"), Append(name="right")]
        distiset = pipeline.run()
        assert [distiset[name]["train"][0]["tags"] for name in ("left", "right")] == [
            ["a", "left"],
            ["a", "right"],
        ]

    @pytest.mark.parametrize("width", [1, 2, 3])
    def test_branches_that_a_route_picked_are_grouped_without_those_it_passed_by(self, tmp_path, width):
        with Pipeline("p", cache_dir=tmp_path) as pipeline:
            load = LoadDataFromDicts(data=numbers(9), batch_size=2)
            group = GroupColumns(columns=["by"], output_columns=["all"])
            load >> sample_n_steps(width) >> [Stamp(name=name) for name in "abc"] >> group
        found = rows(pipeline.run())
        assert [row["n"] for row in found] == list(range(9))
        assert all(row["all"] == sorted(set(row["all"])) and len(row["all"]) == width for row in found)

    def test_generator_that_yields_nothing_gives_nothing(self, tmp_path):
        @step(outputs=["n"], step_type="generator")
        def Nothing():
            yield from ()

        with Pipeline("p", cache_dir=tmp_path) as pipeline:
            after = Add(name="after")
            Nothing() >> after >> Sum()
        for _ in range(2):
            assert rows(pipeline.run()) == []
        assert after.calls == 0


class TestBranches:
    def test_rows_of_branches_are_put_side_by_side_row_by_row(self, tmp_path):
        with Pipeline("p", cache_dir=tmp_path) as pipeline:
            load = LoadDataFromDicts(data=numbers(17), batch_size=3)
            one = Add(name="one", by=1, output_mappings={"m": "one"}, input_batch_size=7)
            ten = Add(name="ten", by=10, output_mappings={"m": "ten"}, input_batch_size=2)
            load >> [one, ten] >> CombineOutputs()
        assert rows(pipeline.run()) == [{"n": n, "one": n + 1, "ten": n + 10} for n in range(17)]

    def test_columns_of_branches_are_grouped_row_by_row(self, tmp_path):
        with Pipeline("p", cache_dir=tmp_path) as pipeline:
            load = LoadDataFromDicts(data=numbers(7), batch_size=2)
            load >> [Add(by=1), Add(by=10)] >> GroupColumns(columns=["m"], output_columns=["ms"])
        assert rows(pipeline.run()) == [{"n": n, "ms": [n + 1, n + 10]} for n in range(7)]

    def test_branches_that_no_longer_fit_are_not_paired(self, tmp_path):
        class Fewer(Same):
            def made(self, rows):
                return rows[1:]

        with Pipeline("p", cache_dir=tmp_path) as pipeline:
            load = LoadDataFromDicts(data=numbers(4))
            load >> [Same(), Fewer()] >> CombineOutputs(name="both")
        with pytest.raises(DistilabelStepError, match="Step 'both' received 4 and 3 rows"):
            pipeline.run()

    def test_two_generators_meet_with_all_their_rows(self, tmp_path):
        with Pipeline("p", cache_dir=tmp_path) as pipeline:
            first = LoadDataFromDicts(name="first", data=[{"a": i} for i in range(9)], batch_size=2)
            second = LoadDataFromDicts(name="second", data=[{"b": i} for i in range(9)], batch_size=5)
            [first, second] >> CombineOutputs()
        assert rows(pipeline.run()) == [{"a": i, "b": i} for i in range(9)]

    def test_global_step_of_two_generators_runs_also_where_one_of_them_has_nothing(self, tmp_path):
        class Both(GlobalStep):
            def process(self, *inputs: StepInput):
                yield [{"counts": [len(rows) for rows in inputs]}]

        @step(outputs=["n"], step_type="generator")
        def Nothing():
            released.wait(0.05)
            yield from ()

        released = threading.Event()
        with Pipeline("p", cache_dir=tmp_path) as pipeline:
            [Count(), Nothing()] >> Both()
        assert rows(pipeline.run()) == [{"counts": [10, 0]}]

    def test_each_leaf_gets_a_part_of_its_own(self, tmp_path):
        with Pipeline("p", cache_dir=tmp_path) as pipeline:
            load = LoadDataFromDicts(data=numbers(3))
            load >> [Add(name="add"), Sum(name="sum"), KeepColumns(name="keep", columns=["n"])]
        distiset = pipeline.run()
        assert sorted(distiset) == ["add", "keep", "sum"]
        assert rows(distiset, "sum") == [{"rows": 3, "sum": 3}]
        assert column(distiset, "m", "add") == [1, 2, 3]


class TestRoutes:
    def build(self, cache: Any, route: Any, *, size: int = 2, count: int = 20, join: Any = Same) -> Pipeline:
        with Pipeline("routed", cache_dir=cache) as pipeline:
            load = LoadDataFromDicts(name="load", data=numbers(count), batch_size=size)
            load >> route >> [Stamp(name=name) for name in "abc"] >> join(name="join")
        return pipeline

    @pytest.mark.parametrize("size", [1, 2, 7])
    def test_rows_that_converge_again_keep_their_order_and_none_is_lost(self, tmp_path, size):
        found = rows(self.build(tmp_path, sample_n_steps(1), size=size).run())
        assert [row["n"] for row in found] == list(range(20))
        assert len({row["by"] for row in found}) > 1

    @pytest.mark.parametrize("size", [2, 3])
    def test_rows_that_went_two_ways_come_back_twice(self, tmp_path, size):
        found = rows(self.build(tmp_path, sample_n_steps(2), size=size).run())
        assert sorted(row["n"] for row in found) == sorted([*range(20), *range(20)])
        assert len({(row["n"], row["by"]) for row in found}) == 40
        starts = [row["n"] // size for row in found]
        assert starts == sorted(starts)

    def test_rows_of_all_branches_keep_their_order_into_a_global_step(self, tmp_path):
        class Everything(GlobalStep):
            def process(self, inputs: StepInput):
                yield inputs

        assert column(self.build(tmp_path, sample_n_steps(1), join=Everything).run()) == list(range(20))

    def test_run_again_routes_the_same_also_without_any_chunk_of_the_branches(self, tmp_path):
        first = rows(self.build(tmp_path, sample_n_steps(1)).run())
        assert rows(self.build(tmp_path, sample_n_steps(1)).run()) == first
        for name in "abc":
            (tmp_path / "routed" / "chunks" / f"{name}.chunks").unlink()
        assert rows(self.build(tmp_path, sample_n_steps(1)).run()) == first

    def test_route_by_chance_of_the_user_is_remembered(self, tmp_path):
        turns = iter("abcabcabca")

        @routing_batch_function()
        def next_one(steps):
            return [next(turns)]

        first = rows(self.build(tmp_path, next_one).run())
        assert [row["by"] for row in first] == [name for name in "abcabcabca" for _ in range(2)]
        assert rows(self.build(tmp_path, next_one).run()) == first

    def test_branch_that_no_row_goes_to_is_a_part_without_rows(self, tmp_path):
        with Pipeline("p", cache_dir=tmp_path) as pipeline:
            load = LoadDataFromDicts(data=numbers(6), batch_size=2)
            only = routing_batch_function()(lambda steps: steps[:1])
            every = Sum(name="every")
            load >> only >> [Same(name="a"), Same(name="b"), every]
        distiset = pipeline.run()
        assert {name: len(part["train"]) for name, part in distiset.items()} == {"a": 6, "b": 0, "every": 0}
        assert column(distiset, part="a") == list(range(6))
        assert every._calls == 0

    def test_connect_takes_a_route_too(self, tmp_path):
        with Pipeline("p", cache_dir=tmp_path) as pipeline:
            load, a, b = LoadDataFromDicts(data=numbers(4), batch_size=2), Same(name="a"), Same(name="b")
            load.connect(a, b, routing_batch_function=routing_batch_function()(lambda steps: steps[1:]))
        assert [(name, len(part["train"])) for name, part in pipeline.run().items()] == [("a", 0), ("b", 4)]

    def test_route_that_names_no_branch_ends_the_run_with_a_sentence(self, tmp_path):
        with pytest.raises(DistilabelUserError, match="The route after step 'load' picks 'typo'"):
            self.build(tmp_path, routing_batch_function()(lambda steps: ["typo"])).run()


class TestDataset:
    @pytest.mark.parametrize("kind", [list, Dataset.from_list, pd.DataFrame])
    def test_rows_may_be_given_to_run(self, tmp_path, kind):
        with Pipeline("p", cache_dir=tmp_path) as pipeline:
            add = Add(name="add", input_batch_size=4)
        distiset = pipeline.run(dataset=kind(numbers(7)), dataset_batch_size=4)
        assert rows(distiset) == [{"n": n, "m": n + 1} for n in range(7)]
        assert [len(given) for given in add._seen] == [4, 3]

    def test_every_step_without_rows_gets_them(self, tmp_path):
        with Pipeline("p", cache_dir=tmp_path) as pipeline:
            [Add(by=1), Add(by=2)] >> GroupColumns(columns=["m"], output_columns=["ms"])
        assert rows(pipeline.run(dataset=numbers(2))) == [{"n": 0, "ms": [1, 2]}, {"n": 1, "ms": [2, 3]}]

    def test_pipeline_can_be_given_other_rows_later(self, tmp_path):
        with Pipeline("p", cache_dir=tmp_path) as pipeline:
            add = Add(name="add")
        pipeline.run(dataset=numbers(3))
        assert column(pipeline.run(dataset=[{"n": 7}]), "m") == [8]
        assert column(pipeline.run(dataset=numbers(3)), "m") == [1, 2, 3]
        assert add.given == [0, 1, 2, 7]

    def test_rows_beside_a_generator_are_refused(self, tmp_path):
        with pytest.raises(DistilabelUserError, match="and so does the step 'load': leave one of them out"):
            line(tmp_path, Add).run(dataset=numbers(1))

    @pytest.mark.parametrize(
        ("data", "words"), [([], "dataset is empty"), ({"n": [1]}, "The dataset must be a list")]
    )
    def test_what_is_no_dataset_is_reported(self, tmp_path, data, words):
        with Pipeline("p", cache_dir=tmp_path) as pipeline:
            Add()
        with pytest.raises(DistilabelUserError, match=words):
            pipeline.run(dataset=data)


class TestCache:
    def test_second_run_processes_nothing(self, tmp_path):
        def build():
            add, total = Add(name="add"), Sum(name="sum")
            return line(tmp_path, add, total), add, total

        first = rows(build()[0].run())
        pipeline, add, total = build()
        assert rows(pipeline.run()) == first
        assert (add.calls, total._calls) == (0, 0)

    def test_second_run_does_not_even_load_the_steps(self, tmp_path):
        class Loads(Add):
            def load(self):
                super().load()
                loaded.append(self.name)

        loaded: list[str] = []
        for _ in range(2):
            line(tmp_path, Loads(name="add")).run()
        assert loaded == ["add"]

    def test_changed_rows_run_again_with_their_chunk_and_no_other(self, tmp_path):
        line(tmp_path, Add(name="add", input_batch_size=2)).run()
        data = numbers(10)
        data[5] = {"n": 50}
        add = Add(name="add", input_batch_size=2)
        assert column(line(tmp_path, add, data=data).run(), "m") == [1, 2, 3, 4, 5, 51, 7, 8, 9, 10]
        assert add.given == [4, 50]

    def test_rows_that_moved_are_not_processed_again(self, tmp_path):
        line(tmp_path, Add(name="add", input_batch_size=2)).run()
        add = Add(name="add", input_batch_size=2)
        data = numbers(10)[4:] + numbers(4)
        assert column(line(tmp_path, add, data=data).run()) == [4, 5, 6, 7, 8, 9, 0, 1, 2, 3]
        assert add.calls == 0

    def test_rows_under_the_same_name_are_never_the_old_ones(self, tmp_path):
        for data in ([{"n": 1}, {"n": 2}], [{"n": 3}, {"n": 4}], [{"n": 1}], [{"n": 1}, {"n": 4}, {"n": 2}]):
            assert column(line(tmp_path, Add, data=data).run(), "m") == [row["n"] + 1 for row in data]

    @settings(
        max_examples=12,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(
        runs=st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=8), min_size=2, max_size=3),
        size=st.integers(1, 3),
    )
    def test_whatever_ran_before_a_run_gives_the_rows_of_its_own_data(self, tmp_path, runs, size):
        for data in runs:
            given = [{"n": n} for n in data]
            pipeline = line(
                tmp_path, Add(name="add", input_batch_size=2), Sum(name="sum"), data=given, size=size
            )
            assert rows(pipeline.run()) == [{"rows": len(data), "sum": sum(data)}]

    def test_changed_setting_runs_the_step_and_those_below_again_and_none_above(self, tmp_path):
        def build(by):
            steps = Same(name="above"), Add(name="add", by=by), Same(name="below")
            return line(tmp_path, *steps), steps

        build(1)[0].run()
        pipeline, (above, add, below) = build(2)
        assert column(pipeline.run(), "m") == [n + 2 for n in range(10)]
        assert (above.calls, add.given, below.given) == (0, list(range(10)), list(range(10)))
        pipeline, steps = build(1)
        assert column(pipeline.run(), "m") == [n + 1 for n in range(10)]
        assert [one.calls for one in steps] == [0, 0, 0]

    def test_step_below_is_kept_where_the_change_did_not_reach_its_rows(self, tmp_path):
        line(tmp_path, Fails(name="add"), Same(name="below")).run()
        below = Same(name="below")
        line(tmp_path, Add(name="add"), below).run()
        assert below.calls == 0

    def test_changed_code_of_a_step_runs_it_again(self, tmp_path, monkeypatch):
        def shout(word):
            file = tmp_path / word / "shouting.py"
            file.parent.mkdir(exist_ok=True)
            file.write_text(
                "from tests.pipeline.plain import Same\n"
                f"class Shout(Same):\n    def made(self, rows):\n        return [{{**row, 'm': {word!r}}} for row in rows]\n"
            )
            spec = spec_from_file_location("shouting", file)
            module = module_from_spec(spec)
            monkeypatch.setitem(sys.modules, "shouting", module)
            spec.loader.exec_module(module)
            return module.Shout(name="shout")

        for word, calls in (("old", 1), ("new", 1), ("new", 0), ("old", 0)):
            step_now = shout(word)
            assert set(column(line(tmp_path, step_now).run(), "m")) == {word}
            assert step_now.calls == calls

    def test_changed_code_of_an_embedding_model_runs_its_step_again(self, tmp_path, monkeypatch):
        def model(number):
            file = tmp_path / str(number) / "embedding.py"
            file.parent.mkdir(exist_ok=True)
            file.write_text(
                "from distilabel.models.embeddings import Embeddings\nCALLS = []\nclass Own(Embeddings):\n"
                f"    def encode(self, inputs):\n        CALLS.append(inputs)\n        return [[{number}.0]] * len(inputs)\n"
            )
            spec = spec_from_file_location("embedding", file)
            module = module_from_spec(spec)
            monkeypatch.setitem(sys.modules, "embedding", module)
            spec.loader.exec_module(module)
            return module

        for number, calls in ((1, 1), (2, 1), (2, 0), (1, 0)):
            module = model(number)
            with Pipeline("embed", cache_dir=tmp_path) as pipeline:
                LoadDataFromDicts(data=[{"text": "a"}]) >> EmbeddingGeneration(embeddings=module.Own())
            assert column(pipeline.run(), "embedding") == [[number]]
            assert len(module.CALLS) == calls

    def test_new_step_at_the_end_leaves_the_others_alone(self, tmp_path):
        line(tmp_path, Add(name="add")).run()
        add, last = Add(name="add"), Same(name="last")
        line(tmp_path, add, last).run()
        assert (add.calls, last.given) == (0, list(range(10)))

    def test_batch_size_of_a_step_is_no_change_of_its_configuration(self, tmp_path):
        line(tmp_path, Add(name="add", input_batch_size=2)).run()
        add = Add(name="add", input_batch_size=1)
        line(tmp_path, add).run()
        assert add.calls == 0

    def test_without_the_cache_all_is_done_again_and_nothing_kept(self, tmp_path):
        line(tmp_path, Add(name="add"), data=numbers(4)).run(use_cache=False)
        assert not list(tmp_path.rglob("*.chunks"))
        add = Add(name="add")
        pipeline = line(tmp_path, add, data=numbers(4))
        pipeline.run()
        pipeline.run(use_cache=False)
        assert add.given == [0, 1, 2, 3, 0, 1, 2, 3]
        pipeline.run()
        assert len(add.given) == 8

    def test_step_without_the_cache_is_done_again_and_those_around_it_are_not(self, tmp_path):
        steps = Same(name="above"), Add(name="add", use_cache=False), Same(name="below")
        pipeline = line(tmp_path, *steps)
        pipeline.run()
        pipeline.run()
        assert [len(one.given) for one in steps] == [10, 20, 10]

    def test_equal_chunks_stand_each_for_itself(self, tmp_path):
        calls = []
        for _ in range(2):
            add = Add(name="add", input_batch_size=2)
            assert column(line(tmp_path, add, data=[{"n": 1}] * 6).run(), "m") == [2] * 6
            calls.append(add.calls)
        assert calls == [3, 0]

    def test_damaged_chunk_is_made_again(self, tmp_path):
        first = rows(line(tmp_path, Add(name="add", input_batch_size=2)).run())
        file = tmp_path / "line" / "chunks" / "add.chunks"
        damaged = bytearray(file.read_bytes())
        damaged[-3] ^= 0xFF
        file.write_bytes(damaged)
        add = Add(name="add", input_batch_size=2)
        assert rows(line(tmp_path, add).run()) == first
        assert add.given == [8, 9]


class TestGenerators:
    def build(self, cache, count):
        with Pipeline("gen", cache_dir=cache) as pipeline:
            count.pipeline = pipeline
            pipeline._add_step(count)
            count >> Add(name="add", input_batch_size=count.batch_size)
        return pipeline

    def test_chunks_that_were_made_are_kept(self, tmp_path):
        first, again = Count(name="count", batch_size=3), Count(name="count", batch_size=3)
        assert column(self.build(tmp_path, first).run()) == list(range(10))
        assert column(self.build(tmp_path, again).run()) == list(range(10))
        assert (first._asked, again._asked) == ([0], [])

    def test_one_that_failed_goes_on_where_it_stopped(self, tmp_path):
        count = Count(name="count", batch_size=3)
        count._fail_at = 6
        with pytest.raises(
            DistilabelStepError, match="Generator 'count' failed: ValueError: the source is gone"
        ):
            self.build(tmp_path, count).run()
        again = Count(name="count", batch_size=3)
        assert column(self.build(tmp_path, again).run()) == list(range(10))
        assert again._asked == [6]

    def test_one_whose_chunks_differ_in_size_goes_on_at_the_right_row(self, tmp_path):
        class Uneven(Count):
            def process(self, offset=0):
                self._asked.append(offset)
                while offset < self.until:
                    if self._fail_at is not None and offset >= self._fail_at:
                        raise ValueError("the source is gone")
                    end = min(self.until, offset + 1 + offset % 3)
                    yield [{"n": n} for n in range(offset, end)], end == self.until
                    offset = end

        count = Uneven(name="count")
        count._fail_at = 4
        with pytest.raises(DistilabelStepError):
            self.build(tmp_path, count).run()
        again = Uneven(name="count")
        assert column(self.build(tmp_path, again).run()) == list(range(10))
        assert again._asked == [4]

    def test_one_that_ends_without_saying_so_is_not_asked_for_more_in_the_next_run(self, tmp_path):
        made = []

        @step(outputs=["n"], step_type="generator")
        def Three():
            for n in range(3):
                made.append(n)
                yield [{"n": n}], False

        for _ in range(3):
            assert column(self.build(tmp_path, Three(name="three")).run()) == [0, 1, 2]
        assert made == [0, 1, 2]

    def test_last_rows_may_be_none(self, tmp_path):
        @step(outputs=["n"], step_type="generator")
        def Late(offset=0):
            yield [{"n": 0}], False
            yield [], False
            yield [{"n": 1}], False
            yield [], True

        for _ in range(2):
            assert column(self.build(tmp_path, Late(name="late")).run()) == [0, 1]

    def test_one_that_fails_at_once_ends_the_run(self, tmp_path):
        count = Count(name="count")
        count._fail_at = 0
        with pytest.raises(DistilabelStepError, match="Generator 'count' failed"):
            self.build(tmp_path, count).run()

    def test_randomness_of_a_chunk_is_the_same_also_where_a_run_was_cut_short(self, tmp_path):
        class Dice(Count):
            def process(self, offset=0):
                for made, last in super().process(offset):
                    yield [{"n": self.random.random()} for _ in made], last

        whole = column(self.build(tmp_path / "whole", Dice(name="dice", batch_size=3)).run())
        short = Dice(name="dice", batch_size=3)
        short._fail_at = 6
        with pytest.raises(DistilabelStepError):
            self.build(tmp_path / "short", short).run()
        assert column(self.build(tmp_path / "short", Dice(name="dice", batch_size=3)).run()) == whole
        assert len(set(whole)) == 10


class TestFilesAgain:
    """Rows of a file that is as it was are not read again, and those of one that is not are."""

    @pytest.fixture
    def reads(self, monkeypatch):
        """Note from which row on a dataset was read."""
        offsets: list[int] = []

        def noting(dataset, offset, size, limit=None):
            offsets.append(offset)
            return batches(dataset, offset, size, limit)

        monkeypatch.setattr(dataset_generator, "batches", noting)
        return offsets

    def write(self, folder, values):
        path = folder / "rows.jsonl"
        path.write_text("".join(f'{{"n": {n}}}\n' for n in values))
        return path

    def build(self, folder, **fields):
        with Pipeline("files", cache_dir=folder / "cache") as pipeline:
            load_data = LoadDataFromFileSystem(
                name="load_data", data_files=folder / "rows.jsonl", **{"batch_size": 3, **fields}
            )
            load_data >> Add(name="add", input_batch_size=3)
        return pipeline

    def test_file_that_is_as_it_was_is_not_read_again(self, tmp_path, reads):
        self.write(tmp_path, range(10))
        for _ in range(2):
            assert column(self.build(tmp_path).run()) == list(range(10))
        assert reads == [0]

    def test_edited_file_is_read_again_also_where_it_is_as_long_as_before(self, tmp_path, reads):
        self.write(tmp_path, range(10))
        self.build(tmp_path).run()
        path = self.write(tmp_path, reversed(range(10)))
        later = path.stat().st_mtime + 7
        os.utime(path, (later, later))
        assert column(self.build(tmp_path).run()) == list(reversed(range(10)))
        assert reads == [0, 0]

    @pytest.mark.parametrize(
        "other",
        [{"num_examples": 4}, {"batch_size": 4}, {"use_cache": False}],
        ids=["rows", "size", "no cache"],
    )
    def test_other_settings_read_it_again(self, tmp_path, reads, other):
        self.write(tmp_path, range(10))
        self.build(tmp_path).run()
        assert column(self.build(tmp_path, **other).run()) == list(range(other.get("num_examples", 10)))
        assert reads == [0, 0]

    def test_what_was_lost_is_read_from_where_it_is_missing(self, tmp_path, reads):
        self.write(tmp_path, range(10))
        self.build(tmp_path).run()
        (kept,) = tmp_path.glob("cache/**/load_data.chunks")
        with kept.open("r+b") as file:
            file.truncate(kept.stat().st_size - 1)
        assert column(self.build(tmp_path).run()) == list(range(10))
        assert reads == [0, 9]

    def test_reader_of_the_users_own_is_asked_again(self, tmp_path, reads):
        class Tens(LoadDataFromFileSystem):
            def process(self, offset=0):
                for made, last in super().process(offset):
                    yield [{"n": row["n"] * factor} for row in made], last

        self.write(tmp_path, range(10))
        for factor in (1, 10):
            with Pipeline("own", cache_dir=tmp_path / "cache") as pipeline:
                Tens(name="tens", data_files=tmp_path / "rows.jsonl") >> Add(name="add")
            assert column(pipeline.run()) == [n * factor for n in range(10)]
        assert reads == [0, 0]


class TestFailures:
    def test_bad_row_costs_one_row_and_says_why(self, tmp_path):
        bad = Fails(name="bad").on(3)
        distiset = line(tmp_path, bad, Same, data=numbers(7), size=7, enable_metadata=True).run()
        found = rows(distiset)
        assert [(row["n"], row["m"]) for row in found] == [(n, None if n == 3 else n + 1) for n in range(7)]
        reason = {"code": "step_error", "message": "ValueError: 3 is bad", "attempts": 1, "job_id": None}
        assert [row["distilabel_metadata"] for row in found] == [
            {"failure_bad": reason} if n == 3 else None for n in range(7)
        ]
        assert distiset.failures == {"bad": 1}

    @pytest.mark.parametrize("size", [1, 2, 50])
    @pytest.mark.parametrize("bad", [0, 3, 6])
    def test_it_may_stand_anywhere_in_batches_of_any_size(self, tmp_path, size, bad):
        pipeline = line(
            tmp_path, Fails(name="bad", input_batch_size=size).on(bad), data=numbers(7), size=size
        )
        for _ in range(2):
            assert column(pipeline.run(), "m") == [None if n == bad else n + 1 for n in range(7)]

    def test_reason_is_dropped_unless_asked_for(self, tmp_path):
        assert list(rows(line(tmp_path, Fails().on(3)).run())[3]) == ["n", "m"]

    def test_rows_beside_a_bad_one_are_what_they_would_be_without_it(self, tmp_path):
        class Appends(Same):
            def made(self, rows):
                for row in rows:
                    row["tags"].append(row["n"])
                    if row["n"] == 2:
                        raise ValueError("bad")
                return rows

        data = [{"n": n, "tags": []} for n in range(4)]
        assert column(line(tmp_path, Appends, data=data, size=4).run(), "tags") == [[0], [1], [], [3]]

    def test_next_run_asks_again_for_the_bad_row_alone(self, tmp_path):
        line(tmp_path, Fails(name="bad", input_batch_size=2).on(5)).run()
        fixed = Fails(name="bad", input_batch_size=2)
        assert column(line(tmp_path, fixed).run(), "m") == [n + 1 for n in range(10)]
        assert fixed.given == [5]

    @pytest.mark.parametrize(("count", "size"), [(1, 1), (10, 1), (10, 3), (10, 50), (120, 50)])
    def test_step_that_fails_for_all_rows_ends_the_run(self, tmp_path, count, size):
        bad = Fails(name="bad", input_batch_size=size).on(*range(count))
        with pytest.raises(
            DistilabelStepError, match=r"Step 'bad' failed for all of its \d+ rows \(ValueError: \d+ is bad\)"
        ):
            line(tmp_path, bad, data=numbers(count), size=size).run()

    def test_step_that_fails_for_everything_is_given_up_early(self, tmp_path):
        bad = Fails(name="bad").on(*range(1000))
        with pytest.raises(DistilabelStepError, match="failed for all of its 50 rows"):
            line(tmp_path, bad, data=numbers(1000), size=50).run()
        assert len(set(bad.given)) == 50

    def test_what_was_done_before_a_failure_is_kept(self, tmp_path):
        add = Add(name="add", input_batch_size=2)
        with pytest.raises(DistilabelStepError):
            line(tmp_path, add, Fails(name="bad").on(*range(10))).run()
        again = Add(name="add", input_batch_size=2)
        assert column(line(tmp_path, again, Fails(name="bad")).run(), "m") == [n + 1 for n in range(10)]
        assert sorted([*add.given, *again.given]) == list(range(10))

    def test_failing_global_step_ends_the_run(self, tmp_path):
        class Breaks(GlobalStep):
            def process(self, inputs: StepInput):
                raise KeyError("text")
                yield

        for _ in range(2):
            with pytest.raises(DistilabelStepError, match="Step 'breaks' failed: KeyError: 'text'") as failed:
                line(tmp_path, Breaks(name="breaks")).run()
        assert isinstance(failed.value.__cause__, KeyError)

    def test_error_that_says_what_to_fix_is_not_taken_for_a_bad_row(self, tmp_path):
        class Refuses(Same):
            def made(self, rows):
                raise DistilabelUserError("set the thing")

        with pytest.raises(DistilabelUserError, match="set the thing"):
            line(tmp_path, Refuses).run()

    def test_step_that_cannot_be_loaded_ends_the_run(self, tmp_path):
        class Heavy(Same):
            def load(self):
                raise MemoryError("too large")

        with pytest.raises(
            DistilabelStepError, match="'heavy_0' could not be loaded: MemoryError: too large"
        ):
            line(tmp_path, Heavy).run()

    def test_step_that_takes_all_rows_and_exhausts_the_memory_says_so(self, tmp_path):
        class Large(GlobalStep):
            def process(self, inputs: StepInput):
                raise MemoryError

        with pytest.raises(
            DistilabelStepError, match="failed: MemoryError: the memory of this machine is exhausted"
        ):
            line(tmp_path, Large).run()

    def test_memory_that_is_exhausted_beside_the_steps_ends_the_run_and_loses_nothing(
        self, tmp_path, monkeypatch
    ):
        add = Add(name="add")
        pipeline = line(tmp_path, add)
        with monkeypatch.context() as patch:
            patch.setattr("distilabel.pipeline.storage.output._write", lambda *_: bytearray(1 << 62))
            with pytest.raises(
                DistilabelUserError, match=r"memory of this machine is exhausted.*Nothing is lost.*run again"
            ):
                pipeline.run()
        given = len(add.given)
        assert len(pipeline.run()["default"]["train"]) == given
        assert len(add.given) == given

    @pytest.mark.parametrize("made", [[1], "text", {"n": 1}])
    def test_what_is_no_list_of_rows_is_refused(self, tmp_path, made):
        class Odd(Same):
            def made(self, rows):
                return made

        with pytest.raises(
            DistilabelUserError, match=r"process\(\) of step .* must yield lists of rows \(dicts\)"
        ):
            line(tmp_path, Odd).run()

    def test_column_of_two_types_is_written_all_the_same(self, tmp_path):
        distiset = line(tmp_path, Same(name="mixed"), data=[{"n": 1}, {"n": "x"}]).run()
        assert column(distiset) == [1, "x"]

    def test_after_a_failure_the_folder_is_free(self, tmp_path):
        with pytest.raises(DistilabelStepError):
            line(tmp_path, Fails(name="x").on(*range(10))).run()
        assert len(line(tmp_path, Add(name="x")).run()) == 1


class TestInterruption:
    def test_run_that_was_asked_to_stop_is_empty_and_the_next_one_goes_on_at_the_chunk(self, tmp_path):
        class Stops(Add):
            _at: int | None = PrivateAttr(default=None)
            _released: threading.Event = PrivateAttr(default_factory=threading.Event)

            def made(self, rows):
                if rows[0]["n"] == self._at:
                    os.kill(os.getpid(), signal.SIGINT)
                    self._released.wait(10)
                return super().made(rows)

        first = Stops(name="stops", input_batch_size=2)
        first._at = 6
        before = signal.getsignal(signal.SIGINT)
        pipeline = line(tmp_path, first)
        assert len(pipeline.run()) == 0
        assert signal.getsignal(signal.SIGINT) is before
        first._released.set()
        again = Stops(name="stops", input_batch_size=2)
        assert column(line(tmp_path, again).run()) == list(range(10))
        assert again.given == [6, 7, 8, 9]

    def test_it_runs_in_another_thread_than_the_main_one(self, tmp_path):
        found: list[Any] = []
        thread = threading.Thread(target=lambda: found.append(line(tmp_path, Add).run()))
        thread.start()
        thread.join(60)
        assert column(found[0]) == list(range(10))

    def test_same_pipeline_does_not_run_twice_at_once(self, tmp_path):
        class Again(Same):
            def made(self, rows):
                with pytest.raises(DistilabelRunningError):
                    line(tmp_path, Same).run()
                refused.append(True)
                return rows

        refused: list[bool] = []
        line(tmp_path, Again, data=numbers(1)).run()
        assert refused == [True]


class TestDryRun:
    def test_it_takes_one_small_chunk_and_leaves_no_chunks(self, tmp_path):
        add = Add(name="add")
        pipeline = line(tmp_path, add, Sum(name="sum"), size=7)
        assert rows(pipeline.dry_run()) == [{"rows": 1, "sum": 0}]
        assert rows(pipeline.dry_run(batch_size=3)) == [{"rows": 3, "sum": 3}]
        assert add.given == [0, 0, 1, 2]
        assert not list(tmp_path.rglob("*.chunks"))
        assert pipeline.dag.steps["load"].batch_size == 7

    def test_it_does_not_use_the_cache_and_does_not_spoil_it(self, tmp_path):
        add = Add(name="add")
        pipeline = line(tmp_path, add)
        pipeline.run()
        pipeline.dry_run()
        assert len(add.given) == 11
        assert len(rows(pipeline.run())) == 10
        assert len(add.given) == 11

    def test_it_takes_rows_and_parameters(self, tmp_path):
        with Pipeline("p", cache_dir=tmp_path) as pipeline:
            add = Add(name="add")
        distiset = pipeline.dry_run(
            dataset=numbers(9), batch_size=2, parameters={"add": {"input_batch_size": 1}}
        )
        assert column(distiset) == [0, 1]
        assert [len(given) for given in add._seen] == [1, 1]

    def test_size_is_put_back_also_after_a_failure(self, tmp_path):
        pipeline = line(tmp_path, Fails().on(*range(10)), size=7)
        with pytest.raises(DistilabelStepError):
            pipeline.dry_run()
        assert pipeline.dag.steps["load"].batch_size == 7

    def test_generator_without_an_end_is_asked_once(self, tmp_path):
        with Pipeline("p", cache_dir=tmp_path) as pipeline:
            count = Count(until=10**9)
            count >> Same()
        assert column(pipeline.dry_run(batch_size=4)) == [0, 1, 2, 3]


class TestSurroundings:
    def test_nothing_is_printed_to_standard_output(self, tmp_path, capfd, monkeypatch):
        monkeypatch.setenv("DISTILABEL_PROGRESS", "plain")
        line(tmp_path, Fails(name="bad").on(1)).run()
        assert capfd.readouterr().out == ""

    def test_artifacts_lie_in_the_pipelines_folder(self, tmp_path):
        class Leaves(Same):
            def made(self, rows):
                self.save_artifact("notes", lambda folder: (folder / "a.txt").write_text("hi"), {"k": 1})
                return rows

        distiset = line(tmp_path, Leaves(name="leaves"), data=numbers(1)).run()
        assert (distiset.artifacts_path / "leaves" / "notes" / "a.txt").read_text() == "hi"

    def test_distiset_knows_its_files(self, tmp_path):
        distiset = line(tmp_path, Add).run()
        assert distiset.pipeline_path == tmp_path / "line" / "pipeline.yaml"
        assert distiset.log_filename_path.read_text()

    def test_folder_that_cannot_be_written_is_one_sentence(self, tmp_path):
        (tmp_path / "cache").write_text("a file")
        with pytest.raises(
            DistilabelCacheError, match=r"cannot be used .*: make it writable, or name another"
        ):
            line(tmp_path / "cache", Add).run()

    def test_steps_are_loaded_once_and_unloaded_at_the_end_also_after_a_failure(self, tmp_path):
        class Counts(Fails):
            def load(self):
                super().load()
                calls.append("load")

            def unload(self):
                super().unload()
                calls.append("unload")

        calls: list[str] = []
        line(tmp_path / "a", Counts(name="x")).run()
        with pytest.raises(DistilabelStepError):
            line(tmp_path / "b", Counts(name="x").on(*range(10))).run()
        assert calls == ["load", "unload"] * 2


MEMORY = """
import resource, sys
from distilabel.pipeline import Pipeline
from distilabel.steps import GeneratorStep, Step, StepInput

class Load(GeneratorStep):
    rows: int
    @property
    def outputs(self):
        return ["n", "text"]
    def process(self, offset=0):
        for start in range(offset, self.rows, 50):
            yield [{"n": n, "text": f"{n:0200}"} for n in range(start, start + 50)], start + 50 >= self.rows

class Double(Step):
    @property
    def outputs(self):
        return ["twice"]
    def process(self, inputs: StepInput):
        yield [{**row, "twice": row["text"] * 2} for row in inputs]

with Pipeline("p", cache_dir=sys.argv[1]) as pipeline:
    Load(rows=int(sys.argv[2])) >> Double() >> Double(name="last")
distiset = pipeline.run()
assert distiset["default"]["train"].num_rows == int(sys.argv[2])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no resource module")
@pytest.mark.slow  # whole processes with many rows
def test_memory_does_not_grow_with_the_rows(tmp_path: Path):
    def peak(count: int) -> int:
        command = [sys.executable, "-c", MEMORY, str(tmp_path / str(count)), str(count)]
        environment = {**os.environ, "DISTILABEL_PROGRESS": "none"}
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
        return int(done.stdout) * (1 if sys.platform == "darwin" else 1024)

    grown = peak(30_000) - peak(3_000)
    assert grown < 60 * 2**20, f"{grown / 2**20:.0f} MB more"
