"""LLMs and other models: the shipped ones, and those that users write."""

from typing import Any, assert_type

from pydantic import SecretStr

from distilabel.embeddings import OpenAIEmbeddings as EmbeddingsOfTheOldPath
from distilabel.exceptions import DistilabelOfflineBatchGenerationNotFinishedException
from distilabel.llms import OpenAILLM as LLMOfTheOldPath
from distilabel.models import (
    LLM,
    AnthropicLLM,
    AsyncLLM,
    InferenceEndpointsLLM,
    MixtureOfAgentsLLM,
    OpenAIEmbeddings,
    OpenAILLM,
    TransformersLLM,
    vLLM,
)
from distilabel.typing import ChatType, FormattedInput, GenerateOutput


class Echo(LLM):
    loud: bool = False

    @property
    def model_name(self) -> str:
        return "echo"

    def generate(
        self, inputs: list[FormattedInput], num_generations: int = 1, **kwargs: Any
    ) -> list[GenerateOutput]:
        return [{"generations": [self.answer(input)] * num_generations} for input in inputs]

    def answer(self, input: FormattedInput) -> str:
        chat: ChatType = input[0] if isinstance(input, tuple) else input
        content = chat[-1]["content"]
        assert_type(content, str | list[dict[str, Any]])
        return content if isinstance(content, str) else ""


class AsyncEcho(AsyncLLM):
    @property
    def model_name(self) -> str:
        return "echo"

    async def agenerate(
        self, input: FormattedInput, num_generations: int = 1, **kwargs: Any
    ) -> GenerateOutput:
        return {"generations": ["text", None], "statistics": {"input_tokens": [3], "output_tokens": [4]}}


class OwnBatches(Echo):
    def offline_batch_generate(
        self, inputs: list[FormattedInput] | None = None, num_generations: int = 1, **kwargs: Any
    ) -> list[GenerateOutput]:
        if not self.jobs_ids:
            raise DistilabelOfflineBatchGenerationNotFinishedException(jobs_ids=("job-1",))
        assert_type(self.jobs_ids, tuple[str, ...])
        return [{"generations": ["text"]} for _ in inputs or []]


class WrongName(LLM):
    model_name: int  # type: ignore[assignment]


class WrongOutput(LLM):
    def generate(
        self, inputs: list[FormattedInput], num_generations: int = 1, **kwargs: Any
    ) -> list[GenerateOutput]:
        return [{"generation": "text"}]  # type: ignore[typeddict-item]


def make() -> list[LLM]:
    llm = OpenAILLM(
        model="gpt-4o-mini",
        api_key=SecretStr("key"),
        generation_kwargs={"temperature": 0.7},
        use_offline_batch_generation=True,
        offline_batch_generation_block_until_done=60,
        structured_output={"format": "json", "schema": {"type": "object"}},
    )
    assert_type(llm, OpenAILLM)
    OpenAILLM()  # type: ignore[call-arg]
    OpenAILLM(model=4)  # type: ignore[arg-type]
    OpenAILLM(model="gpt-4o-mini", temperature=0.7)  # type: ignore[call-arg]
    OpenAILLM(model="gpt-4o-mini", use_offline_batch_generation="yes")  # type: ignore[arg-type]
    old: OpenAILLM = LLMOfTheOldPath(model="gpt-4o-mini")
    return [
        llm,
        old,
        Echo(loud=True),
        AsyncEcho(max_concurrent_requests=8),
        OwnBatches(),
        AnthropicLLM(model="claude-haiku-4-5"),
        InferenceEndpointsLLM(model_id="me/model", tokenizer_id="me/model"),
        MixtureOfAgentsLLM(aggregator_llm=llm, proposers_llms=[Echo()], rounds=2),
        TransformersLLM(model="me/model"),
        vLLM(model="me/model"),
    ]


def ask(llm: LLM) -> None:
    chat: ChatType = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]
    outputs = llm.generate_outputs(inputs=[chat], num_generations=2, temperature=0.2)
    assert_type(outputs, list[GenerateOutput])
    assert_type(outputs[0]["generations"], list[str | None])
    assert_type(llm.model_name, str)
    assert_type(llm.jobs_ids, tuple[str, ...] | None)
    assert_type(llm.load(), None)
    assert_type(llm.dump(), dict[str, Any])
    llm.generate_outputs(inputs="Hi")  # type: ignore[arg-type]
    wrong: ChatType = [{"role": "robot", "content": "Hi"}]  # type: ignore[typeddict-item]
    assert_type(wrong, ChatType)


def embed() -> None:
    embeddings = OpenAIEmbeddings(model="text-embedding-3-small")
    assert_type(embeddings.encode(["text"]), list[list[float] | None])
    old: OpenAIEmbeddings = EmbeddingsOfTheOldPath(model="text-embedding-3-small")
    assert_type(old.model_name, str)
