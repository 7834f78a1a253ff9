"""LLMs behind a vLLM server."""

from collections.abc import Generator
from dataclasses import replace
from typing import Any, ClassVar, Optional

from distilabel import _event_loop as loop
from distilabel.config import RuntimeParameter
from distilabel.exceptions import DistilabelUserError
from distilabel.http import HttpRequest, HttpResponse
from distilabel.models.llms.openai import ChatLLM
from distilabel.models.llms.raw_completions import as_completion, sent_to
from distilabel.offline.client import ModelClient
from distilabel.providers.base import call_json
from distilabel.records import Outcome

__all__ = ["ClientvLLM"]


class ClientvLLM(ChatLLM):
    """A model behind a server that `vllm serve` runs.

    Attributes:
        base_url: For example `http://gpu-box:8000/v1`; default: `VLLM_BASE_URL`.
        model: Default: the first model that the server lists.
        api_key: The key that the server was started with, if any.
        tokenizer, tokenizer_revision: Ignored, since the server applies the chat template; accepted for compatibility.
        use_magpie_template: Whether the model writes the user messages, as `Magpie` requires. Then a user
            message is requested from `/v1/completions` with raw text, and an answer from `/v1/chat/completions`.
        magpie_pre_query_template: "llama3", "qwen2", or the text that starts a user message in the model's chat template; with
            a custom text, a chat can have no system prompt and no earlier turns.
        structured_output, max_tokens_parameter: See `ChatLLM`.

    References:
        https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html

    Examples:
        >>> llm = ClientvLLM(base_url="http://gpu-box:8000/v1", model="Qwen/Qwen3-8B")
        >>> llm.request([{"role": "user", "content": "Hi"}], extra_body={"top_k": 5})["top_k"]
        5
    """

    excluded_from_signature: ClassVar[frozenset[str]] = frozenset({"tokenizer", "tokenizer_revision"})
    platform_name: ClassVar[str] = "vllm-server"

    model: str = ""
    tokenizer: Optional[str] = None
    tokenizer_revision: Optional[str] = None
    use_magpie_template: RuntimeParameter[bool] = False
    magpie_pre_query_template: Optional[RuntimeParameter[str]] = None

    def load(self) -> None:
        """Open the connection; without a model's name, request it from the server.

        Raises:
            DistilabelUserError: The server lists no model.
        """
        super().load()
        if not self.model:
            self.model = loop.run(self.client.transport.run(_first_model()))
            self._connection.open(replace(self.client, target=replace(self.client.target, model=self.model)))

    def _shaped(self, body: dict[str, Any]) -> dict[str, Any]:
        asked = as_completion(body, self)
        # The text has the model's special tokens already: the server must not add them again.
        # https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html#completions-api (November 2026)
        return asked | {"add_special_tokens": False} if "prompt" in asked else asked

    async def _ask(self, client: ModelClient, body: bytes) -> Outcome:
        return await super()._ask(sent_to(client, body), body)


def _first_model() -> Generator[HttpRequest, HttpResponse, str]:
    answer = yield from call_json(HttpRequest("GET", "/models"), having="data")
    first = answer["data"][0] if isinstance(answer["data"], list) else None
    if isinstance(first, dict) and first.get("id"):
        return str(first["id"])
    raise DistilabelUserError("The vLLM server does not list its models: set model=...")
