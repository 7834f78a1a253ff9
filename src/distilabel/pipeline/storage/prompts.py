"""The prompts of custom tasks, kept with the chunks: a replay asks what it asked, whatever `format_input` gives now."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

from distilabel.exceptions import DistilabelStepError
from distilabel.offline.session import difference
from distilabel.pipeline.storage.chunks import ChunkStore, content_digest, digest_of
from distilabel.steps._core.context import first_prompt
from distilabel.steps._core.mapping import ORIGIN
from distilabel.typing import Row

__all__ = ["PromptStore"]

# Names of code that reads the clock, or draws by chance: it gives another prompt in another run, if not at once.
_VARYING = frozenset(
    {
        "now", "utcnow", "today", "time", "time_ns", "localtime", "gmtime", "strftime", "ctime", "random", "randint",
        "randrange", "choice", "choices", "sample", "shuffle", "uniform", "uuid1", "uuid4", "token_hex", "urandom",
    }
)  # fmt: skip


class PromptStore:
    """The prompts of one step, in a file of the form of its chunks: one entry for each chunk.

    A prompt of an earlier run is kept too, unless `format_input` was changed: it then gives the same prompt twice, names neither
    the clock nor chance, and the prompt has other characters.

    Args:
        path: The file.
        step: The name of the step.
    """

    def __init__(self, path: Path, step: str) -> None:
        self._store = ChunkStore(path)
        self._step = step
        self._of_this_run: set[int] = set()
        self._has_warned = False

    def close(self) -> None:
        """Close the file."""
        self._store.close()

    @contextmanager
    def replayed(self, index: int, asker: str, identity: bytes) -> Iterator[Callable[[], None]]:
        """Give each row of a chunk the prompt that it had first; yield a function that stores new prompts.

        Args:
            index: The number of the chunk.
            asker: Its asker id.
            identity: That of the step.
        """
        key = digest_of(identity, asker, "prompts")
        is_kept = is_of_this_run = index in self._of_this_run
        while not is_of_this_run and self._store.reuse(index, key):
            is_kept = True  # the last entry is the newest
        prompts: dict[bytes, Any] = self._store.rows(index)[0] if is_kept else {}  # type: ignore[assignment]
        checked = set(prompts) if is_of_this_run else set[bytes]()
        new: list[bytes] = []

        def first(make: Callable[[Row], Any], row: Row) -> Any:
            place = content_digest([{name: value for name, value in row.items() if name != ORIGIN}])
            if place not in checked:
                made = make(row)
                if place not in prompts or self._is_changed(prompts[place], made, make, row):
                    prompts[place] = made
                    new.append(place)
                checked.add(place)
            return prompts[place]

        def store() -> None:
            with suppress(DistilabelStepError):  # a prompt that cannot be pickled is made again
                if new:
                    self._store.put(index, key, [prompts])  # type: ignore[list-item]
                    new.clear()
                if prompts:
                    self._of_this_run.add(index)

        token = first_prompt.set(first)
        try:
            yield store
        finally:
            first_prompt.reset(token)
            store()

    def _is_changed(self, kept: Any, made: Any, make: Callable[[Row], Any], row: Row) -> bool:
        """Decide whether the user changed how a prompt is made; warn once where it changes by itself."""
        if _digest(kept) == _digest(made):
            return False
        if (
            _VARYING.isdisjoint(_names(make))
            and _digest(make(row)) == _digest(made)
            and sorted(repr(kept)) != sorted(repr(made))  # the order of a set differs between processes
        ):
            return True
        if not self._has_warned:
            self._has_warned = True
            logging.getLogger(f"distilabel.steps.{self._step}").warning(
                "Step %r makes another prompt for a row than before: %s. The first prompt of each row is used, and paid for "
                "once. Let format_input depend on its row alone: not on the time, not on chance (use self.random), and not "
                "on the order of a set.",
                self._step,
                difference(repr(kept), repr(made)),
            )
        return False


def _digest(prompt: Any) -> bytes:
    return content_digest([{"asked": prompt}])


def _names(method: Any) -> set[str]:
    """Return the names that the code of a method uses, and the functions and methods that it calls."""
    owner, pending = type(method.__self__), [method.__func__]
    names: set[str] = set()
    seen: set[Any] = set()
    while pending:
        function = pending.pop()
        seen.add(function)
        used = _names_of(function.__code__)
        names |= used
        found = (function.__globals__.get(name) or getattr(owner, name, None) for name in used)
        pending += [each for each in found if isinstance(each, FunctionType) and each not in seen]
    return names


def _names_of(code: CodeType) -> set[str]:
    nested = (_names_of(constant) for constant in code.co_consts if isinstance(constant, CodeType))
    return set(code.co_names).union(*nested)
