"""Door for the old import path: the errors live in `distilabel.exceptions`."""

from distilabel.exceptions import (
    DistilabelNotImplementedError,
    DistilabelTypeError,
    DistilabelUserError,
)

__all__ = ["DistilabelNotImplementedError", "DistilabelTypeError", "DistilabelUserError"]
