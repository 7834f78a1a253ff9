"""Columns of images: as files in a table, and made of base64."""

import base64
from collections.abc import Callable, Sequence
from typing import Any

__all__ = ["each_split", "features_of", "image_type", "to_images"]


def image_type() -> Any:
    """Give the Arrow type of images as `datasets` keeps them: a file's bytes, and the path that it came from."""
    import pyarrow as pa  # noqa: PLC0415 - slow to import

    return pa.struct({"bytes": pa.binary(), "path": pa.string()})


def features_of(schema: Any) -> Any:
    """Give what `datasets` makes of a table's columns: those of that type are images."""
    from datasets import Features, Image  # noqa: PLC0415 - slow to import

    images = {field.name: Image() for field in schema if field.type == image_type()}
    return Features({**Features.from_arrow_schema(schema.remove_metadata()), **images})


def each_split(part: Any, change: Callable[[Any], Any]) -> Any:
    """Give a dict of splits with each split changed."""
    return type(part)({split: change(data) for split, data in part.items()})


def to_images(data: Any, columns: Sequence[str]) -> Any:
    """Give a dataset whose `columns` of base64 text (or data URLs) are images; a column that it lacks is skipped."""
    from datasets import Features, Image  # noqa: PLC0415 - slow to import

    present = [name for name in columns if name in data.column_names]
    if not present:
        return data
    features = Features({**data.features, **{name: Image() for name in present}})
    return data.map(_decode_batch, batched=True, features=features, fn_kwargs={"columns": present})


def _decode_batch(batch: dict[str, list[Any]], columns: Sequence[str]) -> dict[str, list[Any]]:
    return {name: [_decode(value) for value in batch[name]] for name in columns}


def _decode(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return {"path": None, "bytes": base64.b64decode(value.partition("base64,")[2] or value)}
