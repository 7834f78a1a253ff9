"""A stand-in for mlx-lm: its interface, and a model that repeats the end of its prompt word by word."""

from dataclasses import dataclass

calls = []


@dataclass
class GenerationResponse:
    text: str
    prompt_tokens: int
    generation_tokens: int
    finish_reason: str | None = None


class Tokenizer:
    chat_template = "a template"

    def apply_chat_template(self, messages, *, tokenize, add_generation_prompt):
        assert not tokenize
        said = "".join(f"[{message['role']}] {message['content']} " for message in messages)
        return said + ("[assistant]" if add_generation_prompt else "")


def load(path_or_hf_repo, tokenizer_config=None, model_config=None, adapter_path=None):
    calls.append(("load", path_or_hf_repo, tokenizer_config, model_config, adapter_path))
    return "the model", Tokenizer()


def stream_generate(
    model, tokenizer, prompt, max_tokens=256, *, sampler=None, logits_processors=None, max_kv_size=None,
    prompt_cache=None, prefill_step_size=2048, kv_bits=None, kv_group_size=64, quantized_kv_start=0,
):  # fmt: skip
    calls.append(("generate", model, prompt, sampler, logits_processors))
    words = prompt.split()[:max_tokens]
    for number, word in enumerate(words, 1):
        end = ("length" if number == max_tokens else "stop") if number == len(words) else None
        yield GenerationResponse(f"{word} ", len(prompt.split()), number, end)
