"""The run of one batch: asking its requests, and ending it in one of the ways a batch can end."""

import asyncio
import logging
from collections.abc import Callable, Iterator

from distilabel.server.answering import Answer
from distilabel.server.batch_rules import DAY, Request, read_request
from distilabel.server.errors import error_body
from distilabel.server.records import Batch, File, Status
from distilabel.server.results import Reply, Results
from distilabel.server.settings import Settings
from distilabel.server.store import Store
from distilabel.server.time_slice import TimeSlice

LOOK_EVERY = 0.02
CHECKPOINT_EVERY = 0.2
# OpenAI deletes the output of a batch after 30 days: https://platform.openai.com/docs/guides/batch
OUTPUT_SECONDS = 30 * DAY

log = logging.getLogger(__name__)


class Run:
    """One batch past validation, with its part files open."""

    def __init__(
        self, settings: Settings, store: Store, batch: Batch, results: Results, clock: Callable[[], float]
    ) -> None:
        self._settings = settings
        self._store = store
        self._batch = batch
        self._results = results
        self._clock = clock
        self._halted = asyncio.Event()
        self._taken = 0

    async def ask(self, answer: Answer) -> None:
        """In_progress: ask what has no answer yet; ends in finalizing or expired, or gives way to a cancel."""
        try:
            await self._ask_all(answer)
        finally:
            # Also when the server stops: answers that were paid for upstream are not asked for again.
            status = self._results.checkpoint()
        if status is not Status.IN_PROGRESS:
            return
        if self._results.all_in(self._batch.total):
            self._store.finalize(self._batch.id, self._clock())
        else:
            await self._abandon("batch_expired")
            self._settle(Status.EXPIRED)

    async def complete(self) -> None:
        """Finalizing -> completed."""
        self._settle(Status.COMPLETED)

    async def cancel(self) -> None:
        """Cancelling -> cancelled; requests without an answer are named in the error file."""
        if self._batch.in_progress_at is not None:
            await self._abandon("batch_cancelled")
        self._settle(Status.CANCELLED)

    async def _ask_all(self, answer: Answer) -> None:
        requests = self._unanswered()
        async with asyncio.TaskGroup() as group:
            watch = group.create_task(self._watch())
            async with asyncio.TaskGroup() as lanes:
                for _ in range(self._settings.concurrency):
                    lanes.create_task(self._lane(requests, answer))
            watch.cancel()

    def _unanswered(self) -> Iterator[Request]:
        finished = self._results.finished()
        self._taken = len(finished)
        with self._store.path(self._batch.input_file_id).open("rb") as lines:
            for line in lines:
                request = read_request(line, self._batch.endpoint)
                if request.mark not in finished:
                    self._taken += 1
                    yield request

    async def _lane(self, requests: Iterator[Request], answer: Answer) -> None:
        turn = TimeSlice()
        for request in requests:
            await self._pace()
            if self._halted.is_set():
                return
            self._results.add(await _reply(request, self._batch.endpoint, answer))
            await turn.hand_on()

    async def _pace(self) -> None:
        if not self._settings.delay:
            return
        begun = self._batch.in_progress_at or self._clock()
        pause = begun + self._settings.delay * self._taken / self._batch.total - self._clock()
        if pause > 0 and not self._halted.is_set():
            try:
                await asyncio.wait_for(self._halted.wait(), pause)
            except TimeoutError:
                return

    async def _watch(self) -> None:
        due = self._clock() + CHECKPOINT_EVERY
        while not self._halted.is_set():
            now = self._clock()
            status = self._results.checkpoint() if now >= due else self._store.status(self._batch.id)
            if now >= due:
                due = now + CHECKPOINT_EVERY
            if status is not Status.IN_PROGRESS or now >= self._batch.expires_at:
                self._halted.set()
                return
            await asyncio.sleep(LOOK_EVERY)

    async def _abandon(self, code: str) -> None:
        turn = TimeSlice()
        for request in self._unanswered():
            self._results.add(Reply(request.custom_id, never_run=code))
            await turn.hand_on()
        self._results.checkpoint()

    def _settle(self, target: Status) -> None:
        now = self._clock()
        tally = self._results.tally
        files = {
            "output": self._file(self._batch.output_part, "output", tally.output_bytes, now),
            "error": self._file(self._batch.error_part, "error", tally.error_bytes, now),
        }
        self._store.settle(self._batch, target, files, now)

    def _file(self, file_id: str, name: str, size: int, now: float) -> File | None:
        if not size:
            return None
        seconds = self._batch.output_seconds or OUTPUT_SECONDS
        filename = f"{self._batch.id}_{name}.jsonl"
        return File(0, file_id, filename, "batch_output", size, now, now + seconds)


async def _reply(request: Request, endpoint: str, answer: Answer) -> Reply:
    if request.body.get("stream"):
        refused = error_body("A request of a batch cannot be streamed.", param="stream", code="invalid_value")
        return Reply(request.custom_id, 400, refused)
    try:
        status, body = await answer(endpoint, request.body, request.custom_id)
    except Exception as error:
        log.exception("the request %s met an error of the platform", request.custom_id)
        status, body = 500, error_body(f"The server had an error: {error!r}", kind="server_error")
    return Reply(request.custom_id, status, body)
