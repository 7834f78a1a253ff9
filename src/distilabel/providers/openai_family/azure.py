"""Azure OpenAI's dialect: OpenAI's with another header for the key, on the v1 path or with a dated API version.

Shapes: https://learn.microsoft.com/azure/ai-foundry/openai/how-to/batch, read in November 2026.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from distilabel.http import HttpRequest
from distilabel.providers.base import Limits
from distilabel.providers.openai_family.dialect import OpenAI
from distilabel.records import RemoteJob, Target

__all__ = ["Azure"]


class Azure(OpenAI):
    """Azure OpenAI. The model's name is the name of its deployment.

    Args:
        api_version: Such as `2024-10-21`: each request names it, and online requests name the deployment in the path.
            None or `v1`: the path without a version.
    """

    name = "azure"
    # Jobs do not expire after 24 hours, and a result file may be named that has no bytes: neither needs code here.
    limits = Limits(requests=100_000, size=200_000_000)

    def __init__(self, api_version: str | None = None) -> None:
        self._version = None if api_version in (None, "", "v1") else api_version

    def headers(self, key: str) -> Mapping[str, str]:
        return {"api-key": key}

    def request(self, method: str, path: str, **more: Any) -> HttpRequest:
        if self._version is None:
            return super().request(method, f"/openai/v1{path}", **more)
        more["params"] = {**more.get("params", {}), "api-version": self._version}
        return super().request(method, f"/openai{path}", **more)

    def online_request(self, target: Target, body: bytes) -> HttpRequest:
        if self._version is None:
            return super().online_request(target, body)
        path = f"/deployments/{quote(target.model, safe='')}{target.endpoint.removeprefix('/v1')}"
        return self.request("POST", path, json=body)

    def encode(self, custom_id: str, body: bytes, endpoint: str) -> bytes:
        return super().encode(custom_id, body, self.batch_endpoint(endpoint))

    def batch_endpoint(self, endpoint: str) -> str:
        """Return an endpoint in the form in which batches name it: with a dated version, it lacks `/v1`."""
        return endpoint if self._version is None else endpoint.removeprefix("/v1")

    def read_job(self, batch: dict[str, Any]) -> RemoteJob:
        remote = super().read_job(batch)
        short = remote.endpoint is not None and not remote.endpoint.startswith("/v1/")
        return replace(remote, endpoint=f"/v1{remote.endpoint}") if short else remote
