"""Door for the old import path: the types live in `distilabel.typing`."""

from distilabel.typing import (
    ChatItem,
    ChatType,
    FormattedInput,
    InstructorStructuredOutputType,
    OutlinesStructuredOutputType,
    StandardInput,
    StructuredInput,
    StructuredOutputType,
)

__all__ = [
    "ChatItem",
    "ChatType",
    "FormattedInput",
    "InstructorStructuredOutputType",
    "OutlinesStructuredOutputType",
    "StandardInput",
    "StructuredInput",
    "StructuredOutputType",
]
