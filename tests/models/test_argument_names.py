"""Arguments of LLMs under the names that people write: accepted where the meaning is plain, one sentence where it is not."""

from typing import Any

import pytest
from pydantic import BaseModel

from distilabel.exceptions import DistilabelUserError
from distilabel.models import AnthropicLLM, GeminiLLM, LiteLLM, OpenAILLM, TransformersLLM
from distilabel.models.llms.base import LLM
from distilabel.steps.tasks import TextGeneration


class Answer(BaseModel):
    a: str


@pytest.mark.parametrize("cls", [OpenAILLM, AnthropicLLM, GeminiLLM, TransformersLLM, LiteLLM])
@pytest.mark.parametrize("name", ["max_tokens", "max_new_tokens", "max_completion_tokens"])
def test_generation_argument_of_the_constructor_goes_into_generation_kwargs(cls: Any, name: str):
    llm = cls(model="m", temperature=0.5, **{name: 9})
    assert sorted(llm.generation_kwargs.values()) == [0.5, 9]
    assert set(llm.generation_kwargs) <= set(llm.generation_parameters())
    again = cls(model="m", generation_kwargs={name: 9, "temperature": 0.5})
    assert again.generation_kwargs == llm.generation_kwargs
    assert again.signature == llm.signature


def test_other_names_reach_the_request():
    llm = OpenAILLM(
        model="m", api_key="k", generation_kwargs={"max_completion_tokens": 9, "stop_sequences": ["x"]}
    )
    body = llm.request([{"role": "user", "content": "Hi"}], **llm.get_generation_kwargs())
    assert (body["max_tokens"], body["stop"]) == (9, ["x"])
    llm.set_runtime_parameters({"generation_kwargs": {"max_tokens": 3}})
    assert llm.generation_kwargs["max_new_tokens"] == 3


def test_schema_alone_is_a_structured_output():
    assert OpenAILLM(model="m", structured_output=Answer).structured_output == {"schema": Answer}
    schema = Answer.model_json_schema()
    assert OpenAILLM(model="m", structured_output=schema).structured_output == {"schema": schema}


def test_short_name_of_offline_generation():
    assert OpenAILLM(model="m", use_offline_batch=True).use_offline_batch_generation


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"temperatures": 1}, "OpenAILLM has no argument 'temperatures'; did you mean 'temperature'?"),
        ({"base_ulr": "x"}, "OpenAILLM has no argument 'base_ulr'; did you mean 'base_url'?"),
        (
            {"use_offline_batch": True, "use_offline_batch_generation": False},
            "which mean the same: leave one out",
        ),
        (
            {"generation_kwargs": {"max_tokens": 9, "max_new_tokens": 500}},
            "'max_tokens' and 'max_new_tokens', which mean",
        ),
        (
            {"max_tokens": 9, "generation_kwargs": {"max_completion_tokens": 5}},
            "twice: leave it in generation_kwargs alone",
        ),
        (
            {"temperature": 1, "generation_kwargs": {"temperature": 0}},
            "twice: leave it in generation_kwargs alone",
        ),
    ],
)
def test_unknown_or_double_argument_is_one_sentence(arguments: dict[str, Any], says: str):
    with pytest.raises(DistilabelUserError) as raised:
        OpenAILLM(model="m", **arguments)
    assert says in str(raised.value)


def test_arguments_of_one_call_and_of_a_run_that_mean_the_same_are_refused():
    llm = OpenAILLM(model="m", api_key="k")
    llm.load()
    both = {"max_tokens": 9, "max_new_tokens": 500}
    with pytest.raises(DistilabelUserError, match="which mean the same"):
        llm.set_runtime_parameters({"generation_kwargs": both})
    with pytest.raises(DistilabelUserError, match="which mean the same"):
        llm.generate(inputs=[[{"role": "user", "content": "Hi"}]], **both)


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_limit_of_tokens_in_extra_body_takes_the_place_of_the_argument(name: str):
    llm = OpenAILLM(model="m", api_key="k")
    body = llm.request([{"role": "user", "content": "Hi"}], max_new_tokens=9, extra_body={name: 5})
    assert {key: body[key] for key in body if "tokens" in key} == {name: 5}


def test_unknown_generation_argument_ends_before_anything_is_sent():
    task = TextGeneration(llm=OpenAILLM(model="m", api_key="k", generation_kwargs={"temprature": 1}))
    with pytest.raises(DistilabelUserError, match="did you mean `temperature`"):
        task.load()


def test_custom_llm_keeps_its_own_arguments():
    class Mine(LLM):
        temperature: float = 0.0

        @property
        def model_name(self) -> str:
            return "mine"

        def generate(self, inputs: Any, num_generations: int = 1, temperature: float = 1.0) -> Any:
            return []

    llm = Mine(temperature=0.5)
    assert (llm.temperature, llm.generation_kwargs) == (0.5, {})
