"""Columns of images: conversion from base64."""

import base64
from collections.abc import Callable, Sequence
from typing import Any

__all__ = ["each_split", "to_images"]


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
