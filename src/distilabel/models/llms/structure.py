"""Structured output: JSON schemas in the formats of the platforms."""

import logging
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from distilabel.exceptions import DistilabelUserError
from distilabel.typing import StructuredOutputType

__all__ = [
    "inlined",
    "json_schema",
    "output_format_of",
    "response_format_of",
    "strict_mode_faults",
    "warn_if_not_strict",
]

# https://platform.claude.com/docs/en/build-with-claude/structured-outputs, "JSON schema limitations" (November 2026).
_NOT_CHECKED = frozenset(
    {
        "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "minItems",
        "maxItems", "uniqueItems",
    }
)  # fmt: skip
# The keys inside these are the user's names, and may equal keywords.
_NAMED = ("properties", "$defs", "definitions")
_SUBSCHEMAS = frozenset({"items", "prefixItems", "anyOf", "oneOf", "allOf"})
# https://platform.openai.com/docs/guides/structured-outputs#some-type-specific-keywords-are-not-yet-supported (November 2026).
_NOT_STRICT = frozenset(
    {
        "oneOf", "allOf", "not", "if", "then", "else", "discriminator", "dependentRequired", "dependentSchemas",
        "patternProperties", "unevaluatedProperties", "propertyNames", "prefixItems", "uniqueItems",
    }
)  # fmt: skip
# The other formats are refused: https://github.com/cyanheads/git-mcp-server/issues/47 (read 2026-12-01).
_STRICT_FORMATS = frozenset(
    {"date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"}
)


def json_schema(structure: StructuredOutputType) -> tuple[str, dict[str, Any]]:
    """Return the name and the JSON schema of a structured output.

    Raises:
        DistilabelUserError: The format is not JSON, or there is no schema.
    """
    if structure.get("format", "json") != "json":
        raise DistilabelUserError(
            "This LLM supports structured output as JSON only: set structured_output={'schema': ...} with a pydantic "
            "model or a JSON schema."
        )
    schema = structure.get("schema")
    if isinstance(schema, type) and issubclass(schema, BaseModel):
        return schema.__name__, schema.model_json_schema()
    if isinstance(schema, dict):
        return str(schema.get("title") or "answer"), schema
    raise DistilabelUserError(
        "structured_output needs a `schema`: a pydantic model, or a JSON schema as a dict."
    )


def response_format_of(structure: StructuredOutputType) -> dict[str, Any]:
    """Return OpenAI's `response_format`.

    https://platform.openai.com/docs/guides/structured-outputs (November 2026): strict mode requires
    `additionalProperties: false` and every property in `required`, in every object. It rejects some keywords. A schema
    that strict mode cannot express, such as one with arbitrary keys, is sent with `strict: False`.

    Examples:
        >>> response_format_of({"schema": {"title": "Age", "type": "object", "properties": {"age": {"type": "integer"}}}})
        {'type': 'json_schema', 'json_schema': {'name': 'Age', 'schema': {'title': 'Age', 'type': 'object', 'properties': {'age': {'type': 'integer'}}, 'additionalProperties': False, 'required': ['age']}, 'strict': True}}
        >>> tags = {"type": "object", "additionalProperties": {"type": "string"}}
        >>> response_format_of({"schema": tags})["json_schema"]["strict"]
        False
    """
    name, schema = json_schema(structure)
    safe_name = "".join(c if (c.isascii() and c.isalnum()) or c in "_-" else "_" for c in name)[:64]
    strict = _strict(schema)
    if strict_mode_faults(strict):
        strict = _strict(_rewritten(schema))
    is_strict = not strict_mode_faults(strict)
    return {
        "type": "json_schema",
        "json_schema": {"name": safe_name, "schema": strict if is_strict else schema, "strict": is_strict},
    }


def warn_if_not_strict(owner: str, structure: StructuredOutputType | None) -> None:
    """Log one warning if strict mode cannot express a structure: answers may then deviate from it."""
    if structure is None or response_format_of(structure)["json_schema"]["strict"]:
        return
    _, schema = json_schema(structure)
    faults = strict_mode_faults(_strict(_rewritten(_strict(schema))))
    logging.getLogger("distilabel.models").warning(
        "%s sends the schema of structured_output without strict mode, which cannot express it (%s): answers may deviate from "
        "the schema.",
        owner, faults[0] if faults else "a reference",
    )  # fmt: skip


def strict_mode_faults(schema: dict[str, Any]) -> list[str]:
    """Return what OpenAI's strict mode rejects in a schema, with the paths.

    https://platform.openai.com/docs/guides/structured-outputs#supported-schemas (November 2026).

    Examples:
        >>> strict_mode_faults({"type": "object", "properties": {"tags": {"type": "object"}}, "additionalProperties": False})
        ["$.tags: 'additionalProperties' must be false"]
    """
    root = [] if schema.get("type") == "object" else ["$: the root must have the type 'object'"]
    return root + list(_faults(schema, "$", is_root=True))


def _faults(schema: Any, place: str, *, is_root: bool = False) -> Iterator[str]:
    if isinstance(schema, list):
        for index, item in enumerate(schema):
            yield from _faults(item, f"{place}[{index}]")
    if not isinstance(schema, dict):
        return
    if "$ref" in schema and len(schema) > 1 and not is_root:
        yield f"{place}: '$ref' must stand alone"
    yield from (f"{place}: {fault}" for fault in _faults_of_one(schema))
    for word, value in schema.items():
        if word in _NAMED and isinstance(value, dict):
            for name, inner in value.items():
                yield from _faults(inner, f"{place}.{name}")
        elif word in _SUBSCHEMAS:
            yield from _faults(value, f"{place}.{word}")


def _faults_of_one(schema: dict[str, Any]) -> Iterator[str]:
    """Return the faults of a schema itself, without those of the schemas in it."""
    yield from (f"{word!r} is not permitted" for word in schema if word in _NOT_STRICT)
    types = schema["type"] if isinstance(schema.get("type"), list) else [schema.get("type")]
    if ("object" in types or "properties" in schema) and schema.get("additionalProperties") is not False:
        yield "'additionalProperties' must be false"
    if not schema.keys() & {"type", "$ref", "enum", "const", "anyOf", "oneOf", "allOf"}:
        yield "there is no 'type'"
    if "array" in types and "items" not in schema:
        yield "there are no 'items'"
    if "format" in schema and schema["format"] not in _STRICT_FORMATS:
        yield f"the format {schema['format']!r} is not permitted"


def _rewritten(schema: dict[str, Any]) -> dict[str, Any]:  # noqa: C901 - a table of keywords
    """Return an equivalent schema with the keywords of strict mode, where possible.

    A `$ref` beside other keywords, as pydantic writes it for an enum with a description, is replaced by its target.
    `oneOf` (a discriminated union) becomes `anyOf`. The `$ref` of the root (a recursive model) is replaced too.
    """
    definitions = {
        f"#/{where}/{name}": inner for where in _NAMED[1:] for name, inner in schema.get(where, {}).items()
    }

    def rewrite(value: Any, inlined: tuple[str, ...] = ()) -> Any:
        if isinstance(value, list):
            return [rewrite(item, inlined) for item in value]
        if not isinstance(value, dict):
            return value
        name, others = value.get("$ref"), {k: v for k, v in value.items() if k not in {"$ref", "default"}}
        if name in definitions and name in inlined:
            return {"$ref": name}  # a recursive reference: the keywords beside it are dropped
        if name in definitions and others:
            return rewrite({**definitions[name], **others}, (*inlined, name))
        if len(value.get("allOf") or ()) == 1:
            return rewrite({**value["allOf"][0], **_without_key(others, "allOf")}, inlined)
        words = {}
        for word, inner in value.items():
            if word in _NAMED and isinstance(inner, dict):
                words[word] = {each: rewrite(item, inlined) for each, item in inner.items()}
            elif word == "oneOf" and "anyOf" not in value:
                words["anyOf"] = rewrite(inner, inlined)
            elif word != "discriminator":
                words[word] = rewrite(inner, inlined) if word in _SUBSCHEMAS else inner
        return words

    root = definitions.get(schema.get("$ref", ""), {})
    whole: dict[str, Any] = rewrite({**root, **_without_key(schema, "$ref")} if root else schema)
    return whole


def _without_key(schema: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in schema.items() if name != key}


def output_format_of(structure: StructuredOutputType | None) -> dict[str, Any] | None:
    """Return Anthropic's `output_config.format`; None without a structure.

    https://platform.claude.com/docs/en/build-with-claude/structured-outputs (November 2026): every object needs
    `additionalProperties: false`. The API rejects ranges and lengths, so they are removed.

    Examples:
        >>> output_format_of({"schema": {"type": "object", "properties": {"age": {"type": "integer", "minimum": 0}}}})
        {'type': 'json_schema', 'schema': {'type': 'object', 'properties': {'age': {'type': 'integer'}}, 'additionalProperties': False, 'required': ['age']}}
    """
    if structure is None:
        return None
    return {"type": "json_schema", "schema": _without(_strict(json_schema(structure)[1]), _NOT_CHECKED)}


def inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema in which each reference is replaced by its target.

    Raises:
        DistilabelUserError: A reference is recursive.

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
                f"This platform does not support recursive schemas, and {name} is recursive: nest it to a fixed depth instead."
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
