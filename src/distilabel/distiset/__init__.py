"""The finished dataset: what a pipeline's leaves have written, as `datasets` reads it."""

from distilabel.distiset.parquet import ARROW_NAME, METADATA, create_distiset, from_arrow, from_parquet
from distilabel.distiset.quiet import without_progress_bars
from distilabel.distiset.whole import Distiset

__all__ = [
    "ARROW_NAME",
    "METADATA",
    "Distiset",
    "create_distiset",
    "from_arrow",
    "from_parquet",
    "without_progress_bars",
]
