"""The base of embedding models behind a platform."""

from typing import Any, ClassVar

from distilabel.models.embeddings.base import Embeddings
from distilabel.models.remote import RemoteModel, body_of
from distilabel.offline.session import Answer
from distilabel.providers.parsing.vectors import as_vector
from distilabel.records import Failure
from distilabel.typing import EmbeddingOutput

__all__ = ["RemoteEmbeddings"]


class RemoteEmbeddings(RemoteModel, Embeddings):
    """The base of embedding models behind a platform; each text is one request, online and by batch.

    A subclass names the platform (`platform_name`) and turns one text into a request's body (`request`). The fields are
    those of `RemoteModel`.
    """

    endpoint: ClassVar[str] = "/v1/embeddings"

    def request(self, text: str) -> dict[str, Any]:
        """Return the body of the request for one text, without fields that are not set."""
        raise NotImplementedError

    def encode(self, inputs: list[str]) -> list[list[float] | None]:
        """Return one vector for each text, in the same order; None for a text that failed (see `encode_outputs`).

        Raises:
            DistilabelOfflineBatchGenerationNotFinishedException: Offline only: some responses are not there yet.
        """
        return [output["embedding"] for output in self.encode_outputs(inputs)]

    def encode_outputs(self, inputs: list[str]) -> list[EmbeddingOutput]:
        """Return one output for each text, in the same order: its vector and token count, or its failure.

        Raises:
            DistilabelOfflineBatchGenerationNotFinishedException: Offline only: some responses are not there yet.
        """
        return [_output(answer) for answer in self._answers([body_of(self.request, text) for text in inputs])]


def _output(answer: Answer) -> EmbeddingOutput:
    outcome = answer.outcome
    if isinstance(outcome, Failure):
        return _failed(answer, outcome.code, outcome.message)
    vector = as_vector(outcome.extras.get("embedding"))
    if vector is None:
        return _failed(answer, "no_embedding", "The platform's response holds no vector.")
    return {"embedding": vector, "input_tokens": outcome.usage.input_tokens}


def _failed(answer: Answer, code: str, message: str) -> EmbeddingOutput:
    attempts, job_id = answer.attempts, answer.job_id
    return {
        "embedding": None,
        "failure": {"code": code, "message": message, "attempts": attempts, "job_id": job_id},
    }
