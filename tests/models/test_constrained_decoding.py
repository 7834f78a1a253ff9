"""What outlines is asked to make of a structure; the package itself is in a stand-in's place (see test_transformers.py)."""

from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import BaseModel

from distilabel.exceptions import DistilabelUserError
from distilabel.models.llms import constrained_decoding
from distilabel.models.llms.constrained_decoding import logits_processor


class Age(BaseModel):
    age: int


@pytest.fixture(autouse=True)
def outlines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand-ins of what outlines makes: each tells what it was made of."""
    known = {
        "outlines": SimpleNamespace(
            from_transformers=lambda *model: ("transformers", *model),
            from_mlxlm=lambda *model: ("mlxlm", *model),
        ),
        "outlines.backends": SimpleNamespace(
            get_json_schema_logits_processor=lambda backend, model, schema: ("json", backend, model, schema),
            get_regex_logits_processor=lambda backend, model, regex: ("regex", backend, model, regex),
        ),
    }
    monkeypatch.setattr(constrained_decoding, "require", lambda module, extra: known[module])


@pytest.mark.parametrize(
    "structure", [{"schema": Age}, {"format": "json", "schema": Age.model_json_schema()}]
)
def test_schema_is_handed_on_as_json(structure: Any):
    kind, backend, model, schema = logits_processor("transformers", structure, "model", "tokenizer")
    assert (kind, backend, model) == ("json", None, ("transformers", "model", "tokenizer"))
    assert (
        schema
        == '{"properties":{"age":{"title":"Age","type":"integer"}},"required":["age"],"title":"Age","type":"object"}'
    )


def test_expression_is_handed_on_as_it_is():
    made = logits_processor("mlxlm", {"format": "regex", "schema": "yes|no"}, "model", "tokenizer")
    assert made == ("regex", None, ("mlxlm", "model", "tokenizer"), "yes|no")


@pytest.mark.parametrize(
    ("structure", "wanted"), [({"format": "regex"}, "as a string"), ({"format": "yaml"}, "JSON only")]
)
def test_structure_of_another_kind_is_reported(structure: Any, wanted: str):
    with pytest.raises(DistilabelUserError, match=wanted):
        logits_processor("transformers", structure, "model", "tokenizer")
