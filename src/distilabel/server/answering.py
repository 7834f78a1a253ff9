"""Who answers requests, as the rest of the platform sees it."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from distilabel.server.http import Body
from distilabel.server.settings import Settings


class Answer(Protocol):
    """Answers one request: `(endpoint, body, custom_id)` -> `(status, body)`, never an exception.

    `endpoint` is the path OpenAI gives it, such as `/v1/chat/completions`. A request made online has no
    custom_id of its own; it comes with a random one.
    """

    def __call__(self, endpoint: str, body: Body, custom_id: str, /) -> Awaitable[tuple[int, Body]]:
        """Answer one request."""


# Opened once in each event loop that asks, because connections belong to a loop.
OpenAnswer = Callable[[Settings], AbstractAsyncContextManager[Answer]]
