"""Embedding models of Google behind the Gemini API."""

from typing import Any, ClassVar, Optional

from pydantic import Field

from distilabel.config import RuntimeParameter
from distilabel.models.embeddings.remote import RemoteEmbeddings

__all__ = ["GeminiEmbeddings"]


class GeminiEmbeddings(RemoteEmbeddings):
    """An embedding model behind the Gemini API of Google AI Studio.

    Google calls its batch API for embeddings (`asyncBatchEmbedContent`) experimental.

    Attributes:
        model: For example `gemini-embedding-001`.
        base_url: Default: `GOOGLE_GEMINI_BASE_URL`, or `https://generativelanguage.googleapis.com`.
        api_key: Default: `GEMINI_API_KEY`.
        task_type: The purpose of the vectors, such as `RETRIEVAL_DOCUMENT` or `SEMANTIC_SIMILARITY`.
        output_dimensionality: The length of each vector; default: the model's length.

    References:
        https://ai.google.dev/api/embeddings,
        https://developers.googleblog.com/gemini-batch-api-now-supports-embeddings-and-openai-compatibility

    Examples:
        >>> GeminiEmbeddings(model="gemini-embedding-001", api_key="...", output_dimensionality=768).request("Hi")
        {'content': {'parts': [{'text': 'Hi'}]}, 'outputDimensionality': 768}
    """

    platform_name: ClassVar[str] = "gemini"
    endpoint: ClassVar[str] = "embedContent"

    task_type: Optional[RuntimeParameter[str]] = None
    output_dimensionality: Optional[RuntimeParameter[int]] = Field(default=None, gt=0)

    def request(self, text: str) -> dict[str, Any]:
        """Return the body of the request for one text."""
        chosen = {"taskType": self.task_type, "outputDimensionality": self.output_dimensionality}
        body = {"content": {"parts": [{"text": text}]}}
        return body | {name: value for name, value in chosen.items() if value is not None}
