"""The folder of one pipeline: the paths of its files, and the lock that lets only one run use it."""

import contextlib
import os
import shutil
from pathlib import Path
from secrets import token_hex

from filelock import FileLock, Timeout

from distilabel._files import unusable, writing
from distilabel.exceptions import DistilabelRunningError

__all__ = ["Workspace"]

_FIRST_SAMPLE = "first_sample"


class Workspace:
    """`<cache folder>/<pipeline name>`, locked by one run at a time.

    Args:
        cache: The cache folder, which also holds the ledger of all its pipelines.
        pipeline: The pipeline's name.
        use_cache: False gives the run its own chunks, which are removed when it ends. If it was not complete and had
            submitted batch jobs, they stay: the next run without the cache continues it.
        dry: Whether the run's chunks are removed in any case.

    Attributes:
        has_unfinished: Whether there is a run without the cache that was not complete.
        continues: Whether this run continues it.
        complete: Whether the run is complete; set before `release`.

    Raises:
        DistilabelRunningError: Another run, of this process or another one, holds the lock.
        DistilabelCacheError: The folder cannot be written.
    """

    def __init__(self, cache: Path, pipeline: str, *, use_cache: bool, dry: bool = False) -> None:
        self.cache = cache
        self.complete = False
        self.folder = cache / pipeline
        self._pipeline = pipeline
        self._lock = FileLock(self.folder / "run.lock", timeout=0)
        self._holder = self.folder / "run.pid"
        self._acquire()
        self._runs = self.folder / "runs"
        self._unfinished = self._runs / "unfinished"
        self._own = self._runs / token_hex(8) if dry else None if use_cache else self._unfinished
        self.has_unfinished = (self._unfinished / _FIRST_SAMPLE).exists()
        self.continues = self.has_unfinished and self._own == self._unfinished
        if self._own is not None and not self.continues:
            shutil.rmtree(self._own, ignore_errors=True)

    @property
    def work(self) -> Path:
        """The folder of this run's chunks and routes."""
        return self._own or self.folder

    def first_sample(self, next_sample: int) -> int:
        """Return the number of the first sample in the ledger that steps which do not use the cache may use.

        Args:
            next_sample: The number of the next new sample. It is kept until such a run is complete, so that a run that
                continues it uses the same samples.
        """
        path = self.work / _FIRST_SAMPLE
        with writing(self.work):
            kept = int(path.read_text() or 0) if path.exists() else None
            # The number that was kept is too large if the ledger was lost meanwhile.
            first = next_sample if kept is None else min(kept, next_sample)
            if first != kept:
                self.work.mkdir(parents=True, exist_ok=True)
                path.write_text(str(first))
        return first

    @property
    def output(self) -> Path:
        """The folder of finished rows, as Parquet and Arrow."""
        return self.folder / "output"

    @property
    def log(self) -> Path:
        """The log of all runs."""
        return self.folder / "pipeline.log"

    @property
    def config(self) -> Path:
        """The pipeline of the last run, as YAML."""
        return self.folder / "pipeline.yaml"

    @property
    def artifacts(self) -> Path:
        """The folder of the steps' artifacts."""
        return self.folder / "artifacts"

    def release(self) -> None:
        """Release the folder."""
        if self.complete:
            (self.work / _FIRST_SAMPLE).unlink(missing_ok=True)
        for folder in self._runs.iterdir() if self._runs.exists() else ():  # also those of killed dry runs
            if not (folder == self._unfinished and (folder / _FIRST_SAMPLE).exists()):
                shutil.rmtree(folder, ignore_errors=True)
        with contextlib.suppress(OSError):
            self._runs.rmdir()
        self._holder.unlink(missing_ok=True)
        self._lock.release()

    def _acquire(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock.acquire()
            self._holder.write_text(str(os.getpid()))
        except Timeout:
            raise DistilabelRunningError(
                f"Pipeline {self._pipeline!r} is running already (process {self._holding()}): wait until it is done, or stop "
                "it with Ctrl+C. If that process is another program, give this pipeline another name: Pipeline(name=...). "
                "This run submitted nothing."
            ) from None
        except OSError as error:
            raise unusable(self.folder, error) from error

    def _holding(self) -> str:
        with contextlib.suppress(OSError):
            return self._holder.read_text()
        return "unknown"
