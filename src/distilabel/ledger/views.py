"""Read-only views of the ledger: they never block its writer, and each query sees one consistent state."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from distilabel.exceptions import DistilabelUserError
from distilabel.ledger.database import LEDGER_NAME, connect, mapped_errors, query
from distilabel.ledger.jobs import job_of
from distilabel.records import Job

__all__ = ["JobDetails", "Views"]


@dataclass(frozen=True, slots=True)
class JobDetails:
    """A job and all that the ledger knows about it.

    Attributes:
        job: The job.
        outcomes: The number of its requests in each state.
        reasons: The number of its requests that failed for each reason.
        history: Its states and when it moved to each, in seconds since 1970.
        files: Paths of its result files, below the ledger's folder.
        anomalies: Result lines that were duplicates, under a foreign id, or unreadable.
    """

    job: Job
    outcomes: dict[str, int]
    reasons: dict[str, int]
    history: tuple[tuple[str, float], ...]
    files: tuple[str, ...]
    anomalies: int


class Views:
    """Reads the ledger in a folder.

    Args:
        folder: The cache folder.

    Raises:
        DistilabelUserError: There is no ledger yet.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / LEDGER_NAME
        if not self._path.exists():
            raise DistilabelUserError(
                f"There is no ledger in {folder}: name the cache folder with --cache-dir or DISTILABEL_CACHE_DIR."
            )

    def jobs(self) -> list[Job]:
        """Return all jobs, oldest first."""
        with self._rows("all_jobs") as rows:
            return [job_of(row) for row in rows]

    def details(self, name: str) -> JobDetails:
        """Return what is known of a job.

        Args:
            name: The platform's id, or our number.

        Raises:
            DistilabelUserError: There is no such job.
        """
        with self._rows("job_by_name", name=name) as rows:
            row = next(rows, None)
        if row is None:
            raise DistilabelUserError(f"The ledger has no job {name!r}: `distilabel jobs ls` lists them.")
        job = job_of(row)
        return JobDetails(
            job,
            self._pairs("outcomes_of_job", job.id),
            self._pairs("reasons_of_job", job.id),
            tuple(self._pairs("history_of_job", job.id).items()),
            tuple(self._pairs("paths_of_job", job.id)),
            row["anomalies"],
        )

    @contextmanager
    def lines(self, job: Job) -> Iterator[Iterator[tuple[str, int, bytes]]]:
        """Give key, sample and body of each request of a job, in the order of its lines."""
        with self._rows("all_lines_of_job", job_id=job.id) as rows:
            yield ((row["key"], row["n"], row["body"]) for row in rows)

    def _pairs(self, name: str, job_id: int) -> dict[str, Any]:
        with self._rows(name, job_id=job_id) as rows:
            return dict(tuple(row.values()) for row in rows)

    @contextmanager
    def _rows(self, name: str, /, **values: Any) -> Iterator[Iterator[dict[str, Any]]]:
        with mapped_errors(self._path):
            connection = connect(self._path, readonly=True)
            try:
                cursor = connection.execute(query(name), values)
                names = [column[0] for column in cursor.description]
                yield (dict(zip(names, row, strict=True)) for row in cursor)
            finally:
                connection.close()
