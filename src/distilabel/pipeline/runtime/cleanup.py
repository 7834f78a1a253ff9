"""What a pipeline's folder lets go of when a run has ended well; nothing that was paid for is among it."""

import shutil
import time
from collections.abc import Iterable
from pathlib import Path

from pydantic import BaseModel

from distilabel.pipeline.runtime.step_runtime import StepRuntime
from distilabel.steps._core.resources import StepResources
from distilabel.steps.base import _Step

__all__ = ["drop_chunks", "drop_outputs"]

_LEAST = 64 * 2**20
_WEEK = 7 * 24 * 3600.0


def drop_chunks(runtimes: Iterable[StepRuntime], least: int = _LEAST) -> None:
    """Let each step's file go on with the chunks of this run alone, where the others take more room than these.

    Chunks of a step that holds a model, or that runs code of the user's own, stay: what they hold may have been paid for
    and stand nowhere else. Only where a step does not use the cache, and so no run will find them, they go.

    Args:
        runtimes: The steps of a run whose rows are all written.
        least: For less than so many bytes, nothing is done.
    """
    for runtime in runtimes:
        is_dear = runtime.own_code or _holds_a_model(runtime.step)
        if not (runtime.step.use_cache and is_dear):
            runtime.store.drop_unused(least)


def _holds_a_model(step: _Step) -> bool:
    values = (getattr(step, name) for name in type(step).model_fields)
    return any(_is_model(value) for value in values)


def _is_model(value: object) -> bool:
    if isinstance(value, list | tuple):
        return bool(value) and _is_model(value[0])
    return isinstance(value, BaseModel) and not isinstance(value, StepResources)


def drop_outputs(folder: Path, kept: Iterable[Path], age: float = _WEEK) -> None:
    """Remove written datasets of former runs that are a week old; they can be written again from the chunks.

    Args:
        folder: Where the datasets of all leaves lie.
        kept: Those of this run.
        age: In seconds.
    """
    keep, oldest = set(kept), time.time() - age
    for old in set(folder.glob("*/*")) - keep:
        if old.is_dir() and old.stat().st_mtime < oldest:
            shutil.rmtree(old, ignore_errors=True)
