"""The protocol of LLMs that can write user messages, and its raw texts."""

from typing import Any, Protocol, runtime_checkable

from distilabel.exceptions import DistilabelUserError
from distilabel.typing import ChatType

__all__ = ["PRE_QUERY_TEMPLATES", "WritesUserMessages", "add_pre_query", "check_magpie", "pre_query_of"]

PRE_QUERY_TEMPLATES = {
    "llama3": "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\n",
    "qwen2": "<|im_start|>user\n",
}
"""Model family to the text that starts a user message in its chat template.

https://www.llama.com/docs/model-cards-and-prompt-formats/meta-llama-3/ and
https://qwen.readthedocs.io/en/latest/getting_started/concepts.html#chat-template (November 2026).
"""

_BEGIN = "<|begin_of_text|>"


@runtime_checkable
class WritesUserMessages(Protocol):
    """An LLM that can send raw text, so that the model writes a user message.

    For an empty chat, or one whose last message is not a user message, it sends the text of `add_pre_query`, and the
    model completes the user message. For any other chat it generates an answer.

    Attributes:
        use_magpie_template: Whether the model writes user messages.
        magpie_pre_query_template: A name in `PRE_QUERY_TEMPLATES`, or the text itself.

    Examples:
        >>> class Raw:
        ...     use_magpie_template = True
        ...     magpie_pre_query_template = "qwen2"
        >>> isinstance(Raw(), WritesUserMessages)
        True
    """

    use_magpie_template: Any
    magpie_pre_query_template: Any


def pre_query_of(llm: WritesUserMessages) -> str | None:
    """Return the text that starts a user message; None if the LLM writes none."""
    if not llm.use_magpie_template or not llm.magpie_pre_query_template:
        return None
    template: str = llm.magpie_pre_query_template
    return PRE_QUERY_TEMPLATES.get(template, template)


def add_pre_query(prompt: str, chat: ChatType, llm: WritesUserMessages) -> str:
    r"""Return the raw text to send for a chat.

    Args:
        prompt: The chat, rendered with the model's chat template, without the start of an answer; "" for an empty chat.
        chat: The chat.
        llm: The LLM, whose fields define whether and how a user message starts.

    Examples:
        >>> class Raw:
        ...     use_magpie_template = True
        ...     magpie_pre_query_template = "llama3"
        >>> add_pre_query("", [], Raw())
        '<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\n'
        >>> add_pre_query("<|begin_of_text|>...Hi", [{"role": "user", "content": "Hi"}], Raw())
        '<|begin_of_text|>...Hi'
    """
    template = pre_query_of(llm)
    if template is None or (chat and chat[-1]["role"] == "user"):
        return prompt
    return prompt + (template.removeprefix(_BEGIN) if prompt.startswith(_BEGIN) else template)


def check_magpie(llm: Any, step: str) -> None:
    """Check that an LLM can write user messages.

    Args:
        llm: Any LLM.
        step: The name of the step, for the error message.

    Raises:
        DistilabelUserError: It cannot, or it is not configured to.
    """
    name = type(llm).__name__
    if not isinstance(llm, WritesUserMessages):
        raise DistilabelUserError(
            f"Step {step!r} needs an LLM that sends raw text, so that the model writes the user messages; {name} sends "
            "chats, and the platform applies the chat template. Use an LLM with the field `use_magpie_template`, such as "
            "ClientvLLM.",
        )
    if pre_query_of(llm) is None:
        known = ", ".join(map(repr, PRE_QUERY_TEMPLATES))
        raise DistilabelUserError(
            f"Step {step!r} needs an LLM that is configured to write user messages: set use_magpie_template=True and "
            f"magpie_pre_query_template={known} or the text that starts a user message in the chat template of {name}.",
        )
