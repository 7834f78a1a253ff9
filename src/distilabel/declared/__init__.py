"""What Step, LLM and Pipeline share: runtime parameters, dump and load, signature; functions over pydantic models."""

from distilabel.declared.citing import citations
from distilabel.declared.dumping import dump, looks_secret
from distilabel.declared.loading import load, parse_document, read_document, write_document
from distilabel.declared.parameters import (
    RuntimeParameter,
    missing_runtime_parameters,
    runtime_parameters,
    runtime_parameters_info,
    runtime_parameters_may_be_absent,
    set_runtime_parameters,
)
from distilabel.declared.signing import code_digest, signature

__all__ = [
    "RuntimeParameter",
    "citations",
    "code_digest",
    "dump",
    "load",
    "looks_secret",
    "missing_runtime_parameters",
    "parse_document",
    "read_document",
    "runtime_parameters",
    "runtime_parameters_info",
    "runtime_parameters_may_be_absent",
    "set_runtime_parameters",
    "signature",
    "write_document",
]
