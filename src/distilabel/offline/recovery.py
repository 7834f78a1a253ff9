"""Recovers batch jobs from a platform after the ledger was lost, so that nothing in them is paid for again."""

import hashlib
import logging
from collections.abc import Iterator
from pathlib import Path

import orjson

from distilabel.ledger.jobs import Ledger
from distilabel.offline.client import PlatformClient
from distilabel.offline.result_files import BOM
from distilabel.records import Job, JobPhase, RemoteJob, Target, parse_custom_id

__all__ = ["recover"]

_logger = logging.getLogger("distilabel.recover")


async def recover(ledger: Ledger, client: PlatformClient) -> list[Job]:
    """Adopt every job on a platform that carries our tag and that the ledger does not know.

    Their requests are read from the jobs' input files, or, if these are gone, from the results, whose custom_ids name them.
    The next run of the pipeline draws from them and collects the answers.

    Args:
        ledger: A new one, or one that lacks some jobs.
        client: The platform.
    """
    run_id = ledger.begin_run("recover")
    recovered = []
    found = await client.transport.run(client.provider.find(None))
    unread = [remote for remote in found.doubtful if not ledger.jobs.knows(*_at(client), remote)]
    for remote in found.ours:
        if not remote.was_run or ledger.jobs.knows(*_at(client), remote):
            continue
        if job := await _recover_one(ledger, client, remote, run_id):
            recovered.append(job)
        elif remote.phase is JobPhase.RUNNING:
            unread.append(remote)
    if unread:
        _logger.warning(
            "Batch jobs of this account that are still running: %d. The platform shows only when they have ended what is in them: "
            "recover again then, before the pipeline runs, or their requests are paid for again.",
            len(unread),
        )
    return recovered


def _at(client: PlatformClient) -> tuple[str, str]:
    return client.provider.name, client.base_url


async def _recover_one(ledger: Ledger, client: PlatformClient, remote: RemoteJob, run_id: int) -> Job | None:
    folder = ledger.folder / "jobs"
    folder.mkdir(parents=True, exist_ok=True)
    paths = await _fetched(client, remote, folder)
    try:
        count = sum(1 for _ in _requests(client, paths))
        model = remote.model or _model(client, paths)
        if not count or model is None or remote.endpoint is None:
            return None
        target = Target(client.provider.name, client.base_url, remote.endpoint, model)
        requests = _requests(client, paths)
        return ledger.jobs.recover(remote.scope or "", target, remote, requests, count, run_id)
    finally:
        for path in paths:
            path.unlink(missing_ok=True)


async def _fetched(client: PlatformClient, remote: RemoteJob, folder: Path) -> list[Path]:
    """Fetch the job's input file, or its results if that is gone."""
    # The platform chooses its ids: one may hold slashes or dots, which would lead out of the folder.
    name = f"recovering-{hashlib.sha256(remote.remote_id.encode()).hexdigest()[:32]}"
    path = folder / f"{name}-input.jsonl"
    if remote.input_file:
        fetched = await client.transport.run(client.provider.fetch(remote.input_file, path))
        if fetched:
            return [path]
    paths = []
    for kind, file in remote.files.items():
        path = folder / f"{name}-{kind}.jsonl"
        if await client.transport.run(client.provider.fetch(file, path)):
            paths.append(path)
    return paths


def _requests(client: PlatformClient, paths: list[Path]) -> Iterator[tuple[str, int, bytes]]:
    """Yield key, sample and body of each request of ours; the body is empty if only its answer is known."""
    for path in paths:
        with path.open("rb") as lines:
            for number, raw in enumerate(lines):
                line = raw if number else raw.removeprefix(BOM)
                asked = client.provider.decode_request(line)
                name = parse_custom_id(asked[0] if asked else client.provider.decode(line).custom_id or "")
                if name is not None:
                    yield *name, asked[1] if asked else b""


def _model(client: PlatformClient, paths: list[Path]) -> str | None:
    for _, _, body in _requests(client, paths):
        model = orjson.loads(body).get("model") if body else None
        return model if isinstance(model, str) else None
    return None
