"""The platform's books: every line that it ran, by content, on disk beside the platform's own folder."""

import hashlib
import json
import re
import threading
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Books", "answer_to", "number_of"]


def number_of(prompt: str) -> int:
    """Return the number that a prompt of ours carries, as in `#12`; -1 for one that has none."""
    found = re.search(r"#(\d+)", prompt)
    return int(found[1]) if found else -1


def answer_to(prompt: str, sample: str) -> str:
    """Return the one right answer to a sample of a prompt: it quotes the prompt, and no other has the same."""
    digest = hashlib.sha256(f"{sample}\0{prompt}".encode("utf-8", "surrogatepass")).hexdigest()
    return f"[{digest[:24]}/{sample}] about {prompt[:60]!r}"


@dataclass(frozen=True)
class Entry:
    """What was asked: the content of a line, and which sample of it."""

    key: str
    number: int
    sample: str


class Books:
    """Counts what was run and paid for, and which answers the platform itself lost.

    Args:
        path: A file that gets one line of JSON for each event.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8")
        self._lock = threading.Lock()
        self._entries: dict[str, Entry] = {}
        self.asked: Counter[str] = Counter()
        self.paid: Counter[str] = Counter()
        self._lost: defaultdict[str, set[int]] = defaultdict(set)
        self.calls: Counter[str] = Counter()
        self.times: list[tuple[str, float]] = []
        self.followed = 0

    def run(self, custom_id: str, body: Any, *, paid: bool) -> int:
        """Note that a line is run; return the how-manieth time it is."""
        entry = _entry(custom_id, body)
        with self._lock:
            self._entries[custom_id] = entry
            self.asked[entry.key] += 1
            self.paid[entry.key] += paid
            attempt = self.asked[entry.key]
            self._write("run", custom_id=custom_id, number=entry.number, attempt=attempt, paid=paid)
        return attempt

    def would_be(self, body: Any, custom_id: str) -> int:
        """Return the how-manieth time it would be that this line is run."""
        with self._lock:
            return self.asked[_entry(custom_id, body).key] + 1

    def lose(self, custom_id: str, attempt: int | None = None) -> None:
        """Note that the platform lost the answer of one attempt, by default the last."""
        with self._lock:
            entry = self._entries[custom_id]
            self._lost[entry.key].add(attempt or self.asked[entry.key])
            self._write("lost", custom_id=custom_id, number=entry.number, attempt=attempt)

    def call(self, name: str, at: float) -> int:
        """Note an HTTP call; return the how-manieth of its name it is."""
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
        return sum(self.paid.values())

    def lost(self) -> int:
        """Return how many paid answers the platform lost."""
        return sum(min(len(attempts), self.paid[key]) for key, attempts in self._lost.items())

    def paid_twice(self) -> int:
        """Return how many lines were paid for although an answer to them was paid for and not lost."""
        return sum(max(0, paid - len(self._lost[key]) - 1) for key, paid in self.paid.items())

    def most_asked(self) -> int:
        """Return how often the line was run that was run most often."""
        return max(self.asked.values(), default=0)

    def paid_of(self, number: int) -> int:
        """Return how many lines of a prompt were paid for."""
        keys = {entry.key for entry in self._entries.values() if entry.number == number}
        return sum(self.paid[key] for key in keys)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _write(self, what: str, **facts: Any) -> None:
        self._file.write(json.dumps({"what": what, **facts}) + "\n")
        self._file.flush()


def _entry(custom_id: str, body: Any) -> Entry:
    sample = custom_id.rpartition("-")[2]
    content = json.dumps([body, sample], sort_keys=True)
    return Entry(hashlib.sha256(content.encode()).hexdigest(), number_of(body["messages"][-1]["content"]), sample)
