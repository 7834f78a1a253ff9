"""Addresses of Hugging Face Inference Endpoints."""

import os
from importlib import import_module

from distilabel.exceptions import DistilabelUserError

__all__ = ["address_of_endpoint"]


def address_of_endpoint(name: str, namespace: str | None, token: str | None) -> str:
    """Return the address of an endpoint, as the Hub reports it.

    Args:
        name: The endpoint's name.
        namespace: The user or organization that owns it; default: the token's owner.
        token: The Hub's token; default: `HF_TOKEN`, or the token of the last login.

    Raises:
        DistilabelUserError: The Hub does not tell, or the endpoint is not running.

    References:
        https://huggingface.co/docs/huggingface_hub/guides/inference_endpoints (November 2026)
    """
    token = token or os.environ.get("HF_TOKEN")
    try:
        found = import_module("huggingface_hub").get_inference_endpoint(
            name, namespace=namespace, token=token
        )
    except Exception as error:  # noqa: BLE001 - any error; its text may contain the token
        reason = str(error).replace(token, "[secret]") if token else str(error)
        raise DistilabelUserError(
            f"The Inference Endpoint {name!r} cannot be looked up ({reason}): check its name, its namespace and the token."
        ) from None
    if not found.url:
        raise DistilabelUserError(
            f"The Inference Endpoint {name!r} is {found.status}: start it, and run again."
        )
    return str(found.url).rstrip("/")
