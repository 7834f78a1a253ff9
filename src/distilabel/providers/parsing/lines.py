"""The lines of request and result files: what all JSON lines formats of the platforms share."""

import json
from collections.abc import Callable
from typing import Any

from distilabel.http import HttpResponse
from distilabel.providers.parsing.json_values import as_dict, as_json
from distilabel.records import Decoded, Failure, Outcome, canonical_json

__all__ = ["UNREADABLE_LINE", "decode_request_line", "decode_result_line", "online_line"]

UNREADABLE_LINE = Decoded(
    None,
    Failure(
        "unreadable_line", "The platform sent a line that is not JSON, or has no custom_id.", retryable=True
    ),
)
"""What becomes of a line of a result file that names no request."""


def decode_request_line(line: bytes, id_field: str, body_field: str) -> tuple[str, bytes] | None:
    """Return custom_id and canonical body of a request line; None where it is not one.

    Examples:
        >>> decode_request_line(b'{"key": "k-0", "request": {"a": 1}}', "key", "request")
        ('k-0', b'{"a":1}')
        >>> decode_request_line(b"[]", "key", "request")
    """
    try:
        # Not orjson: it rejects unpaired surrogates and rounds large integers, and the ledger's keys are digests of
        # the exact bytes.
        value = json.loads(line)
        return str(value[id_field]), canonical_json(value[body_field])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def decode_result_line(line: bytes, id_field: str, read: Callable[[dict[str, Any]], Outcome]) -> Decoded:
    """Read a result line: its custom_id, and what `read` makes of the parsed line. Accepts any bytes."""
    value = as_dict(as_json(line))
    custom_id = value.get(id_field)
    return Decoded(custom_id, read(value)) if isinstance(custom_id, str) else UNREADABLE_LINE


def online_line(id_field: str, custom_id: str, response: HttpResponse) -> bytes:
    r"""Return the response to an online request as a line, for dialects whose result lines carry no HTTP status.

    Examples:
        >>> online_line("key", "k-0", HttpResponse(200, {}, b"{}"))
        b'{"key":"k-0","online":{"status_code":200,"body":{}}}\n'
    """
    online = {"status_code": response.status, "body": as_json(response.body)}
    return canonical_json({id_field: custom_id, "online": online}) + b"\n"
