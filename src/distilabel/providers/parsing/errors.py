"""Mapping of HTTP errors: a status and a body become a failure of one request, or an exception."""

import re
from collections.abc import Iterable
from typing import Any

from distilabel._retry_after import wait_of
from distilabel.exceptions import (
    DistilabelAccountError,
    DistilabelAuthenticationError,
    DistilabelModelNotFoundError,
    DistilabelPlatformError,
    DistilabelUncertainError,
)
from distilabel.http import PROXY_LOGIN, REDIRECTS, HttpResponse
from distilabel.providers.parsing.json_values import as_dicts, as_json
from distilabel.records import Failure

__all__ = [
    "EMPTY_REPLY",
    "address_fault",
    "concerns_account",
    "is_passing",
    "parse_error",
    "parse_failure",
    "response_failure",
    "unquoted",
]

EMPTY_REPLY = Failure("empty_reply", "The platform returned HTTP 200 with no answer in it.", retryable=True)
"""The failure of a request whose response is a success without text, refusal, tool call, vector or image."""

_OK = 200
_BODY_EXCERPT = 300
_LONGEST_WAIT = 3600.0
# Errors after which an unsafe request may have been carried out all the same.
_UNCERTAIN_STATUSES = frozenset({408, 409, 425, 499})
# What concerns the account and not one request. Codes and types of OpenAI (https://platform.openai.com/docs/guides/error-codes),
# Anthropic (https://platform.claude.com/docs/en/api/errors), Google (https://cloud.google.com/apis/design/errors) and of
# reports of users (https://github.com/bespokelabsai/curator/issues/296, https://github.com/promptfoo/promptfoo/issues/10855);
# all read on 2026-12-01. Google's RESOURCE_EXHAUSTED is not among them: it is a limit per minute too.
_ACCOUNT_STATUSES = frozenset({401, 402, 403})
_ACCOUNT_CODES = frozenset(
    {
        "401", "402", "403", "http_401", "http_402", "http_403",
        "insufficient_quota", "credit_balance_exhausted", "insufficient_credits", "insufficient_balance",
        "insufficient_funds", "payment_required", "billing_error", "billing_not_active", "billing_hard_limit_reached",
        "account_deactivated", "account_suspended", "access_terminated",
        "invalid_api_key", "api_key_invalid", "invalid_authentication", "invalid_organization", "authentication_error",
        "permission_error", "permission_denied", "unauthenticated", "unauthorized", "forbidden",
        "accessdeniedexception", "unrecognizedclientexception", "expiredtokenexception", "invalidsignatureexception",
        "model_not_found", "deploymentnotfound",
    }
)  # fmt: skip
# Anthropic says in a 400 of the type `invalid_request_error` that there is no credit, Gemini in one of `INVALID_ARGUMENT` that
# the key is wrong, and Fireworks in a 412 that the account is suspended.
_ACCOUNT_WORDS = re.compile(
    r"credit balance is too low|api key not valid|api_key_invalid|api key expired|account [\w./-]* ?is suspended|"
    r"billing hard limit|insufficient (balance|credits|funds)",
    re.IGNORECASE,
)
# OpenAI writes: Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.
# As reported in https://github.com/teilomillet/gollm/issues/33
# Servers that know only `max_tokens` call the other name unknown or forbidden.
_OTHER_LIMIT = re.compile(
    r"(unsupported|unrecognized|unknown|unexpected|not supported|not permitted|forbidden|does not support)"
    r"[^.]{0,60}\b(?P<after>max_(completion_)?tokens)|"
    r"\b(?P<before>max_(completion_)?tokens)\b[^.]{0,60}"
    r"(unsupported|unrecognized|unknown|unexpected|not supported|not permitted|forbidden)",
    re.IGNORECASE | re.DOTALL,
)
# A 403 may be the platform's verdict on one prompt: https://openrouter.ai/docs/api-reference/errors (2026-12-01).
_CONTENT_WORDS = re.compile(r"moderat|flagged|content.?(policy|filter)|safety", re.IGNORECASE)
_CLIENT_ERRORS = range(400, 500)
_NO_SUCH_PATH = frozenset({404, 405, 410})
# Statuses whose meaning does not depend on the body: the key is wrong, or what may pass, or what one request is.
_MAY_BE_HTML = frozenset({401, 402, 403, 408, 409, 413, 414, 425, 429, 431})
# What a 404 of an API may be about. A path that names one of these words is not meant.
_NAMES_OF_REQUEST = re.compile(
    r"(?<![/\w])(model|deployment|engine|file|image|document|item|conversation|container|vector.?store|prompt|"
    r"publisher|project|resource|endpoint|function|account|tool|adapter|lora|previous_response)(s|\b|_)",
    re.IGNORECASE,
)
# In lower case and without underscores.
_PASSING = frozenset(
    {
        "batchexpired", "batchcancelled", "ratelimitexceeded", "ratelimiterror", "toomanyrequests", "servererror",
        "internalerror", "internalservererror", "apierror", "timeout", "timeouterror", "requesttimeout", "badgateway",
        "serviceunavailable", "serviceunavailableerror", "gatewaytimeout", "overloaded", "overloadederror", "engineoverloaded",
    }
)  # fmt: skip


def parse_error(response: HttpResponse, *, safe: bool = True) -> DistilabelPlatformError:
    """Return the exception for an error response.

    Args:
        response: A response whose status is no success.
        safe: Whether the request may be sent twice. After an unsafe one, a server error leaves open whether it was
            carried out: the exception is then a `DistilabelUncertainError`.
    """
    failure = parse_failure(response.status, response.body)
    status, message = response.status, failure.message
    if status in (401, 403):
        # Google says in a 403 that billing is off, and AWS that a model is not enabled:
        # https://github.com/GoogleCloudPlatform/php-docs-samples/issues/1235 (2026-12-01)
        remedy = "set the right key" if status == 401 else "set the right key, or fix its access or billing"  # noqa: PLR2004
        return DistilabelAuthenticationError(
            f"The platform rejected the key (HTTP {status}: {message}): {remedy} and run again.",
            status=status, code=failure.code,
        )  # fmt: skip
    if status == 404 and failure.code == "model_not_found":  # noqa: PLR2004
        return DistilabelModelNotFoundError(
            f"The platform does not know the model ({message}): check the name given as `model`.",
            status=status, code=failure.code,
        )  # fmt: skip
    if failure.account:
        return DistilabelAccountError(
            f"The platform refuses requests of this account (HTTP {status}, {failure.code}: {message}): fix its credit, limit or "
            "access on the platform, and run again.",
            status=status, code=failure.code,
        )  # fmt: skip
    wait = wait_of(status, response.headers, response.body)
    certain = 400 <= status < 500 and status not in _UNCERTAIN_STATUSES  # noqa: PLR2004
    kind = DistilabelPlatformError if safe or certain else DistilabelUncertainError
    return kind(
        f"The platform returned HTTP {status}: {message}",
        status=status, code=failure.code, retry_after=None if wait is None else min(wait, _LONGEST_WAIT),
    )  # fmt: skip


def address_fault(response: HttpResponse) -> str | None:
    """Return why a response shows that no API answers at the address; None where one does.

    A redirect, a proxy's 407, a page of HTML, or a 404, 405, 410 that names nothing of the request: all requests would end so.
    An error that may pass is none.

    Examples:
        >>> address_fault(HttpResponse(404, {}, b'{"detail": "Not Found"}'))
        'HTTP 404: Not Found'
        >>> address_fault(HttpResponse(404, {}, b'{"error": {"message": "The model `m` does not exist"}}'))
    """
    status, body = response.status, response.body
    is_html = "text/html" in response.headers.get("content-type", "") or body.lstrip()[:1] == b"<"
    if status in REDIRECTS:
        return f"HTTP {status}, a redirect to {response.headers.get('location', 'nowhere').partition('?')[0]}"
    if status == PROXY_LOGIN:
        return "HTTP 407: a proxy wants a login"
    if is_html and (status == _OK or (status in _CLIENT_ERRORS and status not in _MAY_BE_HTML)):
        return f"HTTP {status}, an HTML page"
    if status not in _NO_SUCH_PATH:
        return None
    detail = _error_detail(body)
    text = str(detail.get("message") or detail.get("detail") or _excerpt(body))
    return (
        None
        if _NAMES_OF_REQUEST.search(f"{text} {detail.get('code')}")
        else f"HTTP {status}: {text[:_BODY_EXCERPT]}"
    )


def response_failure(status: int, body: Any) -> Failure | None:
    """Return the failure that the response to one request holds; None for a success.

    Args:
        status: The HTTP status. Impossible ones count as a server error.
        body: Parsed JSON of any shape, or the bytes where they are not JSON.
    """
    body = unquoted(body)
    if status == _OK and not (isinstance(body, dict) and body.get("error")):
        return None
    # A 200 that holds an error is the platform's fault.
    return parse_failure(500 if status == _OK else status, body)


def parse_failure(status: int, body: Any) -> Failure:
    """Read an error response: its code, its message, and whether a retry may help.

    Args:
        status: The HTTP status. 0 and other impossible ones count as a server error.
        body: The response's bytes, or parsed JSON of any shape.
    """
    detail = _error_detail(body)
    code = detail.get("code") or detail.get("type")
    message = detail.get("message")
    # Google names the reason in the details: https://cloud.google.com/apis/design/errors (2026-12-01)
    reasons = (one.get("reason") for one in as_dicts(detail.get("details")))
    names = (code, detail.get("type"), detail.get("status"), *reasons)
    text = str(message)[:2000] if message else f"HTTP {status}: {_excerpt(body)}"
    return Failure(
        code=str(code) if code else f"http_{status}",
        message=text + _way_out(text),
        retryable=status in (408, 409, 425, 429) or not 200 <= status < 500 or is_passing(names),  # noqa: PLR2004
        account=concerns_account(names, text, status),
    )


def _way_out(message: str) -> str:
    """Return what to do about a limit of tokens that the platform knows under another name; "" for other messages."""
    found = _OTHER_LIMIT.search(message)
    if found is None:
        return ""
    refused = (found["after"] or found["before"]).lower()
    other = "max_completion_tokens" if refused == "max_tokens" else "max_tokens"
    return f" Set max_tokens_parameter={other!r} on the LLM."


def concerns_account(codes: Iterable[Any], message: str, status: int = 400) -> bool:
    """Return whether an error concerns the key, the credit or the access of the whole account.

    Args:
        codes: The platform's code and type of the error, each of which may be None.
        message: The platform's message.
        status: The HTTP status.

    Examples:
        >>> concerns_account(["insufficient_quota"], "You exceeded your current quota.", 429)
        True
        >>> concerns_account(["moderation"], "Your input was flagged.", 403)
        False
    """
    names = {str(code).lower() for code in codes if code}
    if any(_CONTENT_WORDS.search(text) for text in (*names, message)):
        return False
    by_words = status in _CLIENT_ERRORS and _ACCOUNT_WORDS.search(message) is not None
    return status in _ACCOUNT_STATUSES or not names.isdisjoint(_ACCOUNT_CODES) or by_words


def is_passing(codes: Iterable[Any]) -> bool:
    """Return whether a code or type of an error says that the same request may succeed later.

    Some servers say it by the type alone: https://github.com/vllm-project/vllm (`InternalServerError`).

    Examples:
        >>> is_passing([None, "server_error"]), is_passing(["invalid_request_error"])
        (True, False)
    """
    return any(str(code).lower().replace("_", "") in _PASSING for code in codes if code)


def _error_detail(body: Any) -> dict[str, Any]:
    body = unquoted(body)
    if isinstance(body, list) and body:  # Google's servers may put the error into a list.
        body = body[0]
    if isinstance(body, dict):
        error = unquoted(body.get("error", body))
        return error if isinstance(error, dict) else {"message": error}
    return {}


def unquoted(body: Any) -> Any:
    """Return the JSON value in bytes or in a string: some servers send a body as a string; anything else unchanged.

    Examples:
        >>> unquoted('{"a": 1}'), unquoted("not JSON")
        ({'a': 1}, 'not JSON')
    """
    if isinstance(body, str):
        return as_json(body.encode("utf-8", "replace"), body)
    return as_json(body) if isinstance(body, bytes) else body


def _excerpt(body: Any) -> str:
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else str(body)
    return " ".join(text.split())[:_BODY_EXCERPT] or "no text"
