"""Completions of plain text, without a chat: https://platform.openai.com/docs/api-reference/completions."""

import time

import orjson

from distilabel.server.http import Body, new_id
from distilabel.server.toy_model.model import about, count_tokens, cut
from distilabel.server.toy_model.request_validation import check_completion

# "The maximum number of tokens that can be generated in the completion", default 16 (API reference).
DEFAULT_TOKENS = 16


def completion(body: Body, salt: str) -> Body:
    """A completion object: the choices of the first prompt, then those of the second, and so on."""
    prompts = check_completion(body)
    limit = DEFAULT_TOKENS if body.get("max_tokens") is None else body["max_tokens"]
    choices: list[Body] = []
    written = 0
    for prompt in prompts:
        for _ in range(body.get("n") or 1):
            index = len(choices)
            sample = cut(
                about(prompt, body["model"], salt, index, orjson.dumps(prompt)), body.get("stop"), limit
            )
            written += sample.tokens
            text = prompt + sample.text if body.get("echo") else sample.text
            choices.append(
                {"index": index, "text": text, "logprobs": None, "finish_reason": sample.finish_reason}
            )
    read = sum(map(count_tokens, prompts))
    return {
        "id": new_id("cmpl-"),
        "object": "text_completion",
        "created": int(time.time()),
        "model": body["model"],
        "choices": choices,
        "usage": {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written},
        "system_fingerprint": "fp_toy",
    }
