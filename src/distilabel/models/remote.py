"""The base of all models behind a platform: connection settings, requests online and by batch."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import Any, ClassVar, Optional, Self

from pydantic import Field, PrivateAttr, SecretStr, model_validator

from distilabel import _event_loop as loop
from distilabel.config import RuntimeParameter
from distilabel.exceptions import (
    DistilabelAccountError,
    DistilabelOfflineBatchGenerationNotFinishedException,
    DistilabelPlatformError,
    DistilabelUnreachableError,
    DistilabelUserError,
)
from distilabel.models.base import FAULTS, Model, fault_reason, raise_fault
from distilabel.models.standalone_batches import collect_answers
from distilabel.offline.client import ModelClient, connect, is_folder
from distilabel.offline.options import OfflineBatchOptions
from distilabel.offline.session import Answer, Session
from distilabel.providers.base import Provider, complete
from distilabel.providers.registry import platform
from distilabel.records import Failure, Outcome, Target, canonical_json
from distilabel.transport import AsyncBaseTransport, AsyncClient

__all__ = ["HttpModel", "RemoteModel", "answers_of", "body_of"]

# So many requests one after the other without a response: the next ones would wait in vain for as long.
_MOST_FAULTS = 3
_ADDRESS_FIELDS = ("base_url", "azure_endpoint", "endpoint_namespace", "region", "project", "location")
"""The fields of subclasses that decide where requests are sent."""


class _Connection:
    """The open client of one model and, within a run, its session. It stays in the process that opened it."""

    def __init__(self) -> None:
        self.client: ModelClient | None = None
        self.session: Session | None = None
        self._former: list[ModelClient] = []
        # How many requests online wait for a slot or a response, and the faults since the last response to one of them.
        self.under_way = 0
        self.faults: list[DistilabelPlatformError] = []

    @property
    def is_hopeless(self) -> bool:
        """Whether the platform refuses all requests, or has not been reached several times in a row."""
        refuses = bool(self.faults) and not isinstance(self.faults[-1], DistilabelUnreachableError)
        return refuses or len(self.faults) >= _MOST_FAULTS

    def __reduce__(self) -> tuple[type["_Connection"], tuple[()]]:
        """Copy and pickle as a closed connection."""
        return _Connection, ()

    def open(self, client: ModelClient) -> None:
        """Use `client` from now on. Calls through the one before it may still be under way: `close` closes both."""
        if self.client is not None:
            self._former.append(self.client)
        self.client = client

    def close(self) -> None:
        """Close all clients that were opened."""
        clients = [*self._former, *([self.client] if self.client else [])]
        self._former, self.client = [], None
        for client in clients:
            loop.run(client.transport.close())


def answers_of(outcomes: Sequence[Outcome | BaseException]) -> list[Answer]:
    """Return the answers to the requests of one call, where a fault of the platform fails its request alone.

    Raises:
        DistilabelPlatformError: See `raise_fault`.
    """
    if error := next(
        (one for one in outcomes if isinstance(one, BaseException) and not isinstance(one, FAULTS)), None
    ):
        raise error
    raise_fault([outcome for outcome in outcomes if isinstance(outcome, FAULTS)], len(outcomes))
    answers = []
    for outcome in outcomes:
        if isinstance(outcome, DistilabelPlatformError):
            reason = fault_reason(outcome)
            answers.append(Answer(Failure(reason["code"], reason["message"]), reason["attempts"]))
        elif not isinstance(outcome, BaseException):
            answers.append(Answer(outcome))
    return answers


def body_of(request: Callable[..., Any], *arguments: Any, **more: Any) -> bytes | Failure:
    """Return the canonical body of a request, or why it cannot be made: an odd input fails alone.

    Examples:
        >>> body_of(lambda text: {"input": text.strip()}, 5).message
        "AttributeError: 'int' object has no attribute 'strip'"
    """
    try:
        return canonical_json(request(*arguments, **more))
    except Exception as error:  # noqa: BLE001 - the request of a subclass may raise anything
        text = str(error) if isinstance(error, DistilabelUserError) else f"{type(error).__name__}: {error}"
        return Failure("unformattable_input", text)


class HttpModel(Model):
    """The base of models that send HTTP requests: what sends them can be given.

    Attributes:
        transport: An `httpx2.AsyncBaseTransport` that sends the requests in place of the network, such as
            `httpx2.MockTransport`. Timeouts and retries stay as they are.
        http_client: An `httpx2.AsyncClient` that sends the requests, with its own proxies, certificates, limits and event
            hooks. The model's `timeout`, `max_retries` and headers apply. Use the client for models only: its connections
            belong to the event loop of this package. `unload` does not close it.

    `transport` and `http_client` exclude each other. Neither is dumped, and a model that has one stays in this process.
    """

    excluded_from_signature: ClassVar[frozenset[str]] = frozenset({"http_client", "transport"})

    transport: Optional[AsyncBaseTransport] = Field(default=None, exclude=True, repr=False)
    http_client: Optional[AsyncClient] = Field(default=None, exclude=True, repr=False)

    @model_validator(mode="after")
    def _check_http(self) -> Self:
        if self.transport is not None and self.http_client is not None:
            raise DistilabelUserError(
                "Pass transport=... or http_client=..., not both: a client has a transport already."
            )
        return self

    def __getstate__(self) -> dict[Any, Any]:
        """Refuse to go to another process with an open HTTP client.

        Raises:
            DistilabelUserError: The model has `transport` or `http_client`.
        """
        if (name := self._sender) is not None:
            raise DistilabelUserError(
                f"{type(self).__name__} has {name}=..., which cannot go to a worker process: leave {name} out, or run its "
                "step in this process (without replicas and without resources)."
            )
        return super().__getstate__()

    def _refuse_http(self, reason: str) -> None:
        """Refuse `transport` and `http_client`, which a model without HTTP requests would ignore."""
        if self._sender is not None:
            raise DistilabelUserError(
                f"{type(self).__name__} sends no HTTP requests ({reason}): leave {self._sender} out."
            )

    @property
    def _sender(self) -> str | None:
        """The name of the field that sends the requests; None: this package does."""
        return next((name for name in ("transport", "http_client") if getattr(self, name) is not None), None)


class RemoteModel(HttpModel):
    """The base of models behind a platform; the same request body goes out online and by batch.

    A subclass names the platform (`platform_name`) and the endpoint.

    Attributes:
        model: The model's name on the platform.
        base_url: The platform's address; default: its environment variable, or its public address.
        api_key: The key; default: the platform's environment variable. Never written anywhere.
        default_headers: HTTP headers that are sent with each call.
        max_retries: How often a call that is safe to repeat is repeated; 6 by default.
        timeout: Seconds without a byte from the platform until a call fails; 120 by default.
        max_concurrent_requests: The most online requests at once, over all rows.
        use_offline_batch_generation: Whether requests are submitted in batch jobs instead of sent online.
        offline_batch_generation_block_until_done: Seconds between polls of the batch jobs; None, the default, submits and
            does not wait.
        offline_batch_options: How batch jobs are packed, retried and given up; see `OfflineBatchOptions`.
        jobs_ids: The platform's ids of the batch jobs.
        transport: Sends the requests in place of the network; see `HttpModel`.
        http_client: Sends the requests, with its own proxies and certificates; see `HttpModel`.

    Examples:
        >>> import httpx2
        >>> from distilabel.models import OpenAILLM
        >>> def respond(request):
        ...     message = {"role": "assistant", "content": "Hello!"}
        ...     return httpx2.Response(200, json={"choices": [{"message": message, "finish_reason": "stop"}]})
        >>> llm = OpenAILLM(model="m", api_key="...", transport=httpx2.MockTransport(respond))
        >>> llm.load()
        >>> llm.generate_outputs([[{"role": "user", "content": "Hi"}]])[0]["generations"]
        ['Hello!']
        >>> llm.unload()
    """

    excluded_from_signature: ClassVar[frozenset[str]] = frozenset(
        {
            "default_headers",
            "jobs_ids",
            "max_concurrent_requests",
            "max_retries",
            "offline_batch_generation_block_until_done",
            "offline_batch_options",
            "timeout",
            "use_offline_batch_generation",
        }
    )
    platform_name: ClassVar[str]
    endpoint: ClassVar[str]
    _stays_behind: ClassVar[frozenset[str]] = frozenset({"_slots"})

    model: str
    base_url: Optional[RuntimeParameter[str]] = None
    api_key: Optional[RuntimeParameter[SecretStr]] = None
    default_headers: Optional[RuntimeParameter[dict[str, str]]] = Field(default=None, repr=False)
    max_retries: RuntimeParameter[int] = Field(default=6, ge=0)
    timeout: RuntimeParameter[float] = Field(default=120, gt=0)
    max_concurrent_requests: RuntimeParameter[int] = Field(default=64, gt=0)
    use_offline_batch_generation: RuntimeParameter[bool] = False
    offline_batch_generation_block_until_done: Optional[RuntimeParameter[float]] = Field(default=None, gt=0)
    offline_batch_options: OfflineBatchOptions = Field(default_factory=OfflineBatchOptions)
    jobs_ids: Optional[tuple[str, ...]] = None

    _connection: _Connection = PrivateAttr(default_factory=_Connection)
    _slots: loop.Slots | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _check_offline(self) -> Self:
        known, endpoint = platform(self._platform()), self._endpoint()
        if self.use_offline_batch_generation and (
            known.batch is None or endpoint not in known.batch.endpoints
        ):
            raise DistilabelUserError(
                f"{type(self).__name__} cannot generate by offline batch: {known.title} has no batch API for {endpoint} that "
                "is supported here. Set use_offline_batch_generation=False, or use another platform (docs/platforms.md)."
            )
        return self

    @property
    def model_name(self) -> str:
        """The model's name."""
        return self.model

    @property
    def has_online_api(self) -> bool:
        """Whether requests can be sent online too: a command on this machine takes batch jobs only."""
        return not is_folder(self._address() or "")

    @property
    def requires_all_inputs(self) -> bool:
        """False: each row waits for its own responses alone."""
        return False

    def load(self) -> None:
        """Open the connection to the platform.

        Raises:
            DistilabelAuthenticationError: No key is given, and none is in the environment.
            DistilabelUserError: `transport` or `http_client` is given, and the model sends no HTTP requests.
        """
        client = self._open_client()
        if is_folder(client.target.base_url):
            self._refuse_http(f"its batch jobs are files in {client.target.base_url}")
        self._connection.open(client)
        super().load()

    def unload(self) -> None:
        """Close the connection to the platform."""
        self._connection.close()
        super().unload()

    def use_session(self, session: Session | None) -> None:
        """Take batch responses from `session`, which belongs to one step of one run; None: outside a pipeline."""
        self._connection.session = session

    @property
    def client(self) -> ModelClient:
        """The client that sends this model's requests; `load` opens it.

        Raises:
            DistilabelUserError: The model is not loaded.
        """
        client = self._connection.client
        if client is None:
            raise DistilabelUserError(f"Call {type(self).__name__}.load() before generating.")
        poll_interval, options = self.offline_batch_generation_block_until_done, self.offline_batch_options
        if (poll_interval, options) != (client.poll_interval, client.options):  # set after `load`
            client = self._connection.client = replace(client, poll_interval=poll_interval, options=options)
        return client

    def _platform(self) -> str:
        """Return the platform's name in the registry."""
        return self.platform_name

    def _endpoint(self) -> str:
        """Return the endpoint that requests go to."""
        return self.endpoint

    def _address(self) -> str | None:
        """Return the platform's address as it is given; None: from the environment, or the platform's own."""
        return self.base_url

    def _headers(self) -> dict[str, str]:
        """Return the HTTP headers that are sent with each call."""
        return dict(self.default_headers or {})

    def _provider(self) -> Provider | None:
        """Return the dialect where a field of this model changes it; None: the registry's."""
        return None

    def _open_client(self) -> ModelClient:
        opened = connect(
            self._platform(),
            self._address(),
            provider=self._provider(),
            key=self.api_key.get_secret_value() if self.api_key else None,
            owner=type(self).__name__,
            headers=self._headers(),
            timeout=self.timeout or 120.0,
            attempts=(self.max_retries or 0) + 1,
            transport=self.transport,
            http_client=self.http_client,
            is_from_file=any(map(self.is_from_file, _ADDRESS_FIELDS)),
        )
        return ModelClient(
            Target(opened.provider.name, opened.base_url, self._endpoint(), self.model),
            opened.provider,
            opened.transport,
            self.offline_batch_generation_block_until_done,
            self.offline_batch_options,
            opened.account,
        )

    async def _ask(self, client: ModelClient, body: bytes) -> Outcome:
        """Send one request online; within `generate` at most `max_concurrent_requests` at once.

        Raises:
            DistilabelPlatformError: The platform cannot be reached, or refuses all requests. Requests that have not been
                sent then raise the same error.
        """
        connection = self._connection
        if not connection.under_way:
            connection.faults.clear()
        connection.under_way += 1
        try:
            async with self._slots or nullcontext():
                if connection.is_hopeless:
                    raise connection.faults[-1]
                outcome = await client.transport.run(complete(client.provider, client.target, body))
            if isinstance(outcome, Failure) and outcome.account:
                raise DistilabelAccountError(
                    f"The platform refuses requests of this account ({outcome.code}: {outcome.message}): fix its credit, "
                    "limit or access on the platform, and run again.",
                    code=outcome.code,
                )
        except FAULTS as error:
            connection.faults.append(error)
            raise
        else:
            connection.faults.clear()
            return outcome
        finally:
            connection.under_way -= 1

    async def _ask_all(self, bodies: Sequence[bytes]) -> list[Answer]:
        client = self.client
        self._slots = self._slots or loop.Slots(self.max_concurrent_requests or 1)
        asked = (self._ask(client, body) for body in bodies)
        return answers_of(await asyncio.gather(*asked, return_exceptions=True))

    def _answers(self, bodies: Sequence[bytes | Failure]) -> list[Answer]:
        """Return the answer to each request, online or from batch jobs, as the model is set.

        A failure among the requests, from `body_of`, is its own answer.

        Raises:
            DistilabelOfflineBatchGenerationNotFinishedException: Offline only: some responses are not there yet.
        """
        sent = [body for body in bodies if isinstance(body, bytes)]
        answers = iter(
            self._batch_answers(sent) if self.use_offline_batch_generation else loop.run(self._ask_all(sent))
        )
        return [Answer(body) if isinstance(body, Failure) else next(answers) for body in bodies]

    def _batch_answers(self, bodies: Sequence[bytes]) -> list[Answer]:
        """Return the answer to each request from the ledger; what is not there is submitted.

        Raises:
            DistilabelOfflineBatchGenerationNotFinishedException: Some responses are not there yet.
        """
        session = self._connection.session
        jobs_ids: tuple[str, ...] = ()
        answers: Sequence[Answer | None]
        if session is not None:
            # A job holds requests of many rows, so that one row cannot name its jobs: the run itself reports them.
            answers = session.ask(self.client, bodies)
        else:
            answers, jobs_ids = collect_answers(self.client, bodies, self.jobs_ids or ())
            self.jobs_ids = jobs_ids
        present = [answer for answer in answers if answer is not None]
        if len(present) < len(answers):
            raise DistilabelOfflineBatchGenerationNotFinishedException(jobs_ids=jobs_ids)
        return present
