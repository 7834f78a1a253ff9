"""The folder of one pipeline: where its chunks, log, output and lock lie, and that only one process uses it."""

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
    """`<cache folder>/<pipeline name>`, held by one run at a time.

    Args:
        cache: The cache folder; the ledger of all its pipelines lies in it.
        pipeline: The pipeline's name.
        use_cache: False gives the run chunks of its own, which go when it ends.

    Raises:
        DistilabelRunningError: Another process, or another run of this one, holds it.
        DistilabelCacheError: It cannot be written.
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
        """Where the chunks and routes of this run lie."""
        return self._own or self.folder

    @property
    def output(self) -> Path:
        """Where finished rows lie, as Parquet."""
        return self.folder / "output"

    @property
    def log(self) -> Path:
        """The log of all runs."""
        return self.folder / "pipeline.log"

    @property
    def config(self) -> Path:
        """The pipeline as it ran last, as YAML."""
        return self.folder / "pipeline.yaml"

    @property
    def artifacts(self) -> Path:
        """Where steps leave their artifacts."""
        return self.folder / "artifacts"

    def leave(self) -> None:
        """Let the folder go."""
        shutil.rmtree(self.folder / "runs", ignore_errors=True)  # with those of runs that were killed
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
                "it with Ctrl+C, or give this run another cache_dir. Nothing was submitted by this one."
            ) from None
        except OSError as error:
            raise unusable(self.folder, error) from error

    def _holding(self) -> str:
        with contextlib.suppress(OSError):
            return self._holder.read_text()
        return "unknown"
