"""Embedding models in GGUF files that run in this process, with llama-cpp-python."""

from pathlib import Path
from typing import Any, ClassVar, Optional, Self

from pydantic import Field, model_validator

from distilabel._optional import require
from distilabel.config import RuntimeParameter
from distilabel.exceptions import DistilabelUserError
from distilabel.models.cuda_devices import CudaDevices, set_visible_devices
from distilabel.models.embeddings.in_process import InProcessEmbeddings

__all__ = ["LlamaCppEmbeddings"]


class LlamaCppEmbeddings(InProcessEmbeddings):
    """An embedding model in a GGUF file that llama.cpp runs in this process.

    It needs `distilabel[llama-cpp]`. In a pipeline its step runs in a worker process. The tests use a fake of the
    package's interface, since the package must be compiled.

    Attributes:
        model: The file's name, such as `all-MiniLM-L6-v2-Q2_K.gguf`.
        model_path: The folder of the file, or the path of the file.
        repo_id: The repository of the file on the Hub; the file is downloaded once. Overrides `model_path`.
        verbose: Whether llama.cpp writes log messages; False by default.
        n_gpu_layers: The number of layers on the GPU; -1, the default: all.
        n_ctx: The maximum number of tokens of a text, 512 by default; longer texts are truncated.
        n_batch: The batch size in tokens, 512 by default.
        seed: The random seed.
        normalize_embeddings: Whether to normalize vectors to length 1; False by default.
        extra_kwargs: Further arguments of `llama_cpp.Llama`.
        cuda_devices: Indexes of the visible GPUs; "auto", the default, leaves those that the process already sees.
        disable_cuda_device_placement: Whether to ignore `cuda_devices`; True by default.

    Raises:
        DistilabelUserError: Neither `model_path` nor `repo_id` is given.

    References:
        https://llama-cpp-python.readthedocs.io/en/latest/api-reference (November 2026)

    Examples:
        >>> LlamaCppEmbeddings(model="minilm.gguf", model_path="models").model_name
        'minilm.gguf'
    """

    excluded_from_signature: ClassVar[frozenset[str]] = frozenset(
        {"cuda_devices", "disable_cuda_device_placement", "n_gpu_layers", "verbose"}
    )

    model: str
    model_path: Optional[RuntimeParameter[str]] = None
    repo_id: Optional[RuntimeParameter[str]] = None
    verbose: RuntimeParameter[bool] = False
    n_gpu_layers: RuntimeParameter[int] = Field(default=-1, description="Layers on the GPU; -1: all.")
    n_ctx: int = 512
    n_batch: int = 512
    seed: int = 4294967295
    normalize_embeddings: RuntimeParameter[bool] = Field(
        default=False, description="Whether to normalize vectors to length 1."
    )
    extra_kwargs: Optional[RuntimeParameter[dict[str, Any]]] = Field(default_factory=dict)
    cuda_devices: RuntimeParameter[CudaDevices] = Field(
        default="auto", description="The indexes of the visible GPUs."
    )
    disable_cuda_device_placement: RuntimeParameter[bool] = Field(
        default=True, description="Whether to ignore `cuda_devices`."
    )

    @model_validator(mode="after")
    def _check_place(self) -> Self:
        if not (self.model_path or self.repo_id):
            raise DistilabelUserError(
                "LlamaCppEmbeddings does not know where the file is: set model_path=... (its folder), or repo_id=... (a "
                "repository on the Hub)."
            )
        return self

    @property
    def model_name(self) -> str:
        """The file's name."""
        return self.model

    def load(self) -> None:
        """Load the file; a file on the Hub is downloaded first.

        Raises:
            DistilabelMissingPackageError: Install `distilabel[llama-cpp]`.
        """
        super().load()
        set_visible_devices(self.cuda_devices, disabled=self.disable_cuda_device_placement)
        kind = require("llama_cpp", "llama-cpp").Llama
        how = {name: getattr(self, name) for name in ("n_gpu_layers", "n_ctx", "n_batch", "seed")}
        how |= {"verbose": bool(self.verbose), "embedding": True, **(self.extra_kwargs or {})}
        if self.repo_id:
            self._model = kind.from_pretrained(repo_id=self.repo_id, filename=self.model, **how)
        else:
            self._model = kind(model_path=str(self._file()), **how)

    def _file(self) -> Path:
        path = Path(self.model_path or "")
        return path / self.model if path.is_dir() else path

    def encode(self, inputs: list[str]) -> list[list[float]]:
        """Return one vector for each text, in the same order."""
        vectors: list[list[float]] = self._loaded.embed(inputs, normalize=bool(self.normalize_embeddings))
        return vectors
