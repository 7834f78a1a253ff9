"""Log probabilities: three shapes, one list of tokens; and what the official packages say of these shapes."""

import pytest
from google.genai import types
from hypothesis import given
from hypothesis import strategies as st

from distilabel.providers.parsing.logprobs import google_logprobs, openai_logprobs

TOKENS = [
    {"token": "Hi", "logprob": -0.5, "top_logprobs": [{"token": "Hi", "logprob": -0.5}, {"token": "Yo", "logprob": -1.5}]},
    {"token": "!", "logprob": -0.25, "top_logprobs": []},
]  # fmt: skip
GOOGLE = {
    "chosenCandidates": [{"token": "Hi", "tokenId": 1, "logProbability": -0.5}, {"token": "!", "logProbability": -0.25}],
    "topCandidates": [
        {"candidates": [{"token": "Hi", "logProbability": -0.5}, {"token": "Yo", "logProbability": -1.5}]}, {},
    ],
}  # fmt: skip
OLDER = {
    "tokens": ["Hi", "!"],
    "token_logprobs": [-0.5, -0.25],
    "top_logprobs": [{"Hi": -0.5, "Yo": -1.5}, None],
}


def test_every_shape_becomes_the_same_tokens():
    assert openai_logprobs({"content": TOKENS}) == TOKENS
    assert openai_logprobs(OLDER) == TOKENS
    assert google_logprobs(GOOGLE) == TOKENS


def test_official_packages_have_these_shapes():
    read = types.LogprobsResult.model_validate(GOOGLE)
    assert [one.log_probability for one in read.chosen_candidates] == [-0.5, -0.25]
    together = pytest.importorskip("together.types.log_probs")
    assert {"tokens", "token_logprobs"} <= together.LogProbs.model_fields.keys()


json_values = st.recursive(
    st.none() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*OLDER, *GOOGLE, "content"]), inner)
    ),
    max_leaves=8,
)


@given(json_values)
def test_any_value_is_read_as_tokens_or_as_none(value):
    for tokens in (openai_logprobs(value), google_logprobs(value)):
        assert all(isinstance(token, dict) for token in tokens)
