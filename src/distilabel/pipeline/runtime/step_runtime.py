"""One step of a run: what is fixed before the run (`StepSpec`), and what changes during it (`StepRuntime`)."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Self

from pydantic import BaseModel

from distilabel.config import code_digest
from distilabel.exceptions import DistilabelException, DistilabelStepError, described
from distilabel.models.fields import BatchModel, RemoteModel, models_in
from distilabel.offline.session import Session, asking
from distilabel.pipeline.storage.chunks import ChunkStore, digest_of
from distilabel.pipeline.storage.prompts import PromptStore
from distilabel.pipeline.workers.runner import Runner
from distilabel.steps._core.context import chunk_random
from distilabel.steps.base import GeneratorStep, _Step
from distilabel.typing import Row

__all__ = ["StepRuntime", "StepSpec"]


@dataclass(frozen=True, slots=True)
class StepSpec:
    """The facts about a step that do not change during a run.

    Attributes:
        step: The step.
        scope: The ledger's scope of the requests that its models make.
        gathers: Whether the step takes all rows at once.
        branches: The steps after it, if a route picks among them.
        models: The models among its fields, nested ones too.
        identity: A digest of its configuration and code, part of the key of each of its chunks.
        has_custom_code: Whether a user wrote code of the step, of its models or of its other fields.
        since: Samples of the ledger with a smaller number are not used: positive for a step that does not use the cache.
    """

    step: _Step
    scope: str
    gathers: bool
    branches: tuple[str, ...]
    models: tuple[BatchModel, ...]
    identity: bytes
    has_custom_code: bool
    since: int = 0

    @classmethod
    def of(cls, step: _Step, scope: str, *, gathers: bool = False, branches: tuple[str, ...] = ()) -> Self:
        """Return the facts about `step`."""
        models = tuple(models_in(step))
        code = [code_digest(kind) for kind in (type(step), *map(type, models))]
        # Other fields, such as an embedding model that the user wrote, have code too.
        values = (getattr(step, name) for name in type(step).model_fields)
        others = {type(value): None for value in values if isinstance(value, BaseModel)}
        code += [digest for kind in others if (digest := code_digest(kind))]
        return cls(step, scope, gathers, branches, models, digest_of(step.signature, *code), any(code))

    @property
    def offline(self) -> bool:
        """Whether a model of the step uses batch jobs."""
        return any(model.use_offline_batch_generation for model in self.models)

    @property
    def has_custom_protocol(self) -> bool:
        """Whether an LLM of the step has its own batch protocol: only the next run asks it again."""
        return any(model.requires_all_inputs for model in self.models)

    @property
    def format_input(self) -> Callable[[Row], Any] | None:
        """How a task makes a model's input of a row; None for other steps."""
        return getattr(self.step, "format_input", None)


class StepRuntime:
    """A step in a run. Several threads may use it at the same time.

    Args:
        spec: The facts about the step.
        runner: Runs the step's code, in this process or in others.
        store: The step's chunks.
        session: Bound to the step's remote models that use batch jobs, before the step is loaded.
        prompts: Those that a custom `format_input` made; None for other steps.
    """

    def __init__(
        self,
        spec: StepSpec,
        runner: Runner,
        store: ChunkStore,
        session: Session | None = None,
        prompts: PromptStore | None = None,
    ) -> None:
        self.prompts = prompts
        self.spec = spec
        self.runner = runner
        self.store = store
        self.loaded = False
        self._session = session
        self._lock = threading.Lock()  # guards `loaded` and the asker ids
        self._askers: dict[int, str] = {}
        self._occurrences: Counter[str] = Counter()
        # The number of the next chunk, and the generator that yields it. Only one thread at a time runs a generator.
        self._generator: tuple[int, Iterator[tuple[list[Row], bool]]] | None = None

    def load(self) -> None:
        """Load the step, unless it is loaded."""
        with self._lock:
            if not self.loaded:
                for model in self.spec.models:
                    if isinstance(model, RemoteModel) and model.use_offline_batch_generation:
                        model.use_session(self._session)
                self.runner.load()
                self.loaded = True

    def unload(self) -> None:
        """Unload the step, if it is loaded."""
        if self.loaded:
            self.loaded = False
            self.runner.unload()

    def asker(self, index: int, digest: bytes) -> str:
        """Return the asker id of chunk `index`: the digest of its content, and the occurrence number of that content."""
        with self._lock:
            if index not in self._askers:
                content = digest.hex()
                self._askers[index] = f"{content}-{self._occurrences[content]}"
                self._occurrences[content] += 1
            return self._askers[index]

    def generate(self, index: int, asker: str) -> tuple[list[Row], bool]:
        """Return the rows of a generator's chunk `index`, and whether it is the last.

        Raises:
            DistilabelOfflineBatchGenerationNotFinishedException: The generator waits for replies.
            DistilabelException: An error that ends the run.
        """
        step = self.spec.step
        assert isinstance(step, GeneratorStep)
        self.load()
        if self._generator is None or self._generator[0] != index:
            is_known, size = step.total_rows is not None, step.batch_size or 1
            offset = index * size if is_known else sum(self.store.chunk(i).rows for i in range(index))
            self._generator = (index, self.runner.generate(offset))
        _, rows = self._generator
        # An iterator that raised has ended: the next call makes a new one.
        self._generator = None
        with asking(asker), chunk_random(f"{step.name}/{index}"):
            try:
                made = next(rows, ([], True))
            except DistilabelException:
                raise
            except Exception as error:
                raise DistilabelStepError(f"Generator {step.name!r} failed: {described(error)}.") from error
        self._generator = (index + 1, rows)
        return made
