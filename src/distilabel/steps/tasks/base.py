"""The three kinds of task: a step, a global step and a generator that prompt an LLM."""

import math
from collections.abc import Sequence
from typing import Any, ClassVar

from pydantic import Field, PositiveInt, PrivateAttr

from distilabel.config import RuntimeParameter
from distilabel.exceptions import DistilabelNotImplementedError, DistilabelStepError, DistilabelTypeError
from distilabel.models.llms.base import LLM, AsyncLLM
from distilabel.models.llms.padding import without_padding
from distilabel.models.llms.thinking import without_thinking
from distilabel.steps._core.context import first_prompt
from distilabel.steps._core.inputs import as_columns
from distilabel.steps.base import GeneratorStep, Step, StepInput, StepKind, _Step
from distilabel.steps.tasks._core.rows import (
    CUT_OFF,
    Answer,
    AnswerLengths,
    Origin,
    attempt,
    failure_reason,
    grouped_row,
    is_json,
    log_failures,
    missing_value,
    single_rows,
)
from distilabel.typing import FailureReason, FormattedInput, GenerateOutput, Row, StepOutput

__all__ = ["GeneratorTask", "GlobalTask", "Task", "print_chat"]

_ROWS_PER_REQUEST = 4


class _BaseTask(_Step):
    """What `Task` and `GeneratorTask` share: the LLM, the prompts, and the rows made of its answers."""

    signature_without_defaults: ClassVar[frozenset[str]] = frozenset({"keep_thinking"})
    takes_none: ClassVar[bool] = False
    not_text: ClassVar[frozenset[str]] = frozenset()

    llm: LLM
    group_generations: bool = False
    add_raw_output: RuntimeParameter[bool] = Field(
        default=True,
        description="Whether distilabel_metadata keeps the unchanged text of the LLM.",
    )
    add_raw_input: RuntimeParameter[bool] = Field(
        default=True,
        description="Whether distilabel_metadata keeps the prompt.",
    )
    num_generations: RuntimeParameter[PositiveInt] = Field(
        default=1, description="How many generations to request for each row."
    )
    use_default_structured_output: bool = False
    keep_thinking: RuntimeParameter[bool] = Field(
        default=False,
        description="Whether `<think>...</think>` before an answer stays in its text.",
    )

    _lengths: AnswerLengths = PrivateAttr(default_factory=AnswerLengths)

    def load(self) -> None:
        """Load the LLM."""
        super().load()
        self.llm.load()

    def unload(self) -> None:
        """Unload the LLM; warn if answers were cut off by the limit of tokens."""
        super().unload()
        self._lengths.warn(self.name, self.llm.generation_parameters())
        self.llm.unload()

    def format_input(self, input: Row) -> FormattedInput:  # noqa: ARG002 - the public API's name
        """Return the chat for a row, or the chat and the structure of the answer.

        An offline run calls this again for the same row and expects the same chat.
        """
        raise DistilabelNotImplementedError(f"{type(self).__name__} must define format_input(input).")

    def format_output(self, output: str | None, input: Row) -> dict[str, Any]:  # noqa: ARG002 - public API
        """Return the columns for a generation; `output` is None where there is none."""
        raise DistilabelNotImplementedError(
            f"{type(self).__name__} must define format_output(output, input)."
        )

    def get_structured_output(self) -> dict[str, Any] | None:
        """Return the JSON schema that the answer follows by default; None for free text."""
        return None

    def print(self, sample_input: Row | None = None) -> None:
        """Show the prompt for `sample_input`, by default a row of placeholders."""
        formatted = self._formatted_input(sample_input or self.sample_input())
        print_chat(self.name, formatted[0] if isinstance(formatted, tuple) else formatted)

    def sample_input(self) -> Row:
        """Return a row of placeholders."""
        return {
            name: f"<{name.upper()}>" for name, is_required in as_columns(self.inputs).items() if is_required
        }

    def _formatted_input(self, row: Row) -> FormattedInput:
        """Return the chat for a row, with the default structure of the answer where it applies."""
        first = first_prompt.get()
        formatted: FormattedInput = first(self.format_input, row) if first else self.format_input(row)
        formatted = without_padding(formatted)
        if isinstance(formatted, tuple) or not self.use_default_structured_output:
            return formatted
        schema: Any = self.get_structured_output()
        if schema is None or getattr(self.llm, "structured_output", None):
            return formatted
        return formatted, {"format": "json", "schema": schema.get("schema", schema)}

    def _required_columns(self) -> dict[str, bool]:
        """Return the columns that a prompt needs, each with whether it must hold text.

        A user's task decides in its own `format_input` which rows it accepts.
        """
        cls: Any = type(self)
        members = (cls.format_input, getattr(cls.inputs, "fget", None))
        is_ours = all(getattr(member, "__module__", "").startswith("distilabel.") for member in members)
        if self.takes_none or not is_ours:
            return {}
        return {
            name: name not in self.not_text for name, required in as_columns(self.inputs).items() if required
        }

    def _answer_rows(self, rows: Sequence[Row]) -> list[Row]:
        """Prompt the LLM with each row; `rows` do not change.

        Returns:
            For each row, in order: one row for each generation, or one row with lists if the task groups generations.

        Raises:
            DistilabelStepError: The LLM did not return one output for each input.
            DistilabelOfflineBatchGenerationNotFinishedException: Batch jobs are still running.
        """
        required = self._required_columns()
        prompts = [self._prompt(row, required) for row in rows]
        outputs = iter(
            self._generate([chat for chat, failure in prompts if failure is None], self.num_generations or 1)
        )
        names = [name for name in as_columns(self.outputs) if name != "model_name"]
        parsed = [
            self._parse(
                names,
                row,
                failure,
                next(outputs) if failure is None else {"generations": []},
                is_structured=isinstance(formatted, tuple)
                or bool(getattr(self.llm, "structured_output", None)),
            )
            for row, (formatted, failure) in zip(rows, prompts, strict=True)
        ]
        log_failures(self.name, [answer.failure for answers, _ in parsed for answer in answers])
        origin = Origin(self.name, self.llm.model_name)
        to_rows = grouped_row if self.group_generations else single_rows
        new_rows: list[Row] = []
        for row, (formatted, _), (answers, output) in zip(rows, prompts, parsed, strict=True):
            chat = formatted[0] if isinstance(formatted, tuple) else formatted
            new_rows += to_rows(origin, row, answers, output, chat if self.add_raw_input and chat else None)
        return new_rows

    def _prompt(self, row: Row, required: dict[str, bool]) -> tuple[FormattedInput, FailureReason | None]:
        if required and (failure := missing_value(row, required)) is not None:
            return [], failure
        formatted, failure = attempt("unformattable_input", self._formatted_input, row)
        return formatted or [], failure

    def _generate(self, inputs: list[FormattedInput], num_generations: int) -> list[GenerateOutput]:
        if not inputs:
            return []
        outputs = self.llm.generate_outputs(
            inputs=inputs, num_generations=num_generations, **self.llm.get_generation_kwargs()
        )
        if len(outputs) != len(inputs):
            raise DistilabelStepError(
                f"Step {self.name!r} sent {len(inputs)} inputs and its LLM returned {len(outputs)} outputs: generate() "
                "must return one output for each input, in the same order.",
            )
        return outputs if self.keep_thinking else [without_thinking(output) for output in outputs]

    def _parse(
        self,
        names: list[str],
        row: Row,
        failure: FailureReason | None,
        output: GenerateOutput,
        *,
        is_structured: bool,
    ) -> tuple[list[Answer], GenerateOutput]:
        generations = output.get("generations")
        if not generations:
            generations = [None] * (self.num_generations or 1)
            output = {**output, "generations": generations}
        count = len(generations)
        reasons = (
            [*(output.get("failures") or ()), *[None] * count][:count]
            if failure is None
            else [failure] * count
        )
        answers = []
        cut = self._lengths.count(output, generations)
        calls = [bool(one.get("tool_calls")) for one in output.get("details") or ()]
        calls += [False] * (count - len(calls))
        for text, reason, is_cut, has_calls in zip(generations, reasons, cut, calls, strict=True):
            columns, parse_failure = attempt("unparseable_output", self.format_output, text, row)
            if text is None and has_calls:
                parse_failure = None
            if parse_failure is None and not isinstance(columns, dict):
                raise DistilabelTypeError(
                    f"format_output() of step {self.name!r} must return a dict, not {columns!r}."
                )
            if is_cut and (parse_failure or (is_structured and not is_json(text))):
                parse_failure = failure_reason("length", CUT_OFF)
            if text is None and not has_calls:
                parse_failure = failure_reason("no_generation", "The model returned no text.")
            raw = {"raw_output": text} if self.add_raw_output else {}
            answers.append(
                Answer(dict.fromkeys(names) if columns is None else columns, raw, reason or parse_failure)
            )
        return answers, output


class Task(_BaseTask, Step):
    """A step that prompts an LLM with each row, in real time or by offline batch.

    Define `inputs`, `outputs`, `format_input` and `format_output`; one file is enough for a task.

    Attributes:
        llm: The LLM.
        group_generations: Whether the generations of a row become one row, with lists as values; by default each
            generation becomes a row.
        add_raw_output: Whether `distilabel_metadata` keeps the text of the LLM; True by default.
        add_raw_input: Whether `distilabel_metadata` keeps the prompt; True by default.
        num_generations: How many generations to request for each row; 1 by default.
        keep_thinking: Whether `<think>...</think>` before an answer stays in its text; by default it is taken out of the text
            and stands in `reasoning_<step>`.
        use_default_structured_output: Whether the answer must follow `get_structured_output()`. A structure that is
            set on the LLM itself takes precedence.
        takes_none: Class attribute: whether `format_input` accepts None in a required column. By default it does
            not: a row with None there is not sent, and its failure has the code `missing_input`.
        not_text: Class attribute: the required columns that may hold other values than text. A value of another type,
            such as a number, in one of the other required columns is not sent, and the failure has the code `not_text`.
            Both checks apply to the tasks of this library; `format_input` of a custom task checks its rows itself.

    Each row gets the columns of `format_output`, `model_name`, and `distilabel_metadata` with these entries:

    - `raw_output_<step>` and `raw_input_<step>`.
    - `statistics_<step>`: `input_tokens` and `output_tokens`, and `cached_tokens` and `reasoning_tokens` where the
      platform counts them.
    - `failure_<step>`, where there is no answer: a dict of `code`, `message`, `attempts` and `job_id`. Its code is `length`
      where the limit of tokens cut off an answer that then cannot be parsed.
    - Where the platform returns them: `finish_reason_<step>` in the platform's term, `request_id_<step>`,
      `reasoning_<step>` as text, and `tool_calls_<step>`, a list of dicts of `id`, `name` and `arguments` (JSON text).

    Log probabilities are in the column `llm_<step>_logprobs`, tool calls in `llm_<step>_tool_calls` too; an answer that is a
    tool call is no failure. An exception in `format_input` or `format_output` fails
    its own row only.

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

    @property
    def is_global(self) -> bool:
        """Whether the task takes all rows at once, as an LLM with a custom batch protocol requires."""
        return self.kind == "global" or self.llm.requires_all_inputs

    @property
    def is_normal(self) -> bool:
        """Whether the task takes rows chunk by chunk."""
        return not self.is_global

    @property
    def concurrency(self) -> int:
        """How many chunks to process at once, so that the LLM's limit of concurrent requests is used.

        In real time there are several times as many rows as requests, because most chunks wait for their slowest
        response. Offline there are two chunks: one is processed while the other is stored.
        """
        if not isinstance(self.llm, AsyncLLM) or self.is_global:
            return 1
        if self.llm.use_offline_batch_generation:
            return 2
        rows = _ROWS_PER_REQUEST * (self.llm.max_concurrent_requests or 1)
        return math.ceil(rows / (self.input_batch_size or 1)) + 1

    def process(self, inputs: StepInput) -> StepOutput:
        """Yield the rows with their answers.

        Raises:
            DistilabelStepError: The LLM did not return one output for each row.
            DistilabelOfflineBatchGenerationNotFinishedException: Batch jobs are still running; process the same rows
                again later.
        """
        yield self._answer_rows(inputs)


class GlobalTask(Task):
    """A task that takes all rows at once, in one chunk."""

    kind: ClassVar[StepKind] = "global"


class GeneratorTask(_BaseTask, GeneratorStep):
    """A generator that prompts an LLM. It is the first step of a pipeline.

    Define `outputs`, `process(self, offset=0)`, `format_input` and `format_output`; `process` prompts the LLM with
    `self.answer(rows)`. The attributes are those of `Task`.
    """

    def answer(self, rows: list[Row]) -> list[Row]:
        """Prompt the LLM with each row; see `Task.process`."""
        return self._answer_rows(rows)


def print_chat(title: str, chat: Sequence[Any]) -> None:
    """Print each message of a chat in a frame."""
    from rich.console import Console  # noqa: PLC0415 - only needed here
    from rich.panel import Panel  # noqa: PLC0415 - only needed here
    from rich.text import Text  # noqa: PLC0415 - only needed here

    console = Console()
    console.rule(title)
    for message in chat:
        content = message["content"]
        text = content if isinstance(content, str) else "\n".join(map(str, content))
        console.print(Panel(Text(text), title=message["role"], title_align="left"))
