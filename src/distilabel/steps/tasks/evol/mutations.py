"""Templates of the evolution tasks: choice, rendering, and parsing of answers."""

import random
import re
from collections.abc import Mapping
from typing import Any

from distilabel.exceptions import DistilabelUserError
from distilabel.typing import ChatType

__all__ = ["check_templates", "mutation", "pick", "rewritten"]

_PLACEHOLDER = re.compile(r"<(PROMPT|RESPONSE)>")
_LABEL = re.compile(
    r"^[\W_]*(?:the\s+)?(?:re-?written|new|evolved|improved|created|harder|better)\s+"
    r"(?:prompt|instruction|question|task|response|answer)[\W_]*?(?::[\s#*]*|#+[:\s]*|\n\s*)",
    re.IGNORECASE,
)
_TAGGED = re.compile(r"^<(instruction|response|prompt)>(.*)</\1>$", re.DOTALL)
_FROM_THE_PROMPT = re.compile(
    r"<(?:PROMPT|RESPONSE)>|</?instruction>|#(?:given|rewritten|created) prompt#", re.IGNORECASE
)


def mutation(template: str, **values: str) -> ChatType:
    """Return the chat that requests a mutation.

    `values` replace the placeholders `<PROMPT>` and `<RESPONSE>`.

    Examples:
        >>> mutation("Rewrite: <PROMPT>", PROMPT="Say <RESPONSE>.")[0]["content"]
        'Rewrite: Say <RESPONSE>.'
    """
    text = _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), template)
    return [{"role": "user", "content": text}]


def pick(names: Mapping[str, Any], *seed: Any) -> str:
    """Choose a name at random, always the same for the same seed.

    The seed contains the row's content, so that an edit of one row changes the requests of this row only.

    Examples:
        >>> pick({"A": 1, "B": 2}, 42, "Say hello.") == pick({"B": 1, "A": 2}, 42, "Say hello.")
        True
    """
    chance = random.Random("\0".join(map(str, seed)))  # noqa: S311 - repeatable on purpose
    return chance.choice(sorted(names))


def rewritten(text: str, before: str) -> str:
    """Return a rewritten text, without a label, tags or quotation marks around it.

    Raises:
        ValueError: The text is empty, unchanged, or repeats the prompt. WizardLM (section 3.2) removes such evolutions.

    Examples:
        >>> rewritten("New instruction: Say it twice.", before="Say it.")
        'Say it twice.'
    """
    tagged = _TAGGED.match(_LABEL.sub("", text.strip(), count=1).strip())
    read = (tagged[2] if tagged else _LABEL.sub("", text.strip(), count=1)).strip()
    if read[:1] in '"“' and read[-1:] in '"”' and read[1:-1].count(read[-1:]) == 0:
        read = read[1:-1].strip()
    if not re.search(r"\w", read):
        raise ValueError("the evolved text is empty")
    if _plain(read) == _plain(before):
        raise ValueError("the evolved text is the same as before")
    if _FROM_THE_PROMPT.search(read) and not _FROM_THE_PROMPT.search(before):
        raise ValueError("the evolved text repeats the prompt that asked for it")
    return read


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def check_templates(step: str, templates: Mapping[str, str], *placeholders: str) -> None:
    """Check that each template contains the placeholders.

    Raises:
        DistilabelUserError: A placeholder is missing, or there is no template.
    """
    if not templates:
        raise DistilabelUserError(f"Step {step!r} has no mutation templates: keep the default, or set one.")
    for name, template in templates.items():
        for placeholder in placeholders:
            if f"<{placeholder}>" not in template:
                raise DistilabelUserError(
                    f"The mutation template {name!r} of step {step!r} lacks <{placeholder}>: add it at the position of the text."
                )
