"""The base classes of LLMs."""

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
    DistilabelPlatformError,
)
from distilabel.models.base import FAULTS, Model, arguments_of, fault_reason, raise_fault
from distilabel.models.llms.argument_names import with_known_names
from distilabel.typing import FailureReason, FormattedInput, GenerateOutput

__all__ = ["LLM", "AsyncLLM"]


class LLM(Model):
    """The base of all LLMs.

    A subclass defines `model_name` and `generate`. A subclass with a custom batch protocol may define
    `offline_batch_generate`. That method keeps the ids of the jobs in `jobs_ids`. While the jobs run, it raises
    `DistilabelOfflineBatchGenerationNotFinishedException(jobs_ids=...)`; then it returns the outputs. A pipeline gives
    such an LLM all rows in one call, and keeps its `jobs_ids` between runs.

    Attributes:
        generation_kwargs: Arguments for `generate`, such as `{"temperature": 0.7}`. A generation argument that is given to the
            constructor goes here; `max_tokens` and `max_new_tokens`, `stop` and `stop_sequences` are the same argument.
        use_offline_batch_generation: Whether requests are submitted in batch jobs instead of sent online.
        offline_batch_generation_block_until_done: Seconds between polls of the batch jobs; None, the default, submits and
            does not wait.
        jobs_ids: The platform's ids of the batch jobs.
        in_process: Class attribute: whether the model runs in the process that calls `generate`, as with a library
            that loads weights. In a pipeline the task of such a model runs in a worker process, so that it does not
            block other steps.

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

    def __init__(self, **data: Any) -> None:
        super().__init__(**with_known_names(type(self), data))

    _interrupted: threading.Event = PrivateAttr(default_factory=threading.Event)
    _keep: Callable[[tuple[str, ...]], None] | None = PrivateAttr(default=None)

    def __setstate__(self, state: dict[Any, Any]) -> None:
        """Restore the state in another process, with a new event."""
        super().__setstate__(state)
        self._interrupted = threading.Event()

    @property
    def requires_all_inputs(self) -> bool:
        """Whether a pipeline must pass all rows in one call, for a custom batch protocol."""
        return bool(self.use_offline_batch_generation)

    def keep_jobs_with(self, keep: Callable[[tuple[str, ...]], None] | None) -> None:
        """Call `keep` with the job ids once they are known, so that no crash loses them."""
        self._keep = keep
        self._interrupted.clear()

    def interrupt(self) -> None:
        """Stop waiting for batch jobs; another thread calls this when the run stops."""
        self._interrupted.set()

    def generate(
        self, inputs: list[FormattedInput], num_generations: int = 1, **kwargs: Any
    ) -> list[GenerateOutput]:
        """Generate online; return one output for each input, in the same order."""
        raise DistilabelNotImplementedError(f"{type(self).__name__} must define the method `generate`.")

    def offline_batch_generate(
        self, inputs: Optional[list[FormattedInput]] = None, num_generations: int = 1, **kwargs: Any
    ) -> list[GenerateOutput]:
        """Generate by offline batch.

        Raises:
            DistilabelOfflineBatchGenerationNotFinishedException: The jobs are not finished: call again later.
        """
        raise DistilabelNotImplementedError(
            f"{type(self).__name__} has no offline batch generation: set use_offline_batch_generation=False, or use "
            "an LLM with a batch API, such as OpenAILLM."
        )

    def generate_outputs(
        self, inputs: list[FormattedInput], num_generations: int = 1, **kwargs: Any
    ) -> list[GenerateOutput]:
        """Generate online or by offline batch, as the LLM is configured.

        Args:
            inputs: Chats, or pairs of a chat and the structure of its answer.
            num_generations: The number of generations for each input.
            kwargs: Generation arguments, such as `temperature`.

        Returns:
            One output for each input, in the same order.

        Raises:
            DistilabelOfflineBatchGenerationNotFinishedException: Offline only: the jobs are not finished, and
                `offline_batch_generation_block_until_done` is not set, or the wait was interrupted.
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
        """Return the configured generation arguments."""
        return dict(self.generation_kwargs or {})

    def generation_parameters(self) -> dict[str, inspect.Parameter]:
        """Return the generation arguments that this LLM accepts, by name."""
        return arguments_of(self.generate)

    def get_last_hidden_states(self, inputs: list[FormattedInput]) -> list[Any]:
        """Return the last hidden states; only in-process LLMs have them."""
        raise DistilabelNotImplementedError(f"{type(self).__name__} does not give access to hidden states.")


class AsyncLLM(LLM):
    """The base of LLMs that send concurrent requests.

    A subclass defines `model_name` and `agenerate`, which generates for one input.

    Attributes:
        max_concurrent_requests: The maximum number of concurrent requests, over all rows.
    """

    excluded_from_signature: ClassVar[frozenset[str]] = frozenset({"max_concurrent_requests"})

    max_concurrent_requests: RuntimeParameter[int] = Field(default=64, gt=0)

    _stays_behind: ClassVar[frozenset[str]] = frozenset({"_slots"})
    _slots: loop.Slots | None = PrivateAttr(default=None)

    async def agenerate(
        self, input: FormattedInput, num_generations: int = 1, **kwargs: Any
    ) -> GenerateOutput:
        """Generate for one input."""
        raise DistilabelNotImplementedError(f"{type(self).__name__} must define the method `agenerate`.")

    def generate(
        self, inputs: list[FormattedInput], num_generations: int = 1, **kwargs: Any
    ) -> list[GenerateOutput]:
        """Generate for all inputs concurrently, also inside a running event loop."""
        return loop.run(self._gather(inputs, num_generations, kwargs))

    def generation_parameters(self) -> dict[str, inspect.Parameter]:
        """Return the generation arguments that this LLM accepts, by name."""
        return arguments_of(self.agenerate)

    async def _gather(
        self, inputs: Sequence[FormattedInput], num_generations: int, kwargs: dict[str, Any]
    ) -> list[GenerateOutput]:
        if self._slots is None:
            self._slots = loop.Slots(self.max_concurrent_requests or 1)
        made = await loop.together(self._in_turn(self._slots, i, num_generations, kwargs) for i in inputs)
        faults = [output for output in made if isinstance(output, FAULTS)]
        raise_fault(faults, len(made))
        return [
            _failed(fault_reason(output), num_generations)
            if isinstance(output, DistilabelPlatformError)
            else output
            for output in made
        ]

    async def _in_turn(
        self,
        slots: AbstractAsyncContextManager[Any],
        input: FormattedInput,
        num_generations: int,
        kwargs: dict[str, Any],
    ) -> GenerateOutput | DistilabelPlatformError:
        """Generate for one input, in one of the slots; return a fault of the platform: other inputs may be paid for."""
        async with slots:
            try:
                return await self.agenerate(input=input, num_generations=num_generations, **kwargs)
            except FAULTS as error:
                return error
            except DistilabelException:
                raise
            except Exception as error:  # noqa: BLE001 - one bad row must not lose the others, which are paid for
                text = f"{type(error).__name__}: {error}"
                reason: FailureReason = {
                    "code": "generation_error",
                    "message": text,
                    "attempts": 1,
                    "job_id": None,
                }
                return _failed(reason, num_generations)


def _failed(reason: FailureReason, num_generations: int) -> GenerateOutput:
    return {"generations": [None] * num_generations, "failures": [reason] * num_generations}
