"""How long a platform asks to wait, in whichever header or body it says so."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isnan
from time import time
from typing import Any

__all__ = ["wait_of"]

_BUSY = frozenset({408, 425, 429, 503, 529})
_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?")
_SECONDS = (86_400.0, 3_600.0, 60.0, 1.0, 0.001)
# A number above the first is a moment in seconds since 1970, and above the second one in milliseconds.
_EPOCH, _EPOCH_MS = 1e9, 1e12


def wait_of(status: int, headers: Mapping[str, str], body: bytes = b"") -> float | None:
    """Return for how many seconds a platform asks to wait; None if it does not say.

    These say so, the first that is there counts:

    - `retry-after-ms` (OpenAI and Azure: https://github.com/openai/openai-python, `_base_client.py`);
    - `retry-after`, a number or a date (RFC 9110, section 10.2.3);
    - of a busy platform, the reset of a limit that is used up: `x-ratelimit-reset-requests` and `-tokens`
      (https://platform.openai.com/docs/guides/rate-limits), `anthropic-ratelimit-...-reset`
      (https://platform.claude.com/docs/en/api/rate-limits), `x-ratelimit-reset` and `ratelimit-reset`
      (https://openrouter.ai/docs/api-reference/limits);
    - Google's `RetryInfo` in the body (https://cloud.google.com/apis/design/errors#error_payloads).

    These are the pages that document them; they were not opened when this was written (2026-12-01).

    Args:
        status: The HTTP status.
        headers: Their names are in lower case.
        body: The body, as JSON.

    Examples:
        >>> wait_of(429, {"retry-after-ms": "1500"}), wait_of(503, {"retry-after": "2"})
        (1.5, 2.0)
        >>> wait_of(429, {"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "6m0s"})
        360.0
        >>> wait_of(429, {}, b'{"error": {"details": [{"retryDelay": "37s"}]}}')
        37.0
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return max(milliseconds / 1000, 0.0)
    if (seconds := _moment_or_seconds(headers.get("retry-after"))) is not None:
        return seconds
    if status not in _BUSY:
        return None
    resets = list(_resets(headers))
    return max(resets) if resets else _retry_info(body)


def _resets(headers: Mapping[str, str]) -> Iterator[float]:
    """Yield the seconds until each limit that is used up is reset."""
    for name, value in headers.items():
        is_limit = name.startswith(("x-ratelimit-reset", "ratelimit-reset")) or (
            name.startswith("anthropic-ratelimit-") and name.endswith("-reset")
        )
        left = _number(headers.get(name.replace("reset", "remaining")))
        if is_limit and not left and (seconds := _moment_or_seconds(value)) is not None:
            yield seconds


def _retry_info(body: bytes) -> float | None:
    try:
        value: Any = json.loads(body) if b"retryDelay" in body else None
        # Google's servers may put the error into a list.
        details = (value[0] if isinstance(value, list) else value)["error"]["details"]
        delays = [_moment_or_seconds(one.get("retryDelay")) for one in details]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None
    return next((delay for delay in delays if delay is not None), None)


def _moment_or_seconds(value: Any) -> float | None:
    """Read a number of seconds, a duration such as `6m0s`, a date of HTTP or of RFC 3339, or a moment since 1970."""
    text = value.strip() if isinstance(value, str) else ""
    number = _number(text)
    if number is not None:
        since = number / 1000 if number > _EPOCH_MS else number
        return max(since - time(), 0.0) if since > _EPOCH else max(number, 0.0)
    match = _DURATION.fullmatch(text)
    if text and match:
        return sum(float(part) * unit for part, unit in zip(match.groups(), _SECONDS, strict=True) if part)
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            moment = read(text)
        except (TypeError, ValueError):
            continue
        return max((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - time(), 0.0)
    return None


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return None if isnan(number) else number
