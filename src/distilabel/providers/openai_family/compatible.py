"""OpenAI-shaped services: a row of data each, and the dialect that a row makes.

A row without batch facts is asked online only. Sources: each service's own page, read in November 2026; what is marked as
assumed was not found there.
"""

from dataclasses import dataclass, replace

from distilabel.providers.base import DAY, Limits
from distilabel.providers.openai_family.dialect import OpenAI

__all__ = ["SERVICES", "Compatible", "Service"]

_CHAT = ("/v1/chat/completions",)
_CHAT_AND_EMBEDDINGS = ("/v1/chat/completions", "/v1/embeddings")
_THIS_LIBRARY = "samples in OpenAI's shape"
# Where a service names no limits: OpenAI's.
_AS_OPENAI = Limits(requests=50_000, size=200_000_000)


@dataclass(frozen=True, slots=True)
class Service:
    """What is known of one OpenAI-shaped service.

    Attributes:
        name: In the ledger and in the registry.
        title: As people write it.
        base_url: Its address; empty where each user has another.
        prefix: Of its environment variables: `..._BASE_URL` and, where it wants a key, `..._API_KEY`.
        wants_key: Whether it does.
        endpoints: What may be asked by batch; empty where its batch API is not spoken here.
        limits: Of one job.
        window: The completion window that is asked for.
        metadata: Whether its batches keep metadata, our tag among them.
        discount, source, assumed: See `distilabel.providers.registry.Batch`.
        tested: Likewise.
        online_only: Why its batch API is not spoken here, where it has one.
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
        endpoints=_CHAT_AND_EMBEDDINGS, limits=Limits(50_000, 100_000_000), metadata=False, discount="50%",
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
        "distilabel", "distilabel serve", "http://127.0.0.1:8000/v1", "DISTILABEL",
        endpoints=_CHAT, discount="your own machine", source="offline-batch.md", assumed="nothing; any key will do",
        tested="every test of this library that crosses HTTP",
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
        tested="a stand-in for the command that behaves as its source says",
    ),
    Service(
        "perplexity", "Perplexity", "https://api.perplexity.ai", "PERPLEXITY",
        online_only="Its batches are shaped like OpenAI's, below another path than its chats "
        "(https://docs.perplexity.ai/api-reference/batches-create-post.md); which endpoints they ask was not found.",
    ),
    Service(
        "xai", "xAI", "https://api.x.ai/v1", "XAI",
        online_only="Its batches give results in pages of 100 and as no file that could be streamed to disk "
        "(https://docs.x.ai/docs/guides/batch-api), and the shape of these is known from others only.",
    ),
    Service(
        "openrouter", "OpenRouter", "https://openrouter.ai/api/v1", "OPENROUTER",
        online_only="Its batches (beta, texts only, models of their own names) give all results within one JSON document, "
        "which would be read whole; no page was found by which a lost job is known again, or cancelled "
        "(https://openrouter.ai/docs/batch-quickstart.md).",
    ),
    Service("anyscale", "Anyscale", "", "ANYSCALE"),
    Service("vllm-server", "A vLLM server", "", "VLLM", wants_key=False),
)  # fmt: skip
"""One row a service."""
