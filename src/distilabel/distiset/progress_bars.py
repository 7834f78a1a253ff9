"""Hiding the progress bars of `datasets` and `huggingface_hub`, which would disturb ours."""

from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["without_progress_bars"]


@contextmanager
def without_progress_bars() -> Iterator[None]:
    """Hide the progress bars of both packages within the block, for the whole process."""
    import datasets.utils  # noqa: PLC0415 - slow to import
    import huggingface_hub.utils  # noqa: PLC0415 - slow to import

    packages = (datasets.utils, huggingface_hub.utils)
    shown = [package for package in packages if not package.are_progress_bars_disabled()]
    for package in shown:
        package.disable_progress_bars()
    try:
        yield
    finally:
        for package in shown:
            package.enable_progress_bars()
