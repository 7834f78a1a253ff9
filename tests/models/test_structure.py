"""Strict schemas: every object closed, every property required, names left as they are."""

from enum import StrEnum
from typing import Any, Literal, Optional, Union

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, HttpUrl

from distilabel.models.llms.openai import OpenAILLM
from distilabel.models.llms.structure import json_schema, response_format_of, strict_mode_faults
from distilabel.server.toy_model.strict_schema import check_strict


def strict(schema: dict[str, Any]) -> dict[str, Any]:
    return response_format_of({"schema": schema})["json_schema"]["schema"]


def test_no_structure_is_no_format():
    llm = OpenAILLM(model="m", api_key="k")
    assert "response_format" not in llm.request([{"role": "user", "content": "Hi"}])


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


class Colour(StrEnum):
    RED = "red"


class Cat(BaseModel):
    kind: Literal["cat"]


class Dog(BaseModel):
    kind: Literal["dog"]


class Described(BaseModel):
    """An enum and a model with a description: `$ref` with a keyword beside it."""

    colour: Colour = Field(description="the colour")
    cat: Cat = Field(description="the cat", default=Cat(kind="cat"))


class Discriminated(BaseModel):
    pet: Union[Cat, Dog] = Field(discriminator="kind")


class Node(BaseModel):
    value: int
    kids: list["Node"] = Field(description="below it")


class Holder(BaseModel):
    node: Node = Field(description="the first")


class WithDict(BaseModel):
    tags: dict[str, str]


class Deep(BaseModel):
    inner: list[WithDict]


def form(model: type[BaseModel]) -> dict[str, Any]:
    return response_format_of({"schema": model})["json_schema"]


@pytest.mark.parametrize("model", [Described, Discriminated, Node, Holder])
def test_schema_is_rewritten_for_strict_mode(model: type[BaseModel]):
    found = form(model)
    assert (found["strict"], strict_mode_faults(found["schema"])) == (True, [])


def test_rewritten_schema_says_the_same():
    assert form(Described)["schema"]["properties"]["colour"] == {
        "description": "the colour", "enum": ["red"], "title": "Colour", "type": "string",
    }  # fmt: skip
    assert form(Discriminated)["schema"]["properties"]["pet"]["anyOf"] == [
        {"$ref": "#/$defs/Cat"}, {"$ref": "#/$defs/Dog"},
    ]  # fmt: skip
    node = form(Node)["schema"]
    assert (node["type"], node["properties"]["kids"]["items"]) == ("object", {"$ref": "#/$defs/Node"})


class WithSet(BaseModel):
    tags: set[str]


class WithUrl(BaseModel):
    url: HttpUrl


class WithAny(BaseModel):
    value: Any


class WithBareList(BaseModel):
    values: list[Any]


@pytest.mark.parametrize("model", [WithDict, Deep, WithSet, WithUrl, WithAny, WithBareList])
def test_schema_that_strict_mode_cannot_express_is_sent_without_it(model: type[BaseModel]):
    assert form(model) == {"name": model.__name__, "schema": model.model_json_schema(), "strict": False}


def test_all_of_with_one_schema_is_that_schema():
    schema = {
        "type": "object",
        "properties": {"a": {"allOf": [{"$ref": "#/$defs/A"}], "description": "d"}},
        "$defs": {"A": {"type": "string"}},
    }
    assert strict(schema)["properties"]["a"] == {"type": "string", "description": "d"}


@given(
    st.recursive(
        st.sampled_from(
            [{"type": "string"}, {"$ref": "#/$defs/A"}, {"$ref": "#/$defs/A", "description": "d"}]
        ),
        lambda inner: st.one_of(
            st.dictionaries(st.sampled_from("ab"), inner, max_size=2).map(
                lambda p: {"type": "object", "properties": p}
            ),
            st.lists(inner, min_size=1, max_size=2).map(lambda each: {"oneOf": each, "discriminator": {}}),
            inner.map(lambda one: {"type": "array", "items": one}),
            inner.map(lambda one: {"type": "object", "additionalProperties": one}),
        ),
        max_leaves=6,
    )
)
def test_strict_is_said_only_where_strict_mode_takes_the_schema(inner: dict[str, Any]):
    schema = {"type": "object", "properties": {"x": inner}, "$defs": {"A": inner}}
    found = response_format_of({"schema": schema})["json_schema"]
    assert found["strict"] is (strict_mode_faults(found["schema"]) == [])


@pytest.mark.parametrize(
    "model", [Described, Discriminated, Node, Holder, WithDict, Deep, WithSet, WithUrl, WithAny, WithBareList]
)
def test_embedded_platform_takes_every_schema_that_is_called_strict(model: type[BaseModel]):
    found = form(model)
    if found["strict"]:
        check_strict(found["schema"], "response_format", "response_format", None)
