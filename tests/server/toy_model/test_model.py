"""The toy model."""

import inspect

from hypothesis import given
from hypothesis import strategies as st

from distilabel.server.toy_model import model as toy
from tests.server.helpers import chat_body


@given(prompt=st.text(), salt=st.text(), index=st.integers(0, 200))
def test_answer_depends_on_request_salt_and_index_alone(prompt: str, salt: str, index: int):
    body = chat_body(prompt)
    first = toy.sample(body, salt, index)
    assert first == toy.sample(body, salt, index)
    assert first.text.startswith(f'About "{prompt[:60]}": ')
    assert first.text != toy.sample(body, salt, index + 1).text
    assert first.text != toy.sample(body, salt + "x", index).text


@given(text=st.text(min_size=1), dimensions=st.integers(1, 64))
def test_every_text_has_a_unit_vector(text: str, dimensions: int):
    vector = toy.vector("toy", text, dimensions)
    assert len(vector) == dimensions
    assert abs(sum(x * x for x in vector) - 1) < 1e-9


def test_texts_that_share_words_lie_near_each_other():
    red, same, other = (
        toy.vector("toy", text, 256) for text in ("a red apple", "a red pear", "seven blue ships")
    )
    assert sum(map(float.__mul__, red, same)) > 0.4 > sum(map(float.__mul__, red, other))


def test_toy_says_that_it_is_a_toy():
    assert "toy" in (inspect.getdoc(toy) or "")
