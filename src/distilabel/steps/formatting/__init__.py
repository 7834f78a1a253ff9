"""Steps that convert rows to the formats of training libraries."""

from typing import TYPE_CHECKING

from distilabel._lazy import attach
from distilabel.steps.formatting.chat_dpo import FormatChatGenerationDPO
from distilabel.steps.formatting.chat_sft import FormatChatGenerationSFT
from distilabel.steps.formatting.conversation import ConversationTemplate
from distilabel.steps.formatting.text_dpo import FormatTextGenerationDPO
from distilabel.steps.formatting.text_sft import FormatTextGenerationSFT
from distilabel.steps.formatting.truncate import TruncateTextColumn

__all__ = [
    "ConversationTemplate",
    "FormatChatGenerationDPO",
    "FormatChatGenerationSFT",
    "FormatTextGenerationDPO",
    "FormatTextGenerationSFT",
    "TruncateTextColumn",
]

if not TYPE_CHECKING:  # for the aliases of `distilabel._compat.old_imports`
    __getattr__, __dir__ = attach(__name__, {})
