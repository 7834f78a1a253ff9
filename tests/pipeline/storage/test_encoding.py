"""Values of rows that neither Arrow nor JSON has: each is written as what a reader expects, or refused in one sentence."""

from collections import OrderedDict, deque
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, NamedTuple

import pandas as pd
import pytest
from pydantic import BaseModel

from distilabel.exceptions import DistilabelStepError
from distilabel.pipeline.storage.chunks import content_digest
from distilabel.pipeline.storage.encoding import json_text


class Point(NamedTuple):
    x: int
    y: str


@dataclass
class Place:
    name: str
    point: Any = None


class Model(BaseModel):
    places: list[int]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Place("a", Place("b")), '{"name": "a", "point": {"name": "b", "point": null}}'),
        (Model(places=[1]), '{"places": [1]}'),
        ([Model(places=[]), "x"], '[{"places": []}, "x"]'),
        (deque([1, "a"]), '[1, "a"]'),
        (range(2), "[0, 1]"),
        (Point(1, "a"), '[1, "a"]'),
        ({1: {2}}.items(), "[[1, [2]]]"),
        (MappingProxyType({"a": 1}), '{"a": 1}'),
        (OrderedDict(a=None), '{"a": null}'),
        ({(1, 2): 3}, '{"[1, 2]": 3}'),
        (pd.NaT, "null"),
        ([pd.NA, pd.Timestamp("2026-01-02")], '[null, "2026-01-02T00:00:00"]'),
        (pd.Series([1, 2]), "[1, 2]"),
        (datetime(2026, 1, 2, tzinfo=UTC), '"2026-01-02T00:00:00+00:00"'),
        (memoryview(b"a"), '"YQ=="'),
        (int, "\"<class 'int'>\""),
    ],
)
def test_values_become_json_as_a_reader_expects_them(value: Any, text: str):
    assert json_text(value) == text


def test_rows_with_keys_that_are_no_text_have_a_digest():
    digest = content_digest([{"x": {(1, 2): 3}}])
    assert digest == content_digest([{"x": {(1, 2): 3}}])
    assert digest != content_digest([{"x": {(1, 3): 3}}])


def test_value_that_cannot_be_kept_is_refused_in_one_sentence():
    with pytest.raises(
        DistilabelStepError, match=r"cannot be pickled \(cannot pickle 'generator' object\): use plain"
    ):
        content_digest([{"x": (number for number in range(3))}])
