"""Embedding models of OpenAI."""

from typing import Any, ClassVar, Literal, Optional

from pydantic import Field

from distilabel.config import RuntimeParameter
from distilabel.models.embeddings.remote import RemoteEmbeddings

__all__ = ["OpenAIEmbeddings"]


class OpenAIEmbeddings(RemoteEmbeddings):
    """An embedding model behind OpenAI's API or a server with the same API.

    Attributes:
        model: For example `text-embedding-3-small`.
        base_url: Default: `OPENAI_BASE_URL`, or `https://api.openai.com/v1`.
        api_key: Default: `OPENAI_API_KEY`.
        dimensions: The length of each vector; default: the model's length.
        encoding_format: The transfer format of vectors: `float`, as text, or `base64`, with about a quarter of the
            bytes. The vectors are the same, except for rounding to 32 bits.
        organization: The organization whose quota is used; default: `OPENAI_ORG_ID`, or that of the key.
        project: The project that the usage is counted for; default: `OPENAI_PROJECT_ID`, or none.

    References:
        https://platform.openai.com/docs/api-reference/embeddings/create,
        https://platform.openai.com/docs/guides/batch

    Examples:
        >>> model = OpenAIEmbeddings(model="text-embedding-3-small", api_key="...", dimensions=256)
        >>> model.request("Hi")
        {'model': 'text-embedding-3-small', 'input': 'Hi', 'encoding_format': 'float', 'dimensions': 256}
    """

    excluded_from_signature: ClassVar[frozenset[str]] = frozenset({"organization", "project"})
    platform_name: ClassVar[str] = "openai"

    dimensions: Optional[RuntimeParameter[int]] = Field(default=None, gt=0)
    encoding_format: Literal["float", "base64"] = "float"
    organization: Optional[RuntimeParameter[str]] = None
    project: Optional[RuntimeParameter[str]] = None

    def request(self, text: str) -> dict[str, Any]:
        """Return the body of the request for one text."""
        body: dict[str, Any] = {"model": self.model, "input": text, "encoding_format": self.encoding_format}
        return body if self.dimensions is None else {**body, "dimensions": self.dimensions}

    def _headers(self) -> dict[str, str]:
        named = {"openai-organization": self.organization, "openai-project": self.project}
        return {name: value for name, value in named.items() if value} | super()._headers()
