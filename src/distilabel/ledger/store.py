"""The ledger in one folder: its samples, and the batch jobs that carry them."""

from collections.abc import Callable
from pathlib import Path
from time import time

from distilabel.ledger.database import Database
from distilabel.ledger.jobs import JobLedger
from distilabel.ledger.samples import SamplePool

__all__ = ["Ledger"]


class Ledger:
    """The ledger in one folder: `ledger.db`, and below `jobs/` the files of each job.

    Safe to use from several threads, and from several processes at once. Moves of jobs are on disk before the call
    returns. Draws do not wait for the disk, since nothing has been paid for yet.

    Args:
        folder: Made where it is missing.
        clock: Gives the time in seconds since 1970.

    Attributes:
        database: The connection that `samples` and `jobs` share.
        samples: What is asked, and what each answer is.
        jobs: The batch jobs.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time) -> None:
        self.folder = folder
        self.database = Database(folder, clock)
        self.samples = SamplePool(self.database)
        self.jobs = JobLedger(self.database)

    def begin_run(self, name: str) -> int:
        """Record that a run begins and return its number."""
        with self.database.transaction(durable=False):
            return int(self.database.one("begin_run", name=name, now=self.database.clock())[0])

    def close(self) -> None:
        """Close the database; the ledger cannot be used after."""
        self.database.close()
