"""The base of LLMs that run in this process."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Optional, Self

from pydantic import BaseModel, PrivateAttr, model_validator

from distilabel.config import RuntimeParameter
from distilabel.exceptions import DistilabelUserError
from distilabel.models.llms.base import LLM
from distilabel.models.llms.constrained_decoding import logits_processor
from distilabel.records import canonical_json
from distilabel.typing import ChatType, FormattedInput, GenerateOutput, StructuredOutputType

__all__ = ["Completion", "InProcessLLM", "by_structure", "output_of", "texts_only"]


class InProcessLLM(LLM):
    """The base of LLMs that load weights themselves.

    In a pipeline their tasks run in worker processes. A pickled copy has no weights: `load` loads them again.

    Attributes:
        structured_output: The structure of every answer: `{"schema": <pydantic model or JSON schema>}`, or
            `{"format": "regex", "schema": <regular expression>}`.
        use_magpie_template: Whether the model writes the user messages, as `Magpie` requires.
        magpie_pre_query_template: "llama3", "qwen2", or the text that starts a user message in the model's chat template.

    Raises:
        DistilabelUserError: `use_offline_batch_generation` is set.
    """

    in_process: ClassVar[bool] = True
    _stays_behind: ClassVar[frozenset[str]] = frozenset({"_model", "_steering"})

    structured_output: Optional[RuntimeParameter[StructuredOutputType]] = None
    use_magpie_template: RuntimeParameter[bool] = False
    magpie_pre_query_template: Optional[RuntimeParameter[str]] = None

    _model: Any = PrivateAttr(default=None)
    _steering: tuple[bytes, Any] | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _check_offline(self) -> Self:
        if self.use_offline_batch_generation:
            raise DistilabelUserError(
                f"{type(self).__name__} cannot generate by offline batch: its model runs in this process. Set "
                "use_offline_batch_generation=False, or use vLLM, which runs batch jobs on this machine."
            )
        return self

    def unload(self) -> None:
        """Release the weights."""
        super().unload()
        self._model = self._steering = None

    @property
    def _loaded(self) -> Any:
        if self._model is None:
            raise DistilabelUserError(f"Call {type(self).__name__}.load() before generating.")
        return self._model

    def _steered(self, kind: str, structure: StructuredOutputType, *model: Any) -> Any:
        """Return the `logits_processor` of a structure; the last is cached: it is slow."""
        key = _key(structure)
        if self._steering is None or self._steering[0] != key:
            self._steering = (key, logits_processor(kind, structure, *model))
        processor = self._steering[1]
        processor.reset()
        return processor


@dataclass(frozen=True, slots=True)
class Completion:
    """One generation: its text, token counts and finish reason ("stop" or "length")."""

    text: str
    input_tokens: int
    output_tokens: int
    finish_reason: str


def output_of(completions: Sequence[Completion]) -> GenerateOutput:
    """Return the output for one input from its generations.

    Examples:
        >>> output_of([Completion("Hi.", 4, 2, "stop")])["statistics"]
        {'input_tokens': [4], 'output_tokens': [2]}
    """
    return {
        "generations": [one.text for one in completions],
        "statistics": {
            "input_tokens": [one.input_tokens for one in completions],
            "output_tokens": [one.output_tokens for one in completions],
        },
        "details": [{"finish_reason": one.finish_reason} for one in completions],
    }


def by_structure(
    inputs: Sequence[FormattedInput], default: StructuredOutputType | None
) -> list[tuple[StructuredOutputType | None, dict[int, ChatType]]]:
    """Group the chats by the structure of their answers: one group can be one batch.

    Args:
        inputs: Chats, or pairs of a chat and the structure of its answer.
        default: The structure for inputs without one.

    Returns:
        Each structure with its chats, by the index of their input.

    Examples:
        >>> hi = [{"role": "user", "content": "Hi"}]
        >>> [list(chats) for _, chats in by_structure([hi, (hi, {"schema": {}}), hi], None)]
        [[0, 2], [1]]
    """
    groups: dict[bytes, tuple[StructuredOutputType | None, dict[int, ChatType]]] = {}
    for number, given in enumerate(inputs):
        chat, own = given if isinstance(given, tuple) else (given, None)
        structure = own or default
        groups.setdefault(_key(structure), (structure, {}))[1][number] = chat
    return list(groups.values())


def _key(structure: StructuredOutputType | None) -> bytes:
    if structure is None:
        return b""
    schema = structure.get("schema")
    plain = (
        schema.model_json_schema() if isinstance(schema, type) and issubclass(schema, BaseModel) else schema
    )
    return canonical_json([structure.get("format", "json"), plain])


def texts_only(chat: ChatType, owner: str) -> list[dict[str, Any]]:
    """Return a chat with plain texts as messages; text parts are joined.

    Args:
        chat: A chat whose messages are texts, or parts in OpenAI's format.
        owner: The name of the LLM's class, for the error message.

    Raises:
        DistilabelUserError: The chat contains an image or another part that is not a text.

    Examples:
        >>> texts_only([{"role": "user", "content": [{"type": "text", "text": "Hi"}]}], "TransformersLLM")
        [{'role': 'user', 'content': 'Hi'}]
    """
    return [{**message, "content": _text(message["content"], owner)} for message in chat]


def _text(content: Any, owner: str) -> str:
    if isinstance(content, str):
        return content
    for part in content:
        if part.get("type") != "text":
            raise DistilabelUserError(
                f"{owner} accepts only texts, and a message contains a part of type {part.get('type')!r}: use an LLM "
                "that accepts it, such as OpenAILLM."
            )
    return "".join(part["text"] for part in content)
