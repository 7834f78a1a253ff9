"""The cache folder, and the errors of writing in it."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from distilabel.exceptions import DistilabelCacheError

__all__ = ["RESERVED", "cache_folder", "unusable", "writing"]

RESERVED = frozenset(
    {
        *("ledger.db", "ledger.db-wal", "ledger.db-shm", "ledger.db-journal", "ledger.opening", "llm.lock"),
        *("jobs",),
    },
)
"""What lies in the cache folder beside the folders of the pipelines: no pipeline may have such a name."""

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
            f"The disk of the cache folder {folder} is full or failing ({text}{_free(folder)}): free some space and run again; "
            "nothing is lost."
        )
    return DistilabelCacheError(
        f"The cache folder {folder} cannot be used ({text}): make it writable, or name another with "
        "Pipeline(cache_dir=...) or DISTILABEL_CACHE_DIR."
    )


def _free(folder: Path) -> str:
    existing = next((path for path in (folder, *folder.parents) if path.exists()), None)
    if existing is None:
        return ""
    try:
        return f"; {shutil.disk_usage(existing).free / 1e6:,.1f} MB are free"
    except OSError:
        return ""


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Convert each OSError of the system to the error of `unusable` while the context is open."""
    try:
        yield
    except OSError as error:
        if error.errno is None:  # of a library, such as Pillow for an image that is cut
            raise
        raise unusable(folder, error) from error
