"""The first step of a batch: its input file is read once, and the batch begins or fails."""

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
    census = InputValidator(batch.endpoint, settings)
    errors = _too_large(store, settings, batch) or await _read(store, batch, census)
    if errors:
        body = orjson.dumps({"object": "list", "data": errors}).decode()
        store.fail(batch.id, errors=body, now=time.time())
    else:
        store.begin(batch.id, model=census.model, total=census.total, now=time.time())


def _too_large(store: Store, settings: Settings, batch: Batch) -> list[Body]:
    size = store.path(batch.input_file_id).stat().st_size
    if size <= settings.max_bytes:
        return []
    message = f"The batch input file is larger than the {settings.max_bytes} bytes allowed."
    return [{"code": "file_too_large", "message": message, "param": None, "line": None}]


async def _read(store: Store, batch: Batch, census: InputValidator) -> list[Body]:
    turn = TimeSlice()
    with store.path(batch.input_file_id).open("rb") as lines:
        for line in lines:
            if not census.take(line):
                break
            await turn.hand_on()
    return census.close()
