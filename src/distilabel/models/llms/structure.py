"""What an answer must look like, as the platforms want to be told."""

from typing import Any

from pydantic import BaseModel

from distilabel.exceptions import DistilabelUserError
from distilabel.typing import StructuredOutputType

__all__ = ["json_schema", "response_format_of"]


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


def _strict(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_strict(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    strict = {name: _strict(value) for name, value in schema.items() if name != "default"}
    for names in ("properties", "$defs", "definitions"):
        # Below these stand names of the user's, which may be those of keywords.
        if isinstance(schema.get(names), dict):
            strict[names] = {name: _strict(value) for name, value in schema[names].items()}
    if isinstance(schema.get("properties"), dict):
        strict["additionalProperties"] = False
        strict["required"] = list(schema["properties"])
    return strict
