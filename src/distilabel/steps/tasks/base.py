"""The three kinds of task: a step, a global step and a generator that ask an LLM."""

import math
from typing import Any, ClassVar

from pydantic import Field, PositiveInt

from distilabel.config import RuntimeParameter
from distilabel.exceptions import DistilabelNotImplementedError
from distilabel.models.llms.base import LLM, AsyncLLM
from distilabel.steps._core.inputs import as_columns
from distilabel.steps._core.step import StepKind
from distilabel.steps.base import GeneratorStep, Step, StepInput
from distilabel.steps.tasks._core.asking import answer, input_of
from distilabel.steps.tasks._core.printing import print_chat
from distilabel.typing import FormattedInput, Row, StepOutput

__all__ = ["GeneratorTask", "GlobalTask", "Task"]

_ROWS_A_REQUEST = 4
_RAW_OUTPUT = "Whether distilabel_metadata keeps what the LLM answered, word for word."
_RAW_INPUT = "Whether distilabel_metadata keeps what the LLM was asked."
_NUM_GENERATIONS = "How many generations to ask for, for each row."


class Task(Step):
    """A step that asks an LLM about each row, online or by offline batch.

    Define `inputs`, `outputs`, `format_input` and `format_output`; one file is enough for a task.

    Attributes:
        llm: The LLM to ask.
        group_generations: Whether the generations of a row go into one row, as lists; by default each gets a row.
        add_raw_output: Whether `distilabel_metadata` keeps what the LLM answered, word for word.
        add_raw_input: Whether `distilabel_metadata` keeps what the LLM was asked.
        num_generations: How many generations to ask for, for each row.
        use_default_structured_output: Whether the answer must follow `get_structured_output()`; a structure that the
            LLM itself is set to goes first.
        takes_none: Class attribute: whether `format_input` copes with None in a required column. If not, as by default,
            a row that has None there is not asked about, and its failure's code is `missing_input`.
        not_text: Class attribute: the required columns that hold something else than text. What is no text in another
            one, such as a number, is not asked about: the failure's code is `not_text`. Both are seen to for the tasks
            of this library; `format_input` of a task of one's own judges its rows itself.

    Each row gets the columns that `format_output` gives, `model_name`, and `distilabel_metadata` with
    `raw_output_<step>`, `raw_input_<step>`, `statistics_<step>` (`input_tokens` and `output_tokens`, and
    `cached_tokens` and `reasoning_tokens` where the platform counts them) and, where there is no answer,
    `failure_<step>`: a dict of `code`, `message`, `attempts` and `job_id`. What the platform tells beside the text
    stands there too: `finish_reason_<step>` in its own word, `request_id_<step>`, `reasoning_<step>` as text, and
    `tool_calls_<step>`, a list of dicts of `id`, `name` and `arguments` (JSON text); log probabilities stand in the
    column `llm_<step>_logprobs`. An exception in `format_input` or `format_output` concerns its own row alone.

    Examples:
        >>> from distilabel.models.llms.base import LLM
        >>> class Echo(LLM):
        ...     @property
        ...     def model_name(self):
        ...         return "echo"
        ...     def generate(self, inputs, num_generations=1):
        ...         return [{"generations": [chat[-1]["content"]] * num_generations} for chat in inputs]
        >>> class Shout(Task):
        ...     @property
        ...     def inputs(self):
        ...         return ["text"]
        ...     @property
        ...     def outputs(self):
        ...         return ["shout", "model_name"]
        ...     def format_input(self, input):
        ...         return [{"role": "user", "content": input["text"]}]
        ...     def format_output(self, output, input):
        ...         return {"shout": output.upper()}
        >>> next(Shout(llm=Echo(), add_raw_input=False).process([{"text": "hello"}]))
        [{'text': 'hello', 'shout': 'HELLO', 'model_name': 'echo', 'distilabel_metadata': {'raw_output_shout_0': 'hello'}}]
    """

    takes_none: ClassVar[bool] = False
    not_text: ClassVar[frozenset[str]] = frozenset()

    llm: LLM
    group_generations: bool = False
    add_raw_output: RuntimeParameter[bool] = Field(default=True, description=_RAW_OUTPUT)
    add_raw_input: RuntimeParameter[bool] = Field(default=True, description=_RAW_INPUT)
    num_generations: RuntimeParameter[PositiveInt] = Field(default=1, description=_NUM_GENERATIONS)
    use_default_structured_output: bool = False

    @property
    def is_global(self) -> bool:
        """Whether the task takes all rows at once, as an LLM with a batch protocol of its own wants them."""
        return self.kind == "global" or self.llm.asks_all_at_once

    @property
    def is_normal(self) -> bool:
        """Whether the task takes rows chunk by chunk."""
        return not self.is_global

    @property
    def concurrency(self) -> int:
        """How many chunks to process at once: enough for all requests that the LLM may have under way.

        Several times as many rows as requests: most chunks wait for their slowest answer alone. Offline two: one is
        being made while the other is being recorded.
        """
        if not isinstance(self.llm, AsyncLLM) or self.is_global:
            return 1
        if self.llm.use_offline_batch_generation:
            return 2
        return (
            math.ceil(
                _ROWS_A_REQUEST * (self.llm.max_concurrent_requests or 1) / (self.input_batch_size or 1)
            )
            + 1
        )

    def load(self) -> None:
        """Load the LLM."""
        super().load()
        self.llm.load()

    def unload(self) -> None:
        """Unload the LLM."""
        super().unload()
        self.llm.unload()

    def format_input(self, input: Row) -> FormattedInput:  # noqa: ARG002 - the public API's name
        """Make a chat of a row, or a chat and the structure of its answer; must give the same at each replay."""
        raise DistilabelNotImplementedError(f"{type(self).__name__} must define format_input(input).")

    def format_output(self, output: str | None, input: Row) -> dict[str, Any]:  # noqa: ARG002 - public API
        """Make columns of a generation; `output` is None where there is none."""
        raise DistilabelNotImplementedError(
            f"{type(self).__name__} must define format_output(output, input)."
        )

    def get_structured_output(self) -> dict[str, Any] | None:
        """Give the JSON schema that the answer follows by default; None for free text."""
        return None

    def process(self, inputs: StepInput) -> StepOutput:
        """Yield the rows with their answers.

        Raises:
            DistilabelStepError: The LLM did not give one output for each row.
            DistilabelOfflineBatchGenerationNotFinishedException: Batch jobs are still running; process the same rows
                again later.
        """
        yield answer(self, inputs)

    def print(self, sample_input: Row | None = None) -> None:
        """Show what the LLM would be asked about `sample_input`, by default a row of placeholders."""
        print_chat(self.name, input_of(self, sample_input or self.sample_input()))

    def sample_input(self) -> Row:
        """Give a row of placeholders."""
        return {
            name: f"<{name.upper()}>" for name, is_required in as_columns(self.inputs).items() if is_required
        }


class GlobalTask(Task):
    """A task that takes all rows at once, in one chunk."""

    kind: ClassVar[StepKind] = "global"


class GeneratorTask(GeneratorStep):
    """A generator that asks an LLM: it stands at the start of a pipeline.

    Define `outputs`, `process(self, offset=0)`, `format_input` and `format_output`; `process` asks the LLM by
    `self.answer(rows)`. The attributes are those of `Task`.
    """

    takes_none: ClassVar[bool] = False
    not_text: ClassVar[frozenset[str]] = frozenset()

    llm: LLM
    group_generations: bool = False
    add_raw_output: RuntimeParameter[bool] = Field(default=True, description=_RAW_OUTPUT)
    add_raw_input: RuntimeParameter[bool] = Field(default=True, description=_RAW_INPUT)
    num_generations: RuntimeParameter[PositiveInt] = Field(default=1, description=_NUM_GENERATIONS)
    use_default_structured_output: bool = False

    def load(self) -> None:
        """Load the LLM."""
        super().load()
        self.llm.load()

    def unload(self) -> None:
        """Unload the LLM."""
        super().unload()
        self.llm.unload()

    def format_input(self, input: Row) -> FormattedInput:  # noqa: ARG002 - the public API's name
        """Make a chat of a row, or a chat and the structure of its answer; must give the same at each replay."""
        raise DistilabelNotImplementedError(f"{type(self).__name__} must define format_input(input).")

    def format_output(self, output: str | None, input: Row) -> dict[str, Any]:  # noqa: ARG002 - public API
        """Make columns of a generation; `output` is None where there is none."""
        raise DistilabelNotImplementedError(
            f"{type(self).__name__} must define format_output(output, input)."
        )

    def get_structured_output(self) -> dict[str, Any] | None:
        """Give the JSON schema that the answer follows by default; None for free text."""
        return None

    def answer(self, rows: list[Row]) -> list[Row]:
        """Ask the LLM about each row; see `Task.process`."""
        return answer(self, rows)

    def print(self, sample_input: Row | None = None) -> None:
        """Show what the LLM would be asked about `sample_input`."""
        print_chat(self.name, input_of(self, sample_input or {}))
