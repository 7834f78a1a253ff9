"""Having a model write the user's message: what an LLM that completes raw text may offer, and how it does that."""

from typing import Any, Protocol, runtime_checkable

from distilabel.exceptions import DistilabelUserError
from distilabel.typing import ChatType

__all__ = ["PRE_QUERY_TEMPLATES", "WritesUserMessages", "add_pre_query", "check_magpie", "pre_query_of"]

PRE_QUERY_TEMPLATES = {
    "llama3": "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\n",
    "qwen2": "<|im_start|>user\n",
}
"""Families of models by name: what stands in their chat template before a message of the user's.

https://www.llama.com/docs/model-cards-and-prompt-formats/meta-llama-3/ and
https://qwen.readthedocs.io/en/latest/getting_started/concepts.html#chat-template (read in November 2026).
"""

_BEGIN = "<|begin_of_text|>"


@runtime_checkable
class WritesUserMessages(Protocol):
    """An LLM that sends raw text, and so can begin a message of the user's for the model to finish.

    Asked about a chat whose last message is not the user's, or about an empty one, it sends what `add_pre_query` gives,
    and the model answers with the user's message. Asked about any other chat, it does as always.

    Attributes:
        use_magpie_template: Whether it does so.
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
    """Give the text that begins a message of the user's; None where the LLM is not set to write any."""
    if not llm.use_magpie_template or not llm.magpie_pre_query_template:
        return None
    template: str = llm.magpie_pre_query_template
    return PRE_QUERY_TEMPLATES.get(template, template)


def add_pre_query(prompt: str, chat: ChatType, llm: WritesUserMessages) -> str:
    r"""Return the raw text to send for a chat.

    Args:
        prompt: What the model's chat template made of the chat, without the beginning of an answer; "" for an empty one.
        chat: The chat.
        llm: Says whether, and with what, a message of the user's begins.

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
    """Check that an LLM can write messages of the user's.

    Args:
        llm: Any LLM.
        step: Who wants it, for the message.

    Raises:
        DistilabelUserError: It cannot, or is not set to.
    """
    name = type(llm).__name__
    if not isinstance(llm, WritesUserMessages):
        raise DistilabelUserError(
            f"Step {step!r} has the model write the user's messages, which needs an LLM that sends raw text: {name} sends "
            "chats, for which the platform fills in the template. Take an LLM that has the field `use_magpie_template`, "
            "such as ClientvLLM.",
        )
    if pre_query_of(llm) is None:
        known = ", ".join(map(repr, PRE_QUERY_TEMPLATES))
        raise DistilabelUserError(
            f"Step {step!r} has the model write the user's messages: give {name} use_magpie_template=True and "
            f"magpie_pre_query_template={known} or the text that begins a message of the user's in its chat template.",
        )
