"""The values that packages exchange: canonical JSON, the request's key and its name on the wire."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distilabel.records import Target, canonical_json, custom_id, parse_custom_id, request_key

TARGET = Target("openai", "https://a.test/v1", "/v1/chat/completions", "m")
LINE_ENDS = "\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"

# JSON cannot tell two surrogates side by side from the character that they make.
any_texts = st.text(st.characters()) | st.text(LINE_ENDS + '\ud800\udfff"\\é') | st.just("\ud83d")
texts = any_texts.filter(lambda text: not re.search("[\ud800-\udbff][\udc00-\udfff]", text))
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(texts, inner), max_leaves=10)


@given(values)
def test_canonical_json_is_read_back_as_what_it_was(value: Any):
    assert json.loads(canonical_json(value)) == value


@given(values)
def test_canonical_json_is_one_line_of_utf_8_for_any_reader(value: Any):
    text = canonical_json(value).decode("utf-8")
    assert text.splitlines() == [text]


def test_canonical_json_keeps_the_order_in_which_a_user_wrote_a_body():
    assert canonical_json({"b": 1, "a": [2]}) == b'{"b":1,"a":[2]}'


def test_canonical_json_takes_integers_of_any_size():
    assert canonical_json({"seed": 2**80}) == b'{"seed":%d}' % 2**80


@pytest.mark.parametrize("beside", [1, 2**80, "\ud83d"])
def test_canonical_json_writes_what_is_no_number_as_null(beside: Any):
    value = {"a": [float("nan"), {"b": float("inf")}], "c": beside}
    assert json.loads(canonical_json(value)) == {"a": [None, {"b": None}], "c": beside}


keys = st.text("0123456789abcdef", min_size=32, max_size=32)


@given(keys, st.integers(0, 999_999_999))
def test_name_on_the_wire_is_read_back(key: str, sample: int):
    assert parse_custom_id(custom_id(key, sample)) == (key, sample)


@given(keys, st.integers(0, 999_999_999))
def test_name_on_the_wire_is_one_that_every_platform_takes(key: str, sample: int):
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", custom_id(key, sample))


KEY = "0123456789abcdef" * 2


@pytest.mark.parametrize(
    "name",
    [
        "",
        "request-1",
        KEY,
        f"{KEY}-",
        f"{KEY}-x",
        f"{KEY}-1\n",
        f"{KEY}-01",
        f"{KEY}-\u0663",
        f"{KEY}-1-2",
        f" {KEY}-1",
        f"{KEY.upper()}-1",
        f"{KEY}-1234567890",
    ],
)
def test_foreign_name_is_not_taken_for_ours(name: str):
    assert parse_custom_id(name) is None


@given(st.text())
def test_what_is_taken_for_our_name_is_exactly_the_name_that_we_gave(text: str):
    parsed = parse_custom_id(text)
    assert parsed is None or custom_id(*parsed) == text


@pytest.mark.parametrize(
    ("scope", "target", "body"),
    [
        ("p/other", TARGET, b"{}"),
        ("p/s", replace(TARGET, platform="azure"), b"{}"),
        ("p/s", replace(TARGET, base_url="https://b.test/v1"), b"{}"),
        ("p/s", replace(TARGET, endpoint="/v1/responses"), b"{}"),
        ("p/s", replace(TARGET, model="n"), b"{}"),
        ("p/s", TARGET, b"{ }"),
    ],
)
def test_key_differs_where_scope_target_or_body_differs(scope: str, target: Target, body: bytes):
    assert request_key(scope, target, body) != request_key("p/s", TARGET, b"{}")


targets = st.builds(Target, *[st.text("a/\n", max_size=3)] * 4)
asked = st.tuples(st.text("a/\n", max_size=3), targets, st.binary(max_size=3))


@given(asked, asked)
def test_keys_are_equal_only_for_equal_requests(one: Any, other: Any):
    alike = (one[0], one[1].identity, one[2]) == (other[0], other[1].identity, other[2])
    assert (request_key(*one) == request_key(*other)) == alike


@given(asked)
def test_key_is_32_hexadecimal_digits(one: Any):
    assert re.fullmatch("[0-9a-f]{32}", request_key(*one))


def test_key_is_the_same_in_every_process_and_release():
    # Ledgers and platforms hold keys: a change here orphans everything that was paid for.
    assert request_key("p/s", TARGET, b"{}") == "62d57b2f731ded4bc00e3248e623710b"
