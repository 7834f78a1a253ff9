"""A pipeline that only remembers, and LLMs that need no platform."""

from collections.abc import Callable
from typing import Any, Self

from distilabel.exceptions import DistilabelOfflineBatchGenerationNotFinishedException
from distilabel.models.llms.base import LLM, AsyncLLM
from distilabel.steps._core.context import current_pipeline


class FakePipeline:
    """Implements `distilabel.steps._core.context.Registry`."""

    def __init__(self) -> None:
        self.steps: list[Any] = []
        self.edges: list[tuple[str, list[str], Any]] = []

    @property
    def names(self) -> set[str]:
        return {step.name for step in self.steps}

    def _add_step(self, step: Any) -> None:
        self.steps.append(step)

    def _connect(self, from_step: Any, to_steps: Any, routing: Any = None) -> None:
        self.edges.append((from_step.name, [step.name for step in to_steps], routing))

    def __enter__(self) -> Self:
        self._token = current_pipeline.set(self)
        return self

    def __exit__(self, *_: object) -> None:
        current_pipeline.reset(self._token)


class EchoLLM(LLM):
    """Returns the given text for each generation."""

    answer: Any = None
    seen: list[Any] = []  # noqa: RUF012 - pydantic copies it

    @property
    def model_name(self) -> str:
        return "echo"

    def __getstate__(self):
        return {**super().__getstate__(), "__pydantic_private__": None}  # an Event cannot be pickled

    def generate(self, inputs, num_generations=1, temperature: float = 1.0):
        self.seen.append((inputs, temperature))
        return [self._output(item, num_generations) for item in inputs]

    def _output(self, item, count):
        if isinstance(self.answer, Callable):
            return self.answer(item, count)
        chat = item[0] if isinstance(item, tuple) else item
        texts = [f"{chat[-1]['content']}!{i}" for i in range(count)]
        return {
            "generations": texts,
            "statistics": {"input_tokens": [1] * count, "output_tokens": list(range(count))},
        }


class EchoAsyncLLM(AsyncLLM):
    @property
    def model_name(self) -> str:
        return "echo"

    async def agenerate(self, input, num_generations=1):
        return {"generations": [input[-1]["content"]] * num_generations}


class UnfinishedLLM(LLM):
    @property
    def model_name(self) -> str:
        return "unfinished"

    def generate(self, inputs, num_generations=1):
        raise DistilabelOfflineBatchGenerationNotFinishedException(["batch_1"])
