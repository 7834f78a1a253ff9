"""Constrained decoding of in-process models, by the package outlines."""

from typing import Any

from distilabel._optional import require
from distilabel.exceptions import DistilabelUserError
from distilabel.models.llms.structure import json_schema
from distilabel.records import canonical_json
from distilabel.typing import StructuredOutputType

__all__ = ["logits_processor"]


def logits_processor(kind: str, structure: StructuredOutputType, *model: Any) -> Any:
    """Return a logits processor that masks each token the structure does not allow.

    It needs `distilabel[outlines]`.

    Args:
        kind: The library that runs the model, as outlines calls it: "transformers", "llamacpp" or "mlxlm".
        structure: A JSON schema, a pydantic model or a regular expression.
        model: The arguments of outlines: the model, and its tokenizer if it is a separate object.

    Raises:
        DistilabelMissingPackageError: Install `distilabel[outlines]`.
        DistilabelUserError: The structure is neither JSON nor a regular expression.

    References:
        Efficient Guided Generation for Large Language Models, https://arxiv.org/abs/2307.09702;
        https://dottxt-ai.github.io/outlines (November 2026)
    """
    outlines, backends = require("outlines", "outlines"), require("outlines.backends", "outlines")
    steered = getattr(outlines, f"from_{kind}")(*model)
    if structure.get("format", "json") != "regex":
        schema = canonical_json(json_schema(structure)[1]).decode()
        return backends.get_json_schema_logits_processor(None, steered, schema)
    expression = structure.get("schema")
    if not isinstance(expression, str):
        raise DistilabelUserError(
            "structured_output with format 'regex' needs a `schema` that is a regular expression, as a string."
        )
    return backends.get_regex_logits_processor(None, steered, expression)
