"""What the platforms' reasons for the end of an answer mean."""

__all__ = ["cut_or_filtered"]

# https://platform.openai.com/docs/api-reference/chat/object, https://platform.claude.com/docs/en/api/messages,
# https://ai.google.dev/api/generate-content#FinishReason, https://docs.cohere.com/reference/chat and
# https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html (as far as known;
# the pages were not opened on 2026-12-01)
_CUT = frozenset(
    {"length", "max_tokens", "model_length", "max_output_tokens", "model_context_window_exceeded"}
)
_FILTERED = frozenset(
    {
        *("content_filter", "content_filtered", "guardrail_intervened", "safety", "recitation", "blocklist"),
        *("prohibited_content", "spii", "image_safety", "language", "sensitive"),
    }
)


def cut_or_filtered(finish_reason: str | None) -> str | None:
    """Return `length` where a limit of tokens cut the answer off, `content_filter` where a filter did; else None.

    Examples:
        >>> cut_or_filtered("MAX_TOKENS"), cut_or_filtered("SAFETY"), cut_or_filtered("stop")
        ('length', 'content_filter', None)
    """
    reason = (finish_reason or "").lower()
    return "length" if reason in _CUT else "content_filter" if reason in _FILTERED else None
