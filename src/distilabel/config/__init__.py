"""Functions on pydantic models that Step, LLM and Pipeline share: runtime parameters, dump, load and signature."""

from distilabel.config.citations import citations
from distilabel.config.dump import dump, looks_secret, public, write_document
from distilabel.config.fingerprint import code_digest, signature
from distilabel.config.from_file import Loadable
from distilabel.config.load import load, parse_document, read_document
from distilabel.config.parameters import (
    RuntimeParameter,
    RuntimeParametersMixin,
    argument_name,
    missing_runtime_parameters,
    runtime_parameters,
    runtime_parameters_info,
    runtime_parameters_may_be_absent,
    set_runtime_parameters,
    under_known_names,
)

__all__ = [
    "Loadable",
    "RuntimeParameter",
    "RuntimeParametersMixin",
    "argument_name",
    "citations",
    "code_digest",
    "dump",
    "load",
    "looks_secret",
    "missing_runtime_parameters",
    "parse_document",
    "public",
    "read_document",
    "runtime_parameters",
    "runtime_parameters_info",
    "runtime_parameters_may_be_absent",
    "set_runtime_parameters",
    "signature",
    "under_known_names",
    "write_document",
]
