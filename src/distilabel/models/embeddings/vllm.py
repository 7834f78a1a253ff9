"""Embedding models that run in this process, with the package vllm."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Optional

from pydantic import Field

from distilabel._optional import require
from distilabel.config import RuntimeParameter
from distilabel.models.cuda_devices import CudaDevices, set_visible_devices
from distilabel.models.embeddings.in_process import InProcessEmbeddings
from distilabel.models.engine_arguments import engine_code

__all__ = ["vLLMEmbeddings"]


class vLLMEmbeddings(InProcessEmbeddings):  # noqa: N801 - the public API's name
    """An embedding model that vLLM runs in this process.

    It needs `distilabel[vllm]` and a GPU that vLLM supports. In a pipeline its step runs in a worker process. The tests
    use a fake of the package's interface, not the package itself.

    Attributes:
        model: The model's name on the Hub, or a folder.
        dtype: The type of the weights, such as "bfloat16"; "auto" by default.
        trust_remote_code: Whether to run code from the model's repository; False by default.
        quantization: The quantization of the weights, if their configuration does not contain it.
        revision: A branch, tag or commit of the model.
        enforce_eager: Whether to use no CUDA graphs, which need memory and time to build; True by default.
        seed: The random seed, 0 by default.
        extra_kwargs: Further arguments of `vllm.LLM`, such as `{"gpu_memory_utilization": 0.5}`.
        cuda_devices: Indexes of the visible GPUs; "auto", the default, leaves those that the process already sees.
        disable_cuda_device_placement: Whether to ignore `cuda_devices`; False by default.

    References:
        https://docs.vllm.ai/en/latest/models/pooling_models (November 2026)

    Examples:
        >>> vLLMEmbeddings(model="intfloat/e5-mistral-7b-instruct").model_name
        'intfloat/e5-mistral-7b-instruct'
    """

    excluded_from_signature: ClassVar[frozenset[str]] = frozenset(
        {"cuda_devices", "disable_cuda_device_placement"}
    )

    model: str
    dtype: str = "auto"
    trust_remote_code: bool = False
    quantization: Optional[str] = None
    revision: Optional[str] = None
    enforce_eager: bool = True
    seed: int = 0
    extra_kwargs: Optional[RuntimeParameter[dict[str, Any]]] = Field(default_factory=dict)
    cuda_devices: RuntimeParameter[CudaDevices] = Field(
        default="auto", description="The indexes of the visible GPUs."
    )
    disable_cuda_device_placement: RuntimeParameter[bool] = Field(
        default=False, description="Whether to ignore `cuda_devices`."
    )

    @property
    def model_name(self) -> str:
        """The model's name on the Hub, or its folder."""
        return self.model

    @classmethod
    def code_in(cls, fields: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        """Yield the fields from a file that may make code run here."""
        yield from super().code_in(fields)
        yield from engine_code(fields.get("extra_kwargs"))

    def load(self) -> None:
        """Load the weights.

        Raises:
            DistilabelMissingPackageError: Install `distilabel[vllm]`.
        """
        super().load()
        set_visible_devices(self.cuda_devices, disabled=self.disable_cuda_device_placement)
        named = ("model", "dtype", "trust_remote_code", "quantization", "revision", "enforce_eager", "seed")
        given = {name: getattr(self, name) for name in named}
        self._model = require("vllm", "vllm").LLM(
            **{"runner": "pooling", **given, **(self.extra_kwargs or {})}
        )

    def encode(self, inputs: list[str]) -> list[list[float]]:
        """Return one vector for each text, in the same order."""
        return [list(output.outputs.embedding) for output in self._loaded.embed(inputs, use_tqdm=False)]
