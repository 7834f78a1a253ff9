"""Keeping `datasets` from drawing on a screen that is not its own."""

from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["without_progress_bars"]


@contextmanager
def without_progress_bars() -> Iterator[None]:
    """Hide the progress bars of `datasets` meanwhile, for the whole process."""
    from datasets.utils import (  # noqa: PLC0415 - slow to import
        are_progress_bars_disabled,
        disable_progress_bars,
        enable_progress_bars,
    )

    were_shown = not are_progress_bars_disabled()
    disable_progress_bars()
    try:
        yield
    finally:
        if were_shown:
            enable_progress_bars()
