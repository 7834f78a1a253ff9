"""The arguments of vLLM's engine that a file may set without running code."""

from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["engine_code"]

# Of https://docs.vllm.ai/en/v0.8.5/serving/engine_args.html (excerpt, December 2026) and of later versions. Others load plugins, name classes to import, or
# may do so in a later version. The command accepts abbreviations, so a list of those that run code would not be enough.
_PLAIN = frozenset(
    {
        *("block_size", "config_format", "cpu_offload_gb", "data_parallel_size", "disable_cascade_attn"),
        *(
            "disable_custom_all_reduce",
            "disable_log_requests",
            "disable_log_stats",
            "disable_sliding_window",
            "dtype",
        ),
        *("enable_auto_tool_choice", "enable_chunked_prefill", "enable_expert_parallel", "enable_lora"),
        *("enable_prefix_caching", "enforce_eager", "generation_config", "gpu_memory_utilization"),
        *("guided_decoding_backend", "kv_cache_dtype", "limit_mm_per_prompt", "max_cpu_loras"),
        *(
            "max_logprobs",
            "max_lora_rank",
            "max_loras",
            "max_model_len",
            "max_num_batched_tokens",
            "max_num_seqs",
        ),
        *("max_parallel_loading_workers", "max_seq_len_to_capture", "num_gpu_blocks_override"),
        *("pipeline_parallel_size", "quantization", "reasoning_parser", "revision", "runner", "seed"),
        *(
            "served_model_name",
            "swap_space",
            "task",
            "tensor_parallel_size",
            "tokenizer_mode",
            "tokenizer_revision",
        ),
        *("tool_call_parser", "convert", "enable_log_requests", "override_generation_config"),
    }
)


def engine_code(arguments: Any) -> Iterator[tuple[str, Any]]:
    """Yield the entries of `extra_kwargs` that may make code run, with their paths.

    Examples:
        >>> list(engine_code({"max-model-len": 4096, "tool_parser_plugin": "plugin.py"}))
        [('extra_kwargs.tool_parser_plugin', 'plugin.py')]
    """
    if isinstance(arguments, Mapping):
        for name, value in arguments.items():
            if str(name).replace("-", "_").lower() not in _PLAIN:
                yield f"extra_kwargs.{name}", value
