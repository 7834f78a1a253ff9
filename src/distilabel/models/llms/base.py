"""What every LLM is: inputs in, generations out; asked online, or by offline batch."""

import asyncio
import inspect
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, ClassVar, Optional

from pydantic import Field, PrivateAttr

from distilabel import _event_loop as loop
from distilabel.config import RuntimeParameter
from distilabel.exceptions import (
    DistilabelException,
    DistilabelNotImplementedError,
    DistilabelOfflineBatchGenerationNotFinishedException,
)
from distilabel.models.base import Model, arguments_of
from distilabel.typing import FailureReason, FormattedInput, GenerateOutput

__all__ = ["LLM", "AsyncLLM"]


class LLM(Model):
    """The base of all LLMs.

    A subclass gives `model_name` and `generate`. One that talks to a batch platform of its own may implement
    `offline_batch_generate`: keep the ids of its jobs in `jobs_ids`, raise
    `DistilabelOfflineBatchGenerationNotFinishedException(jobs_ids=...)` while they run, and return the outputs once
    they are done. In a pipeline it is then given all rows at once, and its `jobs_ids` are kept between runs.

    Attributes:
        generation_kwargs: Arguments for `generate`, such as `{"temperature": 0.7}`.
        use_offline_batch_generation: Hand the inputs to the platform's batch API instead of asking online.
        offline_batch_generation_block_until_done: Seconds between polls; None submits and comes back later.
        jobs_ids: The ids of the batch jobs, as the platform knows them.
        in_process: Class attribute: whether the model itself runs in the process that calls `generate`, as with a
            library that loads weights. In a pipeline its task then gets a worker process, so that it holds up nobody.

    Examples:
        >>> class Echo(LLM):
        ...     @property
        ...     def model_name(self) -> str:
        ...         return "echo"
        ...
        ...     def generate(self, inputs, num_generations=1):
        ...         return [{"generations": [chat[-1]["content"]] * num_generations} for chat in inputs]
        >>> llm = Echo()
        >>> llm.load()
        >>> llm.generate_outputs(inputs=[[{"role": "user", "content": "Hi"}]])
        [{'generations': ['Hi']}]
    """

    excluded_from_signature: ClassVar[frozenset[str]] = frozenset(
        {"use_offline_batch_generation", "offline_batch_generation_block_until_done", "jobs_ids"}
    )
    in_process: ClassVar[bool] = False
    _stays_behind: ClassVar[frozenset[str]] = frozenset({"_interrupted", "_keep"})

    generation_kwargs: Optional[RuntimeParameter[dict[str, Any]]] = Field(default_factory=dict)
    use_offline_batch_generation: RuntimeParameter[bool] = False
    offline_batch_generation_block_until_done: Optional[RuntimeParameter[float]] = Field(default=None, gt=0)
    jobs_ids: Optional[tuple[str, ...]] = None

    _interrupted: threading.Event = PrivateAttr(default_factory=threading.Event)
    _keep: Callable[[tuple[str, ...]], None] | None = PrivateAttr(default=None)

    def __setstate__(self, state: dict[Any, Any]) -> None:
        """Arrive in another process."""
        super().__setstate__(state)
        self._interrupted = threading.Event()

    @property
    def requires_all_inputs(self) -> bool:
        """Whether a pipeline must hand over all rows in one call: offline, with a batch protocol of its own."""
        return bool(self.use_offline_batch_generation)

    def keep_jobs_with(self, keep: Callable[[tuple[str, ...]], None] | None) -> None:
        """Have `keep` called with the job ids as soon as they are known, so that no crash loses them."""
        self._keep = keep
        self._interrupted.clear()

    def interrupt(self) -> None:
        """Stop waiting for batch jobs; called from another thread when the run is stopped."""
        self._interrupted.set()

    def generate(
        self, inputs: list[FormattedInput], num_generations: int = 1, **kwargs: Any
    ) -> list[GenerateOutput]:
        """Generate online: one output an input, in their order."""
        raise DistilabelNotImplementedError(f"{type(self).__name__} must define the method `generate`.")

    def offline_batch_generate(
        self, inputs: Optional[list[FormattedInput]] = None, num_generations: int = 1, **kwargs: Any
    ) -> list[GenerateOutput]:
        """Generate by batch: return the outputs, or raise that the jobs are not finished.

        Raises:
            DistilabelOfflineBatchGenerationNotFinishedException: Ask again later.
        """
        raise DistilabelNotImplementedError(
            f"{type(self).__name__} has no offline batch generation: set use_offline_batch_generation=False, or take "
            "an LLM that has it, such as OpenAILLM."
        )

    def generate_outputs(
        self, inputs: list[FormattedInput], num_generations: int = 1, **kwargs: Any
    ) -> list[GenerateOutput]:
        """Generate in the way that this LLM is set to: online, or by offline batch.

        Args:
            inputs: A chat each, or a chat and the structure of its answer.
            num_generations: How many generations to give for each input.
            kwargs: Generation arguments, such as `temperature`.

        Returns:
            One output an input, in their order.

        Raises:
            DistilabelOfflineBatchGenerationNotFinishedException: Offline only: the jobs are not finished, and
                `offline_batch_generation_block_until_done` is not set, or the waiting was interrupted.
        """
        if not self.use_offline_batch_generation:
            return self.generate(inputs=inputs, num_generations=num_generations, **kwargs)
        while True:
            try:
                return self.offline_batch_generate(inputs=inputs, num_generations=num_generations, **kwargs)
            except DistilabelOfflineBatchGenerationNotFinishedException as unfinished:
                self.jobs_ids = unfinished.jobs_ids or self.jobs_ids
                if self._keep is not None:
                    self._keep(self.jobs_ids or ())
                seconds = self.offline_batch_generation_block_until_done
                if seconds is None or self._interrupted_within(seconds):
                    raise

    def _interrupted_within(self, seconds: float) -> bool:
        try:
            return self._interrupted.wait(seconds)
        except KeyboardInterrupt:
            return True

    def get_generation_kwargs(self) -> dict[str, Any]:
        """Return the generation arguments that are set."""
        return dict(self.generation_kwargs or {})

    def generation_parameters(self) -> dict[str, inspect.Parameter]:
        """Return the generation arguments that this LLM takes, by name."""
        return arguments_of(self.generate)

    def get_last_hidden_states(self, inputs: list[FormattedInput]) -> list[Any]:
        """Return the last hidden states; only LLMs that run in this process have them."""
        raise DistilabelNotImplementedError(f"{type(self).__name__} cannot give hidden states.")


class AsyncLLM(LLM):
    """The base of LLMs that wait for a platform: asks for many inputs at once.

    A subclass gives `model_name` and `agenerate`, which answers one input.

    Attributes:
        max_concurrent_requests: The most requests under way at once, over all rows.
    """

    excluded_from_signature: ClassVar[frozenset[str]] = frozenset({"max_concurrent_requests"})

    max_concurrent_requests: RuntimeParameter[int] = Field(default=64, gt=0)

    _stays_behind: ClassVar[frozenset[str]] = frozenset({"_slots"})
    _slots: asyncio.Semaphore | None = PrivateAttr(default=None)

    async def agenerate(
        self, input: FormattedInput, num_generations: int = 1, **kwargs: Any
    ) -> GenerateOutput:
        """Generate for one input."""
        raise DistilabelNotImplementedError(f"{type(self).__name__} must define the method `agenerate`.")

    def generate(
        self, inputs: list[FormattedInput], num_generations: int = 1, **kwargs: Any
    ) -> list[GenerateOutput]:
        """Generate for all inputs at once; returns in their order, also inside a running event loop."""
        return loop.run(self._gather(inputs, num_generations, kwargs))

    def generation_parameters(self) -> dict[str, inspect.Parameter]:
        """Return the generation arguments that this LLM takes, by name."""
        return arguments_of(self.agenerate)

    async def _gather(
        self, inputs: Sequence[FormattedInput], num_generations: int, kwargs: dict[str, Any]
    ) -> list[GenerateOutput]:
        if self._slots is None:
            self._slots = asyncio.Semaphore(self.max_concurrent_requests or 1)
        return await loop.together(self._in_turn(self._slots, i, num_generations, kwargs) for i in inputs)

    async def _in_turn(
        self,
        slots: AbstractAsyncContextManager[Any],
        input: FormattedInput,
        num_generations: int,
        kwargs: dict[str, Any],
    ) -> GenerateOutput:
        async with slots:
            try:
                return await self.agenerate(input=input, num_generations=num_generations, **kwargs)
            except DistilabelException:
                raise
            except Exception as error:  # noqa: BLE001 - one bad row costs one row; the others are paid for
                return _failed(error, num_generations)


def _failed(error: Exception, num_generations: int) -> GenerateOutput:
    reason: FailureReason = {
        "code": "generation_error", "message": f"{type(error).__name__}: {error}", "attempts": 1, "job_id": None,
    }  # fmt: skip
    return {"generations": [None] * num_generations, "failures": [reason] * num_generations}
