"""Public types: rows, chats, outputs, and the values that flow between steps."""

from collections.abc import Iterator
from typing import Any, Literal, Required, TypeAlias, Union

from typing_extensions import TypedDict

__all__ = [
    "DISTILABEL_METADATA_KEY",
    "AnswerDetails",
    "ChatItem",
    "ChatType",
    "EmbeddingOutput",
    "FailureReason",
    "FormattedInput",
    "GenerateOutput",
    "GeneratorStepOutput",
    "HiddenState",
    "InputDataset",
    "InstructorStructuredOutputType",
    "LLMStatistics",
    "LoadGroups",
    "Logprob",
    "OutlinesStructuredOutputType",
    "PipelineRuntimeParametersInfo",
    "Row",
    "StandardInput",
    "StepColumns",
    "StepOutput",
    "StructuredInput",
    "StructuredOutputType",
    "TokenCount",
    "ToolCall",
]

DISTILABEL_METADATA_KEY = "distilabel_metadata"
"""The column for metadata of steps: raw outputs, statistics, and the reasons for missing responses."""

Row: TypeAlias = dict[str, Any]
"""One row of a dataset: column name to value."""


class ChatItem(TypedDict):
    """One message of a chat; `content` is text or a list of typed parts."""

    role: Literal["system", "user", "assistant", "developer", "tool"]
    content: Union[str, list[dict[str, Any]]]


ChatType: TypeAlias = list[ChatItem]
"""The messages of a conversation, in order."""


class StructuredOutputType(TypedDict, total=False):
    """The structure of an output: a JSON schema (or pydantic model), or a regular expression."""

    format: Literal["json", "regex"]
    schema: Any
    mode: str
    max_retries: int


InstructorStructuredOutputType: TypeAlias = StructuredOutputType
OutlinesStructuredOutputType: TypeAlias = StructuredOutputType

StandardInput: TypeAlias = ChatType
StructuredInput: TypeAlias = tuple[ChatType, Union[StructuredOutputType, None]]
FormattedInput: TypeAlias = Union[StandardInput, StructuredInput]
"""A task's input to an LLM for one row: a chat, or a chat and the structure of the output."""

TokenCount: TypeAlias = list[int]


class Logprob(TypedDict):
    """A token and the natural logarithm of its probability."""

    token: str
    logprob: float


class LLMStatistics(TypedDict, total=False):
    """Token counts, one entry per generation; the last two only if the platform reports them."""

    input_tokens: TokenCount
    output_tokens: TokenCount
    cached_tokens: list[Union[int, None]]
    reasoning_tokens: list[Union[int, None]]


class FailureReason(TypedDict):
    """Why a generation is None: a code, a message, the number of attempts, and the batch job, if any."""

    code: str
    message: str
    attempts: int
    job_id: Union[str, None]


class EmbeddingOutput(TypedDict, total=False):
    """The output of an embedding model for one text: a vector or a failure, and the tokens if they are counted."""

    embedding: Union[list[float], None]
    input_tokens: int
    failure: FailureReason


class ToolCall(TypedDict):
    """A tool call that a model requests; the arguments are JSON text."""

    id: Union[str, None]
    name: Union[str, None]
    arguments: str


class AnswerDetails(TypedDict, total=False):
    """What a platform reports about a response besides its text; keys that it does not report are absent."""

    finish_reason: str
    request_id: str
    reasoning: str
    tool_calls: list[ToolCall]


class GenerateOutput(TypedDict, total=False):
    """The output of an LLM for one input; all lists have the length of `generations`."""

    generations: Required[list[Union[str, None]]]
    statistics: LLMStatistics
    logprobs: list[Any]
    failures: list[Union[FailureReason, None]]
    details: list[AnswerDetails]


StepColumns: TypeAlias = Union[list[str], dict[str, bool]]
"""Names of columns, or names and whether each is required."""

HiddenState: TypeAlias = list[float]
"""A hidden state of a model for one token."""

PipelineRuntimeParametersInfo: TypeAlias = dict[str, list[dict[str, Any]]]
"""The runtime parameters of each step; see `Pipeline.get_runtime_parameters_info`."""

StepOutput: TypeAlias = Iterator[list[Row]]
GeneratorStepOutput: TypeAlias = Iterator[tuple[list[Row], bool]]
LoadGroups: TypeAlias = Union[list[list[Any]], Literal["sequential_step_execution"]]
InputDataset: TypeAlias = Any
"""Rows: a list of dicts, a pandas.DataFrame or a datasets.Dataset."""
