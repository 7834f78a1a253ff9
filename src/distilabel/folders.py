"""Where things are kept."""

import os
from pathlib import Path

__all__ = ["cache_folder"]


def cache_folder(given: str | Path | None = None) -> Path:
    """Return the cache folder: as given, from DISTILABEL_CACHE_DIR, or `~/.cache/distilabel/pipelines`.

    Examples:
        >>> cache_folder("cache").name
        'cache'
    """
    named = given or os.environ.get("DISTILABEL_CACHE_DIR")
    return Path(named).expanduser() if named else Path.home() / ".cache" / "distilabel" / "pipelines"
