"""The platform's books: every line that it ran, by content, on disk beside the platform's own folder."""

import hashlib
import json
import re
import threading
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Books", "Entry", "answer_to", "as_number"]


def as_number(prompt: str) -> int:
    """Return the number that a prompt of ours carries, as in `#12`; -1 for one that has none."""
    found = re.search(r"#(\d+)", prompt)
    return int(found[1]) if found else -1


def answer_to(prompt: str, sample: str) -> str:
    """Return the one right answer to a sample of a prompt: it quotes the prompt, and no other has the same."""
    digest = hashlib.sha256(f"{sample}\0{prompt}".encode("utf-8", "surrogatepass")).hexdigest()
    return f"[{digest[:24]}/{sample}] about {prompt[:60]!r}"


@dataclass(frozen=True)
class Entry:
    """What was asked: the content of a line, which sample of it, and the model and prompt that it belongs to."""

    key: str
    number: int
    sample: str
    pool: tuple[str, str]


class Books:
    """Counts what was run and paid for, and which answers the platform itself lost.

    Args:
        path: A file that gets one line of JSON for each event.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8")
        self._lock = threading.Lock()
        self._entries: dict[str, Entry] = {}
        self._asked: Counter[str] = Counter()
        self._paid: Counter[str] = Counter()
        self._lost: defaultdict[str, set[int]] = defaultdict(set)
        self._online: Counter[tuple[str, str]] = Counter()
        self.calls: Counter[str] = Counter()
        self.times: list[tuple[str, float]] = []
        self.followed = 0

    def run(self, custom_id: str, body: Any) -> tuple[Entry, int]:
        """Note that a line is run; return what it asks, and its occurrence number."""
        with self._lock:
            entry = self._entries.setdefault(custom_id, self._entry(custom_id, body))
            self._asked[entry.key] += 1
            attempt = self._asked[entry.key]
            self._write("run", custom_id=custom_id, number=entry.number, attempt=attempt)
        return entry, attempt

    def pay(self, custom_id: str) -> None:
        """Note that a line was answered, and is paid for."""
        with self._lock:
            self._paid[self._entries[custom_id].key] += 1
            self._write("paid", custom_id=custom_id)

    def lose(self, custom_id: str, attempt: int | None = None) -> None:
        """Note that the platform lost the answer of one attempt, by default the last, if there was one."""
        with self._lock:
            entry = self._entries[custom_id]
            if not self._paid[entry.key]:
                return
            self._lost[entry.key].add(attempt or self._asked[entry.key])
            self._write("lost", custom_id=custom_id, number=entry.number, attempt=attempt)

    def call(self, name: str, at: float) -> int:
        """Note an HTTP call; return its occurrence number."""
        with self._lock:
            self.calls[name] += 1
            self.times.append((name, at))
            return self.calls[name]

    def follow(self) -> None:
        """Note that somebody came to an address that only a redirect names."""
        with self._lock:
            self.followed += 1

    def lines_paid(self) -> int:
        """Return how many lines were paid for."""
        return sum(self._paid.values())

    def lost(self) -> int:
        """Return how many paid answers the platform lost."""
        return sum(self._lost_of(key) for key in self._lost)

    def paid_twice(self, rows: Counter[str]) -> int:
        """Return how many lines were paid for although they had been paid for, and their answers were not lost.

        Args:
            rows: How many rows have each prompt. A line asked twice under one name counts, and so does one line more
                than there are rows.
        """
        twice = sum(max(0, paid - self._lost_of(key) - 1) for key, paid in self._paid.items())
        pools: Counter[tuple[str, str]] = Counter()
        for entry in {entry.key: entry for entry in self._entries.values()}.values():
            pools[entry.pool] += self._paid[entry.key] - self._lost_of(entry.key)
        return max(twice, sum(max(0, paid - rows[pool[1]]) for pool, paid in pools.items()))

    def most_asked(self) -> int:
        """Return how often the line was run that was run most often."""
        return max(self._asked.values(), default=0)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _lost_of(self, key: str) -> int:
        return min(len(self._lost[key]), self._paid[key]) if key in self._lost else 0

    def _entry(self, custom_id: str, body: Any) -> Entry:
        prompt = body["messages"][-1]["content"]
        pool = (body["model"], prompt)
        sample = custom_id.split("-")[1]
        if custom_id.startswith("online-"):
            sample = f"online{self._online[pool]}"
            self._online[pool] += 1
        content = json.dumps([body, sample], sort_keys=True)
        return Entry(hashlib.sha256(content.encode()).hexdigest(), as_number(prompt), sample, pool)

    def _write(self, what: str, **facts: Any) -> None:
        self._file.write(json.dumps({"what": what, **facts}) + "\n")
        self._file.flush()
