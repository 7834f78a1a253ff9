"""LLMs that run in this process on Apple silicon, with the package mlx-lm."""

import sys
from collections.abc import Callable
from typing import Any, ClassVar, Optional

from pydantic import Field, PrivateAttr

from distilabel._optional import require
from distilabel.config import RuntimeParameter
from distilabel.exceptions import DistilabelUserError
from distilabel.models.llms.chat_templates import prompt_of
from distilabel.models.llms.in_process import Completion, InProcessLLM, output_of
from distilabel.typing import FormattedInput, GenerateOutput, StructuredOutputType

__all__ = ["MlxLLM"]

_EXTRA = "mlx"


class MlxLLM(InProcessLLM):
    """A model that Apple's MLX runs in this process, one input at a time.

    It needs macOS and `distilabel[mlx]`. The tests use a fake of the package's interface, since the package needs a Mac.

    Attributes:
        path_or_hf_repo: A folder, or the model's name on the Hub, such as `mlx-community/Qwen3-8B-4bit`.
        tokenizer_config: The arguments of the tokenizer.
        mlx_model_config: Overrides the model's own configuration.
        adapter_path: A folder with LoRA weights.
        structured_output: The structure of every answer: `{"schema": <pydantic model or JSON schema>}`, or
            `{"format": "regex", "schema": <regular expression>}`; needs `distilabel[outlines]`.
        use_magpie_template: Whether the model writes the user messages, as `Magpie` requires.
        magpie_pre_query_template: "llama3", "qwen2", or the text that starts a user message in the model's chat template.

    Raises:
        DistilabelUserError: `use_offline_batch_generation` is set.

    References:
        https://github.com/ml-explore/mlx-lm (November 2026)

    Examples:
        >>> MlxLLM(path_or_hf_repo="mlx-community/Qwen3-8B-4bit").model_name
        'mlx-community/Qwen3-8B-4bit'
    """

    _stays_behind: ClassVar[frozenset[str]] = frozenset({"_tokenizer"})

    path_or_hf_repo: str
    tokenizer_config: Optional[RuntimeParameter[dict[str, Any]]] = Field(default_factory=dict)
    mlx_model_config: Optional[RuntimeParameter[dict[str, Any]]] = Field(default_factory=dict)
    adapter_path: Optional[RuntimeParameter[str]] = None

    _tokenizer: Any = PrivateAttr(default=None)

    @property
    def model_name(self) -> str:
        """The folder, or the name on the Hub."""
        return self.path_or_hf_repo

    def load(self) -> None:
        """Load the weights and the tokenizer.

        Raises:
            DistilabelUserError: This is not macOS.
            DistilabelMissingPackageError: Install `distilabel[mlx]`.
        """
        if sys.platform != "darwin":
            raise DistilabelUserError(
                "MlxLLM runs on macOS only: use TransformersLLM or LlamaCppLLM on this machine, or point "
                "OpenAICompatibleLLM(base_url=...) to a Mac that runs `mlx_lm.server`."
            )
        super().load()
        self._model, self._tokenizer = require("mlx_lm", _EXTRA).load(
            self.path_or_hf_repo,
            tokenizer_config=self.tokenizer_config or {},
            model_config=self.mlx_model_config or {},
            adapter_path=self.adapter_path,
        )

    def unload(self) -> None:
        """Release the weights."""
        super().unload()
        self._tokenizer = None

    def generate(  # type: ignore[override]  # noqa: D417 - the other arguments are documented on the page of mlx-lm
        self,
        inputs: list[FormattedInput],
        num_generations: int = 1,
        max_tokens: int = 256,
        sampler: Optional[Callable[..., Any]] = None,
        logits_processors: Optional[list[Callable[..., Any]]] = None,
        max_kv_size: Optional[int] = None,
        prompt_cache: Optional[Any] = None,
        prefill_step_size: int = 512,
        kv_bits: Optional[int] = None,
        kv_group_size: int = 64,
        quantized_kv_start: int = 0,
        prompt_progress_callback: Optional[Callable[[int, int], None]] = None,
        temp: Optional[float] = None,
        repetition_penalty: Optional[float] = None,
        repetition_context_size: Optional[int] = None,
        top_p: Optional[float] = None,
        min_p: Optional[float] = None,
        min_tokens_to_keep: Optional[int] = None,
    ) -> list[GenerateOutput]:
        """Generate one output for each input, in the same order.

        Args:
            inputs: Chats, or pairs of a chat and the structure of its answer.
            num_generations: The number of generations for each input.
            max_tokens: The maximum number of tokens to generate.
            sampler: Samples the next token; by default built from `temp`, `top_p`, `min_p` and `min_tokens_to_keep`.
            logits_processors: Functions that change the logits of the next token.
            temp: The temperature; 0, the default, always selects the likeliest token.
            repetition_penalty: A value above 1 makes repeated tokens less likely.
            repetition_context_size: The number of previous tokens that `repetition_penalty` considers.
        """
        kit = require("mlx_lm.sample_utils", _EXTRA)
        chances = _given(temp=temp, top_p=top_p, min_p=min_p, min_tokens_to_keep=min_tokens_to_keep)
        repeating = _given(
            repetition_penalty=repetition_penalty, repetition_context_size=repetition_context_size
        )
        arguments = {
            "max_tokens": max_tokens,
            "sampler": sampler or kit.make_sampler(**chances),
            "max_kv_size": max_kv_size,
            "prompt_cache": prompt_cache,
            "prefill_step_size": prefill_step_size,
            "kv_bits": kv_bits,
            "kv_group_size": kv_group_size,
            "quantized_kv_start": quantized_kv_start,
            **_given(prompt_progress_callback=prompt_progress_callback),
        }
        processors = [*kit.make_logits_processors(**repeating), *(logits_processors or [])]
        return [self._output(given, num_generations, processors, arguments) for given in inputs]

    def _output(
        self, given: FormattedInput, num_generations: int, processors: list[Any], arguments: dict[str, Any]
    ) -> GenerateOutput:
        chat, own = given if isinstance(given, tuple) else (given, None)
        structure = own or self.structured_output
        prompt = prompt_of(self._tokenizer, chat, self)
        return output_of(
            [self._complete(prompt, structure, processors, arguments) for _ in range(num_generations)]
        )

    def _complete(
        self,
        prompt: str,
        structure: StructuredOutputType | None,
        processors: list[Any],
        arguments: dict[str, Any],
    ) -> Completion:
        model, tokenizer = self._loaded, self._tokenizer
        kept_to = [] if structure is None else [self._steered("mlxlm", structure, model, tokenizer)]
        parts = list(
            require("mlx_lm", _EXTRA).stream_generate(
                model, tokenizer, prompt, logits_processors=[*processors, *kept_to], **arguments
            )
        )
        if not parts:
            return Completion("", 0, 0, "length")
        last = parts[-1]
        text = "".join(part.text for part in parts)
        return Completion(text, last.prompt_tokens, last.generation_tokens, last.finish_reason or "length")


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
