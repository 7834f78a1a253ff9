"""LLMs behind Hugging Face's inference providers and Inference Endpoints."""

from typing import Any, ClassVar, Optional, Self

from pydantic import model_validator

from distilabel.config import RuntimeParameter
from distilabel.exceptions import DistilabelUserError
from distilabel.models.hugging_face_endpoints import address_of_endpoint
from distilabel.models.llms.openai import ChatLLM
from distilabel.models.llms.raw_completions import as_completion, sent_to
from distilabel.offline.client import ModelClient
from distilabel.providers.registry import platform
from distilabel.records import Outcome

__all__ = ["InferenceEndpointsLLM"]

# The name of the model on an endpoint with one model: https://huggingface.co/docs/inference-endpoints (November 2026)
_THE_ONE_MODEL = "tgi"


class InferenceEndpointsLLM(ChatLLM):
    """A model behind Hugging Face's inference providers or an Inference Endpoint.

    Attributes:
        model_id: The model's name on the Hub, such as `meta-llama/Llama-3.1-8B-Instruct`.
        endpoint_name: The name of an Inference Endpoint, in place of `model_id`; the Hub returns its address.
        endpoint_namespace: The user or organization that owns it; default: the token's owner.
        base_url: The address of an endpoint, in place of `model_id` or in addition to it.
        api_key: Default: `HF_TOKEN`.
        model_display_name: The model's name in the rows.
        tokenizer_id: Ignored, since the server applies the chat template; accepted for compatibility.
        use_magpie_template: Whether the model writes the user messages, as `Magpie` requires. This needs an
            Inference Endpoint: its `/v1/completions` accepts raw text, the inference providers do not.
        magpie_pre_query_template: "llama3", "qwen2", or the text that starts a user message in the model's chat template; with
            a custom text, a chat can have no system prompt and no earlier turns.
        structured_output, max_tokens_parameter: See `ChatLLM`.

    References:
        https://huggingface.co/docs/inference-providers, https://huggingface.co/docs/inference-endpoints

    Examples:
        >>> llm = InferenceEndpointsLLM(model_id="meta-llama/Llama-3.1-8B-Instruct", api_key="...")
        >>> llm.model_name
        'meta-llama/Llama-3.1-8B-Instruct'
    """

    excluded_from_signature: ClassVar[frozenset[str]] = frozenset({"model_display_name", "tokenizer_id"})
    platform_name: ClassVar[str] = "huggingface"

    model: str = ""
    model_id: Optional[RuntimeParameter[str]] = None
    endpoint_name: Optional[RuntimeParameter[str]] = None
    endpoint_namespace: Optional[RuntimeParameter[str]] = None
    model_display_name: Optional[RuntimeParameter[str]] = None
    tokenizer_id: Optional[RuntimeParameter[str]] = None
    use_magpie_template: RuntimeParameter[bool] = False
    magpie_pre_query_template: Optional[RuntimeParameter[str]] = None

    @model_validator(mode="after")
    def _check_place(self) -> Self:
        if not (self.model or self.model_id or self.endpoint_name or self.base_url):
            raise DistilabelUserError(
                "InferenceEndpointsLLM needs model_id=..., or endpoint_name=... or base_url=... of an Inference Endpoint."
            )
        # Bypasses validate_assignment, which would call this validator again.
        self.__dict__["model"] = self.model_id or self.model or _THE_ONE_MODEL
        return self

    @property
    def model_name(self) -> str:
        """The display name, or else the name of the endpoint or model."""
        named = self.model == _THE_ONE_MODEL and self.endpoint_name
        return self.model_display_name or named or self.model

    def _address(self) -> str | None:
        if self.endpoint_name and not self.base_url:
            key = self.api_key.get_secret_value() if self.api_key else None
            return f"{address_of_endpoint(self.endpoint_name, self.endpoint_namespace, key)}/v1"
        return super()._address()

    def load(self) -> None:
        """Open the connection.

        Raises:
            DistilabelUserError: The endpoint cannot be looked up or is not running; or `use_magpie_template` is set without an
                Inference Endpoint.
        """
        super().load()
        if self.use_magpie_template and self.client.target.base_url == platform(self.platform_name).base_url:
            raise DistilabelUserError(
                "Hugging Face's inference providers accept only chats, so that no model there can write user messages: set "
                "base_url of InferenceEndpointsLLM, or HF_INFERENCE_BASE_URL, to the address of an Inference Endpoint."
            )

    def _shaped(self, body: dict[str, Any]) -> dict[str, Any]:
        asked = as_completion(body, self)
        if "prompt" in asked:
            # TGI adds this token to each raw text itself: https://huggingface.co/docs/text-generation-inference (November 2026)
            asked["prompt"] = asked["prompt"].removeprefix("<|begin_of_text|>")
        return asked

    async def _ask(self, client: ModelClient, body: bytes) -> Outcome:
        return await super()._ask(sent_to(client, body), body)
