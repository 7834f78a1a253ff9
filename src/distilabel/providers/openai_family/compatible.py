"""OpenAI-shaped services: one entry of data each, and the dialect made from it.

A service without endpoints is online only. Sources: each service's own page, read in November 2026; what is marked as
assumed was not found there.
"""

from dataclasses import dataclass, replace

from distilabel.providers.base import DAY, Limits
from distilabel.providers.openai_family.dialect import OpenAI

__all__ = ["SERVICES", "Compatible", "Service"]

_CHAT = ("/v1/chat/completions",)
_CHAT_AND_EMBEDDINGS = ("/v1/chat/completions", "/v1/embeddings")
_THIS_LIBRARY = "samples in OpenAI's shape"
# For services that state no limits: OpenAI's.
_AS_OPENAI = Limits(requests=50_000, size=200_000_000)


@dataclass(frozen=True, slots=True)
class Service:
    """The facts of one OpenAI-shaped service.

    Attributes:
        name: The name in the ledger and in the registry.
        title: The name in texts.
        base_url: The base URL; empty where each user has another one.
        prefix: The prefix of its environment variables: `..._BASE_URL` and, where it needs a key, `..._API_KEY`.
        wants_key: Whether it needs a key.
        endpoints: Which endpoints a batch job may ask; empty where its batch API is not supported here.
        limits: The limits of one batch job.
        window: The `completion_window` of a batch.
        metadata: Whether its batches keep metadata, and so the tag.
        discount, source, assumed: See `distilabel.providers.registry.Batch`.
        tested: Likewise.
        online_only: Why its batch API is not supported here, if it has one.
    """

    name: str
    title: str
    base_url: str
    prefix: str
    wants_key: bool = True
    endpoints: tuple[str, ...] = ()
    limits: Limits = _AS_OPENAI
    window: str = "24h"
    metadata: bool = True
    discount: str = "none named"
    source: str = ""
    assumed: str = ""
    tested: str = _THIS_LIBRARY
    online_only: str = "No batch API is known."


class Compatible(OpenAI):
    """The dialect of an OpenAI-shaped service."""

    def __init__(self, service: Service) -> None:
        self.name = service.name
        self.limits = service.limits
        self.tags_ids = not service.metadata
        self.window = service.window


SERVICES = (
    Service(
        "deepinfra", "DeepInfra", "https://api.deepinfra.com/v1/openai", "DEEPINFRA",
        endpoints=_CHAT_AND_EMBEDDINGS, discount="20%", source="https://docs.deepinfra.com/api-reference/create-openai-batch",
        assumed="limits as OpenAI's",
    ),
    Service(
        "parasail", "Parasail", "https://api.parasail.io/v1", "PARASAIL",
        endpoints=_CHAT_AND_EMBEDDINGS, limits=Limits(50_000, 1_000_000_000), metadata=False, discount="50%",
        source="https://docs.parasail.io", assumed="metadata may be refused, so none is sent",
    ),
    Service(
        "nebius", "Nebius Token Factory", "https://api.tokenfactory.nebius.com/v1", "NEBIUS",
        endpoints=_CHAT_AND_EMBEDDINGS, limits=Limits(5_000_000, 10_000_000_000), discount="50%",
        source="https://docs.tokenfactory.nebius.com",
    ),
    Service(
        "doubleword", "Doubleword", "https://api.doubleword.ai/v1", "DOUBLEWORD",
        endpoints=_CHAT_AND_EMBEDDINGS, discount="50-80%", source="https://docs.doubleword.ai",
        assumed="50,000 requests a file, metadata kept",
    ),
    Service(
        "novita", "Novita", "https://api.novita.ai/openai/v1", "NOVITA",
        endpoints=_CHAT, limits=replace(_AS_OPENAI, kept=15 * DAY), window="48h", metadata=False, discount="50%", source="https://novita.ai/docs",
        assumed="address, limits as OpenAI's; metadata may be refused, so none is sent",
    ),
    Service(
        "distilabel", "distilabel serve", "http://127.0.0.1:8080/v1", "DISTILABEL",
        endpoints=_CHAT, discount="your own machine", source="offline-batch.md", assumed="nothing; any key works",
        tested="all tests of this library that use HTTP",
    ),
    Service(
        "compatible", "An OpenAI-shaped service", "", "OPENAI_COMPATIBLE", wants_key=False,
        endpoints=_CHAT_AND_EMBEDDINGS, source="https://platform.openai.com/docs/guides/batch",
        assumed="everything as OpenAI's",
    ),
    Service(
        "vllm", "vLLM (run-batch)", "", "VLLM_BATCH", wants_key=False,
        endpoints=_CHAT_AND_EMBEDDINGS, limits=Limits(1_000_000, 10_000_000_000), window="as long as it takes",
        discount="your own machine", source="https://docs.vllm.ai",
        tested="a stand-in for the command, written after its source code",
    ),
    Service(
        "perplexity", "Perplexity", "https://api.perplexity.ai", "PERPLEXITY",
        online_only="Its batches have OpenAI's shape, below another path than its chats "
        "(https://docs.perplexity.ai/api-reference/batches-create-post.md); no page names their endpoints.",
    ),
    Service(
        "xai", "xAI", "https://api.x.ai/v1", "XAI",
        online_only="Its batches return results in pages of 100, not as a file that could be streamed to disk "
        "(https://docs.x.ai/docs/guides/batch-api), and only third parties describe their shape.",
    ),
    Service(
        "openrouter", "OpenRouter", "https://openrouter.ai/api/v1", "OPENROUTER",
        online_only="Its batches (beta, texts only, with their own model names) return all results in one JSON document, "
        "which could only be read as a whole; no page says how to find or cancel a job "
        "(https://openrouter.ai/docs/batch-quickstart.md).",
    ),
    Service("anyscale", "Anyscale", "", "ANYSCALE"),
    Service("vllm-server", "A vLLM server", "", "VLLM", wants_key=False),
)  # fmt: skip
"""One entry per service."""
