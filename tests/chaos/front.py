"""The entrance of the platform: all calls pass through it, and faults happen in it."""

import time
from collections.abc import Callable
from typing import Any

from tests.chaos.books import Books
from tests.chaos.calls import CALL_KINDS, Exchange
from tests.chaos.faults import Call, Fault, Plan
from tests.emulators.base import Emulator
from tests.support.asgi import Response, gathered

__all__ = ["Front"]

_CURSORS = frozenset({b"after", b"after_id", b"page", b"pageToken", b"nextToken"})
_KEYS = frozenset({"authorization", "x-api-key", "x-goog-api-key", "api-key"})


class Front:
    """The platform behind its entrance.

    Args:
        inner: The platform, behind its emulator.
        emulator: Which method and path is which call.
        plan: What goes wrong.
        books: Where calls are noted.
        meet: Called with each fault that comes to pass.
    """

    def __init__(
        self, inner: Any, emulator: Emulator, plan: Plan, books: Books, meet: Callable[[Fault], None]
    ) -> None:
        self._inner = inner
        self._emulator = emulator
        self._plan = plan
        self._books = books
        self._meet = meet
        self._signed: dict[str, Response] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one call, or let it go wrong."""
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        if scope["path"] in self._signed:
            if _KEYS.intersection(name.decode().lower() for name, _ in scope["headers"]):
                self._books.follow()
            await self._signed[scope["path"]].go(send)
            return
        name, books = self._emulator.call(scope["method"], scope["path"]), self._books
        if scope["path"].endswith("/elsewhere"):
            books.follow()
        number, of_any = books.call(name, time.time()), books.call("any", time.time())

        async def carry_out(*, without_cursor: bool = False) -> Response:
            query = scope["query_string"].split(b"&")
            kept = b"&".join(part for part in query if part.partition(b"=")[0] not in _CURSORS)
            asked = scope | {"query_string": kept} if without_cursor else scope
            return await gathered(self._inner, asked, receive)

        for fault in self._plan.of(Call):
            at = of_any if fault.call == "any" else number
            if fault.call in (name, "any") and fault.first <= at < fault.first + fault.times:
                self._meet(fault)
                root = f"http://{dict(scope['headers'])[b'host'].decode()}"
                await CALL_KINDS[fault.how](
                    Exchange(fault, self._emulator, carry_out, send, root, self._signed)
                )
                return
        await (await carry_out()).go(send)
