"""Columns of images: their Arrow type, and conversion from base64."""

import base64
from collections.abc import Callable, Sequence
from typing import Any

__all__ = ["each_split", "features_of", "image_type", "to_images"]


def image_type() -> Any:
    """Return the Arrow type of images in `datasets`: a file's bytes and its original path."""
    import pyarrow as pa  # noqa: PLC0415 - slow to import

    return pa.struct({"bytes": pa.binary(), "path": pa.string()})


def features_of(schema: Any) -> Any:
    """Return the `datasets` features of a table; columns of `image_type` are images."""
    from datasets import Features, Image  # noqa: PLC0415 - slow to import

    images = {field.name: Image() for field in schema if field.type == image_type()}
    return Features({**Features.from_arrow_schema(schema.remove_metadata()), **images})


def each_split(part: Any, change: Callable[[Any], Any]) -> Any:
    """Return a dict of splits with `change` applied to each split."""
    return type(part)({split: change(data) for split, data in part.items()})


def to_images(data: Any, columns: Sequence[str]) -> Any:
    """Return a dataset whose `columns` of base64 text or data URLs are images; missing columns are skipped."""
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
