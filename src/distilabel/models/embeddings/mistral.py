"""Embedding models of Mistral."""

from typing import Any, ClassVar, Literal, Optional

from pydantic import Field

from distilabel.config import RuntimeParameter
from distilabel.models.embeddings.remote import RemoteEmbeddings

__all__ = ["MistralEmbeddings"]


class MistralEmbeddings(RemoteEmbeddings):
    """An embedding model behind Mistral's API.

    Attributes:
        model: For example `mistral-embed`.
        base_url: Default: `MISTRAL_BASE_URL`, or `https://api.mistral.ai/v1`.
        api_key: Default: `MISTRAL_API_KEY`.
        output_dimension: The length of each vector, if the model supports a choice; default: the model's length.
        output_dtype: The type of the numbers, if the model supports a choice; default: "float". Binary vectors are
            returned as integers with 8 bits each.

    References:
        https://docs.mistral.ai/api/#tag/embeddings, https://docs.mistral.ai/capabilities/batch

    Examples:
        >>> MistralEmbeddings(model="mistral-embed", api_key="...").request("Hi")
        {'model': 'mistral-embed', 'input': 'Hi'}
    """

    platform_name: ClassVar[str] = "mistral"

    output_dimension: Optional[RuntimeParameter[int]] = Field(default=None, gt=0)
    output_dtype: Optional[Literal["float", "int8", "uint8", "binary", "ubinary"]] = None

    def request(self, text: str) -> dict[str, Any]:
        """Return the body of the request for one text."""
        chosen = {"output_dimension": self.output_dimension, "output_dtype": self.output_dtype}
        body = {"model": self.model, "input": text}
        return body | {name: value for name, value in chosen.items() if value is not None}
