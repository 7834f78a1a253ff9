"""An embedding model whose vectors come from a function."""

from typing import Any, ClassVar, Optional

from pydantic import PrivateAttr

from distilabel.models.embeddings.remote import RemoteEmbeddings
from distilabel.offline.client import ModelClient
from distilabel.testing._client import SHARED_PLATFORM, fake_client
from distilabel.testing.platform import FakePlatform
from distilabel.testing.responses import EmbeddingFunction, Responder

__all__ = ["FunctionEmbeddings"]


class FunctionEmbeddings(RemoteEmbeddings):
    """A function in place of an embedding model: takes a text, returns its vector; None or an exception is a failure.

    Works online and by batch, as `FunctionLLM` does.

    Args:
        function: The function.
        platform: Where batch jobs are submitted; by default one that all functions of this process share.
        fields: The fields of `RemoteEmbeddings`, such as `use_offline_batch_generation`.

    Attributes:
        function: The function.
        model: The model's name.

    Examples:
        >>> embeddings = FunctionEmbeddings(lambda text: [float(len(text)), 1.0])
        >>> embeddings.load()
        >>> embeddings.encode(["a", "bcd"])
        [[1.0, 1.0], [3.0, 1.0]]
    """

    platform_name: ClassVar[str] = "compatible"

    model: str = "function"
    function: EmbeddingFunction

    _fake: Optional[FakePlatform] = PrivateAttr(default=None)

    def __init__(
        self, function: EmbeddingFunction, /, *, platform: FakePlatform | None = None, **fields: Any
    ) -> None:
        super().__init__(**{"function": function, **fields})
        self._fake = platform

    def request(self, text: str) -> dict[str, Any]:
        """Return the body of the request for one text."""
        return {"model": self.model, "input": text}

    @property
    def platform(self) -> FakePlatform:
        """Where batch jobs are submitted."""
        return self._fake or SHARED_PLATFORM

    def _open_client(self) -> ModelClient:
        self._refuse_http("a function answers them")
        return fake_client(self, self.platform, Responder(self.platform.responder.chat, self.function))
