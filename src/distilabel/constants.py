"""Names that stand in the data, and that a user's own step may have to know."""

__all__ = ["DISTILABEL_METADATA_KEY"]

DISTILABEL_METADATA_KEY = "distilabel_metadata"
"""The column in which steps leave what is not data: raw outputs, statistics, and why there is no answer."""
