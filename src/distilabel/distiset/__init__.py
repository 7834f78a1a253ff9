"""The finished dataset: what a pipeline's leaves have written, as `datasets` reads it."""

from distilabel.distiset.images import features_of, image_type
from distilabel.distiset.parquet import ARROW_NAME, METADATA, create_distiset, from_arrow, from_parquet
from distilabel.distiset.quiet import without_progress_bars
from distilabel.distiset.whole import Distiset

__all__ = [
    "ARROW_NAME",
    "METADATA",
    "Distiset",
    "create_distiset",
    "features_of",
    "from_arrow",
    "from_parquet",
    "image_type",
    "without_progress_bars",
]
