"""Reading embedding vectors: valid ones are read completely, all others are None."""

import base64
import math
from array import array
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distilabel.providers.google.content import content_outcome
from distilabel.providers.parsing.vectors import as_vector
from distilabel.records import Failure, Reply

FLOATS = st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1)


@given(FLOATS)
def test_vector_reads_the_same_as_numbers_and_as_base64(numbers: list[float]):
    text = base64.b64encode(array("f", numbers).tobytes()).decode()
    assert as_vector(numbers) == as_vector(text) == numbers


def test_whole_numbers_are_numbers():
    assert as_vector([1, -128]) == [1.0, -128.0]


@pytest.mark.parametrize(
    "value",
    [
        None,
        3,
        {},
        "",
        [],
        "AAA=",
        "é",
        [math.nan],
        [math.inf],
        [True],
        ["1"],
        [None],
        [[1.0]],
        [10**400],
        "AADAfw==",
    ],
)
def test_what_is_no_vector_is_none(value: Any):
    assert as_vector(value) is None


def test_embedded_content_is_a_reply_with_its_tokens_under_either_name():
    for counted in ({"tokenCount": "7"}, {"usageMetadata": {"promptTokenCount": 7}}):
        outcome = content_outcome(200, {"embedding": {"values": [0.5]}, **counted})
        assert isinstance(outcome, Reply)
        assert (outcome.text, outcome.extras, outcome.usage.input_tokens) == (None, {"embedding": [0.5]}, 7)


def test_embedded_content_without_tokens_counts_none():
    outcome = content_outcome(200, {"embedding": {"values": [0.5]}})
    assert isinstance(outcome, Reply)
    assert outcome.usage.input_tokens == 0


@pytest.mark.parametrize("embedding", [None, [], {}, {"values": []}, {"values": ["a"]}, {"values": {}}])
def test_embedded_content_without_a_vector_may_be_asked_again(embedding: Any):
    outcome = content_outcome(200, {"embedding": embedding})
    assert isinstance(outcome, Failure)
    assert (outcome.code, outcome.retryable) == ("empty_reply", True)
