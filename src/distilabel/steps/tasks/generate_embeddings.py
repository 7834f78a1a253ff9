"""Computing embeddings from the last hidden state of an LLM in this process."""

from typing import Any

from distilabel.exceptions import DistilabelStepError, DistilabelUserError
from distilabel.models.llms.base import LLM
from distilabel.steps._core.row_errors import unusable_row
from distilabel.steps.base import Step, StepInput
from distilabel.typing import ChatType, FormattedInput, Row, StepColumns, StepOutput

__all__ = ["GenerateEmbeddings"]


class GenerateEmbeddings(Step):
    """Compute the embedding of each text or chat: the last hidden state of its last token.

    A row without text gets None, and `distilabel_metadata` holds the reason as `failure_<step>`. Embedding models, with
    the step `EmbeddingGeneration`, usually give better embeddings.

    Attributes:
        llm: An LLM that runs in this process and returns its hidden states, such as `TransformersLLM`.

    Columns:
        In: `text` (a text or a chat). Out: `embedding` (a list of numbers, of the same length in all rows), and
        `model_name`.

    Raises:
        DistilabelUserError: The LLM does not return hidden states.

    References:
        What Makes Good Data for Alignment? A Comprehensive Study of Automatic Data Selection in Instruction Tuning,
        https://arxiv.org/abs/2312.15685

    Examples:
        >>> class Lengths(LLM):
        ...     @property
        ...     def model_name(self):
        ...         return "lengths"
        ...     def get_last_hidden_states(self, inputs):
        ...         return [[[0.0], [float(len(chat[-1]["content"]))]] for chat in inputs]
        >>> next(GenerateEmbeddings(llm=Lengths()).process([{"text": "abc"}]))
        [{'text': 'abc', 'embedding': [3.0], 'model_name': 'lengths'}]
    """

    llm: LLM

    def verify(self) -> None:
        """Check that the LLM returns its hidden states; raises DistilabelUserError."""
        super().verify()
        if type(self.llm).get_last_hidden_states is LLM.get_last_hidden_states:
            raise DistilabelUserError(
                f"Step {self.name!r} needs the hidden states of an LLM, which {type(self.llm).__name__} does not return: use "
                "TransformersLLM, or the step EmbeddingGeneration."
            )

    @property
    def inputs(self) -> StepColumns:
        """The texts."""
        return ["text"]

    @property
    def outputs(self) -> StepColumns:
        """The embeddings and `model_name`."""
        return ["embedding", "model_name"]

    def load(self) -> None:
        """Load the LLM."""
        super().load()
        self.llm.load()

    def unload(self) -> None:
        """Unload the LLM."""
        super().unload()
        self.llm.unload()

    def format_input(self, input: Row) -> ChatType:
        """Return the chat to embed: the column's chat, or a chat of the text."""
        text = input["text"]
        return text if isinstance(text, list) else [{"role": "user", "content": text}]

    def process(self, inputs: StepInput) -> StepOutput:
        """Yield the rows with their embeddings.

        Raises:
            DistilabelStepError: The LLM did not return the states of each text.
        """
        rows = [unusable_row(self, row, "There is no text.") for row in inputs]
        numbers = [number for number, row in enumerate(inputs) if row.get("text")]
        chats: list[FormattedInput] = [self.format_input(inputs[number]) for number in numbers]
        states = self.llm.get_last_hidden_states(chats) if chats else []
        if len(states) != len(numbers):
            raise DistilabelStepError(
                f"Step {self.name!r} sent {len(numbers)} texts and its LLM returned {len(states)} hidden states: "
                "get_last_hidden_states() must return one for each text, in the same order."
            )
        for number, state in zip(numbers, states, strict=True):
            made: dict[str, Any] = {"embedding": [float(value) for value in state[-1]]}
            rows[number] = {**inputs[number], **made, "model_name": self.llm.model_name}
        yield rows
