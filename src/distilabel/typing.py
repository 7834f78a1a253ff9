"""The public names of types: rows, chats, outputs and what flows between steps."""

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
"""The column in which steps keep what is not data: raw outputs, statistics, and why an answer is missing."""

Row: TypeAlias = dict[str, Any]
"""One row of a dataset: column name to value."""


class ChatItem(TypedDict):
    """One message of a chat; `content` is text or a list of typed parts."""

    role: Literal["system", "user", "assistant", "developer", "tool"]
    content: Union[str, list[dict[str, Any]]]


ChatType: TypeAlias = list[ChatItem]
"""A conversation, in the order in which it was said."""


class StructuredOutputType(TypedDict, total=False):
    """What a structured answer must look like: a JSON schema (or pydantic model), or a regular expression."""

    format: Literal["json", "regex"]
    schema: Any
    mode: str
    max_retries: int


InstructorStructuredOutputType: TypeAlias = StructuredOutputType
OutlinesStructuredOutputType: TypeAlias = StructuredOutputType

StandardInput: TypeAlias = ChatType
StructuredInput: TypeAlias = tuple[ChatType, Union[StructuredOutputType, None]]
FormattedInput: TypeAlias = Union[StandardInput, StructuredInput]
"""What a task hands to an LLM for one row: a chat, or a chat and the structure of the answer."""

TokenCount: TypeAlias = list[int]


class Logprob(TypedDict):
    """A token and the natural logarithm of its probability."""

    token: str
    logprob: float


class LLMStatistics(TypedDict, total=False):
    """Token counts, one entry a generation; the last two only where the platform makes them."""

    input_tokens: TokenCount
    output_tokens: TokenCount
    cached_tokens: list[Union[int, None]]
    reasoning_tokens: list[Union[int, None]]


class FailureReason(TypedDict):
    """Why a generation is None: machine-readable code, message, attempts made, and the job, if any."""

    code: str
    message: str
    attempts: int
    job_id: Union[str, None]


class EmbeddingOutput(TypedDict, total=False):
    """What an embedding model gives for one text; with no vector, `failure` says why; tokens where they are counted."""

    embedding: Union[list[float], None]
    input_tokens: int
    failure: FailureReason


class ToolCall(TypedDict):
    """A call of a tool that a model wants made; the arguments are JSON text."""

    id: Union[str, None]
    name: Union[str, None]
    arguments: str


class AnswerDetails(TypedDict, total=False):
    """What a platform tells of one answer beside its text; what it does not tell is not there."""

    finish_reason: str
    request_id: str
    reasoning: str
    tool_calls: list[ToolCall]


class GenerateOutput(TypedDict, total=False):
    """What an LLM returns for one input; the lists are as long as `generations`."""

    generations: Required[list[Union[str, None]]]
    statistics: LLMStatistics
    logprobs: list[Any]
    failures: list[Union[FailureReason, None]]
    details: list[AnswerDetails]


StepColumns: TypeAlias = Union[list[str], dict[str, bool]]
"""Names of columns, or names and whether each is required."""

HiddenState: TypeAlias = list[float]
"""A vector that a model had inside, for one token."""

PipelineRuntimeParametersInfo: TypeAlias = dict[str, list[dict[str, Any]]]
"""Step to what may be set of it; from `Pipeline.get_runtime_parameters_info`."""

StepOutput: TypeAlias = Iterator[list[Row]]
GeneratorStepOutput: TypeAlias = Iterator[tuple[list[Row], bool]]
LoadGroups: TypeAlias = Union[list[list[Any]], Literal["sequential_step_execution"]]
InputDataset: TypeAlias = Any
"""Rows at hand: a list of dicts, a pandas.DataFrame or a datasets.Dataset."""
