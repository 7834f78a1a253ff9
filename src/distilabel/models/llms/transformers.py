"""LLMs that run in this process, with the package transformers."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Optional

from pydantic import Field, PrivateAttr, SecretStr

from distilabel._optional import require
from distilabel.config import RuntimeParameter
from distilabel.models.cuda_devices import CudaDevices, set_visible_devices
from distilabel.models.llms.chat_templates import has_template, prompt_of
from distilabel.models.llms.in_process import Completion, InProcessLLM, by_structure, output_of
from distilabel.models.pretrained import EXTRA, load_model, load_tokenizer
from distilabel.typing import ChatType, FormattedInput, GenerateOutput, StructuredOutputType

__all__ = ["TransformersLLM", "generated_tokens"]


class TransformersLLM(InProcessLLM):
    """A model that the package transformers runs in this process.

    It needs `distilabel[transformers]`. All inputs of a call form one batch: set the task's `input_batch_size` so that a
    batch fits into memory. In a pipeline the task runs in a worker process. `StepResources(gpus=1)` assigns a GPU to it,
    and `replicas` loads the model several times.

    Attributes:
        model: The model's name on the Hub, or a folder.
        revision: A branch, tag or commit of the model, "main" by default.
        torch_dtype: The type of the weights, such as "bfloat16"; "auto", the default: the type in which they are stored.
        trust_remote_code: Whether to run code from the model's repository; False by default.
        model_kwargs: Further arguments of the model's `from_pretrained`.
        tokenizer: The tokenizer's name or folder; default: the model's.
        use_fast: Whether to use a fast (Rust) tokenizer if there is one; True by default.
        chat_template: A Jinja template; default: the tokenizer's. Without any, the model continues the messages' texts.
        device: For example "cuda:0"; default: an accelerator if there is one.
        device_map: For example "auto", which spreads the model over all devices; it needs the package accelerate.
        token: The Hub's token; default: `HF_TOKEN`, or the token of the last login. Never written anywhere.
        cuda_devices: Indexes of the visible GPUs; "auto", the default, leaves those that the process already sees.
        disable_cuda_device_placement: Whether to ignore `cuda_devices`; False by default.
        structured_output: The structure of every answer: `{"schema": <pydantic model or JSON schema>}`, or
            `{"format": "regex", "schema": <regular expression>}`; needs `distilabel[outlines]`.
        use_magpie_template: Whether the model writes the user messages, as `Magpie` requires.
        magpie_pre_query_template: "llama3", "qwen2", or the text that starts a user message in the model's chat template.

    Raises:
        DistilabelUserError: `use_offline_batch_generation` is set.

    References:
        https://huggingface.co/docs/transformers/llm_tutorial

    Examples:
        >>> llm = TransformersLLM(model="HuggingFaceTB/SmolLM2-135M-Instruct", torch_dtype="bfloat16")
        >>> llm.model_name, llm.in_process
        ('HuggingFaceTB/SmolLM2-135M-Instruct', True)
    """

    excluded_from_signature: ClassVar[frozenset[str]] = frozenset(
        {"device", "device_map", "cuda_devices", "disable_cuda_device_placement"}
    )
    _stays_behind: ClassVar[frozenset[str]] = frozenset({"_tokenizer"})

    model: str
    revision: str = "main"
    torch_dtype: str = "auto"
    trust_remote_code: bool = False
    model_kwargs: Optional[dict[str, Any]] = None
    tokenizer: Optional[str] = None
    use_fast: bool = True
    chat_template: Optional[str] = None
    device: Optional[str | int] = None
    device_map: Optional[str | dict[str, Any]] = None
    token: Optional[SecretStr] = None
    cuda_devices: RuntimeParameter[CudaDevices] = Field(
        default="auto", description="The indexes of the visible GPUs."
    )
    disable_cuda_device_placement: RuntimeParameter[bool] = Field(
        default=False, description="Whether to ignore `cuda_devices`."
    )

    _tokenizer: Any = PrivateAttr(default=None)

    @property
    def model_name(self) -> str:
        """The model's name on the Hub, or its folder."""
        return self.model

    def load(self) -> None:
        """Load the weights and the tokenizer.

        Raises:
            DistilabelMissingPackageError: Install `distilabel[transformers]`.
        """
        super().load()
        set_visible_devices(self.cuda_devices, disabled=self.disable_cuda_device_placement)
        how: dict[str, Any] = {
            "token": self.token,
            "revision": self.revision,
            "trust_remote_code": self.trust_remote_code,
        }
        self._model = load_model(
            "AutoModelForCausalLM", self.model, dtype=self.torch_dtype, device=self.device,
            device_map=self.device_map, **how, **(self.model_kwargs or {}),
        )  # fmt: skip
        own = how if self.tokenizer in (None, self.model) else {**how, "revision": "main"}
        self._tokenizer = load_tokenizer(self.tokenizer or self.model, use_fast=self.use_fast, **own)

    def unload(self) -> None:
        """Release the weights."""
        super().unload()
        self._tokenizer = None

    def generate(  # type: ignore[override]
        self,
        inputs: list[FormattedInput],
        num_generations: int = 1,
        max_new_tokens: int = 1024,
        temperature: float = 0.1,
        repetition_penalty: float = 1.1,
        top_p: float = 1.0,
        top_k: int = 0,
        do_sample: bool = True,
    ) -> list[GenerateOutput]:
        """Generate one output for each input, in the same order.

        Args:
            inputs: Chats, or pairs of a chat and the structure of its answer.
            num_generations: The number of generations for each input.
            max_new_tokens: The maximum number of tokens to generate.
            temperature: 0 always selects the likeliest token, as `do_sample=False` does.
            repetition_penalty: A value above 1 makes repeated tokens less likely.
            top_p: The total probability of the likeliest tokens to sample from.
            top_k: The number of likeliest tokens to sample from; 0: all.
            do_sample: Whether to sample tokens. If False, all generations of an input are the same.
        """
        arguments: dict[str, Any] = {
            "max_new_tokens": max_new_tokens, "repetition_penalty": repetition_penalty, "do_sample": False
        }  # fmt: skip
        if do_sample and temperature > 0:
            arguments |= {"do_sample": True, "temperature": temperature, "top_p": top_p, "top_k": top_k}
        outputs: dict[int, GenerateOutput] = {}
        for structure, chats in by_structure(inputs, self.structured_output):
            made = self._complete(list(chats.values()), num_generations, structure, arguments)
            outputs |= dict(zip(chats, made, strict=True))
        return [outputs[number] for number in range(len(inputs))]

    def get_last_hidden_states(self, inputs: list[FormattedInput]) -> list[Any]:
        """Return the last hidden states of each input: an array of tokens by dimensions."""
        chats = [given[0] if isinstance(given, tuple) else given for given in inputs]
        # Padding on the right does not change the states and the positions of the tokens before it.
        encoded = self._encoded(chats, "right")
        with require("torch", EXTRA).inference_mode():
            states = self._loaded.base_model(**encoded).last_hidden_state
        masks = encoded["attention_mask"].bool()
        return [state[mask].float().cpu().numpy() for state, mask in zip(states, masks, strict=True)]

    def _encoded(self, chats: Sequence[ChatType], side: str) -> Any:
        model, template = self._loaded, self.chat_template
        prompts = [prompt_of(self._tokenizer, chat, self, chat_template=template) for chat in chats]
        return self._tokenizer(
            prompts, return_tensors="pt", padding=True, padding_side=side, return_token_type_ids=False,
            # A template adds the special tokens itself.
            add_special_tokens=not has_template(self._tokenizer, template),
        ).to(model.device)  # fmt: skip

    def _complete(
        self,
        chats: Sequence[ChatType],
        num_generations: int,
        structure: StructuredOutputType | None,
        arguments: dict[str, Any],
    ) -> Iterator[GenerateOutput]:
        model = self._loaded
        encoded = self._encoded(chats, "left")
        steering = (
            [] if structure is None else [self._steered("transformers", structure, model, self._tokenizer)]
        )
        # Each copy of a row is sampled independently. With greedy decoding all copies are the same, as they should be.
        rows = {name: value.repeat_interleave(num_generations, dim=0) for name, value in encoded.items()}
        with require("torch", EXTRA).inference_mode():
            made = model.generate(
                **rows, logits_processor=steering, pad_token_id=self._tokenizer.pad_token_id, **arguments
            )
        width = encoded["input_ids"].shape[1]
        counts = [int(mask.sum()) for mask in rows["attention_mask"]]
        pairs = zip(counts, made[:, width:].tolist(), strict=True)
        done = [self._completion(count, tokens) for count, tokens in pairs]
        return (
            output_of(done[start : start + num_generations]) for start in range(0, len(done), num_generations)
        )

    def _completion(self, input_tokens: int, tokens: list[int]) -> Completion:
        kept, reason = generated_tokens(tokens, self._model.generation_config.eos_token_id)
        text = self._tokenizer.decode(kept, skip_special_tokens=True)
        return Completion(text, input_tokens, len(kept), reason)


def generated_tokens(tokens: list[int], ends: int | list[int] | None) -> tuple[list[int], str]:
    """Return the tokens up to the first end token, and the finish reason.

    The finish reason is "stop" if there is an end token, else "length".

    Args:
        tokens: The model's tokens for one row of a batch, with padding.
        ends: The end tokens.

    Examples:
        >>> generated_tokens([5, 6, 2, 0, 0], [2, 3]), generated_tokens([5, 6], 2)
        (([5, 6, 2], 'stop'), ([5, 6], 'length'))
    """
    known = {ends} if isinstance(ends, int) else set(ends or ())
    for place, token in enumerate(tokens):
        if token in known:
            return tokens[: place + 1], "stop"
    return tokens, "length"
