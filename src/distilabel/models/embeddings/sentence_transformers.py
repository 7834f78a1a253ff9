"""Embedding models that run in this process, with sentence-transformers."""

from typing import Any, Literal, Optional

from pydantic import Field, SecretStr

from distilabel._optional import require
from distilabel.config import RuntimeParameter
from distilabel.models.embeddings.in_process import InProcessEmbeddings

__all__ = ["SentenceTransformerEmbeddings"]

_PASSED_ON = (
    *("device", "prompts", "default_prompt_name", "trust_remote_code", "revision", "truncate_dim"),
    *("model_kwargs", "tokenizer_kwargs", "config_kwargs"),
)


class SentenceTransformerEmbeddings(InProcessEmbeddings):
    """An embedding model that the package sentence-transformers runs in this process.

    It needs `distilabel[sentence-transformers]`. In a pipeline its step runs in a worker process;
    `StepResources(gpus=1)` assigns a GPU to it.

    Attributes:
        model: The model's name on the Hub, or a folder.
        device: For example "cuda"; by default the package selects it.
        prompts: Name to prefix for the inputs.
        default_prompt_name: The name of the prefix to use.
        trust_remote_code: Whether to run code from the model's repository; False by default.
        revision: A branch, tag or commit of the model.
        token: The Hub's token; default: `HF_TOKEN`, or the token of the last login.
        truncate_dim: The length to truncate each vector to; by default vectors are not truncated.
        model_kwargs: Arguments of the Transformers model.
        tokenizer_kwargs: Arguments of its tokenizer.
        config_kwargs: Arguments of its configuration.
        precision: The type of the numbers: "float32" (the default), "int8", "uint8", "binary" or "ubinary".
        normalize_embeddings: Whether to normalize vectors to length 1; True by default.

    References:
        Sentence-BERT: Sentence Embeddings using Siamese BERT-Networks, https://arxiv.org/abs/1908.10084

    Examples:
        >>> SentenceTransformerEmbeddings(model="mixedbread-ai/mxbai-embed-large-v1").model_name
        'mixedbread-ai/mxbai-embed-large-v1'
    """

    model: str
    device: Optional[RuntimeParameter[str]] = Field(
        default=None, description="The device, for example 'cuda'."
    )
    prompts: Optional[dict[str, str]] = None
    default_prompt_name: Optional[str] = None
    trust_remote_code: bool = False
    revision: Optional[str] = None
    token: Optional[SecretStr] = None
    truncate_dim: Optional[int] = Field(default=None, gt=0)
    model_kwargs: Optional[dict[str, Any]] = None
    tokenizer_kwargs: Optional[dict[str, Any]] = None
    config_kwargs: Optional[dict[str, Any]] = None
    precision: Literal["float32", "int8", "uint8", "binary", "ubinary"] = "float32"
    normalize_embeddings: RuntimeParameter[bool] = Field(
        default=True, description="Whether to normalize vectors to length 1."
    )

    @property
    def model_name(self) -> str:
        """The model's name on the Hub, or its folder."""
        return self.model

    def load(self) -> None:
        """Load the weights.

        Raises:
            DistilabelMissingPackageError: Install `distilabel[sentence-transformers]`.
        """
        super().load()
        kind = require("sentence_transformers", "sentence-transformers").SentenceTransformer
        token = None if self.token is None else self.token.get_secret_value()
        self._model = kind(self.model, token=token, **{name: getattr(self, name) for name in _PASSED_ON})

    def encode(self, inputs: list[str]) -> list[list[float]]:
        """Return one vector for each text, in the same order."""
        vectors: list[list[float]] = self._loaded.encode(
            inputs,
            batch_size=max(1, len(inputs)),
            convert_to_numpy=True,
            precision=self.precision,
            normalize_embeddings=bool(self.normalize_embeddings),
            show_progress_bar=False,
        ).tolist()
        return vectors
