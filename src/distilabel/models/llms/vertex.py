"""Google's models behind Vertex AI, online and by batch."""

import os
from typing import Any, ClassVar, Optional

from distilabel.config import RuntimeParameter
from distilabel.models.llms.gemini import GeminiLLM
from distilabel.models.llms.structure import inlined
from distilabel.providers.base import Provider
from distilabel.providers.google.vertex import Vertex, vertex_address
from distilabel.typing import StructuredOutputType

__all__ = ["VertexAILLM"]


class VertexAILLM(GeminiLLM):
    """A model of Google's behind Vertex AI.

    Calls are signed with the application default credentials (`pip install 'distilabel[google]'`); an `api_key` that is
    given is sent as an access token instead, and works for as long as that token does, about an hour. By batch, requests
    and results lie in a bucket of Cloud Storage, which Vertex AI's service agent must be allowed to read and write.

    Attributes:
        model: Such as `gemini-3.8-flash`, or the whole path of a model of your own.
        base_url: Default: `GOOGLE_VERTEX_BASE_URL`, or the address of the location.
        project: Default: `GOOGLE_CLOUD_PROJECT`.
        location: Such as `us-central1`; default: `GOOGLE_CLOUD_LOCATION`, or `global`.
        bucket: By batch, the bucket's name; default: `GOOGLE_CLOUD_STORAGE_BUCKET`.
        structured_output: As for `GeminiLLM`; references within the schema are written out, since the batch API refuses
            them.

    References:
        https://cloud.google.com/vertex-ai/generative-ai/docs/multimodal/batch-prediction-from-cloud-storage

    Examples:
        >>> llm = VertexAILLM(model="gemini-3.8-flash", project="my-project", bucket="my-bucket")
        >>> llm.request([{"role": "user", "content": "Hi"}])
        {'contents': [{'role': 'user', 'parts': [{'text': 'Hi'}]}]}
    """

    platform_name: ClassVar[str] = "vertex"

    project: Optional[RuntimeParameter[str]] = None
    location: Optional[RuntimeParameter[str]] = None
    bucket: Optional[RuntimeParameter[str]] = None

    def _schema(self, structure: StructuredOutputType | None) -> dict[str, Any] | None:
        schema = super()._schema(structure)
        return inlined(schema) if schema else None

    def _provider(self) -> Provider:
        return Vertex(self.bucket)

    def _address(self) -> str:
        address = self.base_url or os.environ.get("GOOGLE_VERTEX_BASE_URL") or ""
        return vertex_address(address, self.project, self.location)
