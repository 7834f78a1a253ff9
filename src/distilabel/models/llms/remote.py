"""What LLMs behind a platform share: one body for online and batch, and the way from bodies to generations."""

import asyncio
import inspect
from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from functools import cache
from typing import Any, ClassVar, Optional, Self, get_type_hints

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
    create_model,
    model_validator,
)

from distilabel.config import RuntimeParameter
from distilabel.exceptions import DistilabelUserError
from distilabel.models.llms.base import AsyncLLM, _arguments
from distilabel.models.llms.outputs import output_of
from distilabel.models.remote import Connection, ask, model_client
from distilabel.offline.client import ModelClient
from distilabel.offline.options import OfflineBatchOptions
from distilabel.offline.session import Answer, Session
from distilabel.providers.base import Provider
from distilabel.providers.registry import platform
from distilabel.records import Outcome, canonical_json
from distilabel.typing import FormattedInput, GenerateOutput

__all__ = ["RemoteLLM"]


class RemoteLLM(AsyncLLM):
    """The base of LLMs behind a platform that this library speaks to itself.

    A subclass names the platform (`platform_name`) and turns one input into a request's body (`request`); that body
    goes out online and by batch alike.

    Attributes:
        model: The model's name on the platform.
        base_url: The platform's address.
        api_key: The key; read from the environment where it is not given. Never written anywhere.
        default_headers: Sent along with each call.
        max_retries: How often a call that may be repeated is tried again.
        timeout: Seconds that a call may be silent.
        offline_batch_options: How batch jobs are packed, retried and given up; see `OfflineBatchOptions`.
    """

    excluded_from_signature: ClassVar[frozenset[str]] = frozenset(
        {"default_headers", "max_retries", "timeout", "offline_batch_options"}
    )
    platform_name: ClassVar[str]
    endpoint: ClassVar[str] = "/v1/chat/completions"

    model: str
    base_url: Optional[RuntimeParameter[str]] = None
    api_key: Optional[RuntimeParameter[SecretStr]] = None
    default_headers: Optional[RuntimeParameter[dict[str, str]]] = Field(default=None, repr=False)
    max_retries: RuntimeParameter[int] = Field(default=6, ge=0)
    timeout: RuntimeParameter[float] = Field(default=120, gt=0)
    offline_batch_options: OfflineBatchOptions = Field(default_factory=OfflineBatchOptions)

    _connection: Connection = PrivateAttr(default_factory=Connection)

    @model_validator(mode="after")
    def _check_offline(self) -> Self:
        known = platform(self._platform())
        if self.use_offline_batch_generation and known.batch is None:
            raise DistilabelUserError(
                f"{type(self).__name__} cannot generate by offline batch: {known.title} has no batch API that is spoken "
                "here. Set use_offline_batch_generation=False, or take another platform (docs/platforms.md)."
            )
        return self

    @property
    def model_name(self) -> str:
        """The model's name."""
        return self.model

    @property
    def asks_all_at_once(self) -> bool:
        """Never: each row waits for its own replies alone."""
        return False

    def request(self, input: FormattedInput, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return the body of the request for one input; arguments that are not given are not in it."""
        raise NotImplementedError

    def load(self) -> None:
        """Open the connection to the platform.

        Raises:
            DistilabelAuthenticationError: No key is given, and none is in the environment.
            DistilabelUserError: The generation arguments are not what the platform takes.
        """
        self._bodies([[{"role": "user", "content": ""}]], self.get_generation_kwargs())
        self._connection.open(self._open_client())
        super().load()

    def unload(self) -> None:
        """Close the connection to the platform."""
        self._connection.close()
        super().unload()

    def bind(self, session: Session | None) -> None:
        """Tie this LLM to one step of one run: its draws go through `session`."""
        self._connection.bind(session)

    @property
    def client(self) -> ModelClient:
        """Where this LLM's requests go; opened by `load`."""
        every = self.offline_batch_generation_block_until_done
        return self._connection.client(type(self).__name__, every, self.offline_batch_options)

    def _platform(self) -> str:
        """Return the platform's name in the registry."""
        return self.platform_name

    def _address(self) -> str | None:
        """Return the platform's address as it is given; None: from the environment, or its own."""
        return self.base_url

    def _endpoint(self) -> str:
        """Return the endpoint that is asked."""
        return self.endpoint

    def _headers(self) -> dict[str, str]:
        """Return what is sent along with each call."""
        return dict(self.default_headers or {})

    def _provider(self) -> Provider | None:
        """Return the dialect where a field of this LLM's changes it; None: as the registry makes it."""
        return None

    def _open_client(self) -> ModelClient:
        return model_client(
            self._platform(),
            self._address(),
            endpoint=self._endpoint(),
            model=self.model,
            poll_interval=self.offline_batch_generation_block_until_done,
            options=self.offline_batch_options,
            provider=self._provider(),
            key=self.api_key.get_secret_value() if self.api_key else None,
            owner=type(self).__name__,
            headers=self._headers(),
            timeout=self.timeout or 120.0,
            attempts=(self.max_retries or 0) + 1,
        )

    # Online

    async def agenerate(
        self, input: FormattedInput, num_generations: int = 1, **kwargs: Any
    ) -> GenerateOutput:
        """Ask online; several generations are several requests.

        Args:
            input: A chat, or a chat and the structure of its answer.
            num_generations: How many generations to give.
            kwargs: The arguments of `request`.
        """
        client, (body,) = self.client, self._bodies([input], kwargs)
        outcomes = await asyncio.gather(*(self._ask(client, body) for _ in range(num_generations)))
        return output_of([Answer(outcome) for outcome in outcomes])

    async def _ask(self, client: ModelClient, body: bytes) -> Outcome:
        async with self._slots or nullcontext():
            return await ask(client, body)

    async def _in_turn(
        self,
        slots: AbstractAsyncContextManager[Any],  # noqa: ARG002
        input: FormattedInput,
        num_generations: int,
        kwargs: dict[str, Any],
    ) -> GenerateOutput:
        # An input is several requests, and each takes a slot of its own.
        return await super()._in_turn(nullcontext(), input, num_generations, kwargs)

    def generation_parameters(self) -> dict[str, inspect.Parameter]:
        """Return the generation arguments that this LLM takes, by name."""
        return _arguments(self.request)

    # Offline

    def offline_batch_generate(
        self, inputs: Optional[list[FormattedInput]] = None, num_generations: int = 1, **kwargs: Any
    ) -> list[GenerateOutput]:
        """Draw each generation's reply from the ledger; what is missing is submitted.

        Raises:
            DistilabelOfflineBatchGenerationNotFinishedException: Some replies are still to come.
        """
        bodies = [body for body in self._bodies(inputs or [], kwargs) for _ in range(num_generations)]
        drawn = self._connection.draw(self.client, bodies, self.jobs_ids or ())
        if not self._connection.is_bound:
            self.jobs_ids = drawn.jobs_ids
        return [output_of(group) for group in _grouped(drawn.complete(), num_generations)]

    def _generate_offline(
        self, inputs: list[FormattedInput], num_generations: int, **kwargs: Any
    ) -> list[GenerateOutput]:
        # The dispatcher polls; a loop here would poll twice.
        return self.offline_batch_generate(inputs=inputs, num_generations=num_generations, **kwargs)

    def _bodies(self, inputs: Sequence[FormattedInput], arguments: dict[str, Any]) -> list[bytes]:
        """Return the canonical body of each input's request; the arguments are checked first."""
        model = _arguments_model(type(self))
        try:
            checked = model.model_validate(arguments)
        except ValidationError as error:
            raise DistilabelUserError(_explained(error, type(self).__name__)) from None
        values = {name: getattr(checked, name) for name in arguments}
        return [canonical_json(self.request(input, **values)) for input in inputs]  # noqa: A001


@cache
def _arguments_model(cls: type[RemoteLLM]) -> type[BaseModel]:
    """Return a model of the generation arguments of `cls.request`, to check what a user gives."""
    hints = get_type_hints(cls.request, include_extras=True)
    fields = {name: (hints[name], parameter.default) for name, parameter in _arguments(cls.request).items()}
    config = ConfigDict(extra="forbid", protected_namespaces=())
    model: type[BaseModel] = create_model(f"{cls.__name__}Arguments", __config__=config, **fields)  # type: ignore[call-overload]
    return model


def _grouped(answers: Sequence[Answer], size: int) -> Iterator[Sequence[Answer]]:
    return (answers[start : start + size] for start in range(0, len(answers), size))


def _explained(error: ValidationError, owner: str) -> str:
    problem = error.errors(include_url=False)[0]
    name = ".".join(str(part) for part in problem["loc"])
    if bound := _BOUNDS.get(problem["type"]):
        word, key = bound
        return f"The generation argument `{name}` must be {word} {problem['ctx'][key]:g}, not {problem['input']}."
    return f"{owner} does not take the generation argument `{name}` like this: {problem['msg']}."


_BOUNDS = {"greater_than_equal": ("at least", "ge"), "less_than_equal": ("at most", "le")}
