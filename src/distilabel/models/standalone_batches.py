"""Batch jobs of a model outside a pipeline."""

import hashlib
import logging
import threading
from collections.abc import Sequence

from filelock import FileLock, Timeout

from distilabel._files import cache_folder
from distilabel.events import DispatcherIdle, Event, RunFailed
from distilabel.ledger.jobs import Ledger
from distilabel.offline.client import ModelClient
from distilabel.offline.dispatcher import Dispatcher
from distilabel.offline.result_files import Reader
from distilabel.offline.session import Answer, Session, asking

__all__ = ["collect_answers"]

_SCOPE = "llm"  # also of embedding models: existing ledgers have this name


def collect_answers(
    client: ModelClient, bodies: Sequence[bytes], jobs_ids: Sequence[str]
) -> tuple[list[Answer | None], tuple[str, ...]]:
    """Submit requests in batch jobs outside a pipeline, and collect the responses.

    The ledger in the default cache folder keeps the responses, so that the same requests always get the same answers.
    If the client has a poll interval, the call blocks until all answers are there, or until it is interrupted.

    Args:
        client: Sends the requests.
        bodies: The canonical bodies of the requests.
        jobs_ids: The ids of jobs that an earlier call, perhaps on another machine, submitted for these requests.

    Returns:
        The answers in the order of the requests, None for each that is not there yet; and the ids of the jobs.
    """
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / "llm.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        logging.getLogger("distilabel.models").warning(
            "Waiting for another process that uses batch jobs outside a pipeline in the same cache folder."
        )
        lock.acquire()
    try:
        ledger = Ledger(folder)
        try:
            return _Collection(ledger, client, bodies).collect(jobs_ids)
        finally:
            ledger.close()
    finally:
        lock.release()


class _Collection:
    """One call of `collect_answers`; the ledger records it as one run."""

    def __init__(self, ledger: Ledger, client: ModelClient, bodies: Sequence[bytes]) -> None:
        self._ledger = ledger
        self._client = client
        self._bodies = bodies
        self._asker = hashlib.blake2b(b"\n".join(bodies), digest_size=16).hexdigest()
        self._idle = threading.Event()
        self._error: Exception | None = None
        run_id = ledger.begin_run(_SCOPE)
        self._dispatcher = Dispatcher(ledger, run_id, self._on_event, eager=False)
        self._reader = Reader(ledger.folder)
        self._session = Session(ledger, self._dispatcher, self._reader, _SCOPE, run_id)

    def collect(self, jobs_ids: Sequence[str]) -> tuple[list[Answer | None], tuple[str, ...]]:
        try:
            answers = self._ask()
            for remote_id in jobs_ids:
                self._wait_until_idle(submit=False)
                self._dispatcher.adopt(_SCOPE, self._client, remote_id)
                self._wait_until_idle(submit=False)
            self._wait_until_idle()
            while self._client.poll_interval is not None and None in answers:
                answers = self._ask()
                self._wait_until_idle()
            return self._ask(), self._jobs_ids(jobs_ids)
        except KeyboardInterrupt:
            return [None] * len(self._bodies), self._jobs_ids(jobs_ids)
        finally:
            self._dispatcher.stop()
            self._reader.close()

    def _jobs_ids(self, given: Sequence[str]) -> tuple[str, ...]:
        """Return the ids of jobs with these requests, and given ids unknown to the ledger."""
        known = {job.remote_id for job in self._ledger.jobs.of_scope(_SCOPE)}
        unknown = (name for name in given if name not in known)
        return (*self._ledger.jobs.remote_ids_of(_SCOPE, self._asker), *unknown)

    def _ask(self) -> list[Answer | None]:
        with asking(self._asker):
            return self._session.ask(self._client, self._bodies)

    def _wait_until_idle(self, *, submit: bool = True) -> None:
        """Wait until the dispatcher is idle; each time it rests, submit what remains."""
        while self._error is None:
            if submit and self._dispatcher.resting:
                self._dispatcher.flush()
            if not self._dispatcher.busy:
                break
            self._idle.wait(0.1)
            self._idle.clear()
        if self._error is not None:
            raise self._error

    def _on_event(self, event: Event) -> None:
        if isinstance(event, RunFailed):
            self._error = event.error
        if isinstance(event, RunFailed | DispatcherIdle):
            self._idle.set()
