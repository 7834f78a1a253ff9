"""Renaming columns on the way in and out: no value is lost, none lands on another row."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distilabel.exceptions import DistilabelTypeError
from distilabel.steps import GeneratorStep, Step, StepInput


class Repeat(Step):
    """Reads `text`, writes `length`, and makes `times` rows of each."""

    times: int = 1
    fresh: bool = False

    @property
    def inputs(self):
        return ["text"]

    @property
    def outputs(self):
        return ["length"]

    def process(self, inputs: StepInput):
        made = [(row, {"length": len(row["text"])}) for row in inputs for _ in range(self.times)]
        yield [new if self.fresh else {**row, **new} for row, new in made]


class Clean(Step):
    @property
    def inputs(self):
        return ["text"]

    @property
    def outputs(self):
        return ["text"]

    def process(self, inputs: StepInput):
        yield [{**row, "text": row["text"].strip()} for row in inputs]


class Join(Step):
    @property
    def inputs(self):
        return ["a"]

    @property
    def outputs(self):
        return ["joined"]

    def process(self, *inputs: StepInput):
        yield [{**row, "joined": "".join(r["a"] for rows in inputs for r in rows)} for row in inputs[-1]]


class Wrong(Step):
    def process(self, inputs: StepInput):
        yield inputs[0]


class Numbers(GeneratorStep):
    @property
    def outputs(self):
        return ["n"]

    def process(self, offset=0):
        yield [{"n": offset}], False
        yield [{"n": offset + 1}], True


def run(step, *inputs):
    return next(step.process_applying_mappings(*inputs))


def test_without_mappings_rows_pass_as_they_are():
    assert run(Repeat(), [{"text": "ab", "x": 1}]) == [{"text": "ab", "x": 1, "length": 2}]


def test_column_is_read_under_its_own_name_and_keeps_it():
    rows = run(Repeat(input_mappings={"text": "prompt"}), [{"prompt": "ab", "x": 1}])
    assert rows == [{"prompt": "ab", "x": 1, "length": 2}]


def test_output_is_written_under_the_name_wanted():
    assert run(Repeat(output_mappings={"length": "n"}), [{"text": "ab"}]) == [{"text": "ab", "n": 2}]


def test_column_hidden_by_an_input_is_there_again():
    rows = run(Repeat(input_mappings={"text": "prompt"}), [{"prompt": "ab", "text": "mine"}])
    assert rows == [{"prompt": "ab", "text": "mine", "length": 2}]


def test_column_hidden_by_an_output_is_there_again():
    rows = run(Repeat(output_mappings={"length": "n"}), [{"text": "ab", "length": "mine"}])
    assert rows == [{"text": "ab", "length": "mine", "n": 2}]


def test_two_columns_may_swap_names():
    step = Repeat(input_mappings={"text": "length"}, output_mappings={"length": "text"})
    assert run(step, [{"length": "ab", "text": "mine"}]) == [{"length": "ab", "text": 2}]


def test_column_that_is_read_and_written_again_keeps_both_values():
    rows = run(Clean(input_mappings={"text": "body"}), [{"body": " a "}])
    assert rows == [{"body": " a ", "text": "a"}]


def test_rows_that_are_not_renamed_are_not_touched():
    original = {"prompt": "ab", "text": "mine"}
    run(Repeat(input_mappings={"text": "prompt"}), [original])
    assert original == {"prompt": "ab", "text": "mine"}


@given(texts=st.lists(st.text(max_size=3), max_size=6), times=st.integers(0, 3), fresh=st.booleans())
def test_every_row_gets_back_what_was_its_own_when_rows_multiply(texts, times, fresh):
    rows = [{"prompt": text, "text": f"mine {i}", "i": i} for i, text in enumerate(texts)]
    made = run(Repeat(input_mappings={"text": "prompt"}, times=times, fresh=fresh), rows)
    assert [row["length"] for row in made] == [len(text) for text in texts for _ in range(times)]
    if not fresh:
        assert [row["text"] for row in made] == [f"mine {row['i']}" for row in made]
        assert [row["prompt"] for row in made] == [texts[row["i"]] for row in made]
    assert not any("__distilabel" in name for row in made for name in row)


def test_rows_of_several_steps_are_renamed_each():
    step = Join(input_mappings={"a": "x"})
    first, second = [{"x": "1", "a": "p"}], [{"x": "2", "a": "q"}]
    assert run(step, first, second) == [{"x": "2", "a": "q", "joined": "12"}]


def test_step_that_does_not_yield_lists_of_rows_is_reported():
    with pytest.raises(DistilabelTypeError, match="lists of rows"):
        run(Wrong(), [{"a": 1}])


def test_generator_writes_under_the_name_wanted():
    step = Numbers(output_mappings={"n": "number"})
    assert list(step.process_applying_mappings(offset=4)) == [
        ([{"number": 4}], False),
        ([{"number": 5}], True),
    ]
