"""The pipeline of the cases: rows with equal prompts, other alphabets and line separators among them."""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["COUNT", "Spec", "build", "numbers", "prompts"]

COUNT = 48
# From here on, three rows each have the same prompt.
_EQUAL_FROM = 36
_WORDS = (
    "What is the capital of France?", "Сколько будет дважды два?", "富士山の高さは?", "ما هي عاصمة مصر؟",
    "Is a 🦜 a bird 🐦?", "Line one\nline two", "A line\u2028separator", "A paragraph\u2029separator",
    "A next\x85line", 'Quotes " and \\ backslashes', "Tab\there", "Zero\x00byte",
)  # fmt: skip


def prompts() -> list[str]:
    """Return the prompt of each row; `#n` in it is the number by which faults name it."""
    return [f"#{number} {_WORDS[number % len(_WORDS)]}" for number in map(_number, range(COUNT))]


def numbers() -> frozenset[int]:
    """Return the numbers of all prompts."""
    return frozenset(map(_number, range(COUNT)))


def _number(row: int) -> int:
    return row if row < _EQUAL_FROM else _EQUAL_FROM + (row - _EQUAL_FROM) // 3


@dataclass(frozen=True)
class Spec:
    """How one process runs the pipeline.

    Attributes:
        cache: The cache folder.
        base_url: The platform's address.
        out: The file that the process writes its outcome to.
        wait: Seconds between polls; None: submits and comes back later.
        per_job: The most requests of a job.
        timeout: Seconds that a call may be silent.
        key: The key.
        options: For `offline_batch_options`.
        kill_at: The process kills itself at this point, counted from 1.
        kill_first: The process kills itself when it first comes to a point of this name.
        points: The file that names the points it came to.
        clock: Seconds that its clock is off.
        patient: Whether pauses between tries of a call are kept.
        limit: The most bytes that it may write to one file.
        command: What the process does: runs the pipeline, recovers its jobs (`recover`), or words of the command line.
        name: The pipeline's name.
        model: The model's.
        online: Whether each request is sent in a separate call.
        retry_failed: Whether it asks again for every row without an answer.
        dialect: Of the platform, as in `dialects.DIALECTS`.
    """

    cache: str
    base_url: str
    out: str
    wait: float | None = 0.05
    per_job: int | None = None
    timeout: float = 20.0
    key: str = "sk-chaos-5ecret-key"
    options: dict[str, Any] = field(default_factory=dict)
    kill_at: int = 0
    kill_first: str = ""
    points: str = ""
    clock: float = 0.0
    patient: bool = False
    limit: int = 0
    command: tuple[str, ...] = ("run",)
    name: str = "chaos"
    model: str = "toy-1"
    dialect: str = "openai"
    online: bool = False
    retry_failed: bool = False

    def json(self) -> dict[str, Any]:
        """Return it as plain data."""
        return asdict(self)


def build(spec: Spec) -> Any:
    """Return the pipeline."""
    from distilabel import llms
    from distilabel.pipeline import Pipeline
    from distilabel.steps import LoadDataFromDicts
    from distilabel.steps.tasks import TextGeneration
    from tests.chaos.dialects import DIALECTS

    dialect = DIALECTS[spec.dialect]
    rows = [{"i": i, "instruction": prompt} for i, prompt in enumerate(prompts())]
    options = {"offline_batch_options": spec.options} if spec.options else {}
    with Pipeline(spec.name, cache_dir=Path(spec.cache), enable_metadata=True) as pipeline:
        load = LoadDataFromDicts(data=rows, batch_size=16)
        llm = getattr(llms, dialect.llm)(
            model=spec.model,
            base_url=spec.base_url,
            timeout=spec.timeout,
            use_offline_batch_generation=not spec.online,
            offline_batch_generation_block_until_done=None if spec.online else spec.wait,
            **{"api_key": spec.key, **dialect.options},
            **options,
        )
        load >> TextGeneration(name="answer", llm=llm, input_batch_size=16)
    return pipeline
