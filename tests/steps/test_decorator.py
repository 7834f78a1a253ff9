"""Making steps out of functions, and naming the packages that they need."""

import pickle

import pytest
from distilabel.utils.requirements import requirements

from distilabel.config import RuntimeParameter, code_digest
from distilabel.exceptions import DistilabelUserError
from distilabel.models.llms.base import LLM
from distilabel.steps import GeneratorStep, GlobalStep, KeepColumns, Step, StepInput, step
from distilabel.steps.base import validate_step


@step(inputs=["text"], outputs={"length": True})
def CountText(inputs: StepInput, unit: RuntimeParameter[str], scale: RuntimeParameter[int] = 2):
    """Count."""
    yield [{**row, "length": len(row["text"]) * scale, "unit": unit} for row in inputs]


@step(inputs=["a"], step_type="global")
def Pair(*inputs: StepInput):
    yield [{"n": [len(rows) for rows in inputs]}]


@step(outputs=["n"], step_type="generator")
def Numbers(offset=0, top: RuntimeParameter[int] = 3):
    yield [{"n": n} for n in range(offset, top)], True


@step(outputs=["n"], step_type="generator")
def One():
    yield [{"n": 1}], True


def test_function_becomes_a_class_with_its_parameters_as_fields():
    counting = CountText(unit="letters")
    assert isinstance(counting, Step)
    assert (counting.name, CountText.__doc__) == ("count_text_0", "Count.")
    assert next(counting.process([{"text": "ab"}])) == [{"text": "ab", "length": 4, "unit": "letters"}]
    assert (counting.get_inputs(), counting.get_outputs()) == ({"text": True}, {"length": True})
    validate_step(counting)


def test_parameter_without_a_default_must_be_set_before_the_run():
    counting = CountText(name="c")
    with pytest.raises(DistilabelUserError, match="lacks 'unit'"):
        validate_step(counting)
    counting.set_runtime_parameters({"unit": "x", "scale": 5})
    assert next(counting.process_applying_mappings([{"text": "ab"}])) == [
        {"text": "ab", "length": 10, "unit": "x"}
    ]


def test_mappings_apply_to_it():
    counting = CountText(unit="u", input_mappings={"text": "prompt"}, output_mappings={"length": "n"})
    assert next(counting.process_applying_mappings([{"prompt": "ab"}])) == [
        {"prompt": "ab", "n": 4, "unit": "u"}
    ]


def test_each_type_of_step_has_its_class():
    assert isinstance(Pair(), GlobalStep)
    assert isinstance(Numbers(), GeneratorStep)
    assert Pair().has_multiple_inputs
    assert next(Pair().process([{}], [{}])) == [{"n": [1, 1]}]


def test_generator_may_take_the_offset_or_not():
    assert next(Numbers(top=5).process(offset=3)) == ([{"n": 3}, {"n": 4}], True)
    assert next(One().process(offset=0)) == ([{"n": 1}], True)
    assert next(One().process(offset=1)) == ([], True)
    validate_step(Numbers())
    validate_step(One())


def test_it_crosses_a_process_boundary_and_comes_back_from_a_dump():
    counting = CountText(unit="u")
    assert pickle.loads(pickle.dumps(counting)) == counting
    assert Step.from_dict(counting.dump(), allow=("distilabel", __name__)) == counting


def test_its_code_is_that_of_the_function():
    assert code_digest(CountText) != code_digest(Pair) != ""


def test_parameter_for_neither_rows_nor_settings_is_refused():
    with pytest.raises(
        DistilabelUserError, match="Parameter 'salt' of Cook is for neither rows nor settings"
    ):

        @step()
        def Cook(inputs: StepInput, salt: int):
            yield inputs


def test_unknown_type_is_refused():
    with pytest.raises(
        DistilabelUserError, match="'local' is not known: use 'normal', 'global', 'generator'"
    ):
        step(step_type="local")


def test_requirements_add_to_those_of_the_bases_and_not_to_other_classes():
    @requirements(["b>=1"])
    class Needs(KeepColumns):
        pass

    @requirements(["a"])
    class NeedsMore(Needs):
        pass

    @requirements(["c"])
    class NeedyLLM(LLM):
        pass

    assert NeedsMore(columns=[]).requirements == ["a", "b>=1"]
    assert NeedyLLM.requirements == ["c"]
    assert KeepColumns.requirements == []


def test_generator_function_without_offset_leaves_out_the_rows_that_were_given_before():
    @step(outputs=["n"], step_type="generator")
    def count():
        for start in (0, 2, 4):
            yield [{"n": start}, {"n": start + 1}], start == 4

    made = [row["n"] for rows, _ in count().process(offset=3) for row in rows]
    assert made == [3, 4, 5]
