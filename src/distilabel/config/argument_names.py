"""Other names of arguments, which platforms and other libraries give to the same thing."""

from collections.abc import Collection

__all__ = ["argument_name"]

_SAME = (
    ("max_new_tokens", "max_tokens", "max_completion_tokens", "max_output_tokens"),
    ("stop", "stop_sequences", "stop_strings"),
    ("tool_choice", "tools_choice"),
    ("use_offline_batch_generation", "use_offline_batch", "offline_batch_generation", "use_batch"),
    ("offline_batch_generation_block_until_done", "offline_batch_block_until_done", "block_until_done"),
    ("model", "model_name", "model_id"),
    ("base_url", "api_base", "azure_endpoint"),
    ("api_key", "key"),
    ("default_headers", "headers", "extra_headers"),
    ("structured_output", "output_schema"),
)


def argument_name(name: str, known: Collection[str]) -> str | None:
    """Return the name in `known` that means the same as `name`; None if there is none.

    Examples:
        >>> argument_name("max_tokens", ["temperature", "max_new_tokens"])
        'max_new_tokens'
    """
    if name in known:
        return name
    names = next((names for names in _SAME if name in names), ())
    return next((other for other in names if other in known), None)
