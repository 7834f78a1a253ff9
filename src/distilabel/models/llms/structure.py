"""What an answer must look like, as the platforms want to be told."""

from typing import Any

from pydantic import BaseModel

from distilabel.exceptions import DistilabelUserError
from distilabel.typing import StructuredOutputType

__all__ = ["inlined", "json_schema", "output_format_of", "response_format_of"]

# https://platform.claude.com/docs/en/build-with-claude/structured-outputs, "JSON schema limitations" (November 2026).
_NOT_CHECKED = frozenset(
    {
        "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "minItems",
        "maxItems", "uniqueItems",
    }
)  # fmt: skip
# Below these stand names of the user's, which may be those of keywords.
_NAMED = ("properties", "$defs", "definitions")


def json_schema(structure: StructuredOutputType) -> tuple[str, dict[str, Any]]:
    """Return name and JSON schema of a structured output.

    Raises:
        DistilabelUserError: It asks for something else than JSON.
    """
    if structure.get("format", "json") != "json":
        raise DistilabelUserError(
            "This LLM gives structured output as JSON only: write structured_output={'schema': ...} with a pydantic "
            "model or a JSON schema."
        )
    schema = structure.get("schema")
    if isinstance(schema, type) and issubclass(schema, BaseModel):
        return schema.__name__, schema.model_json_schema()
    if isinstance(schema, dict):
        return str(schema.get("title") or "answer"), schema
    raise DistilabelUserError(
        "structured_output needs a `schema`: a pydantic model or a JSON schema as a dict."
    )


def response_format_of(structure: StructuredOutputType | None) -> dict[str, Any] | None:
    """Return OpenAI's native `response_format`; None for None.

    https://platform.openai.com/docs/guides/structured-outputs (November 2026): strict mode wants
    `additionalProperties: false` and every property required, in every object.

    Examples:
        >>> response_format_of({"schema": {"title": "Age", "type": "object", "properties": {"age": {"type": "integer"}}}})
        {'type': 'json_schema', 'json_schema': {'name': 'Age', 'schema': {'title': 'Age', 'type': 'object', 'properties': {'age': {'type': 'integer'}}, 'additionalProperties': False, 'required': ['age']}, 'strict': True}}
    """
    if structure is None:
        return None
    name, schema = json_schema(structure)
    safe_name = "".join(c if (c.isascii() and c.isalnum()) or c in "_-" else "_" for c in name)[:64]
    return {
        "type": "json_schema",
        "json_schema": {"name": safe_name, "schema": _strict(schema), "strict": True},
    }


def output_format_of(structure: StructuredOutputType | None) -> dict[str, Any] | None:
    """Return Anthropic's native `output_config.format`; None for None.

    https://platform.claude.com/docs/en/build-with-claude/structured-outputs (November 2026): every object is closed;
    ranges and lengths are refused, and left out here.

    Examples:
        >>> output_format_of({"schema": {"type": "object", "properties": {"age": {"type": "integer", "minimum": 0}}}})
        {'type': 'json_schema', 'schema': {'type': 'object', 'properties': {'age': {'type': 'integer'}}, 'additionalProperties': False, 'required': ['age']}}
    """
    if structure is None:
        return None
    return {"type": "json_schema", "schema": _without(_strict(json_schema(structure)[1]), _NOT_CHECKED)}


def inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema without references: each stands where it is used.

    Raises:
        DistilabelUserError: One leads back to itself.

    Examples:
        >>> inlined({"properties": {"a": {"$ref": "#/$defs/A"}}, "$defs": {"A": {"type": "string"}}})
        {'properties': {'a': {'type': 'string'}}}
    """
    definitions = {
        f"#/{where}/{name}": inner for where in _NAMED[1:] for name, inner in schema.get(where, {}).items()
    }
    whole: dict[str, Any] = _resolved(schema, definitions, ())
    return _without(whole, frozenset(_NAMED[1:]) | {"$schema"})  # type: ignore[no-any-return]


def _resolved(schema: Any, definitions: dict[str, Any], within: tuple[str, ...]) -> Any:
    if isinstance(schema, list):
        return [_resolved(item, definitions, within) for item in schema]
    if not isinstance(schema, dict):
        return schema
    name = schema.get("$ref")
    if isinstance(name, str) and name in definitions:
        if name in within:
            raise DistilabelUserError(
                f"This platform takes no schema that leads back to itself, as {name} does: write it out to a depth."
            )
        beside = {key: value for key, value in schema.items() if key != "$ref"}
        return _resolved({**definitions[name], **beside}, definitions, (*within, name))
    kept = {key: value for key, value in schema.items() if key not in _NAMED[1:]}
    return {key: _resolved(value, definitions, within) for key, value in kept.items()}


def _without(schema: Any, names: frozenset[str]) -> Any:
    if isinstance(schema, list):
        return [_without(item, names) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: {name: _without(inner, names) for name, inner in value.items()}
        if key in _NAMED and isinstance(value, dict)
        else _without(value, names)
        for key, value in schema.items()
        if key not in names
    }


def _strict(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_strict(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    strict = {name: _strict(value) for name, value in schema.items() if name != "default"}
    for names in _NAMED:
        if isinstance(schema.get(names), dict):
            strict[names] = {name: _strict(value) for name, value in schema[names].items()}
    if isinstance(schema.get("properties"), dict):
        strict["additionalProperties"] = False
        strict["required"] = list(schema["properties"])
    return strict
