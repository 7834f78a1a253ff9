"""What must hold for a step before it may run."""

import pytest

from distilabel.config import RuntimeParameter
from distilabel.exceptions import DistilabelUserError
from distilabel.steps import GeneratorStep, LoadDataFromHub, Step, StepInput
from distilabel.steps.base import validate_step
from distilabel.steps.tasks import TextGeneration
from tests.steps.fakes import EchoLLM


class Fine(Step):
    amount: RuntimeParameter[int] = 3

    @property
    def inputs(self):
        return ["text"]

    @property
    def outputs(self):
        return ["length"]

    def process(self, inputs: StepInput, extra: int = 0):
        yield inputs


class Named(Fine):
    def process(self, inputs: "StepInput"):
        yield inputs


class Unresolved(Fine):
    def process(self, inputs: "steps.StepInput", other: "Unknown" = None):  # noqa: F821 - for type checkers only
        yield inputs


class NoRows(Fine):
    def process(self, inputs):
        yield inputs


class TwoRows(Fine):
    def process(self, left: StepInput, right: StepInput):
        yield left


class Free(Fine):
    def process(self, inputs: StepInput, amount_of_salt):
        yield inputs


class Needy(Fine):
    amount: RuntimeParameter[int]


class RowsInGenerator(GeneratorStep):
    def process(self, inputs: StepInput):
        yield inputs, True


class DemandingLLM(EchoLLM):
    def generate(self, inputs, num_generations=1, *, colour, **kwargs):
        return []


def reason(step) -> str:
    with pytest.raises(DistilabelUserError) as caught:
        validate_step(step)
    return str(caught.value)


@pytest.mark.parametrize("kind", [Fine, Named, Unresolved])
def test_sound_step_passes(kind):
    validate_step(kind(input_mappings={"text": "prompt"}, output_mappings={"length": "n"}))


def test_process_must_say_which_parameter_takes_the_rows():
    assert "annotate one with StepInput" in reason(NoRows(name="x"))
    assert "has 2 parameters of process() for rows (left, right)" in reason(TwoRows())


def test_parameter_that_nobody_sets_is_named():
    assert "'amount_of_salt'" in reason(Free())


def test_generator_takes_no_rows():
    assert "is a generator, which takes no rows" in reason(RowsInGenerator())


def test_missing_runtime_parameter_comes_with_the_line_that_sets_it():
    assert 'pipeline.run(parameters={"x": {"amount": ...}})' in reason(Needy(name="x"))
    assert reason(LoadDataFromHub(name="l")).startswith("Step 'l' lacks 'repo_id'")


def test_missing_generation_argument_comes_with_the_line_that_sets_it():
    line = 'pipeline.run(parameters={"t": {"llm": {"generation_kwargs": {"colour": ...}}}})'
    assert line in reason(TextGeneration(name="t", llm=DemandingLLM()))


def test_open_keyword_arguments_of_an_llm_are_not_missed():
    validate_step(TextGeneration(llm=DemandingLLM(generation_kwargs={"colour": "red"})))


def test_mapping_of_an_unknown_column_is_named_with_the_likely_mistake():
    assert "has no input 'txt' for its input_mappings (it has 'text')" in reason(
        Fine(input_mappings={"txt": "a"})
    )
    assert "did you mean {'text': 'prompt'}?" in reason(Fine(input_mappings={"prompt": "text"}))
    assert "has no output 'n' for its output_mappings" in reason(Fine(output_mappings={"n": "length"}))
