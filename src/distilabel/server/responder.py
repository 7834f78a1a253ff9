"""The protocol of what answers requests: the toy model, an upstream server, or a user's own."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from distilabel.server.http import Body
from distilabel.server.settings import Settings


class Responder(Protocol):
    """Answers one request: `(endpoint, body, custom_id)` -> `(status, body)`; never raises.

    `endpoint` is OpenAI's path, such as `/v1/chat/completions`. An online request has no custom_id of its own and
    comes with a random one.
    """

    def __call__(self, endpoint: str, body: Body, custom_id: str, /) -> Awaitable[tuple[int, Body]]:
        """Answer one request."""


# Opened once in each event loop that sends requests, because connections belong to a loop.
OpenResponder = Callable[[Settings], AbstractAsyncContextManager[Responder]]
