"""A stand-in for llama-cpp-python: its interface, and a model that repeats what it is asked, in capitals."""

import json
from pathlib import Path

asked = []
loaded = []


class LogitsProcessorList(list):
    pass


class Llama:
    def __init__(
        self, model_path, *, n_gpu_layers=0, chat_format=None, n_ctx=512, n_batch=512, seed=4294967295, verbose=True,
        embedding=False, **more,
    ):  # fmt: skip
        if Path(model_path).read_bytes()[:4] != b"GGUF":
            raise ValueError(f"Failed to load model from file: {model_path}")
        self.given = {
            "n_gpu_layers": n_gpu_layers, "chat_format": chat_format, "n_ctx": n_ctx, "n_batch": n_batch, "seed": seed,
            "verbose": verbose, "embedding": embedding, **more,
        }  # fmt: skip
        loaded.append(self.given)

    @classmethod
    def from_pretrained(cls, repo_id, filename, **more):
        loaded.append({"repo_id": repo_id, "filename": filename})
        return object.__new__(cls)

    def create_chat_completion(
        self, messages, *, temperature=0.2, top_p=0.95, max_tokens=None, presence_penalty=0.0, frequency_penalty=0.0,
        response_format=None, logits_processor=None, top_k=40,
    ):  # fmt: skip
        asked.append(
            {"messages": messages, "max_tokens": max_tokens, "temperature": temperature, "top_k": top_k}
        )
        text = messages[-1]["content"].upper()
        if response_format:
            assert response_format["type"] == "json_object"
            text = json.dumps(dict.fromkeys(response_format["schema"]["properties"], text))
        if logits_processor:
            text = f"{type(logits_processor).__name__} {[str(one) for one in logits_processor]}"
        return {
            "choices": [
                {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
            ],
            "usage": {"prompt_tokens": len(messages), "completion_tokens": 7, "total_tokens": 8},
        }

    def create_completion(
        self,
        prompt,
        *,
        temperature=0.8,
        top_p=0.95,
        max_tokens=16,
        presence_penalty=0.0,
        frequency_penalty=0.0,
    ):
        choice = {"index": 0, "text": f"after {prompt!r}", "finish_reason": "length"}
        return {"choices": [choice], "usage": {"prompt_tokens": 3, "completion_tokens": max_tokens}}

    def embed(self, input, normalize=False, truncate=True):
        vectors = [[3.0 * len(text), 4.0 * len(text)] for text in input]
        if not normalize:
            return vectors
        return [[0.6, 0.8] for _ in vectors]
