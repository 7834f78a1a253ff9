"""LLMs that run on this machine with vLLM's `run-batch`."""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Optional

from pydantic import Field

from distilabel._files import cache_folder
from distilabel.config import RuntimeParameter
from distilabel.exceptions import DistilabelUserError
from distilabel.models.engine_arguments import engine_code
from distilabel.models.llms.openai import ChatLLM
from distilabel.offline.client import ModelClient, folder_of
from distilabel.offline.local_command import LocalCommandTransport
from distilabel.offline.options import OfflineBatchOptions
from distilabel.providers.registry import platform
from distilabel.records import Target, canonical_json

__all__ = ["vLLM"]


def _one_at_a_time() -> OfflineBatchOptions:
    """Return the options for one machine: one job at a time, without a deadline."""
    return OfflineBatchOptions(max_jobs_in_flight=1, deadline=None)


class vLLM(ChatLLM):  # noqa: N801 - the public API's name
    """A model that `vllm run-batch` runs on this machine, offline only.

    Each job is a separate process, which continues after this one ends. If a job is killed, its written results are kept,
    and the other requests are submitted again. For online generation, run `vllm serve` and use `ClientvLLM`.

    Attributes:
        model: A name on the Hub, or a folder.
        dtype, quantization, revision, tokenizer, tokenizer_mode, tokenizer_revision, trust_remote_code, chat_template:
            vLLM's arguments of these names; None values are left out.
        extra_kwargs: Further arguments of the command: `{"tensor_parallel_size": 2}` becomes
            `--tensor-parallel-size 2`, and True becomes an argument without a value.
        command: The command to run, for example `("ssh", "gpu-box", "vllm", "run-batch")` with a shared folder.
        folder: The folder of the jobs, by default in the cache folder; each set of arguments has its own subfolder.
        offline_batch_options: Default: one job at a time, without a deadline.
        structured_output, max_tokens_parameter: See `ChatLLM`.

    References:
        https://docs.vllm.ai/en/latest/examples/offline_inference/openai_batch.html

    Examples:
        >>> llm = vLLM(model="Qwen/Qwen3-8B", use_offline_batch_generation=True, extra_kwargs={"max_model_len": 4096})
        >>> llm.arguments()
        ['--model', 'Qwen/Qwen3-8B', '--max-model-len', '4096']
    """

    excluded_from_signature: ClassVar[frozenset[str]] = frozenset({"command", "folder"})
    code_fields: ClassVar[frozenset[str]] = frozenset({"command"})
    platform_name: ClassVar[str] = "vllm"

    dtype: Optional[RuntimeParameter[str]] = None
    quantization: Optional[RuntimeParameter[str]] = None
    revision: Optional[RuntimeParameter[str]] = None
    tokenizer: Optional[RuntimeParameter[str]] = None
    tokenizer_mode: Optional[RuntimeParameter[str]] = None
    tokenizer_revision: Optional[RuntimeParameter[str]] = None
    trust_remote_code: RuntimeParameter[bool] = False
    chat_template: Optional[RuntimeParameter[str]] = None
    extra_kwargs: Optional[RuntimeParameter[dict[str, Any]]] = Field(default_factory=dict)
    command: RuntimeParameter[tuple[str, ...]] = ("vllm", "run-batch")
    folder: Optional[RuntimeParameter[str]] = None
    offline_batch_options: OfflineBatchOptions = Field(default_factory=_one_at_a_time)

    def load(self) -> None:
        """Open the client; a job starts vLLM.

        Raises:
            DistilabelUserError: `use_offline_batch_generation` is False.
        """
        if not self.use_offline_batch_generation:
            raise DistilabelUserError(
                "vLLM generates by offline batch only: set use_offline_batch_generation=True, or run `vllm serve` and "
                "use ClientvLLM."
            )
        super().load()

    @classmethod
    def code_in(cls, fields: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        """Yield the fields from a file that may make code run here, such as further arguments that load plugins."""
        yield from super().code_in(fields)
        yield from engine_code(fields.get("extra_kwargs"))

    def arguments(self) -> list[str]:
        """Return the arguments of the command, without the files."""
        named = (
            "model", "dtype", "quantization", "revision", "tokenizer", "tokenizer_mode", "tokenizer_revision",
            "trust_remote_code", "chat_template",
        )  # fmt: skip
        values = {name: getattr(self, name) for name in named} | (self.extra_kwargs or {})
        return [word for name, value in values.items() for word in _words(name, value)]

    def _address(self) -> str:
        if self.base_url:
            return self.base_url
        digest = hashlib.blake2b(canonical_json(self.arguments()), digest_size=4).hexdigest()
        folder = Path(self.folder) if self.folder else cache_folder() / "vllm"
        return (folder.expanduser().absolute() / digest).as_uri()

    def _open_client(self) -> ModelClient:
        address = self._address()
        target = Target(self.platform_name, address, self._endpoint(), self.model)
        carrier = LocalCommandTransport(folder_of(address), [*(self.command or ()), *self.arguments()])
        every = self.offline_batch_generation_block_until_done
        return ModelClient(
            target, platform(self.platform_name).provider(), carrier, every, self.offline_batch_options
        )


def _words(name: str, value: Any) -> list[str]:
    if value is None or value is False:
        return []
    flag = f"--{name.replace('_', '-')}"
    if value is True:
        return [flag]
    return [flag, value if isinstance(value, str) else canonical_json(value).decode()]
