"""The cache folder, and the errors of writing in it."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from distilabel.exceptions import DistilabelCacheError

__all__ = ["cache_folder", "unusable", "writing"]


_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def cache_folder(given: str | Path | None = None) -> Path:
    """Return the cache folder: `given`, DISTILABEL_CACHE_DIR, or `~/.cache/distilabel/pipelines`.

    Examples:
        >>> cache_folder("cache").name
        'cache'
    """
    named = given or os.environ.get("DISTILABEL_CACHE_DIR")
    return Path(named).expanduser() if named else Path.home() / ".cache" / "distilabel" / "pipelines"


def unusable(folder: Path, error: Exception) -> DistilabelCacheError:
    """Return the error for a folder that cannot be written; its message says what to do."""
    text = (error.strerror if isinstance(error, OSError) else None) or str(error)
    if getattr(error, "errno", None) in _FULL or "full" in text or "disk I/O" in text:
        return DistilabelCacheError(
            f"The disk of the cache folder {folder} is full or failing ({text}): free some space and run again; nothing "
            "is lost."
        )
    return DistilabelCacheError(
        f"The cache folder {folder} cannot be used ({text}): make it writable, or name another with "
        "Pipeline(cache_dir=...) or DISTILABEL_CACHE_DIR."
    )


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Convert each OSError to the error of `unusable` while the context is open."""
    try:
        yield
    except OSError as error:
        raise unusable(folder, error) from error
