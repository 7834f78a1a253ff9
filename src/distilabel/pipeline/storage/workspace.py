"""The folder of one pipeline: the paths of its files, and the lock that lets only one run use it."""

import contextlib
import os
import shutil
from pathlib import Path
from secrets import token_hex

from filelock import FileLock, Timeout

from distilabel._files import unusable
from distilabel.exceptions import DistilabelRunningError

__all__ = ["Workspace"]


class Workspace:
    """`<cache folder>/<pipeline name>`, locked by one run at a time.

    Args:
        cache: The cache folder, which also holds the ledger of all its pipelines.
        pipeline: The pipeline's name.
        use_cache: False gives the run its own chunks, which are removed when it ends.

    Raises:
        DistilabelRunningError: Another run, of this process or another one, holds the lock.
        DistilabelCacheError: The folder cannot be written.
    """

    def __init__(self, cache: Path, pipeline: str, *, use_cache: bool) -> None:
        self.cache = cache
        self.folder = cache / pipeline
        self._pipeline = pipeline
        self._lock = FileLock(self.folder / "run.lock", timeout=0)
        self._holder = self.folder / "run.pid"
        self._acquire()
        self._own = None if use_cache else self.folder / "runs" / token_hex(8)

    @property
    def work(self) -> Path:
        """The folder of this run's chunks and routes."""
        return self._own or self.folder

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
        shutil.rmtree(self.folder / "runs", ignore_errors=True)  # also those of killed runs
        self._holder.unlink(missing_ok=True)
        self._lock.release()

    def _acquire(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock.acquire()
            self._holder.write_text(str(os.getpid()))
        except Timeout:
            raise DistilabelRunningError(
                f"Pipeline {self._pipeline!r} is running already (process {self._holding()}): wait until it is done, stop "
                "it with Ctrl+C, or give this run another cache_dir. This run submitted nothing."
            ) from None
        except OSError as error:
            raise unusable(self.folder, error) from error

    def _holding(self) -> str:
        with contextlib.suppress(OSError):
            return self._holder.read_text()
        return "unknown"
