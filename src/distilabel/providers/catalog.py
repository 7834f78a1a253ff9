"""The platforms that are known here, a row each."""

import os
from functools import partial

from distilabel.providers.anthropic.dialect import Anthropic
from distilabel.providers.aws.auth import AwsSigner
from distilabel.providers.aws.bedrock import Bedrock
from distilabel.providers.aws.common import bedrock_address
from distilabel.providers.cohere import Cohere
from distilabel.providers.google.auth import GoogleSigner
from distilabel.providers.google.gemini import Gemini
from distilabel.providers.google.vertex import Vertex, vertex_address
from distilabel.providers.openai_family.azure import Azure
from distilabel.providers.openai_family.compatible import SERVICES, Compatible, Service
from distilabel.providers.openai_family.dialect import OpenAI
from distilabel.providers.openai_family.fireworks import Fireworks
from distilabel.providers.openai_family.groq import Groq
from distilabel.providers.openai_family.mistral import Mistral
from distilabel.providers.openai_family.together import Together
from distilabel.providers.platform import Batch, Platform

__all__ = ["KNOWN"]


def _driven_by(sdk: str) -> str:
    """Say against what a dialect is tested: its maker's own package drives our stand-in for the platform, and so do we."""
    return (
        f"{sdk} and this library drive the embedded platform in this dialect over HTTP, the library through "
        "[its faults](what-can-go-wrong.md) too; samples"
    )


_OPENAI = Platform(
    "openai", "OpenAI", OpenAI, "https://api.openai.com/v1", "OPENAI_BASE_URL", "OPENAI_API_KEY",
    Batch(
        endpoints=("/v1/chat/completions", "/v1/responses", "/v1/embeddings", "/v1/images/generations"),
        tag="metadata",
        window="24 h",
        discount="50%",
        tested=_driven_by("openai 3.54"),
        source="https://platform.openai.com/docs/guides/batch",
    ),
    header_variables={"openai-organization": "OPENAI_ORG_ID", "openai-project": "OPENAI_PROJECT_ID"},
)  # fmt: skip

_ANTHROPIC = Platform(
    "anthropic", "Anthropic", Anthropic, "https://api.anthropic.com", "ANTHROPIC_BASE_URL", "ANTHROPIC_API_KEY",
    Batch(
        endpoints=("/v1/messages",),
        tag="custom_ids",
        window="24 h",
        discount="50%",
        tested=_driven_by("anthropic 2.12"),
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
        endpoints=("generateContent", "embedContent"),
        tag="displayName",
        window="48 h, aimed at 24 h",
        discount="50%",
        tested=_driven_by("google-genai 3.4"),
        source="https://ai.google.dev/gemini-api/docs/batch-api",
        assumed="A failed line holds a google.rpc.Status as `error` or `status`. A name of a file that is taken is "
        "answered with HTTP 409. The start of an upload need not tell its length. displayName takes 128 characters. A line for an embedding needs "
        "no `model` of its own, and is answered with `embedding` in its response.",
    ),
)  # fmt: skip

_VERTEX = Platform(
    "vertex", "Vertex AI", Vertex, "", "GOOGLE_VERTEX_BASE_URL", None,
    Batch(
        endpoints=("generateContent",),
        tag="displayName",
        window="24 h after its start, for which it may wait 72 h",
        discount="50%",
        tested=_driven_by("google-genai 3.4"),
        source="https://cloud.google.com/vertex-ai/generative-ai/docs/multimodal/batch-prediction-from-cloud-storage",
        assumed="A field beside `request` (`custom_id`) comes back in each result line: no page says so, others have "
        "seen it. Results are the .jsonl files in gcsOutputDirectory.",
    ),
    signer=GoogleSigner,
    completed=vertex_address,
)  # fmt: skip

_BEDROCK = Platform(
    "bedrock", "AWS Bedrock", Bedrock, "", "AWS_ENDPOINT_URL", None,
    Batch(
        endpoints=("converse",),
        tag="jobName and clientRequestToken",
        window="24 h",
        discount="50%, on selected models",
        tested=_driven_by("boto3 1.44") + "; signatures of botocore's",
        source="https://docs.aws.amazon.com/bedrock/latest/userguide/batch-inference.html",
        assumed="A recordId may be as long as our names (34 characters and more). Results are the .jsonl.out files in a "
        "folder of the job's id. A job wants at least 100 records, a quota that differs by model: one with fewer fails, "
        "and its reason is told. By batch, `outputConfig` is taken and tools are not.",
    ),
    signer=AwsSigner,
    completed=bedrock_address,
    placed=lambda address: Bedrock(address=address),
)  # fmt: skip

_AZURE = Platform(
    "azure", "Azure OpenAI", lambda: Azure(os.environ.get("OPENAI_API_VERSION")),
    "", "AZURE_OPENAI_ENDPOINT", "AZURE_OPENAI_API_KEY",
    Batch(
        endpoints=("/v1/chat/completions", "/v1/responses"),
        tag="metadata",
        window="24 h aimed at; no expiry",
        discount="50%",
        tested=_driven_by("openai 3.54"),
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
        tested=_driven_by("mistralai 3.7"),
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
        tested=_driven_by("groq 1.7"),
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
        tested=_driven_by("together 3.1"),
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
        tested=_driven_by("fireworks-ai 1.2"),
        source="https://docs.fireworks.ai/guides/batch-inference",
        assumed="the shape of result lines, the names of result files, that a job can be cancelled",
    ),
    dropped=("/inference/v1",),
)  # fmt: skip

_COHERE = Platform(
    "cohere", "Cohere", Cohere, "https://api.cohere.com", "COHERE_BASE_URL", "COHERE_API_KEY", None,
    dropped=("/v1", "/v2"),
    online_only="Its batches (`client.batches` of its SDK, 7.3) read and write datasets in a store of its own; what a job "
    "may hold, what it costs and how the lines of its results look was not found.",
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
        batch if service.endpoints else None, online_only=service.online_only,
    )  # fmt: skip


KNOWN = (
    _OPENAI,
    _AZURE,
    _ANTHROPIC,
    _GEMINI,
    _VERTEX,
    _BEDROCK,
    _MISTRAL,
    _GROQ,
    _TOGETHER,
    _FIREWORKS,
    _COHERE,
    _OLLAMA,
    _HUGGING_FACE,
    *map(_compatible, SERVICES),
)
