"""What embedding models behind a platform share: one body for online and batch, and the way from texts to vectors."""

from typing import Any, ClassVar, Optional, Self

from pydantic import Field, PrivateAttr, SecretStr, model_validator

from distilabel.config import RuntimeParameter
from distilabel.exceptions import DistilabelUserError
from distilabel.models.embeddings.base import Embeddings
from distilabel.models.remote import Connection, model_client
from distilabel.offline.client import ModelClient
from distilabel.offline.options import OfflineBatchOptions
from distilabel.offline.session import Answer, Session
from distilabel.providers.parsing.vectors import as_vector
from distilabel.providers.registry import platform
from distilabel.records import Failure, canonical_json
from distilabel.typing import EmbeddingOutput

__all__ = ["RemoteEmbeddings"]


class RemoteEmbeddings(Embeddings):
    """The base of embedding models behind a platform; each text is a request of its own, online and by batch alike.

    A subclass names the platform (`platform_name`) and turns one text into a request's body (`request`).

    Attributes:
        model: The model's name on the platform.
        base_url: The platform's address.
        api_key: The key; read from the environment where it is not given. Never written anywhere.
        default_headers: Sent along with each call.
        max_retries: How often a call that may be repeated is tried again.
        timeout: Seconds that a call may be silent.
        max_concurrent_requests: The most online requests under way at once, over all rows.
        use_offline_batch_generation: Hand the texts to the platform's batch API instead of asking online.
        offline_batch_generation_block_until_done: Seconds between polls; None submits and comes back later.
        offline_batch_options: How batch jobs are packed, retried and given up; see `OfflineBatchOptions`.
        jobs_ids: The ids of the batch jobs, as the platform knows them.
    """

    excluded_from_signature: ClassVar[frozenset[str]] = frozenset(
        {
            *("default_headers", "max_retries", "timeout", "max_concurrent_requests", "jobs_ids"),
            *(
                "use_offline_batch_generation",
                "offline_batch_generation_block_until_done",
                "offline_batch_options",
            ),
        }
    )
    platform_name: ClassVar[str]
    endpoint: ClassVar[str] = "/v1/embeddings"

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

    _connection: Connection = PrivateAttr(default_factory=Connection)

    @model_validator(mode="after")
    def _check_offline(self) -> Self:
        known = platform(self.platform_name)
        spoken = known.batch is not None and self.endpoint in known.batch.endpoints
        if self.use_offline_batch_generation and not spoken:
            raise DistilabelUserError(
                f"{type(self).__name__} cannot embed by offline batch: {known.title} has no batch API for embeddings that "
                "is spoken here. Set use_offline_batch_generation=False, or take another platform (docs/platforms.md)."
            )
        return self

    @property
    def model_name(self) -> str:
        """The model's name."""
        return self.model

    @property
    def asks_all_at_once(self) -> bool:
        """Never: each row waits for its own reply alone."""
        return False

    def request(self, text: str) -> dict[str, Any]:
        """Return the body of the request for one text; what is not set is not in it."""
        raise NotImplementedError

    def load(self) -> None:
        """Open the connection to the platform.

        Raises:
            DistilabelAuthenticationError: No key is given, and none is in the environment.
        """
        self._connection.open(self._open_client())
        super().load()

    def unload(self) -> None:
        """Close the connection to the platform."""
        self._connection.close()
        super().unload()

    def bind(self, session: Session | None) -> None:
        """Tie this model to one step of one run: its draws go through `session`."""
        self._connection.bind(session)

    @property
    def client(self) -> ModelClient:
        """Where this model's requests go; opened by `load`."""
        every = self.offline_batch_generation_block_until_done
        return self._connection.client(type(self).__name__, every, self.offline_batch_options)

    def encode(self, inputs: list[str]) -> list[list[float] | None]:
        """Give one vector a text, in their order; None where the platform gave none, see `encode_outputs`.

        Raises:
            DistilabelOfflineBatchGenerationNotFinishedException: Offline only: some replies are still to come.
        """
        return [output["embedding"] for output in self.encode_outputs(inputs)]

    def encode_outputs(self, inputs: list[str]) -> list[EmbeddingOutput]:
        """Give one output a text, in their order: its vector, the tokens that were counted, or why there is no vector.

        Raises:
            DistilabelOfflineBatchGenerationNotFinishedException: Offline only: some replies are still to come.
        """
        bodies = [canonical_json(self.request(text)) for text in inputs]
        answers = self._drawn(bodies) if self.use_offline_batch_generation else self._asked(bodies)
        return [_output(answer) for answer in answers]

    def _asked(self, bodies: list[bytes]) -> list[Answer]:
        outcomes = self._connection.ask_all(self.client, bodies, self.max_concurrent_requests or 1)
        return [Answer(outcome) for outcome in outcomes]

    def _drawn(self, bodies: list[bytes]) -> list[Answer]:
        drawn = self._connection.draw(self.client, bodies, self.jobs_ids or ())
        if not self._connection.is_bound:
            self.jobs_ids = drawn.jobs_ids
        return drawn.complete()

    def _headers(self) -> dict[str, str]:
        """Return what is sent along with each call."""
        return dict(self.default_headers or {})

    def _open_client(self) -> ModelClient:
        return model_client(
            self.platform_name,
            self.base_url,
            endpoint=self.endpoint,
            model=self.model,
            poll_interval=self.offline_batch_generation_block_until_done,
            options=self.offline_batch_options,
            key=self.api_key.get_secret_value() if self.api_key else None,
            owner=type(self).__name__,
            headers=self._headers(),
            timeout=self.timeout or 120.0,
            attempts=(self.max_retries or 0) + 1,
        )


def _output(answer: Answer) -> EmbeddingOutput:
    outcome = answer.outcome
    if isinstance(outcome, Failure):
        return _without(answer, outcome.code, outcome.message)
    vector = as_vector(outcome.extras.get("embedding"))
    if vector is None:
        return _without(answer, "no_embedding", "The platform answered with something else than a vector.")
    return {"embedding": vector, "input_tokens": outcome.usage.input_tokens}


def _without(answer: Answer, code: str, message: str) -> EmbeddingOutput:
    attempts, job_id = answer.attempts, answer.job_id
    return {
        "embedding": None,
        "failure": {"code": code, "message": message, "attempts": attempts, "job_id": job_id},
    }
