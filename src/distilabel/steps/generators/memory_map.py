"""A dataset on disk that is mapped into memory only while it is read (mmap)."""

import hashlib
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

__all__ = ["MemoryMappedDataset", "memory_map"]

_ROWS_AT_ONCE = 50_000


def memory_map(dataset: Any) -> Any:
    """Wrap a dataset on disk, so that it is mapped only while it is read; return any other unchanged."""
    if not getattr(dataset, "cache_files", None):
        return dataset
    import pyarrow as pa  # noqa: PLC0415 - slow to import

    # Arrow keeps the memory of the conversion, some tens of megabytes, although nothing uses it.
    pa.default_memory_pool().release_unused()
    return MemoryMappedDataset(dataset)


class MemoryMappedDataset:
    """A `datasets.Dataset` on disk.

    Mapped pages count as memory of this process, even when nothing needs them any more. So each read maps the dataset
    again, and repeats that after a fixed number of rows.

    Args:
        dataset: A dataset on disk; this object keeps only the names of its files.

    Attributes:
        column_names: The names of its columns.
        fingerprint: Identifies the current rows, in any process. Equal fingerprints mean equal rows; different ones do
            not always mean different rows.
    """

    def __init__(self, dataset: Any) -> None:
        self._packed = pickle.dumps(dataset)
        self.fingerprint = _fingerprint(dataset)
        self._length = len(dataset)
        self.column_names = list(dataset.column_names)

    def __len__(self) -> int:
        """The number of rows."""
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
    """Return 32 hexadecimal digits for a dataset's origin, its format, and the state of its files."""
    files = [Path(file["filename"]) for file in dataset.cache_files]
    states = [(str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    # https://huggingface.co/docs/datasets/about_cache#the-fingerprint (November 2026)
    parts = (dataset._fingerprint, sorted(dataset.format.items()), states)  # noqa: SLF001 - it has no other name
    return hashlib.blake2b(repr(parts).encode(), digest_size=16).hexdigest()
