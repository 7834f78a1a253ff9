"""Models of transformers so small that a test makes them: random weights, a tokenizer of a few words, nothing downloaded."""

from pathlib import Path
from typing import Any

WORDS = [
    "<pad>",
    "<s>",
    "</s>",
    "<unk>",
    "system",
    "user",
    "assistant",
    "yes",
    "no",
    "maybe",
    "hello",
    "world",
    "a",
    "b",
]
TEMPLATE = (
    "<s>{% for message in messages %}{{ ' ' + message['role'] + ' ' + message['content'] + ' </s>' }}{% endfor %}"
    "{% if add_generation_prompt %} assistant{% endif %}"
)


def make_tokenizer(words: list[str], template: str | None = TEMPLATE) -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.decoder = decoders.Metaspace(replacement=" ", prepend_scheme="never")
    made = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", unk_token="<unk>", pad_token="<pad>"
    )
    made.chat_template = template
    return made


def make_causal(folder: Path, *, words: list[str] = WORDS, template: str | None = TEMPLATE) -> str:
    """A model that writes texts: random, and the same each time."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(words), hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=2, max_position_embeddings=128, bos_token_id=1, eos_token_id=2, pad_token_id=0,
    )  # fmt: skip
    return _saved(LlamaForCausalLM(config), make_tokenizer(words, template), folder)


def make_judge(folder: Path, *, labels: int = 1, template: str | None = TEMPLATE) -> str:
    """A model that gives a text one number, or one a label."""
    import torch
    from transformers import LlamaConfig, LlamaForSequenceClassification

    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(WORDS), hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=2, max_position_embeddings=128, pad_token_id=0, num_labels=labels,
    )  # fmt: skip
    return _saved(LlamaForSequenceClassification(config), make_tokenizer(WORDS, template), folder)


def _saved(model: Any, tokenizer: Any, folder: Path) -> str:
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)
