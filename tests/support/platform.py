"""The embedded platform with books: what it was sent to run, by content, whoever asks."""

import asyncio
import json
import sqlite3
import threading
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from distilabel.server import Parts, Settings, create_app, running
from distilabel.server.toy_model import endpoints as toy

_PATIENCE = 300


@dataclass(frozen=True)
class Platform:
    """A running platform: its address, what it was given, and the gate that its answers go through."""

    url: str
    folder: Path
    gate: threading.Event = field(default_factory=threading.Event)

    def batches(self) -> list[dict[str, Any]]:
        """Return every batch that was created, oldest first."""
        import openai

        with openai.OpenAI(base_url=self.url, api_key="sk-books") as client:
            return [batch.to_dict() for batch in client.batches.list(limit=100)][::-1]

    def wait(self) -> None:
        """Open the gate, and wait until every batch is over."""
        from time import monotonic, sleep

        self.gate.set()
        deadline = monotonic() + _PATIENCE
        while any(
            batch["status"] not in ("completed", "failed", "expired", "cancelled") for batch in self.batches()
        ):
            assert monotonic() < deadline, "the platform's batches do not end"
            sleep(0.02)

    def lines(self) -> list[dict[str, Any]]:
        """Return every request line of every batch."""
        import openai

        with openai.OpenAI(base_url=self.url, api_key="sk-books") as client:
            files = [batch["input_file_id"] for batch in self.batches()]
            texts = [client.files.content(file).content for file in files]
        return [json.loads(line) for text in texts for line in text.split(b"\n") if line]

    def prompts(self) -> Counter[str]:
        """Count how often each prompt was sent to be run."""
        return Counter(line["body"]["messages"][-1]["content"] for line in self.lines())

    def environment(self, cache: Path) -> dict[str, str]:
        """Return the environment in which a process uses this platform."""
        return {
            "OPENAI_BASE_URL": self.url,
            "OPENAI_API_KEY": "sk-test-5up3r-53cr3t",
            "DISTILABEL_CACHE_DIR": str(cache),
            "HF_HUB_OFFLINE": "1",
        }


@contextmanager
def platform(folder: Path, **settings: Any) -> Iterator[Platform]:
    """Run a platform in this process."""
    with running(Settings(folder=folder, **settings)) as url:
        yield Platform(url, folder)


@contextmanager
def held_platform(folder: Path, **settings: Any) -> Iterator[Platform]:
    """Run a platform in this process whose batches get no answer before its gate is opened."""
    gate = threading.Event()

    async def answer(*asked: Any) -> Any:
        while not gate.is_set():  # noqa: ASYNC110 - it is opened by a thread, and awaited in several loops
            await asyncio.sleep(0.005)
        return await toy.answer(*asked)

    @asynccontextmanager
    async def open_answer(_settings: Settings) -> AsyncIterator[Any]:
        yield answer

    def app(chosen: Settings) -> Any:
        return create_app(chosen, Parts(open_answer=open_answer))

    with running(Settings(folder=folder, **settings), app=app) as url:
        try:
            yield Platform(url, folder, gate)
        finally:
            gate.set()


def ledger_rows(cache: Path, sql: str) -> list[tuple[Any, ...]]:
    """Ask the ledger in a cache folder."""
    with sqlite3.connect(cache / "ledger.db") as connection:
        rows = connection.execute(sql).fetchall()
    connection.close()
    return rows
