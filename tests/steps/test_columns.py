"""Picking, folding, unfolding and joining columns."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from distilabel.exceptions import DistilabelStepError, DistilabelUserError
from distilabel.steps import CombineOutputs, ExpandColumns, GroupColumns, KeepColumns, MergeColumns
from distilabel.steps.base import validate_step


def run(step, *inputs):
    validate_step(step)
    return next(step.process_applying_mappings(*inputs))


class TestKeep:
    def test_only_the_columns_named_stay_in_their_order(self):
        rows = run(KeepColumns(columns=["b", "a"]), [{"a": 1, "b": 2, "c": 3}])
        assert [list(row.items()) for row in rows] == [[("b", 2), ("a", 1)]]

    def test_column_that_a_row_lacks_is_none(self):
        assert run(KeepColumns(columns=["a"]), [{"b": 1}]) == [{"a": None}]


class TestExpand:
    def test_each_entry_gets_a_row_and_lists_are_walked_side_by_side(self):
        step = ExpandColumns(columns={"xs": "x", "ys": "y"})
        assert run(step, [{"id": 1, "xs": [1, 2], "ys": ["a"]}]) == [
            {"id": 1, "x": 1, "y": "a"},
            {"id": 1, "x": 2, "y": None},
        ]

    @pytest.mark.parametrize("empty", [None, []])
    def test_row_without_entries_stays(self, empty):
        assert run(ExpandColumns(columns=["xs"]), [{"id": 1, "xs": empty}]) == [{"id": 1, "xs": None}]

    @pytest.mark.parametrize("encoded", [True, ["xs"]])
    def test_list_may_be_text_in_json(self, encoded):
        step = ExpandColumns(columns=["xs"], encoded=encoded)
        assert run(step, [{"xs": '["a\\u2028", null]'}]) == [{"xs": "a\u2028"}, {"xs": None}]

    def test_what_is_no_list_is_named(self):
        with pytest.raises(DistilabelUserError, match="cannot expand column 'xs', which holds str"):
            run(ExpandColumns(columns=["xs"], encoded=["ys"]), [{"xs": "[1]"}])
        with pytest.raises(DistilabelUserError, match="cannot read column 'xs' as JSON"):
            run(ExpandColumns(columns=["xs"], encoded=True), [{"xs": "[1"}])

    @given(tokens=st.integers(0, 50), entries=st.integers(1, 7))
    def test_shared_out_token_counts_keep_their_sum(self, tokens, entries):
        counts = {"input_tokens": tokens, "output_tokens": None}
        row = {
            "xs": list(range(entries)),
            "distilabel_metadata": {"statistics_t": counts, "raw_output_t": "r"},
        }
        made = [
            new["distilabel_metadata"]
            for new in run(ExpandColumns(columns=["xs"], split_statistics=True), [row])
        ]
        assert sum(new["statistics_t"]["input_tokens"] for new in made) == tokens
        assert {new["raw_output_t"] for new in made} == {"r"}
        assert row["distilabel_metadata"]["statistics_t"] == counts


class TestGroup:
    def test_column_of_several_steps_becomes_a_list(self):
        first = [{"id": 1, "a": "x", "distilabel_metadata": {"m": 1}}]
        second = [{"id": 2, "a": "y", "distilabel_metadata": {"n": 2}}]
        assert run(GroupColumns(columns=["a"]), first, second) == [
            {"id": 1, "grouped_a": ["x", "y"], "distilabel_metadata": {"m": 1, "n": 2}},
        ]

    def test_lists_may_be_named_each(self):
        step = GroupColumns(columns=["a", "b"], output_columns=["as", "bs"])
        assert run(step, [{"a": 1, "b": 2}], [{"a": 3}]) == [{"as": [1, 3], "bs": [2, None]}]
        with pytest.raises(ValidationError, match="one name for each of columns"):
            GroupColumns(columns=["a", "b"], output_columns=["as"])

    @pytest.mark.parametrize("step", [GroupColumns(columns=["a"]), CombineOutputs()])
    def test_different_numbers_of_rows_are_never_paired(self, step):
        with pytest.raises(DistilabelStepError, match="received 2 and 1 rows"):
            run(step, [{"a": 1}, {"a": 2}], [{"a": 3}])


class TestMerge:
    def test_columns_become_one_list(self):
        step = MergeColumns(columns=["a", "b"])
        assert run(step, [{"id": 0, "a": 1, "b": [2, 3]}]) == [{"id": 0, "merged_column": [1, 2, 3]}]

    def test_list_may_have_the_name_of_a_column(self):
        assert run(MergeColumns(columns=["a", "b"], output_column="a"), [{"a": 1, "b": 2}]) == [{"a": [1, 2]}]

    def test_lists_of_the_row_are_not_changed(self):
        row = {"a": [1], "b": [2]}
        run(MergeColumns(columns=["a", "b"]), [row])
        assert row == {"a": [1], "b": [2]}


class TestCombine:
    def test_columns_stand_side_by_side_and_metadata_is_merged(self):
        first = [{"id": 1, "a": "x", "distilabel_metadata": {"m": 1}}]
        second = [{"id": 1, "b": "y", "distilabel_metadata": {"n": 2}}]
        assert run(CombineOutputs(), first, second) == [
            {"id": 1, "a": "x", "b": "y", "distilabel_metadata": {"m": 1, "n": 2}},
        ]


@pytest.mark.parametrize(
    ("step", "inputs", "outputs"),
    [
        (KeepColumns(columns=["a"]), ["a"], ["a"]),
        (ExpandColumns(columns={"as": "a", "bs": ""}), ["as", "bs"], ["a", "bs"]),
        (GroupColumns(columns=["a"]), ["a"], ["grouped_a"]),
        (MergeColumns(columns=["a", "b"]), ["a", "b"], ["merged_column"]),
        (CombineOutputs(), [], []),
    ],
)
def test_each_step_says_what_it_reads_and_writes(step, inputs, outputs):
    assert (list(step.get_inputs()), list(step.get_outputs())) == (inputs, outputs)
