"""Strict schemas: every object closed, every property required, names left as they are."""

from typing import Any, Optional

import pytest
from pydantic import BaseModel

from distilabel.models.llms.structure import json_schema, response_format_of


def strict(schema: dict[str, Any]) -> dict[str, Any]:
    return response_format_of({"schema": schema})["json_schema"]["schema"]


def test_no_structure_is_no_format():
    assert response_format_of(None) is None


def test_objects_inside_are_closed_too():
    inner = {"type": "object", "properties": {"x": {"type": "integer", "default": 1}}}
    schema = {
        "type": "object",
        "properties": {"a": {"type": "array", "items": inner}, "b": {"anyOf": [inner, {"type": "null"}]}},
        "$defs": {"C": inner},
    }
    closed = {
        "type": "object", "properties": {"x": {"type": "integer"}}, "additionalProperties": False, "required": ["x"],
    }  # fmt: skip
    found = strict(schema)
    assert (found["properties"]["a"]["items"], found["properties"]["b"]["anyOf"][0]) == (closed, closed)
    assert found["$defs"]["C"] == closed
    assert found["required"] == ["a", "b"]


@pytest.mark.parametrize("name", ["default", "properties", "required", "type"])
def test_property_may_have_the_name_of_a_keyword(name: str):
    found = strict({"type": "object", "properties": {name: {"type": "string"}}})
    assert (found["properties"], found["required"]) == ({name: {"type": "string"}}, [name])


def test_definition_may_be_called_default():
    inner = {"type": "string"}
    assert strict({"type": "object", "properties": {}, "$defs": {"default": inner}})["$defs"] == {
        "default": inner
    }


def test_schema_of_the_user_is_not_changed():
    schema = {"type": "object", "properties": {"a": {"type": "string", "default": "x"}}}
    strict(schema)
    assert schema == {"type": "object", "properties": {"a": {"type": "string", "default": "x"}}}


@pytest.mark.parametrize(
    ("title", "name"), [("My Answer!", "My_Answer_"), ("", "answer"), ("x" * 99, "x" * 64)]
)
def test_name_is_one_that_the_platform_takes(title: str, name: str):
    schema = {"title": title, "type": "object", "properties": {}}
    assert response_format_of({"schema": schema})["json_schema"]["name"] == name


def test_name_with_letters_that_are_not_ascii_is_made_ascii():
    name = response_format_of({"schema": {"title": "Größe", "type": "object"}})["json_schema"]["name"]
    assert name.isascii()


def test_model_is_known_by_its_name():
    class Answer(BaseModel):
        text: Optional[str] = None

    name, schema = json_schema({"schema": Answer})
    assert (name, "text" in schema["properties"]) == ("Answer", True)
