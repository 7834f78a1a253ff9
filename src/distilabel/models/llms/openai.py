"""OpenAI's models, online and by batch."""

from typing import Any, ClassVar, Literal, Optional

from distilabel.config import RuntimeParameter
from distilabel.models.llms.chat import ChatLLM
from distilabel.models.llms.responses import as_responses_body

__all__ = ["OpenAILLM"]


class OpenAILLM(ChatLLM):
    """A model behind OpenAI's API, or behind any address that speaks like it.

    Attributes:
        model: Such as `gpt-4.1-mini`.
        base_url: Default: `OPENAI_BASE_URL`, or `https://api.openai.com/v1`.
        api_key: Default: `OPENAI_API_KEY`.
        api: Which endpoint is asked: `chat` for Chat Completions, `responses` for the Responses API, which takes no
            `stop`, `seed` and penalties. The answers read the same.
        organization: Whose quota is used; default: `OPENAI_ORG_ID`, or the key's own.
        project: Under which the usage is counted; default: `OPENAI_PROJECT_ID`, or none.
        structured_output, max_tokens_parameter: See `ChatLLM`.

    References:
        https://platform.openai.com/docs/guides/batch,
        https://platform.openai.com/docs/api-reference/chat/create,
        https://platform.openai.com/docs/api-reference/responses/create

    Examples:
        >>> llm = OpenAILLM(model="gpt-4.1-mini", api_key="...", generation_kwargs={"temperature": 0.2})
        >>> llm.request([{"role": "user", "content": "Hi"}], temperature=0.2)
        {'model': 'gpt-4.1-mini', 'messages': [{'role': 'user', 'content': 'Hi'}], 'temperature': 0.2}
    """

    excluded_from_signature: ClassVar[frozenset[str]] = frozenset({"organization", "project"})
    platform_name: ClassVar[str] = "openai"

    api: Literal["chat", "responses"] = "chat"
    organization: Optional[RuntimeParameter[str]] = None
    project: Optional[RuntimeParameter[str]] = None

    def _endpoint(self) -> str:
        return "/v1/responses" if self.api == "responses" else super()._endpoint()

    def _shaped(self, body: dict[str, Any]) -> dict[str, Any]:
        return as_responses_body(body) if self.api == "responses" else body

    def _headers(self) -> dict[str, str]:
        named = {"openai-organization": self.organization, "openai-project": self.project}
        return {name: value for name, value in named.items() if value} | super()._headers()
