"""The catalog of built-in platforms, one entry each."""

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


def _tested_with(sdk: str) -> str:
    """Return what a dialect is tested against: the platform's SDK and this library use the same emulator."""
    return (
        f"{sdk} and this library run against an emulator of the platform over HTTP, the library also with "
        "[its faults](what-can-go-wrong.md); samples"
    )


_OPENAI = Platform(
    "openai", "OpenAI", OpenAI, "https://api.openai.com/v1", "OPENAI_BASE_URL", "OPENAI_API_KEY",
    Batch(
        endpoints=("/v1/chat/completions", "/v1/responses", "/v1/embeddings", "/v1/images/generations"),
        tag="metadata",
        window="24 h",
        discount="50%",
        tested=_tested_with("openai 3.54"),
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
        tested=_tested_with("anthropic 2.12"),
        source="https://platform.claude.com/docs/en/build-with-claude/batch-processing",
        assumed="A result line begins with its custom_id. A batch has no name: after an interrupted creation, the "
        "library waits for each batch of the same size and time until it has ended; and after the loss of the cache "
        "folder nothing shows to which step its requests belong.",
    ),
)  # fmt: skip

_GEMINI = Platform(
    "gemini", "Gemini API", Gemini, "https://generativelanguage.googleapis.com", "GOOGLE_GEMINI_BASE_URL",
    "GEMINI_API_KEY",
    Batch(
        endpoints=("generateContent", "embedContent"),
        tag="displayName",
        window="48 h, target 24 h",
        discount="50%",
        tested=_tested_with("google-genai 3.4"),
        source="https://ai.google.dev/gemini-api/docs/batch-api",
        assumed="A failed line holds a google.rpc.Status as `error` or `status`. The platform returns HTTP 409 for "
        "the name of an existing file. The start of an upload need not state its length. displayName takes 128 characters. A line for an embedding needs "
        "no `model`, and its response holds `embedding`.",
    ),
)  # fmt: skip

_VERTEX = Platform(
    "vertex", "Vertex AI", Vertex, "", "GOOGLE_VERTEX_BASE_URL", None,
    Batch(
        endpoints=("generateContent",),
        tag="displayName",
        window="24 h after its start, which may take 72 h",
        discount="50%",
        tested=_tested_with("google-genai 3.4"),
        source="https://cloud.google.com/vertex-ai/generative-ai/docs/multimodal/batch-prediction-from-cloud-storage",
        assumed="A field beside `request` (`custom_id`) comes back in each result line: no page says so, others "
        "have seen it. Results are the .jsonl files in gcsOutputDirectory.",
    ),
    signer=GoogleSigner,
    complete_address=vertex_address,
    domains=("googleapis.com",),
)  # fmt: skip

_BEDROCK = Platform(
    "bedrock", "AWS Bedrock", Bedrock, "", "AWS_ENDPOINT_URL", None,
    Batch(
        endpoints=("converse",),
        tag="jobName and clientRequestToken",
        window="24 h",
        discount="50%, on selected models",
        tested=_tested_with("boto3 1.44") + "; signatures against botocore's",
        source="https://docs.aws.amazon.com/bedrock/latest/userguide/batch-inference.html",
        assumed="A recordId may have 34 characters and more. Results are the .jsonl.out files in a "
        "folder of the job's id. A job needs at least 100 records, a quota that differs by model: a smaller one fails "
        "and states its reason. By batch, `outputConfig` is accepted and tools are not.",
    ),
    signer=AwsSigner,
    complete_address=bedrock_address,
    provider_at=lambda address: Bedrock(address=address),
    domains=("amazonaws.com", "amazonaws.com.cn"),
)  # fmt: skip

_AZURE = Platform(
    "azure", "Azure OpenAI", lambda: Azure(os.environ.get("OPENAI_API_VERSION")),
    "", "AZURE_OPENAI_ENDPOINT", "AZURE_OPENAI_API_KEY",
    Batch(
        endpoints=("/v1/chat/completions", "/v1/responses"),
        tag="metadata",
        window="target 24 h; no expiry",
        discount="50%",
        tested=_tested_with("openai 3.54"),
        source="https://learn.microsoft.com/azure/ai-foundry/openai/how-to/batch",
        assumed="metadata works as at OpenAI",
    ),
    dropped_endings=("/openai/v1", "/openai"),
    domains=("openai.azure.com", "cognitiveservices.azure.com", "services.ai.azure.com"),
)  # fmt: skip

_MISTRAL = Platform(
    "mistral", "Mistral", Mistral, "https://api.mistral.ai/v1", "MISTRAL_BASE_URL", "MISTRAL_API_KEY",
    Batch(
        endpoints=("/v1/chat/completions", "/v1/embeddings"),
        tag="metadata",
        window="24 h requested, 7 days at most",
        discount="50%",
        tested=_tested_with("mistralai 3.7"),
        source="https://docs.mistral.ai/capabilities/batch",
        assumed="pages are numbered from 0, input files can be downloaded",
    ),
    path="/v1",
)  # fmt: skip

_GROQ = Platform(
    "groq", "Groq", Groq, "https://api.groq.com/openai/v1", "GROQ_BASE_URL", "GROQ_API_KEY",
    Batch(
        endpoints=("/v1/chat/completions",),
        tag="metadata",
        window="24 h requested, 7 days at most",
        discount="50%",
        tested=_tested_with("groq 1.7"),
        source="https://console.groq.com/docs/batch",
        assumed="metadata is kept unchanged; the list has one page unless `has_more` is true",
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
        tested=_tested_with("together 3.1"),
        source="https://docs.together.ai/docs/batch-inference",
        assumed="result lines have OpenAI's shape",
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
        tested=_tested_with("fireworks-ai 1.2"),
        source="https://docs.fireworks.ai/guides/batch-inference",
        assumed="the shape of result lines, the names of result files, that a job can be cancelled",
    ),
    dropped_endings=("/inference/v1",),
)  # fmt: skip

_COHERE = Platform(
    "cohere", "Cohere", Cohere, "https://api.cohere.com", "COHERE_BASE_URL", "COHERE_API_KEY", None,
    dropped_endings=("/v1", "/v2"),
    online_only="Its batches (`client.batches` of its SDK, 7.3) read and write datasets in Cohere's own store; no "
    "page was found on a job's limits, its price and the shape of its result lines.",
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
    """Return the platform of an OpenAI-shaped service."""
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
