"""Which endpoints the toy model answers."""

import logging
from collections.abc import Callable

from distilabel.server.errors import ApiError, error_body
from distilabel.server.http import Body
from distilabel.server.toy_model.completions import completion
from distilabel.server.toy_model.model import chat, embeddings, images
from distilabel.server.toy_model.moderations import moderation
from distilabel.server.toy_model.responses import response

log = logging.getLogger(__name__)

# `(body, salt)` -> the body of the answer.
ENDPOINTS: dict[str, Callable[[Body, str], Body]] = {
    "/v1/chat/completions": chat,
    "/v1/completions": completion,
    "/v1/embeddings": lambda body, _salt: embeddings(body),
    "/v1/images/generations": images,
    "/v1/responses": response,
    "/v1/moderations": lambda body, _salt: moderation(body),
}


async def answer(endpoint: str, body: Body, custom_id: str) -> tuple[int, Body]:
    """The toy as the one who answers a platform's requests; `endpoint` is a key of `ENDPOINTS`."""
    seed = body.get("seed")
    try:
        return 200, ENDPOINTS[endpoint](body, custom_id if seed is None else f"{custom_id}\0{seed}")
    except ApiError as refusal:
        return refusal.status, refusal.body()
    except Exception:
        # A body so odd that no check foresaw it. One odd line must not stop its batch.
        log.exception("the toy model cannot read a request to %s", endpoint)
        return 500, error_body("The server had an error while processing your request.", kind="server_error")
