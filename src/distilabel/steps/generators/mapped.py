"""A dataset on disk that is mapped into memory only while it is read."""

import hashlib
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

__all__ = ["Mapped", "let_go"]

_ROWS_AT_ONCE = 50_000


def let_go(dataset: Any) -> Any:
    """Give a dataset that lies on disk as one that is mapped only while it is read; any other as it is."""
    if not getattr(dataset, "cache_files", None):
        return dataset
    import pyarrow as pa  # noqa: PLC0415 - slow to import

    # What Arrow took to convert a source stays with it unused, some tens of megabytes.
    pa.default_memory_pool().release_unused()
    return Mapped(dataset)


class Mapped:
    """A `datasets.Dataset` on disk.

    Its pages count as memory of this process as long as they are mapped, whether they are needed again or not: each
    reading therefore maps it anew, and again every so many rows.

    Args:
        dataset: It lies on disk, and is held here by the names of its files.

    Attributes:
        column_names: Of its columns.
        fingerprint: Stands for its rows as they are now, in any process; where it is another, they may still be the same.
    """

    def __init__(self, dataset: Any) -> None:
        self._packed = pickle.dumps(dataset)
        self.fingerprint = _fingerprint(dataset)
        self._length = len(dataset)
        self.column_names = list(dataset.column_names)

    def __len__(self) -> int:
        """How many rows it has."""
        return self._length

    def slices(self, start: int, stop: int, size: int) -> Iterator[dict[str, list[Any]]]:
        """Yield the columns of the rows from `start` to `stop`, `size` rows at a time."""
        at_once = max(1, _ROWS_AT_ONCE // size) * size
        for first in range(start, stop, at_once):
            dataset = pickle.loads(self._packed)  # noqa: S301 - packed above
            last = min(first + at_once, stop)
            for at in range(first, last, size):
                yield dataset[at : min(at + size, last)]
            del dataset


def _fingerprint(dataset: Any) -> str:
    """Return 32 hexadecimal digits of where a dataset comes from, how it is given, and its files as they are."""
    files = [Path(file["filename"]) for file in dataset.cache_files]
    states = [(str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    # https://huggingface.co/docs/datasets/about_cache#the-fingerprint (November 2026)
    parts = (dataset._fingerprint, sorted(dataset.format.items()), states)  # noqa: SLF001 - it has no other name
    return hashlib.blake2b(repr(parts).encode(), digest_size=16).hexdigest()
