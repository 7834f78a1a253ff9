"""Steps: those that users write, as classes and as functions, and those that are shipped."""

from collections.abc import Iterator
from typing import Any, Optional, assert_type

from pydantic import Field

from distilabel.config import RuntimeParametersMixin
from distilabel.steps import (
    CombineOutputs,
    ExpandColumns,
    GeneratorStep,
    GeneratorStepOutput,
    GlobalStep,
    KeepColumns,
    LoadDataFromDicts,
    LoadDataFromHub,
    RuntimeParameter,
    Step,
    StepInput,
    StepOutput,
    StepResources,
    make_generator_step,
    step,
)
from distilabel.typing import StepColumns


class Search(RuntimeParametersMixin):
    top_k: RuntimeParameter[int] = 3


class Upper(Step):
    column: str = "text"
    prefix: RuntimeParameter[str] = Field(default="", description="Stands before the text.")
    suffix: Optional[RuntimeParameter[str]] = None
    search: Search = Search()

    @property
    def inputs(self) -> StepColumns:
        return [self.column]

    @property
    def outputs(self) -> StepColumns:
        return {"upper": True}

    def process(self, inputs: StepInput) -> StepOutput:
        assert_type(inputs, list[dict[str, Any]])
        assert_type(self.prefix, Optional[str])
        assert_type(self.search.top_k, Optional[int])
        yield [{**row, "upper": f"{self.prefix or ''}{row[self.column]}".upper()} for row in inputs]


class Join(Step):
    @property
    def outputs(self) -> list[str]:
        return ["text"]

    def process(self, *inputs: StepInput) -> StepOutput:
        assert_type(inputs, tuple[list[dict[str, Any]], ...])
        yield [left | right for left, right in zip(*inputs, strict=True)]


class Count(GlobalStep):
    @property
    def outputs(self) -> list[str]:
        return ["count"]

    def process(self, inputs: StepInput) -> StepOutput:
        yield [{**row, "count": len(inputs)} for row in inputs]


class Numbers(GeneratorStep):
    count: RuntimeParameter[int] = 3

    @property
    def outputs(self) -> list[str]:
        return ["number"]

    def process(self, offset: int = 0) -> GeneratorStepOutput:
        last = self.count or 0
        for number in range(offset, last):
            yield [{"number": number}], number == last - 1


class WrongRows(Step):
    def process(self, inputs: StepInput) -> StepOutput:
        yield inputs[0]  # type: ignore[misc]


class WrongGenerator(GeneratorStep):
    def process(self, offset: int = 0) -> GeneratorStepOutput:
        yield [{"number": offset}]  # type: ignore[misc]


@step(inputs=["text"], outputs=["short"])
def Cut(inputs: StepInput, length: RuntimeParameter[int] = 3) -> StepOutput:
    yield [{**row, "short": row["text"][:length]} for row in inputs]


@step(outputs=["count"], step_type="global")
def CountAll(inputs: StepInput) -> StepOutput:
    yield [{**row, "count": len(inputs)} for row in inputs]


@step(outputs=["number"], step_type="generator")
def Range(offset: int = 0) -> GeneratorStepOutput:
    yield [{"number": offset}], True


@step(step_type="local")  # type: ignore[call-overload, untyped-decorator]
def Unknown(inputs: StepInput) -> StepOutput:
    yield inputs


def use_own_steps() -> None:
    upper = Upper(name="upper", column="prompt", input_batch_size=10, resources=StepResources(replicas=2))
    assert_type(upper, Upper)
    assert_type(upper.name, str)
    assert_type(upper.load(), None)
    assert_type(upper.process([{"text": "a"}]), Iterator[list[dict[str, Any]]])
    assert_type(Numbers(count=5).process(), Iterator[tuple[list[dict[str, Any]], bool]])
    Numbers() >> upper >> Count()
    Upper(columns="prompt")  # type: ignore[call-arg]
    Upper(column=3)  # type: ignore[arg-type]
    Upper(prefix=3)  # type: ignore[arg-type]
    upper >> "keep"  # type: ignore[type-var]


def use_steps_from_functions() -> None:
    assert_type(Cut(length=2), Step)
    assert_type(CountAll(name="all"), GlobalStep)
    assert_type(Range(), GeneratorStep)


def use_shipped_steps() -> None:
    load_data = LoadDataFromHub(repo_id="me/data", split="train", num_examples=10)
    LoadDataFromHub(output_mappings={"prompt": "instruction"})
    load_data >> KeepColumns(columns=["instruction"]) >> ExpandColumns(columns=["instruction"])
    LoadDataFromDicts(data=[{"a": 1}])
    assert_type(CombineOutputs(), CombineOutputs)
    assert_type(make_generator_step([{"a": 1}], batch_size=2), GeneratorStep)
    KeepColumns()  # type: ignore[call-arg]
    KeepColumns(columns="instruction")  # type: ignore[arg-type]
    LoadDataFromDicts(data="rows.jsonl")  # type: ignore[arg-type]
