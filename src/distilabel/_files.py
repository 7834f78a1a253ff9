"""The cache folder, the errors of writing in it, and addresses as they may be written there."""

import errno
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from distilabel.exceptions import DistilabelCacheError

__all__ = ["RESERVED", "cache_folder", "unusable", "without_credentials", "writing"]

RESERVED = frozenset(
    {
        *("ledger.db", "ledger.db-wal", "ledger.db-shm", "ledger.db-journal", "ledger.opening", "llm.lock"),
        *("jobs",),
    },
)
"""What lies in the cache folder beside the folders of the pipelines: no pipeline may have such a name."""

_USER_INFO = re.compile(r"([a-z][a-z0-9+.-]*://)[^/?#\s]*@", re.IGNORECASE)
_QUERY = re.compile(
    r"(https?://[^\s?#]*)[?#](?:(?!::)\S)*|([a-z][a-z0-9+.-]*://[^\s?#]*)\?[\w.~%-]+=(?:(?!::)\S)*",
    re.IGNORECASE,
)
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def cache_folder(given: str | Path | None = None) -> Path:
    """Return the cache folder: `given`, DISTILABEL_CACHE_DIR, or `~/.cache/distilabel/pipelines`.

    Examples:
        >>> cache_folder("cache").name
        'cache'
    """
    named = given or os.environ.get("DISTILABEL_CACHE_DIR")
    return Path(named).expanduser() if named else Path.home() / ".cache" / "distilabel" / "pipelines"


def without_credentials(address: str) -> str:
    """Return an address without user, password, query and fragment, safe to store and to show.

    The query of an address that is no web page is kept, unless it has the form `?name=value`: files have patterns with `?`.

    Examples:
        >>> without_credentials("https://me:secret@platform.test/v1?api_key=secret")
        'https://platform.test/v1'
        >>> without_credentials("zip://rows.jsonl::https://bucket.test/a.zip?X-Amz-Signature=secret")
        'zip://rows.jsonl::https://bucket.test/a.zip'
    """
    return _QUERY.sub(lambda found: found[1] or found[2], _USER_INFO.sub(r"\1", address))


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
