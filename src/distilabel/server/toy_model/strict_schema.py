"""What OpenAI's strict mode refuses in a JSON schema. Pure.

The rules are those of https://platform.openai.com/docs/guides/structured-outputs#supported-schemas. The messages are OpenAI's, as
users quote them (all read on 2026-12-01):
https://github.com/mavam/pi-web-providers/issues/14 (`additionalProperties`, with `text.format.schema`),
https://github.com/dottxt-ai/outlines/issues/844 (with `response_format`, whose code is null),
https://github.com/langchain-ai/langmem/issues/113 (`required`, with a function),
https://github.com/dotnet/extensions/issues/6302 (an extra key in `required`),
https://github.com/camel-ai/camel/issues/3001 (`$ref` beside other keywords),
https://github.com/prism-php/prism/issues/858 (the root is no object),
https://github.com/567-labs/instructor/issues/1074 (`default`),
https://github.com/openai/openai-agents-python/issues/474 (`oneOf`),
https://github.com/cyanheads/git-mcp-server/issues/47 (formats),
https://github.com/apexive/odoo-llm/issues/212 (no `type`),
https://github.com/PrefectHQ/fastmcp/issues/2464 (arrays without `items`).
"""

from collections.abc import Iterator
from typing import Any

from distilabel.server.errors import ApiError

# "Some type-specific keywords are not yet supported", and those that users saw refused by name.
NOT_PERMITTED = frozenset(
    {
        "allOf", "contains", "default", "dependentRequired", "dependentSchemas", "discriminator", "else", "if",
        "maxContains", "maxProperties", "minContains", "minProperties", "not",
        "oneOf", "patternProperties", "prefixItems", "propertyNames", "then", "unevaluatedItems", "unevaluatedProperties",
        "uniqueItems",
    }
)  # fmt: skip
FORMATS = frozenset({"date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"})
NAMED = ("properties", "$defs", "definitions")

Path = tuple[str, ...]


def check_strict(schema: dict[str, Any], owner: str, param: str, code: str | None) -> None:
    """Refuse a schema that strict mode cannot hold; `owner` is whose schema it is, as the message names it."""
    kind = schema.get("type")
    if kind != "object":
        why = f"schema must be a JSON Schema of 'type: \"object\"', got 'type: \"{kind}\"'."
    else:
        path, fault = next(_faults(schema, ()), ((), ""))
        if not fault:
            return
        why = f"In context={path}, {fault}."
    raise ApiError(f"Invalid schema for {owner}: {why}", param=param, code=code)


def _faults(schema: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if not isinstance(schema, dict):
        yield path, "schema must be an object"
        return
    yield from ((path, fault) for fault in _own_faults(schema))
    for word in NAMED:
        if isinstance(inner := schema.get(word), dict):
            for name, each in inner.items():
                yield from _faults(each, (*path, word, name))
    if "items" in schema:
        yield from _faults(schema["items"], (*path, "items"))
    if isinstance(options := schema.get("anyOf"), list):
        for at, each in enumerate(options):
            yield from _faults(each, (*path, "anyOf", str(at)))


def _own_faults(schema: dict[str, Any]) -> Iterator[str]:
    beside = schema.keys() - {"$ref", *NAMED[1:]}
    if "$ref" in schema and beside:
        yield f"$ref cannot have keywords {beside}"
    yield from (f"'{word}' is not permitted" for word in schema if word in NOT_PERMITTED)
    if not schema.keys() & {"type", "$ref", "anyOf", "enum", "const"}:
        yield "schema must have a 'type' key"
    kinds = schema["type"] if isinstance(schema.get("type"), list) else [schema.get("type")]
    if "object" in kinds or "properties" in schema:
        yield from _object_faults(schema)
    if "array" in kinds and "items" not in schema:
        yield "array schema missing items"
    if "format" in schema and schema["format"] not in FORMATS:
        yield f"'{schema['format']}' is not a valid format"


def _object_faults(schema: dict[str, Any]) -> Iterator[str]:
    if schema.get("additionalProperties") is not False:
        yield "'additionalProperties' is required to be supplied and to be false"
    properties, required = schema.get("properties"), schema.get("required")
    names = list(properties) if isinstance(properties, dict) else []
    listed = required if isinstance(required, list) else []
    missing = [name for name in names if name not in listed]
    if missing:
        yield (
            "'required' is required to be supplied and to be an array including every key in properties. "
            f"Missing '{missing[0]}'"
        )
    extra = [name for name in listed if name not in names]
    if extra:
        yield (
            "'required' is required to be supplied and to be an array including every key in properties. "
            f"Extra required key '{extra[0]}' supplied"
        )
