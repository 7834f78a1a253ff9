"""Builds a small value that fits a JSON schema, the same one for the same schema and text. Pure.

It knows the part of JSON Schema that OpenAI's structured outputs allow, except `pattern`
(https://platform.openai.com/docs/guides/structured-outputs#supported-schemas); what it cannot fit it refuses.
"""

import math
import re
from collections.abc import Callable
from itertools import islice
from json import JSONDecoder
from typing import Any

from distilabel.server.errors import ApiError

MAX_DEPTH = 32
# Depth from which recursive schemas are steered towards an end: empty arrays, null, the last alternative.
TIRED = 6
# Braces of a text at which a schema is looked for.
MOST_BRACES = 50

FORMATS = {
    "date-time": "2024-01-01T00:00:00Z",
    "date": "2024-01-01",
    "time": "00:00:00Z",
    "duration": "P1D",
    "email": "toy@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}

Schema = dict[str, Any]


class SchemaError(ValueError):
    """What the toy cannot write."""


def instance(
    schema: Schema,
    text: str,
    *,
    owner: str = "response_format",
    param: str = "response_format",
    code: str = "invalid_json_schema",
) -> Any:
    """A value that fits the schema; free strings quote `text`. A refusal names `owner`, `param` and `code`."""
    try:
        return _Builder(schema, text).build(schema, 0)
    except SchemaError as error:
        what = str(error)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        # The schema breaks the rules of JSON Schema, such as a 'minItems' that is no number.
        what = f"this schema ({error!r})"
    message = f"Invalid schema for {owner}: this platform's toy model cannot write {what}."
    raise ApiError(message, param=param, code=code)


def shown_schema(text: str) -> Schema | None:
    """The first JSON schema of an object that a text shows, if any."""
    if '"properties"' not in text:
        return None
    for found in islice(re.finditer("{", text), MOST_BRACES):
        try:
            value, _ = JSONDecoder().raw_decode(text, found.start())
        except (ValueError, RecursionError):
            continue
        if isinstance(value.get("properties"), dict):
            return dict(value)
    return None


class _Builder:
    def __init__(self, root: Schema, text: str) -> None:
        self._root = root
        self._text = text
        self._by_type: dict[str, Callable[[Schema, int], Any]] = {
            "object": self._object,
            "array": self._array,
            "string": self._string,
            "integer": lambda schema, _: _number(schema, whole=True),
            "number": lambda schema, _: _number(schema, whole=False),
            "boolean": lambda _schema, _depth: len(text) % 2 == 0,
            "null": lambda _schema, _depth: None,
        }

    def build(self, schema: Any, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise SchemaError("a schema that recurs without an end")
        if schema is True:
            return self._text
        if not isinstance(schema, dict):
            raise SchemaError(f"the schema {schema!r}")
        schema = self._resolved(schema, depth)
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return schema["enum"][len(self._text) % len(schema["enum"])]
        return self._by_type[_type(schema, depth)](schema, depth)

    def _resolved(self, schema: Schema, depth: int) -> Schema:
        for _ in range(MAX_DEPTH):
            if "$ref" in schema:
                rest = {key: value for key, value in schema.items() if key != "$ref"}
                schema = _merged(self._target(schema["$ref"]), rest)
            elif "allOf" in schema:
                parts = schema["allOf"]
                schema = _merged({key: value for key, value in schema.items() if key != "allOf"}, *parts)
            elif "anyOf" in schema or "oneOf" in schema:
                name = "anyOf" if "anyOf" in schema else "oneOf"
                rest = {key: value for key, value in schema.items() if key != name}
                schema = _merged(rest, _chosen(schema[name], depth))
            else:
                return schema
        raise SchemaError("references that go round in a circle")

    def _target(self, reference: str) -> Schema:
        found: Any = self._root
        for step in reference.removeprefix("#").split("/")[1:]:
            key = step.replace("~1", "/").replace("~0", "~")
            found = found.get(key) if isinstance(found, dict) else None
        if not reference.startswith("#") or not isinstance(found, dict):
            raise SchemaError(f"the reference {reference!r}")
        return found

    def _object(self, schema: Schema, depth: int) -> Any:
        properties = schema.get("properties", {})
        required = schema.get("required", [])
        wanted = [name for name in properties if name in required or depth < TIRED]
        wanted += [name for name in required if name not in properties]
        return {name: self.build(properties.get(name, True), depth + 1) for name in wanted}

    def _array(self, schema: Schema, depth: int) -> Any:
        least = schema.get("minItems", 0 if depth >= TIRED else 1)
        return [
            self.build(schema.get("items", True), depth + 1)
            for _ in range(min(least, schema.get("maxItems", least)))
        ]

    def _string(self, schema: Schema, _depth: int) -> str:
        if "pattern" in schema:
            raise SchemaError("'pattern'")
        if "format" in schema and schema["format"] not in FORMATS:
            raise SchemaError(f"the format {schema['format']!r}")
        text = FORMATS.get(schema.get("format", ""), self._text)
        return text.ljust(schema.get("minLength", 0), ".")[: schema.get("maxLength")]


def _type(schema: Schema, depth: int) -> str:
    named = schema.get("type")
    if isinstance(named, list) and named:
        return "null" if depth >= TIRED and "null" in named else str(named[0])
    if named is not None:
        return str(named)
    return "object" if "properties" in schema else "array" if "items" in schema else "string"


def _chosen(options: list[Any], depth: int) -> Schema:
    ends = [option for option in options if isinstance(option, dict) and option.get("type") == "null"]
    chosen = ends[0] if ends and depth >= TIRED else options[-1] if depth >= TIRED else options[0]
    return chosen if isinstance(chosen, dict) else {}


def _merged(*schemas: Schema) -> Schema:
    merged: Schema = {}
    for schema in schemas:
        properties = {**merged.get("properties", {}), **schema.get("properties", {})}
        required = [*merged.get("required", []), *schema.get("required", [])]
        merged = {**merged, **schema}
        if properties:
            merged["properties"] = properties
        if required:
            merged["required"] = list(dict.fromkeys(required))
    return merged


def _number(schema: Schema, *, whole: bool) -> float:
    step = schema.get("multipleOf", 1 if whole else None)
    least = max(schema.get("minimum", -math.inf), schema.get("exclusiveMinimum", -math.inf))
    most = min(schema.get("maximum", math.inf), schema.get("exclusiveMaximum", math.inf))
    for value in _candidates(least, most, step):
        if _within(value, schema):
            return int(value) if whole else value
    raise SchemaError(f"a number from {least} to {most}")


def _candidates(least: float, most: float, step: float | None) -> list[float]:
    start = least if least > -math.inf else min(0.0, most)
    if step:
        first = math.ceil(start / step)
        return [step * (first + more) for more in (0, 1, -1)]
    middle = (least + most) / 2 if math.isfinite(least + most) else start
    return [start, middle, start + 1, start - 1]


def _within(value: float, schema: Schema) -> bool:
    least, most = schema.get("minimum", -math.inf), schema.get("maximum", math.inf)
    above, below = schema.get("exclusiveMinimum", -math.inf), schema.get("exclusiveMaximum", math.inf)
    return bool(least <= value <= most and above < value < below)
