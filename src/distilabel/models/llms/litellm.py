"""LLMs behind the platforms that the package litellm supports."""

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any, ClassVar, Optional, Self

from pydantic import Field, PrivateAttr, model_validator

from distilabel._optional import require
from distilabel.config import RuntimeParameter
from distilabel.exceptions import (
    DistilabelAuthenticationError,
    DistilabelModelNotFoundError,
    DistilabelPlatformError,
    DistilabelUserError,
)
from distilabel.models.llms.base import AsyncLLM
from distilabel.models.llms.remote import output_of
from distilabel.models.llms.structure import response_format_of
from distilabel.offline.session import Answer
from distilabel.providers.openai_family.lines import body_outcome
from distilabel.records import Failure, Outcome
from distilabel.typing import FormattedInput, GenerateOutput, StructuredOutputType

__all__ = ["LiteLLM"]

_EXTRA = "litellm"


class LiteLLM(AsyncLLM):
    """A model behind a platform that the package litellm supports, online only.

    It needs `distilabel[litellm]`. If this package has a class for the platform, prefer it: it retries failed calls and
    supports batch jobs. litellm reads API keys from the environment: `GEMINI_API_KEY`, `OPENROUTER_API_KEY` and so on.

    Attributes:
        model: litellm's name of the model, with the platform as a prefix: `openrouter/qwen/qwen3-8b`.
        verbose: Whether litellm writes log messages; False by default.
        structured_output: The structure of every answer: `{"schema": <pydantic model or JSON schema>}`, sent
            as OpenAI's `json_schema` response format, which litellm converts for the platform.
        max_concurrent_requests: The maximum number of concurrent requests, over all rows.

    Raises:
        DistilabelUserError: `use_offline_batch_generation` is set.

    References:
        https://docs.litellm.ai/docs/completion/input

    Examples:
        >>> LiteLLM(model="openrouter/qwen/qwen3-8b", generation_kwargs={"max_tokens": 64}).model_name
        'openrouter/qwen/qwen3-8b'
    """

    _stays_behind: ClassVar[frozenset[str]] = frozenset({"_litellm"})

    model: str
    verbose: RuntimeParameter[bool] = Field(default=False, description="Whether litellm writes log messages.")
    structured_output: Optional[RuntimeParameter[StructuredOutputType]] = None

    _litellm: Any = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _check_offline(self) -> Self:
        if self.use_offline_batch_generation:
            raise DistilabelUserError(
                "LiteLLM cannot generate by offline batch: it uses no batch API of litellm. Set "
                "use_offline_batch_generation=False, or use the LLM class of the platform (docs/platforms.md)."
            )
        return self

    @property
    def model_name(self) -> str:
        """The model's name, with the platform as a prefix."""
        return self.model

    def load(self) -> None:
        """Import litellm.

        Raises:
            DistilabelMissingPackageError: Install `distilabel[litellm]`.
            DistilabelUserError: A file gave the address, and the environment would give the key.
        """
        super().load()
        given = self.generation_kwargs or {}
        if self.is_from_file("generation_kwargs", "api_base") and not given.get("api_key"):
            raise DistilabelUserError(
                f"LiteLLM has its address {given['api_base']} from a file, and would send a key of the "
                "environment there: if you trust the address, give generation_kwargs.api_base in the code or on the command "
                "line (run(parameters=...), --param)."
            )
        self._litellm = require("litellm", _EXTRA)
        self._litellm.suppress_debug_info = not self.verbose
        self._litellm.set_verbose = bool(self.verbose)

    def unload(self) -> None:
        """Release litellm."""
        super().unload()
        self._litellm = None

    async def agenerate(  # type: ignore[override]  # noqa: D417 - the other arguments are documented on litellm's page
        self,
        input: FormattedInput,
        num_generations: int = 1,
        functions: Optional[list[dict[str, Any]]] = None,
        function_call: Optional[str] = None,
        temperature: Optional[float] = 1.0,
        top_p: Optional[float] = 1.0,
        stop: Optional[str | list[str]] = None,
        max_tokens: Optional[int] = None,
        presence_penalty: Optional[float] = None,
        frequency_penalty: Optional[float] = None,
        logit_bias: Optional[dict[str, Any]] = None,
        user: Optional[str] = None,
        metadata: Optional[dict[str, Any]] = None,
        api_base: Optional[str] = None,
        api_version: Optional[str] = None,
        api_key: Optional[str] = None,
        model_list: Optional[list[Any]] = None,
        mock_response: Optional[str] = None,
        force_timeout: Optional[int] = 600,
        custom_llm_provider: Optional[str] = None,
    ) -> GenerateOutput:
        """Generate online; each generation is one request.

        Args:
            input: A chat, or a chat and the structure of its answer.
            num_generations: The number of generations.
            max_tokens: The maximum number of tokens to generate.
            api_base: The platform's address.
            api_key: The key, if it is not in the environment. Never written anywhere.
            mock_response: An answer that litellm returns without a request.
            force_timeout: The timeout of a request in seconds.

        Raises:
            DistilabelAuthenticationError: The platform does not accept the key.
            DistilabelModelNotFoundError: The platform does not know the model.
        """
        if self._litellm is None:
            raise DistilabelUserError("Call LiteLLM.load() before generating.")
        chat, structure = input if isinstance(input, tuple) else (input, None)
        structure = structure or self.structured_output
        try:
            response_format = None if structure is None else response_format_of(structure)
        except DistilabelUserError as error:
            return output_of([Answer(Failure("unformattable_input", str(error)))] * num_generations)
        arguments = {
            "functions": functions,
            "function_call": function_call,
            "temperature": temperature,
            "top_p": top_p,
            "stop": stop,
            "max_tokens": max_tokens,
            "presence_penalty": presence_penalty,
            "frequency_penalty": frequency_penalty,
            "logit_bias": logit_bias,
            "user": user,
            "metadata": metadata,
            "api_base": api_base,
            "api_version": api_version,
            "api_key": api_key,
            "model_list": model_list,
            "mock_response": mock_response,
            "timeout": force_timeout,
            "custom_llm_provider": custom_llm_provider,
            "response_format": response_format,
        }
        given = {name: value for name, value in arguments.items() if value is not None}
        outcomes = await asyncio.gather(*(self._ask(chat, given) for _ in range(num_generations)))
        return output_of([Answer(outcome) for outcome in outcomes])

    async def _ask(self, chat: Sequence[Any], given: dict[str, Any]) -> Outcome:
        errors = self._litellm.exceptions
        try:
            async with self._slots or nullcontext():
                answer = await self._litellm.acompletion(model=self.model, messages=list(chat), **given)
        except (errors.AuthenticationError, errors.PermissionDeniedError) as error:
            raise DistilabelAuthenticationError(
                f"The platform of {self.model!r} did not accept the key ({_without_key(error, given)}): set a valid key "
                "and run again."
            ) from None
        except errors.NotFoundError as error:
            raise DistilabelModelNotFoundError(
                f"The platform does not know the model {self.model!r} ({_without_key(error, given)}): check its name."
            ) from None
        except Exception as error:  # noqa: BLE001 - one bad row must not lose the others; the text may contain the key
            return Failure("generation_error", f"{type(error).__name__}: {_without_key(error, given)}")
        return body_outcome(200, answer.model_dump())

    async def _in_turn(
        self,
        slots: AbstractAsyncContextManager[Any],  # noqa: ARG002
        input: FormattedInput,
        num_generations: int,
        kwargs: dict[str, Any],
    ) -> GenerateOutput | DistilabelPlatformError:
        # An input is several requests, and each takes its own slot.
        return await super()._in_turn(nullcontext(), input, num_generations, kwargs)


def _without_key(error: Exception, given: dict[str, Any]) -> str:
    key = given.get("api_key")
    return str(error).replace(key, "[secret]") if key else str(error)
