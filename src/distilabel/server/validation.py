"""Validation of a batch: its input file is read once, then the batch starts or fails."""

import time

import orjson

from distilabel.server.batch_rules import InputValidator
from distilabel.server.http import Body
from distilabel.server.records import Batch
from distilabel.server.settings import Settings
from distilabel.server.store import Store
from distilabel.server.time_slice import TimeSlice


async def validate(store: Store, settings: Settings, batch: Batch) -> None:
    """Move a `validating` batch to `in_progress`, or to `failed` with the reasons."""
    validator = InputValidator(batch.endpoint, settings)
    errors = _too_large(store, settings, batch) or await _read(store, batch, validator)
    if errors:
        body = orjson.dumps({"object": "list", "data": errors}).decode()
        store.fail(batch.id, errors=body, now=time.time())
    else:
        store.begin(batch.id, model=validator.model, total=validator.total, now=time.time())


def _too_large(store: Store, settings: Settings, batch: Batch) -> list[Body]:
    size = store.path(batch.input_file_id).stat().st_size
    if size <= settings.max_bytes:
        return []
    message = f"The batch input file is larger than the {settings.max_bytes} bytes allowed."
    return [{"code": "file_too_large", "message": message, "param": None, "line": None}]


async def _read(store: Store, batch: Batch, validator: InputValidator) -> list[Body]:
    time_slice = TimeSlice()
    with store.path(batch.input_file_id).open("rb") as lines:
        for line in lines:
            if not validator.take(line):
                break
            await time_slice.yield_if_used()
    return validator.close()
