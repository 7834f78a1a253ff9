"""What may become of an HTTP call: carried out or not, and how its answer goes out."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from email.utils import formatdate
from time import time

from tests.chaos.faults import Call
from tests.emulators.base import Emulator, moment
from tests.support.asgi import Response, Send, json_response

__all__ = ["CALL_KINDS", "Exchange"]

_HTML = b"<!DOCTYPE html><html><head><title>Just a moment...</title></head><body><h1>502</h1></body></html>"


@dataclass(frozen=True)
class Exchange:
    """One call: how to carry it out, in whose words it is refused, and where its answer goes."""

    fault: Call
    emulator: Emulator
    carry_out: Callable[..., Awaitable[Response]]
    send: Send
    root: str
    signed: dict[str, Response]

    def cut(self) -> None:
        """Cut the connection: the client sees it reset."""
        self.send.__self__.transport.abort()  # type: ignore[attr-defined]


async def _cut(call: Exchange) -> None:
    call.cut()


async def _carried_out_and_cut(call: Exchange) -> None:
    await call.carry_out()
    call.cut()


async def _half_sent(call: Exchange) -> None:
    response = await call.carry_out()
    await response.go(call.send, sent=len(response.body) // 2)
    await asyncio.sleep(0.02)
    call.cut()


async def _head_sent(call: Exchange) -> None:
    await (await call.carry_out()).go(call.send, sent=0)
    await asyncio.sleep(0.02)
    call.cut()


async def _trickling(call: Exchange) -> None:
    await (await call.carry_out()).go(call.send, pause=0.04)


async def _silent(call: Exchange) -> None:
    """Carry it out, send the head and half of the body, and then nothing more."""
    response = await call.carry_out()
    await response.go(call.send, sent=len(response.body) // 2)
    await asyncio.sleep(3)
    call.cut()


async def _refused(call: Exchange) -> None:
    await _error(call).go(call.send)


async def _carried_out_and_refused(call: Exchange) -> None:
    await call.carry_out()
    await _error(call).go(call.send)


async def _html(call: Exchange) -> None:
    await Response(call.fault.status, {"content-type": "text/html"}, _HTML).go(call.send)


async def _carried_out_and_html(call: Exchange) -> None:
    await call.carry_out()
    await _html(call)


async def _empty_object(call: Exchange) -> None:
    await call.carry_out()
    await Response(200, {"content-type": "application/json"}, b"{}").go(call.send)


async def _nothing(call: Exchange) -> None:
    await call.carry_out()
    await Response(200, {"content-type": "application/octet-stream"}, b"").go(call.send)


async def _stale(call: Exchange) -> None:
    await json_response(call.emulator.nothing).go(call.send)


async def _first_page_again(call: Exchange) -> None:
    """Ignore the cursor: the page is the first one, and says that there are more."""
    response = await call.carry_out(without_cursor=True)
    response.body = json.dumps({**json.loads(response.body), **call.emulator.more}).encode()
    await response.go(call.send)


async def _redirected(call: Exchange) -> None:
    await Response(call.fault.status, {"location": f"{call.root}/v1/elsewhere"}).go(call.send)


async def _redirected_to_a_signed_url(call: Exchange) -> None:
    """Carry it out, and leave the answer at an address of another host name, where no key may be sent."""
    path = f"/signed/{len(call.signed)}"
    call.signed[path] = await call.carry_out()
    root = call.root.replace("127.0.0.1", "localhost")
    await Response(call.fault.status, {"location": f"{root}{path}?signature=s"}).go(call.send)


async def _held_up(call: Exchange) -> None:
    response = await call.carry_out()
    await asyncio.sleep(0.4)
    await response.go(call.send)


def _error(call: Exchange) -> Response:
    body = call.emulator.refusal(call.fault.status, call.fault.message, call.fault.code)
    if call.fault.retry_info:
        info = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": call.fault.retry_info}
        body["error"]["details"] = [*body["error"].get("details", ()), info]
    later = time() + 3
    dates = {"{HTTP date}": formatdate(later, usegmt=True), "{date}": moment(later) or ""}
    headers = {name: dates.get(value, value) for name, value in call.fault.headers.items()}
    return json_response(body, call.fault.status, **headers)


CALL_KINDS: dict[str, Callable[[Exchange], Awaitable[None]]] = {
    "cut": _cut,
    "carried out and cut": _carried_out_and_cut,
    "half sent": _half_sent,
    "head sent": _head_sent,
    "trickling": _trickling,
    "silent": _silent,
    "refused": _refused,
    "carried out and refused": _carried_out_and_refused,
    "HTML": _html,
    "carried out and HTML": _carried_out_and_html,
    "carried out and {}": _empty_object,
    "carried out and nothing": _nothing,
    "first page again": _first_page_again,
    "redirected": _redirected,
    "redirected to a signed URL": _redirected_to_a_signed_url,
    "stale": _stale,
    "held up": _held_up,
}
