"""What all evolution tasks share: drawing a template, filling it in, and parsing the answer; pure."""

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
    """Return the chat that asks for a mutation; `PROMPT` and `RESPONSE` are what they stand for.

    Examples:
        >>> mutation("Rewrite: <PROMPT>", PROMPT="Say <RESPONSE>.")[0]["content"]
        'Rewrite: Say <RESPONSE>.'
    """
    text = _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), template)
    return [{"role": "user", "content": text}]


def pick(names: Mapping[str, Any], *seed: Any) -> str:
    """Pick a name by chance, always the same for the same seed.

    A row's own content is in the seed: so an edited row changes what is asked about itself alone.

    Examples:
        >>> pick({"A": 1, "B": 2}, 42, "Say hello.") == pick({"B": 1, "A": 2}, 42, "Say hello.")
        True
    """
    chance = random.Random("\0".join(map(str, seed)))  # noqa: S311 - repeatable on purpose
    return chance.choice(sorted(names))


def rewritten(text: str, before: str) -> str:
    """Read a rewritten text; a label, tags or quotation marks around it are taken off.

    Raises:
        ValueError: It is empty, the same as before, or repeats the prompt that asked for it; WizardLM (section 3.2)
            eliminates such evolutions.

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
    """Check that each template holds the placeholders; raises DistilabelUserError."""
    if not templates:
        raise DistilabelUserError(f"Step {step!r} has no mutation templates: leave the default, or give one.")
    for name, template in templates.items():
        for placeholder in placeholders:
            if f"<{placeholder}>" not in template:
                raise DistilabelUserError(
                    f"The mutation template {name!r} of step {step!r} lacks <{placeholder}>: write it where the text goes."
                )
