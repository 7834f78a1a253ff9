"""Separates what a model thinks aloud in its text from its answer."""

import re

from distilabel.typing import AnswerDetails, GenerateOutput

__all__ = ["split_thinking", "without_thinking"]

# What the chat templates of Qwen, DeepSeek and others write; in brackets what Mistral's Magistral writes.
_NAMES = r"(think|thinking|thought|thoughts|reasoning)"
_BLOCK = re.compile(rf"\s*(?:<{_NAMES}>(.*?)</\1>|\[THINK\](.*?)\[/THINK\])\s*", re.DOTALL)
# Templates that write the opening tag into the prompt leave the closing one alone.
_END = re.compile(r"(.*?)(?:</think(?:ing)?>|\[/THINK\])\s*", re.DOTALL)
_START = re.compile(rf"\s*(?:<{_NAMES}>|\[THINK\])(.*)", re.DOTALL)


def split_thinking(text: str) -> tuple[str | None, str]:
    r"""Return the thinking at the beginning of a text, None if there is none, and the answer after it.

    Examples:
        >>> split_thinking("<think>Rather 5 than 4.</think>\n\nScore: 5")
        ('Rather 5 than 4.', 'Score: 5')
        >>> split_thinking("<think>It was cut")
        ('It was cut', '')
        >>> split_thinking("Score: 5")
        (None, 'Score: 5')
    """
    if "<" not in text and "[" not in text:
        return None, text
    thoughts: list[str] = []
    rest = text
    while block := _BLOCK.match(rest):
        thoughts.append(block[2] or block[3] or "")
        rest = rest[block.end() :]
    if not thoughts and (end := _END.match(rest)) and not _START.match(rest):
        thoughts, rest = [end[1]], rest[end.end() :]
    if start := _START.match(rest):
        thoughts, rest = [*thoughts, start[2]], ""
    return ("\n".join(map(str.strip, thoughts)), rest) if thoughts else (None, text)


def without_thinking(output: GenerateOutput) -> GenerateOutput:
    """Return an output whose generations are the answers alone; the thinking is in `details`, as `reasoning`."""
    generations = output.get("generations")
    if not isinstance(generations, list):
        return output
    parts = [split_thinking(text) if isinstance(text, str) else (None, text) for text in generations]
    if all(thinking is None for thinking, _ in parts):
        return output
    details: list[AnswerDetails] = [*(output.get("details") or [{} for _ in parts])]
    for number, (thinking, _) in enumerate(parts):
        if thinking is not None:
            known = details[number].get("reasoning")
            details[number] = {**details[number], "reasoning": f"{known}\n{thinking}" if known else thinking}
    return {**output, "generations": [answer for _, answer in parts], "details": details}
