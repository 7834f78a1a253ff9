"""The finished dataset: the output of a pipeline's leaves, as `datasets.Dataset` objects."""

from distilabel.distiset.distiset import Distiset
from distilabel.distiset.parquet import (
    ARROW_NAME,
    create_distiset,
    features_of,
    from_arrow,
    from_parquet,
    image_type,
    plain_features,
)
from distilabel.distiset.progress_bars import without_progress_bars

__all__ = [
    "ARROW_NAME",
    "Distiset",
    "create_distiset",
    "features_of",
    "from_arrow",
    "from_parquet",
    "image_type",
    "plain_features",
    "without_progress_bars",
]
