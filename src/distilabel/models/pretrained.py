"""Pretrained models and tokenizers, loaded with the package transformers."""

from typing import Any

from pydantic import SecretStr

from distilabel._optional import require

__all__ = ["EXTRA", "load_model", "load_tokenizer"]

EXTRA = "transformers"


def load_model(
    kind: str,
    name: str,
    *,
    dtype: str | None,
    device: str | int | None = None,
    device_map: str | dict[str, Any] | None = None,
    token: SecretStr | None = None,
    **how: Any,
) -> Any:
    """Load a model, move it to its device and set it to evaluation mode.

    Args:
        kind: The class of transformers that loads it, such as `AutoModelForCausalLM`.
        name: The name on the Hub, or a folder.
        dtype: The type of the weights, such as "bfloat16"; "auto": the type in which they are stored.
        device: The device of the model. Without it and `device_map`, an accelerator if there is one.
        device_map: Spreads the model over several devices; needs the package accelerate.
        token: The Hub's token; default: `HF_TOKEN`, or the token of the last login.
        how: Further arguments of `from_pretrained`.

    Raises:
        DistilabelMissingPackageError: Install `distilabel[transformers]`.
    """
    spread = {} if device_map is None else {"device_map": device_map}
    model = getattr(require("transformers", EXTRA), kind).from_pretrained(
        name, dtype=dtype or "auto", token=_plain(token), **spread, **how
    )
    if device_map is None:
        model = model.to(_accelerator() if device is None else device)
    return model.eval()


def load_tokenizer(name: str, *, token: SecretStr | None = None, **how: Any) -> Any:
    """Load a tokenizer that can pad texts of different lengths.

    Args:
        name: The name on the Hub, or a folder.
        token: The Hub's token; default: `HF_TOKEN`, or the token of the last login.
        how: Further arguments of `from_pretrained`.
    """
    kind = require("transformers", EXTRA).AutoTokenizer
    tokenizer = kind.from_pretrained(name, token=_plain(token), **how)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def _plain(token: SecretStr | None) -> str | None:
    return None if token is None else token.get_secret_value()


def _accelerator() -> str:
    torch = require("torch", EXTRA)
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"
