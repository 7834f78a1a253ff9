"""The platforms that are known by name: dialect, address, key, and what docs/platforms.md says of them."""

import os
from collections.abc import Callable
from dataclasses import dataclass

from distilabel.exceptions import DistilabelAuthenticationError, DistilabelUserError
from distilabel.providers.anthropic import Anthropic
from distilabel.providers.base import Provider
from distilabel.providers.gemini import Gemini
from distilabel.providers.google_signer import GoogleSigner
from distilabel.providers.openai import OpenAI
from distilabel.providers.vertex import Vertex, vertex_address
from distilabel.wire import Signer

__all__ = ["PLATFORMS", "Batch", "Platform", "platform"]


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
        completed: Completes an address, where more than a variable goes into it; given an empty one where there is none.
    """

    name: str
    title: str
    provider: Callable[[], Provider]
    base_url: str
    base_url_variable: str
    key_variable: str | None
    batch: Batch | None
    signer: Callable[[], Signer] | None = None
    completed: Callable[[str], str] | None = None

    def address(self, given: str | None = None) -> str:
        """Return the address: as given, from the environment, or the platform's own.

        Raises:
            DistilabelUserError: There is none.
        """
        address = given or os.environ.get(self.base_url_variable) or self.base_url
        if self.completed:
            address = self.completed(address)
        if address:
            return address.rstrip("/")
        raise DistilabelUserError(
            f"{self.title} has another address for each user: set the environment variable {self.base_url_variable}, or "
            "give base_url=..."
        )

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
)  # fmt: skip

_ANTHROPIC = Platform(
    "anthropic", "Anthropic", Anthropic, "https://api.anthropic.com", "ANTHROPIC_BASE_URL", "ANTHROPIC_API_KEY",
    Batch(
        endpoints=("/v1/messages",),
        tag="custom_ids",
        window="24 h",
        discount="50%",
        tested="samples that the official SDK reads, and a platform in memory",
        source="https://platform.claude.com/docs/en/build-with-claude/batch-processing",
        assumed="A result line begins with its custom_id. A batch has no name: one whose creation was broken off is "
        "waited for until it has ended, if its size and time fit; and after the loss of the cache folder nothing tells "
        "to which step its requests belong.",
    ),
)  # fmt: skip

_GEMINI = Platform(
    "gemini", "Gemini API", Gemini, "https://generativelanguage.googleapis.com", "GOOGLE_GEMINI_BASE_URL",
    "GEMINI_API_KEY",
    Batch(
        endpoints=("generateContent",),
        tag="displayName",
        window="48 h, aimed at 24 h",
        discount="50%",
        tested="samples that the official SDK reads, and a platform in memory",
        source="https://ai.google.dev/gemini-api/docs/batch-api",
        assumed="A failed line holds a google.rpc.Status as `error` or `status`. A name of a file that is taken is "
        "answered with HTTP 409. The start of an upload need not tell its length. displayName takes 128 characters.",
    ),
)  # fmt: skip

_VERTEX = Platform(
    "vertex", "Vertex AI", Vertex, "", "GOOGLE_VERTEX_BASE_URL", None,
    Batch(
        endpoints=("generateContent",),
        tag="displayName",
        window="24 h after its start, for which it may wait 72 h",
        discount="50%",
        tested="samples that the official SDK reads, and a platform in memory; never the platform itself",
        source="https://cloud.google.com/vertex-ai/generative-ai/docs/multimodal/batch-prediction-from-cloud-storage",
        assumed="A field beside `request` (`custom_id`) comes back in each result line: no page says so, others have "
        "seen it. Results are the .jsonl files in gcsOutputDirectory.",
    ),
    GoogleSigner,
    vertex_address,
)  # fmt: skip

PLATFORMS = {known.name: known for known in (_OPENAI, _ANTHROPIC, _GEMINI, _VERTEX)}


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
