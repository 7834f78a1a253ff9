"""Errors: which concern one request, and which the whole account."""

import json
from typing import Any

import pytest

from distilabel.http import HttpResponse
from distilabel.providers.anthropic.dialect import Anthropic
from distilabel.providers.base import Provider
from distilabel.providers.google.gemini import Gemini
from distilabel.providers.openai_family.dialect import OpenAI
from distilabel.providers.parsing.errors import parse_error, parse_failure
from distilabel.records import Failure


def _openai(status: int, code: str, message: str = "No.") -> dict[str, Any]:
    error = {"message": message, "type": code, "param": None, "code": code}
    return {"custom_id": "a", "response": {"status_code": status, "body": {"error": error}}, "error": None}


def _anthropic(kind: str, message: str) -> dict[str, Any]:
    error = {"type": "error", "error": {"type": kind, "message": message}}
    return {"custom_id": "a", "result": {"type": "errored", "error": error}}


_NO_KEY = {
    "code": 400, "status": "INVALID_ARGUMENT", "message": "Bad argument.",
    "details": [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}],
}  # fmt: skip
_ACCOUNT = [
    (OpenAI(), _openai(429, "insufficient_quota")),
    (OpenAI(), _openai(429, "credit_balance_exhausted")),
    (OpenAI(), _openai(400, "billing_hard_limit_reached")),
    (OpenAI(), _openai(401, "whatever")),
    (OpenAI(), _openai(402, "whatever")),
    (OpenAI(), _openai(403, "whatever")),
    (
        OpenAI(),
        {"custom_id": "a", "response": None, "error": {"code": "insufficient_quota", "message": "No."}},
    ),
    (OpenAI(), {"custom_id": "a", "response": {"status_code": 200, "body": {"error": {"code": 402}}}}),
    (Anthropic(), _anthropic("invalid_request_error", "Your credit balance is too low to access the API.")),
    (Anthropic(), _anthropic("authentication_error", "invalid x-api-key")),
    (Anthropic(), _anthropic("billing_error", "Pay.")),
    (Gemini(), {"key": "a", "error": _NO_KEY}),
    (Gemini(), {"key": "a", "error": {"code": 7, "message": "The caller does not have permission."}}),
]
_ROW = [
    (OpenAI(), _openai(429, "rate_limit_exceeded")),
    (OpenAI(), _openai(400, "invalid_prompt", "The credit in this prompt is not allowed.")),
    (OpenAI(), _openai(403, "moderation", "Your input was flagged.")),
    (Anthropic(), _anthropic("invalid_request_error", "max_tokens: too large")),
    (Gemini(), {"key": "a", "error": {"code": 8, "message": "You exceeded your current quota."}}),
    (Gemini(), {"key": "a", "error": {"code": 3, "message": "Bad argument."}}),
]


@pytest.mark.parametrize(("provider", "line"), _ACCOUNT)
def test_line_refused_for_the_account_says_so(provider: Provider, line: dict[str, Any]):
    failure = provider.decode(json.dumps(line).encode()).outcome
    assert isinstance(failure, Failure)
    assert failure.account


@pytest.mark.parametrize(("provider", "line"), _ROW)
def test_line_refused_for_itself_is_no_fault_of_the_account(provider: Provider, line: dict[str, Any]):
    failure = provider.decode(json.dumps(line).encode()).outcome
    assert isinstance(failure, Failure)
    assert not failure.account


@pytest.mark.parametrize(("status", "names_billing"), [(401, False), (403, True)])
def test_refusal_of_access_names_billing_beside_the_key(status: int, names_billing: bool):
    error = parse_error(HttpResponse(status, {}, b'{"error": {"message": "Billing is off."}}'))
    assert ("fix its access or billing" in error.message) == names_billing


def test_response_to_an_online_request_is_distinguished_likewise():
    body = b'{"error": {"message": "Your credit balance is too low.", "type": "invalid_request_error"}}'
    assert parse_failure(400, body).account
    assert not parse_failure(500, b"credit balance is too low").account


@pytest.mark.parametrize(
    ("message", "name"),
    [
        (
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
            "max_completion_tokens",
        ),
        ("Unrecognized request argument supplied: max_completion_tokens", "max_tokens"),
        ("body.max_completion_tokens: Extra inputs are not permitted", "max_tokens"),
        ("max_tokens is too large: 5000. This model supports at most 4096 completion tokens", None),
    ],
)
def test_limit_of_tokens_under_another_name_comes_with_the_way_out(message: str, name: str | None):
    failure = parse_failure(400, {"error": {"message": message, "code": "unsupported_parameter"}})
    hint = f" Set max_tokens_parameter={name!r} on the LLM." if name else ""
    assert failure.message == message + hint
