"""Removes files that a pipeline no longer needs after a complete run; replies that were paid for always stay."""

import shutil
import time
from collections.abc import Iterable
from pathlib import Path

from pydantic import BaseModel

from distilabel.pipeline.runtime.step_runtime import StepRuntime
from distilabel.steps._core.resources import StepResources

__all__ = ["drop_chunks", "drop_outputs"]

_LEAST = 64 * 2**20
_WEEK = 7 * 24 * 3600.0


def drop_chunks(runtimes: Iterable[StepRuntime], least: int = _LEAST) -> None:
    """Remove chunks of former runs from each step's file, if they take more space than those of this run.

    Chunks of a step that holds a model or that runs custom code stay: they may have been paid for and exist nowhere else.
    They are removed only if the step does not use the cache, because then no run will find them.

    Args:
        runtimes: The steps of a run whose rows are all written.
        least: Nothing is removed if the chunks take less than this many bytes.
    """
    for runtime in runtimes:
        spec = runtime.spec
        values = (getattr(spec.step, name) for name in type(spec.step).model_fields)
        is_expensive = spec.has_custom_code or any(map(_is_model, values))
        if not (spec.step.use_cache and is_expensive):
            runtime.store.drop_unused(least)


def _is_model(value: object) -> bool:
    if isinstance(value, list | tuple):
        return bool(value) and _is_model(value[0])
    return isinstance(value, BaseModel) and not isinstance(value, StepResources)


def drop_outputs(folder: Path, kept: Iterable[Path], age: float = _WEEK) -> None:
    """Remove datasets that former runs wrote and that are older than `age`; they can be written again from the chunks.

    Args:
        folder: The folder of the datasets of all leaves.
        kept: The datasets of this run.
        age: In seconds; a week by default.
    """
    keep, oldest = set(kept), time.time() - age
    for old in set(folder.glob("*/*")) - keep:
        if old.is_dir() and old.stat().st_mtime < oldest:
            shutil.rmtree(old, ignore_errors=True)
