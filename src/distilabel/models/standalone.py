"""Offline batches of a model that is used outside a pipeline."""

import hashlib
import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from filelock import BaseFileLock, FileLock, Timeout

from distilabel._files import cache_folder
from distilabel.events import DispatcherIdle, Event, RunFailed
from distilabel.exceptions import DistilabelOfflineBatchGenerationNotFinishedException
from distilabel.ledger.store import Ledger
from distilabel.offline.client import ModelClient
from distilabel.offline.dispatcher import Dispatcher
from distilabel.offline.result_files import Reader
from distilabel.offline.session import Answer, Session, asking

__all__ = ["Collected", "collect"]

_SCOPE = "llm"  # of embedding models too: folders that exist have it


@dataclass(frozen=True, slots=True)
class Collected:
    """What there is by now, in the order of the inputs, and the ids of the jobs."""

    answers: list[Answer | None]
    jobs_ids: tuple[str, ...]

    def complete(self) -> list[Answer]:
        """Return the answers.

        Raises:
            DistilabelOfflineBatchGenerationNotFinishedException: Some are still to come.
        """
        present = [answer for answer in self.answers if answer is not None]
        if len(present) < len(self.answers):
            raise DistilabelOfflineBatchGenerationNotFinishedException(jobs_ids=self.jobs_ids)
        return present


def collect(client: ModelClient, bodies: Sequence[bytes], jobs_ids: Sequence[str]) -> Collected:
    """Draw replies from the ledger in the default cache folder; submit what is missing, collect what has ended.

    The same inputs always get the same answers. Blocks until done where the client polls; an interrupt ends the wait.

    Args:
        client: Where the requests go.
        bodies: Their canonical bodies.
        jobs_ids: Jobs that hold them already, from an earlier call on another machine.
    """
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(FileLock(folder / "llm.lock")):
        ledger = Ledger(folder)
        try:
            return _Collection(ledger, client, bodies).collect(jobs_ids)
        finally:
            ledger.close()


@contextmanager
def _alone(lock: BaseFileLock) -> Iterator[None]:
    """Hold a lock; say so where another process must be waited for."""
    try:
        lock.acquire(timeout=0)
    except Timeout:
        text = (
            "Another process is asking by batch outside a pipeline in the same cache folder: waiting for it."
        )
        logging.getLogger("distilabel.models").warning(text)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


class _Collection:
    """One call: a run of the ledger's of its own."""

    def __init__(self, ledger: Ledger, client: ModelClient, bodies: Sequence[bytes]) -> None:
        self._ledger = ledger
        self._client = client
        self._bodies = bodies
        self._asker = hashlib.blake2b(b"\n".join(bodies), digest_size=16).hexdigest()
        self._quiet = threading.Event()
        self._error: Exception | None = None
        run_id = ledger.begin_run(_SCOPE)
        self._dispatcher = Dispatcher(ledger, run_id, self._hear, eager=False)
        self._reader = Reader(ledger.folder)
        self._session = Session(ledger, self._dispatcher, self._reader, _SCOPE, run_id)

    def collect(self, jobs_ids: Sequence[str]) -> Collected:
        try:
            answers = self._ask()
            for remote_id in jobs_ids:
                self._adopt(remote_id)
            self._go_on()
            while self._client.poll_interval is not None and None in answers:
                answers = self._ask()
                self._go_on()
            return Collected(self._ask(), self._jobs_ids(jobs_ids))
        except KeyboardInterrupt:
            return Collected([None] * len(self._bodies), self._jobs_ids(jobs_ids))
        finally:
            self._dispatcher.stop()
            self._reader.close()

    def _jobs_ids(self, given: Sequence[str]) -> tuple[str, ...]:
        """Return the jobs that hold these inputs, and those given that were not looked into yet."""
        known = {job.remote_id for job in self._ledger.jobs.of_scope(_SCOPE)}
        unlooked = (name for name in given if name not in known)
        return (*self._ledger.jobs.remote_ids_of(_SCOPE, self._asker), *unlooked)

    def _ask(self) -> list[Answer | None]:
        with asking(self._asker):
            return self._session.ask(self._client, self._bodies)

    def _adopt(self, remote_id: str) -> None:
        self._go_on(submit=False)
        self._dispatcher.adopt(_SCOPE, self._client, remote_id)
        self._go_on(submit=False)

    def _go_on(self, *, submit: bool = True) -> None:
        """Wait until nothing is under way; submit what is wanted whenever nothing moves."""
        while self._error is None:
            if submit and self._dispatcher.resting:
                self._dispatcher.flush()
            if not self._dispatcher.busy:
                break
            self._quiet.wait(0.1)
            self._quiet.clear()
        if self._error is not None:
            raise self._error

    def _hear(self, event: Event) -> None:
        if isinstance(event, RunFailed):
            self._error = event.error
        if isinstance(event, RunFailed | DispatcherIdle):
            self._quiet.set()
