"""Sends to the realtime endpoint what a batch job has left unanswered at its deadline."""

import asyncio
import os
from itertools import islice
from pathlib import Path

from distilabel._files import writing
from distilabel.exceptions import DistilabelAccountError
from distilabel.ledger.jobs import Ledger
from distilabel.offline.client import ModelClient
from distilabel.offline.result_files import index
from distilabel.providers.base import send_online
from distilabel.records import Failure, Job, custom_id

__all__ = ["ask_online"]

_AT_ONCE = 64


async def ask_online(ledger: Ledger, client: ModelClient, job: Job) -> None:
    """Send what a job left unanswered, request by request; each answer is on disk before it is used."""
    path = ledger.jobs.folder(job) / "online.jsonl"
    ledger.jobs.add_file(job, "online", path)
    await asyncio.to_thread(index, ledger, client.provider, job)
    rest = ledger.jobs.lines(job)
    while some := list(islice(rest, _AT_ONCE)):
        outcomes = await asyncio.gather(
            *(_asked(client, job, *request) for request in some), return_exceptions=True
        )
        # Answers are paid for: they are on disk before an error ends the run.
        await asyncio.to_thread(_append, path, [line for line in outcomes if isinstance(line, bytes)])
        if failed := next((error for error in outcomes if isinstance(error, BaseException)), None):
            raise failed
    await asyncio.to_thread(index, ledger, client.provider, job)


async def _asked(client: ModelClient, job: Job, key: str, sample: int, body: bytes) -> bytes:
    response = await client.transport.run(send_online(client.provider, job.target, body))
    # Raises if the fault concerns all requests, such as a revoked key.
    outcome = client.provider.read_response(response)
    if isinstance(outcome, Failure) and outcome.account:
        raise DistilabelAccountError(
            f"{job.target.platform} refuses requests of this account ({outcome.code}: {outcome.message}): fix its credit, limit or "
            "access on the platform, and run again. The answers are kept, and only the rest is asked.",
            code=outcome.code,
        )
    return client.provider.encode_response(custom_id(key, sample), response)


def _append(path: Path, lines: list[bytes]) -> None:
    """Add lines to a file; a half-written line of a process that died is ended first, and later ignored as unreadable."""
    with writing(path.parent), path.open("ab+") as file:
        if file.tell():
            file.seek(-1, os.SEEK_END)
            file.writelines([] if file.read(1) == b"\n" else [b"\n"])
        file.writelines(lines)
        file.flush()
        os.fsync(file.fileno())
