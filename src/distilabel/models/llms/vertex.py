"""LLMs of Google behind Vertex AI."""

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
    """A model of Google behind Vertex AI.

    Calls use the application default credentials (`pip install 'distilabel[google]'`). An `api_key` is sent as an access
    token instead; it expires after about an hour. In batch jobs, a bucket of Cloud Storage contains the requests and the
    results. Vertex AI's service agent needs permission to read and write this bucket.

    Attributes:
        model: For example `gemini-3.8-flash`, or the full path of a custom model.
        base_url: Default: `GOOGLE_VERTEX_BASE_URL`, or the address of the location.
        project: Default: `GOOGLE_CLOUD_PROJECT`.
        location: For example `us-central1`; default: `GOOGLE_CLOUD_LOCATION`, or `global`.
        bucket: The name of the bucket for batch jobs; default: `GOOGLE_CLOUD_STORAGE_BUCKET`.
        structured_output: As for `GeminiLLM`. References in the schema are replaced by their targets, since the batch API
            rejects them.

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
