"""The platforms that are known by name: dialect, address, key, and what docs/platforms.md says of them."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from distilabel.exceptions import DistilabelAuthenticationError, DistilabelUserError
from distilabel.providers.azure import Azure
from distilabel.providers.base import Provider
from distilabel.providers.compatible import SERVICES, Compatible, Service
from distilabel.providers.fireworks import Fireworks
from distilabel.providers.groq import Groq
from distilabel.providers.mistral import Mistral
from distilabel.providers.openai import OpenAI
from distilabel.providers.together import Together
from distilabel.wire import Signer

__all__ = ["PLATFORMS", "Batch", "Platform", "platform", "register"]


@dataclass(frozen=True, slots=True)
class Batch:
    """What is known of a platform's batch API; its limits stand in its dialect.

    Attributes:
        endpoints: What may be asked by batch.
        tag: Where the platform keeps our tag, by which a job is found again.
        window: How long a job may take.
        discount: Against the price of asking online, as the platform names it.
        tested: Against what this library's dialect is tested.
        source: The platform's page.
        assumed: What is assumed rather than known; empty where nothing is.
    """

    endpoints: tuple[str, ...]
    tag: str
    window: str
    discount: str
    tested: str
    source: str
    assumed: str = ""


@dataclass(frozen=True, slots=True)
class Platform:
    """A platform.

    Attributes:
        name: As it stands in the ledger.
        title: As people write it.
        provider: Makes its dialect.
        base_url: Its own address; empty where each user has another.
        base_url_variable: The environment variable that overrides it.
        key_variable: The environment variable that holds the key; None where none is needed, or where a signer proves
            who calls.
        batch: Its batch API; None where it has none that this library speaks.
        signer: Makes what proves who calls, where that is more than a header.
        header_variables: Headers that are sent along where the environment variable of that name is set.
        path: What the address ends in; added where a user gives the host alone.
        dropped: Endings that users write and that the dialect adds itself.
    """

    name: str
    title: str
    provider: Callable[[], Provider]
    base_url: str
    base_url_variable: str
    key_variable: str | None
    batch: Batch | None
    signer: Callable[[], Signer] | None = None
    header_variables: Mapping[str, str] = field(default_factory=dict)
    path: str = ""
    dropped: tuple[str, ...] = ()

    def address(self, given: str | None = None) -> str:
        """Return the address: as given, from the environment, or the platform's own.

        Raises:
            DistilabelUserError: There is none.
        """
        if address := (given or os.environ.get(self.base_url_variable) or self.base_url).rstrip("/"):
            scheme = "http" if self.base_url.startswith("http:") else "https"
            address = address if "://" in address else f"{scheme}://{address}"
            for ending in self.dropped:
                address = address.removesuffix(ending)
            is_host = "/" not in address.partition("://")[2]
            return address + self.path if is_host else address
        raise DistilabelUserError(
            f"{self.title} has another address for each user: set the environment variable {self.base_url_variable}, or "
            "give base_url=..."
        )

    def headers(self) -> dict[str, str]:
        """Return the headers that the environment gives values for."""
        values = {name: os.environ.get(variable) for name, variable in self.header_variables.items()}
        return {name: value for name, value in values.items() if value}

    def key(self, owner: str) -> str:
        """Return the key from the environment; empty where none is needed.

        Raises:
            DistilabelAuthenticationError: It is not set; the message names the variable and `owner`, who wants it.
        """
        if self.key_variable is None:
            return ""
        if key := os.environ.get(self.key_variable):
            return key
        raise DistilabelAuthenticationError(
            f"{owner} has no key: set the environment variable {self.key_variable}, or give api_key=..."
        )


_OPENAI = Platform(
    "openai", "OpenAI", OpenAI, "https://api.openai.com/v1", "OPENAI_BASE_URL", "OPENAI_API_KEY",
    Batch(
        endpoints=("/v1/chat/completions", "/v1/responses", "/v1/embeddings"),
        tag="metadata",
        window="24 h",
        discount="50%",
        tested="the official SDK and this library against the embedded platform",
        source="https://platform.openai.com/docs/guides/batch",
    ),
    header_variables={"openai-organization": "OPENAI_ORG_ID", "openai-project": "OPENAI_PROJECT_ID"},
)  # fmt: skip

_AZURE = Platform(
    "azure", "Azure OpenAI", lambda: Azure(os.environ.get("OPENAI_API_VERSION")),
    "", "AZURE_OPENAI_ENDPOINT", "AZURE_OPENAI_API_KEY",
    Batch(
        endpoints=("/v1/chat/completions", "/v1/responses"),
        tag="metadata",
        window="24 h aimed at; no expiry",
        discount="50%",
        tested="the official SDK parses the samples",
        source="https://learn.microsoft.com/azure/ai-foundry/openai/how-to/batch",
        assumed="metadata is kept as OpenAI keeps it",
    ),
    dropped=("/openai/v1", "/openai"),
)  # fmt: skip

_MISTRAL = Platform(
    "mistral", "Mistral", Mistral, "https://api.mistral.ai/v1", "MISTRAL_BASE_URL", "MISTRAL_API_KEY",
    Batch(
        endpoints=("/v1/chat/completions", "/v1/embeddings"),
        tag="metadata",
        window="24 h asked for, 7 days at most",
        discount="50%",
        tested="the official SDK parses the samples",
        source="https://docs.mistral.ai/capabilities/batch",
        assumed="pages are counted from 0, input files can be fetched again",
    ),
    path="/v1",
)  # fmt: skip

_GROQ = Platform(
    "groq", "Groq", Groq, "https://api.groq.com/openai/v1", "GROQ_BASE_URL", "GROQ_API_KEY",
    Batch(
        endpoints=("/v1/chat/completions",),
        tag="metadata",
        window="24 h asked for, 7 days at most",
        discount="50%",
        tested="the official SDK parses the samples",
        source="https://console.groq.com/docs/batch",
        assumed="metadata is kept as given; the list has one page unless it says that there are more",
    ),
    path="/openai/v1",
)  # fmt: skip

_TOGETHER = Platform(
    "together", "Together", Together, "https://api.together.ai/v1", "TOGETHER_BASE_URL", "TOGETHER_API_KEY",
    Batch(
        endpoints=("/v1/chat/completions",),
        tag="custom_ids and the file's name",
        window="24 h",
        discount="up to 50%, on some models",
        tested="the official SDK parses the samples",
        source="https://docs.together.ai/docs/batch-inference",
        assumed="result lines are OpenAI's",
    ),
    path="/v1",
)  # fmt: skip

_FIREWORKS = Platform(
    "fireworks", "Fireworks", lambda: Fireworks(os.environ.get("FIREWORKS_ACCOUNT_ID")),
    "https://api.fireworks.ai", "FIREWORKS_BASE_URL", "FIREWORKS_API_KEY",
    Batch(
        endpoints=("/v1/chat/completions",),
        tag="the job's id",
        window="24 h",
        discount="50%",
        tested="the official SDK parses the samples",
        source="https://docs.fireworks.ai/guides/batch-inference",
        assumed="the shape of result lines, the names of result files, that a job can be cancelled",
    ),
    dropped=("/inference/v1",),
)  # fmt: skip

_OLLAMA = Platform(
    "ollama", "Ollama", partial(Compatible, Service("ollama", "Ollama", "", "OLLAMA")),
    "http://localhost:11434/v1", "OLLAMA_HOST", None, None, path="/v1",
)  # fmt: skip

_HUGGING_FACE = Platform(
    "huggingface", "Hugging Face", partial(Compatible, Service("huggingface", "Hugging Face", "", "HF")),
    "https://router.huggingface.co/v1", "HF_INFERENCE_BASE_URL", "HF_TOKEN", None, path="/v1",
)  # fmt: skip


def _compatible(service: Service) -> Platform:
    """Return the platform that a row of data describes."""
    batch = Batch(
        endpoints=service.endpoints,
        tag="metadata" if service.metadata else "custom_ids and the file's name",
        window=service.window,
        discount=service.discount,
        tested=service.tested,
        source=service.source,
        assumed=service.assumed,
    )
    return Platform(
        service.name, service.title, partial(Compatible, service),
        service.base_url, f"{service.prefix}_BASE_URL", f"{service.prefix}_API_KEY" if service.wants_key else None,
        batch if service.endpoints else None,
    )  # fmt: skip


PLATFORMS = {
    known.name: known
    for known in (
        _OPENAI,
        _AZURE,
        _MISTRAL,
        _GROQ,
        _TOGETHER,
        _FIREWORKS,
        _OLLAMA,
        _HUGGING_FACE,
        *map(_compatible, SERVICES),
    )
}


def register(new: Platform) -> None:
    """Make a platform of one's own known, so that LLMs, jobs and commands can name it.

    Registering it again, as a module that is imported anew does, puts the new one in its place.

    Args:
        new: With a name that none of the platforms known here has.

    Raises:
        DistilabelUserError: One of the platforms known here has that name.

    Examples:
        >>> register(Platform("acme", "Acme", OpenAI, "https://acme.test/v1", "ACME_BASE_URL", "ACME_API_KEY", None))
        >>> platform("acme").title
        'Acme'
    """
    if new.name in _KNOWN_HERE:
        raise DistilabelUserError(f"The platform {new.name!r} is known already: give yours another name.")
    PLATFORMS[new.name] = new


_KNOWN_HERE = frozenset(PLATFORMS)


def platform(name: str) -> Platform:
    """Return a platform by its name.

    Raises:
        DistilabelUserError: There is none of that name.

    Examples:
        >>> platform("openai").key_variable
        'OPENAI_API_KEY'
    """
    if name not in PLATFORMS:
        raise DistilabelUserError(f"There is no platform {name!r}: choose one of {', '.join(PLATFORMS)}.")
    return PLATFORMS[name]
