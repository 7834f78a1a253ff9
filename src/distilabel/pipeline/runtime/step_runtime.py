"""One step of a run, with all that its chunks need."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from distilabel.config import code_digest
from distilabel.models.fields import AskingModel
from distilabel.pipeline.storage.chunks import ChunkStore, digest_of
from distilabel.pipeline.workers.placement import models_of
from distilabel.pipeline.workers.runner import Runner
from distilabel.steps.base import _Step
from distilabel.typing import Row

__all__ = ["StepRuntime"]


@dataclass(slots=True)
class StepRuntime:
    """One step, with all that its chunks need.

    Attributes:
        step: The step.
        runner: Runs it, here or in other processes.
        store: Its chunks.
        scope: Whose requests its models ask.
        gathers: Whether it takes all rows at once.
        branches: The steps after it, if a route picks among them.
        before_load: Called once before the step is loaded.
        asks: What a task makes of a row to ask about it; None for any other step.
    """

    step: _Step
    runner: Runner
    store: ChunkStore
    scope: str
    gathers: bool
    branches: tuple[str, ...]
    before_load: Callable[[], None]
    identity: bytes = b""
    own_code: bool = False
    asks: Callable[[Row], Any] | None = None
    models: tuple[AskingModel, ...] = ()
    loaded: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)
    askers: dict[int, str] = field(default_factory=dict)
    seen: Counter[str] = field(default_factory=Counter)
    iterator: tuple[int, Iterator[tuple[list[Row], bool]]] | None = None

    def __post_init__(self) -> None:
        self.models = tuple(models_of(self.step))
        code = [code_digest(cls) for cls in (type(self.step), *map(type, self.models))]
        # What else the step holds, such as an embedding model of the user's own, has code too.
        values = (getattr(self.step, name) for name in type(self.step).model_fields)
        others = {type(value): None for value in values if isinstance(value, BaseModel)}
        code += [digest for cls in others if (digest := code_digest(cls))]
        self.own_code = any(code)
        self.asks = getattr(self.step, "format_input", None)
        self.identity = digest_of(self.step.signature, *code)

    @property
    def offline(self) -> bool:
        """Whether a model of the step asks by batch."""
        return any(model.use_offline_batch_generation for model in self.models)

    @property
    def own_protocol(self) -> bool:
        """Whether an LLM of the step keeps its own batch protocol: nobody but the next run will ask it again."""
        return any(model.asks_all_at_once for model in self.models)

    def load(self) -> None:
        """Load the step, once."""
        with self.lock:
            if not self.loaded:
                self.before_load()
                self.runner.load()
                self.loaded = True

    def asker(self, index: int, digest: bytes) -> str:
        """Return the name under which chunk `index` asks: its content, and the how-manieth of that content it is."""
        with self.lock:
            if index not in self.askers:
                content = digest.hex()
                self.askers[index] = f"{content}-{self.seen[content]}"
                self.seen[content] += 1
            return self.askers[index]
