"""What image models behind a platform share: one body for online and batch, and the way from prompts to images."""

import inspect
from itertools import islice
from typing import Any, ClassVar, Optional, Self

from pydantic import Field, PrivateAttr, SecretStr, model_validator

from distilabel.config import RuntimeParameter
from distilabel.exceptions import DistilabelUserError
from distilabel.models.image_generation.base import AsyncImageGenerationModel, ImageOutput
from distilabel.models.image_generation.outputs import output_of
from distilabel.models.remote import Connection, ask, model_client
from distilabel.offline.client import ModelClient
from distilabel.offline.options import OfflineBatchOptions
from distilabel.offline.session import Answer, Session
from distilabel.providers.registry import platform
from distilabel.records import canonical_json

__all__ = ["RemoteImageGeneration"]


class RemoteImageGeneration(AsyncImageGenerationModel):
    """The base of image models behind a platform; each image is a request of its own, online and by batch alike.

    A subclass names the platform (`platform_name`) and turns one prompt into a request's body (`request`).

    Attributes:
        model: The model's name on the platform.
        base_url: The platform's address.
        api_key: The key; read from the environment where it is not given. Never written anywhere.
        max_retries: How often a call that may be repeated is tried again.
        timeout: Seconds that a call may be silent.
        max_concurrent_requests: The most online requests under way at once, over all rows.
        use_offline_batch_generation: Hand the prompts to the platform's batch API instead of asking online.
        offline_batch_generation_block_until_done: Seconds between polls; None submits and comes back later.
        offline_batch_options: How batch jobs are packed, retried and given up; see `OfflineBatchOptions`.
        jobs_ids: The ids of the batch jobs, as the platform knows them.
    """

    excluded_from_signature: ClassVar[frozenset[str]] = frozenset(
        {
            *(
                "max_retries",
                "timeout",
                "max_concurrent_requests",
                "jobs_ids",
                "use_offline_batch_generation",
            ),
            *("offline_batch_generation_block_until_done", "offline_batch_options"),
        }
    )
    platform_name: ClassVar[str]
    endpoint: ClassVar[str] = "/v1/images/generations"

    model: str
    base_url: Optional[RuntimeParameter[str]] = None
    api_key: Optional[RuntimeParameter[SecretStr]] = None
    max_retries: RuntimeParameter[int] = Field(default=6, ge=0)
    timeout: RuntimeParameter[float] = Field(default=120, gt=0)
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
                f"{type(self).__name__} cannot make images by offline batch: {known.title} has no batch API for images that "
                "is spoken here. Set use_offline_batch_generation=False, or take another platform (docs/platforms.md)."
            )
        return self

    @property
    def model_name(self) -> str:
        """The model's name."""
        return self.model

    @property
    def asks_all_at_once(self) -> bool:
        """Never: each row waits for its own image alone."""
        return False

    def request(self, input: str, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return the body of the request for one image; what is not set is not in it."""
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

    def generation_parameters(self) -> dict[str, inspect.Parameter]:
        """Return the generation arguments that this model takes, by name."""
        parameters = inspect.signature(self.request).parameters
        return {name: parameter for name, parameter in parameters.items() if name != "input"}

    async def agenerate(self, input: str, num_generations: int = 1, **kwargs: Any) -> ImageOutput:
        """Make images of one prompt online; several are several requests, one after the other.

        Args:
            input: The prompt.
            num_generations: How many images to make.
            kwargs: The arguments of `request`.
        """
        body = canonical_json(self.request(input, **kwargs))
        return output_of([Answer(await ask(self.client, body)) for _ in range(num_generations)])

    def generate(self, inputs: list[str], num_generations: int = 1, **kwargs: Any) -> list[ImageOutput]:
        """Make `num_generations` images of each prompt, in their order.

        Raises:
            DistilabelOfflineBatchGenerationNotFinishedException: Offline only: some images are still to come.
        """
        bodies = [canonical_json(self.request(prompt, **kwargs)) for prompt in inputs]
        wanted = [body for body in bodies for _ in range(num_generations)]
        answers = iter(self._drawn(wanted) if self.use_offline_batch_generation else self._asked(wanted))
        return [output_of(list(islice(answers, num_generations))) for _ in inputs]

    def _asked(self, bodies: list[bytes]) -> list[Answer]:
        outcomes = self._connection.ask_all(self.client, bodies, self.max_concurrent_requests or 1)
        return [Answer(outcome) for outcome in outcomes]

    def _drawn(self, bodies: list[bytes]) -> list[Answer]:
        drawn = self._connection.draw(self.client, bodies, self.jobs_ids or ())
        if not self._connection.is_bound:
            self.jobs_ids = drawn.jobs_ids
        return drawn.complete()

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
            timeout=self.timeout or 120.0,
            attempts=(self.max_retries or 0) + 1,
        )
