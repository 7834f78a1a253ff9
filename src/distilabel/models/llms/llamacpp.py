"""LLMs in GGUF files that run in this process, with llama-cpp-python."""

from typing import Any, ClassVar, Optional

from pydantic import Field, FilePath

from distilabel._optional import require
from distilabel.config import RuntimeParameter
from distilabel.models.llms.in_process import Completion, InProcessLLM, output_of, texts_only
from distilabel.models.llms.magpie import add_pre_query, pre_query_of
from distilabel.models.llms.raw_completions import rendered
from distilabel.models.llms.structure import json_schema
from distilabel.typing import ChatType, FormattedInput, GenerateOutput, StructuredOutputType

__all__ = ["LlamaCppLLM"]

_EXTRA = "llama-cpp"
_BEGIN = "<|begin_of_text|>"


class LlamaCppLLM(InProcessLLM):
    """A model in a GGUF file that llama.cpp runs in this process, one input at a time.

    It needs `distilabel[llama-cpp]`. The tests use a fake of the package's interface, since the package must be compiled.

    Attributes:
        model_path: The path of the file.
        n_gpu_layers: The number of layers on the GPU; -1, the default: all.
        chat_format: The name of a chat format of llama-cpp-python; default: the template in the file.
        n_ctx: The maximum number of tokens of prompt and answer together, 512 by default; 0: the model's maximum.
        n_batch: The batch size of prompt processing in tokens, 512 by default.
        seed: The seed of the sampling; by default a random one.
        verbose: Whether llama.cpp writes log messages; False by default.
        extra_kwargs: Further arguments of `llama_cpp.Llama`.
        tokenizer_id: Ignored, since the file contains its tokenizer; accepted for compatibility.
        structured_output: The structure of every answer: `{"schema": <pydantic model or JSON schema>}`,
            supported by llama.cpp itself, or `{"format": "regex", "schema": <regular expression>}`, which needs
            `distilabel[outlines]`.
        use_magpie_template: Whether the model writes the user messages, as `Magpie` requires.
        magpie_pre_query_template: "llama3", "qwen2", or the text that starts a user message in the model's chat template; with
            a custom text, a chat can have no system prompt and no earlier turns.

    Raises:
        DistilabelUserError: `use_offline_batch_generation` is set.

    References:
        https://llama-cpp-python.readthedocs.io/en/latest/api-reference (November 2026)

    Examples:
        >>> import tempfile
        >>> with tempfile.NamedTemporaryFile(suffix=".gguf") as file:
        ...     LlamaCppLLM(model_path=file.name, n_ctx=4096).n_gpu_layers
        -1
    """

    excluded_from_signature: ClassVar[frozenset[str]] = frozenset({"n_gpu_layers", "verbose", "tokenizer_id"})

    model_path: RuntimeParameter[FilePath] = Field(default=None, description="The GGUF file.")
    n_gpu_layers: RuntimeParameter[int] = Field(default=-1, description="Layers on the GPU; -1: all.")
    chat_format: Optional[RuntimeParameter[str]] = None
    n_ctx: int = 512
    n_batch: int = 512
    seed: int = 4294967295
    verbose: RuntimeParameter[bool] = False
    extra_kwargs: Optional[RuntimeParameter[dict[str, Any]]] = Field(default_factory=dict)
    tokenizer_id: Optional[RuntimeParameter[str]] = None

    @property
    def model_name(self) -> str:
        """The file's path."""
        return str(self.model_path)

    def load(self) -> None:
        """Load the file.

        Raises:
            DistilabelMissingPackageError: Install `distilabel[llama-cpp]`.
        """
        super().load()
        self._model = require("llama_cpp", _EXTRA).Llama(
            model_path=str(self.model_path),
            n_gpu_layers=self.n_gpu_layers,
            chat_format=self.chat_format,
            n_ctx=self.n_ctx,
            n_batch=self.n_batch,
            seed=self.seed,
            verbose=bool(self.verbose),
            **(self.extra_kwargs or {}),
        )

    def generate(  # type: ignore[override]
        self,
        inputs: list[FormattedInput],
        num_generations: int = 1,
        max_new_tokens: int = 1024,
        frequency_penalty: float = 0.0,
        presence_penalty: float = 0.0,
        temperature: float = 1.0,
        top_p: float = 1.0,
        extra_generation_kwargs: Optional[dict[str, Any]] = None,
    ) -> list[GenerateOutput]:
        """Generate one output for each input, in the same order.

        Args:
            inputs: Chats, or pairs of a chat and the structure of its answer.
            num_generations: The number of generations for each input.
            max_new_tokens: The maximum number of tokens to generate.
            frequency_penalty: A value above 0 makes tokens less likely, the more often they occur in the text.
            presence_penalty: A value above 0 makes tokens that occur in the text less likely.
            temperature: 0 always selects the likeliest token.
            top_p: The total probability of the likeliest tokens to sample from.
            extra_generation_kwargs: Further arguments of llama-cpp-python; they override all others.
        """
        arguments: dict[str, Any] = {
            "max_tokens": max_new_tokens,
            "frequency_penalty": frequency_penalty,
            "presence_penalty": presence_penalty,
            "temperature": temperature,
            "top_p": top_p,
            **(extra_generation_kwargs or {}),
        }
        outputs = []
        for given in inputs:
            chat, own = given if isinstance(given, tuple) else (given, None)
            structure = own or self.structured_output
            outputs.append(
                output_of([self._complete(chat, structure, arguments) for _ in range(num_generations)])
            )
        return outputs

    def _complete(
        self, chat: ChatType, structure: StructuredOutputType | None, arguments: dict[str, Any]
    ) -> Completion:
        model = self._loaded
        if pre_query_of(self) is not None and not (chat and chat[-1]["role"] == "user"):
            raw = add_pre_query(rendered(chat, self.magpie_pre_query_template), chat, self)
            # llama.cpp adds this token to each text itself.
            return _read(model.create_completion(prompt=raw.removeprefix(_BEGIN), **arguments), "text")
        messages = texts_only(chat, type(self).__name__)
        kept_to = {} if structure is None else self._kept_to(structure)
        return _read(model.create_chat_completion(messages=messages, **kept_to, **arguments), "message")

    def _kept_to(self, structure: StructuredOutputType) -> dict[str, Any]:
        if structure.get("format", "json") != "regex":
            return {"response_format": {"type": "json_object", "schema": json_schema(structure)[1]}}
        processor = self._steered("llamacpp", structure, self._model)
        return {"logits_processor": require("llama_cpp", _EXTRA).LogitsProcessorList([processor])}


def _read(answer: dict[str, Any], field: str) -> Completion:
    choice, usage = answer["choices"][0], answer.get("usage") or {}
    text = choice["text"] if field == "text" else choice["message"]["content"]
    reason = str(choice.get("finish_reason") or "stop")
    return Completion(text or "", usage.get("prompt_tokens", 0), usage.get("completion_tokens", 0), reason)
