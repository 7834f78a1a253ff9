"""Tasks: the shipped ones, and those that users write, as classes and as functions."""

from collections.abc import Iterator
from typing import Any, assert_type

from distilabel.models import LLM, OpenAILLM
from distilabel.steps import StepInput, StepOutput
from distilabel.steps.tasks import (
    EvolInstruct,
    GeneratorTask,
    MagpieGenerator,
    StructuredGeneration,
    Task,
    TextGeneration,
    UltraFeedback,
    task,
)
from distilabel.typing import ChatType, StepColumns


class Capital(Task):
    polite: bool = True

    @property
    def inputs(self) -> StepColumns:
        return ["country"]

    @property
    def outputs(self) -> StepColumns:
        return ["capital", "model_name"]

    def format_input(self, input: dict[str, Any]) -> ChatType:
        return [{"role": "user", "content": f"Which is the capital of {input['country']}?"}]

    def format_output(self, output: str | None, input: dict[str, Any]) -> dict[str, Any]:
        return {"capital": output}


class Chatty(Capital):
    def process(self, inputs: StepInput) -> StepOutput:
        for rows in super().process(inputs):
            assert_type(rows, list[dict[str, Any]])
            yield rows


class WrongInput(Task):
    def format_input(self, input: str) -> ChatType:  # type: ignore[override]
        return [{"role": "user", "content": input}]


class WrongOutput(Task):
    def format_output(self, output: str | None, input: dict[str, Any]) -> str:  # type: ignore[override]
        return output or ""


@task(inputs=["country"], outputs=["capital"])
def CapitalOf(output: str | None, input: dict[str, Any]) -> dict[str, Any]:
    """
    ---
    system_prompt: You know the world.
    user_message_template: Which is the capital of {country}?
    ---
    """
    return {"capital": output}


def use(llm: LLM) -> None:
    capital = Capital(llm=llm, polite=False, num_generations=2, group_generations=True)
    assert_type(capital, Capital)
    assert_type(capital.llm, LLM)
    assert_type(capital.process([{"country": "Peru"}]), Iterator[list[dict[str, Any]]])
    assert_type(CapitalOf(llm=llm), Task)
    Capital()  # type: ignore[call-arg]
    Capital(llm="gpt-4o-mini")  # type: ignore[arg-type]
    Capital(llm=llm, num_generation=2)  # type: ignore[call-arg]


def use_shipped() -> None:
    llm = OpenAILLM(model="gpt-4o-mini")
    generation = TextGeneration(
        llm=llm, system_prompt="Be brief.", columns=["topic"], template="About {{ topic }}."
    )
    assert_type(generation.print({"topic": "tea"}), None)
    UltraFeedback(llm=llm, aspect="helpfulness")
    UltraFeedback(llm=llm, aspect="beauty")  # type: ignore[arg-type]
    EvolInstruct(llm=llm, num_evolutions=2, store_evolutions=True)
    StructuredGeneration(llm=llm, use_system_prompt=True)
    magpie: GeneratorTask = MagpieGenerator(llm=llm, n_turns=2, num_rows=10)
    magpie >> generation
