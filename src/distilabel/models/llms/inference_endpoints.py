"""Models that Hugging Face serves: by its inference providers, or by an endpoint of one's own; online."""

from typing import ClassVar, Optional, Self

from pydantic import model_validator

from distilabel.declared import RuntimeParameter
from distilabel.exceptions import DistilabelUserError
from distilabel.models.llms.chat import ChatLLM

__all__ = ["InferenceEndpointsLLM"]

# What an endpoint of one model calls it: https://huggingface.co/docs/inference-endpoints (November 2026)
_THE_ONE_MODEL = "tgi"


class InferenceEndpointsLLM(ChatLLM):
    """A model behind Hugging Face's inference providers or an Inference Endpoint, asked by their OpenAI-shaped routes.

    Attributes:
        model_id: The model's name on the Hub, such as `meta-llama/Llama-3.1-8B-Instruct`.
        base_url: The address of an endpoint of one's own, in place of `model_id` or beside it.
        api_key: Default: `HF_TOKEN`.
        model_display_name: What is written into the rows as the model's name.
        tokenizer_id: Not needed, since the server writes chats as its model wants them; taken so that pipelines which
            name it run.
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
    model_display_name: Optional[RuntimeParameter[str]] = None
    tokenizer_id: Optional[RuntimeParameter[str]] = None

    @model_validator(mode="after")
    def _check_place(self) -> Self:
        if not (self.model or self.model_id or self.base_url):
            raise DistilabelUserError(
                "InferenceEndpointsLLM needs model_id=..., or base_url=... of an endpoint of your own."
            )
        # Past the validation of assignments, which would come here again.
        self.__dict__["model"] = self.model_id or self.model or _THE_ONE_MODEL
        return self

    @property
    def model_name(self) -> str:
        """The name that is shown, or else the model's."""
        return self.model_display_name or self.model
