"""The dataset card: what the dataset is, and how it was made."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from distilabel.distiset.provenance import StepInfo, steps_of, tokens_of

__all__ = ["card_text", "merged_card"]

_LONGEST_VALUE = 500
_BEGIN, _END = "<!-- distilabel:begin -->", "<!-- distilabel:end -->"
_TITLE = "# A dataset made with distilabel"


def card_text(
    parts: Mapping[str, Any],
    citations: Iterable[str] = (),
    *,
    pipeline: str | None = None,
    failures: Mapping[str, int] | None = None,
    repo_id: str | None = None,
) -> str:
    """Describe a dataset in Markdown.

    Args:
        parts: Name of each part to its splits; rows, columns and one example row are shown.
        citations: BibTeX entries.
        pipeline: The pipeline's file as text; its steps and models are listed, and the file is shown whole.
        failures: Step to the number of its rows without a result.
        repo_id: The dataset's name on the Hub, to show how to load it; None: it is loaded from disk.

    Examples:
        >>> print(card_text({}))
        # A dataset made with distilabel
        <BLANKLINE>
    """
    from jinja2 import Environment, PackageLoader  # noqa: PLC0415 - only needed here

    # Nothing is escaped: the card is Markdown, not HTML.
    environment = Environment(loader=PackageLoader("distilabel.distiset", ""), autoescape=False)  # noqa: S701
    environment.filters.update(table=_table, fenced=_fenced)
    return environment.get_template("card.md.jinja").render(
        origin=_origin(steps_of(pipeline), failures or {}, _tokens(parts)),
        parts=[_part(name, part) for name, part in parts.items()],
        repo_id=repo_id,
        pipeline=pipeline,
        citations=[entry.strip() for entry in citations],
    )


def merged_card(existing: str, text: str) -> str:
    """Return a card's text with our part replaced; what the user wrote around it stays.

    Our part lies between two comments. A text without them is hand-written, unless it begins with our title, as in earlier
    versions.

    Examples:
        >>> merged_card("# Mine", "# Ours").split()
        ['#', 'Mine', '<!--', 'distilabel:begin', '-->', '#', 'Ours', '<!--', 'distilabel:end', '-->']
        >>> merged_card(merged_card("# Mine", "# Old"), "# New") == merged_card("# Mine", "# New")
        True
    """
    ours = f"{_BEGIN}\n{text.strip()}\n{_END}"
    before, begin, rest = existing.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if begin and end:
        return f"{before}{ours}{after}"
    is_ours = not existing.strip() or existing.lstrip().startswith(_TITLE)
    return f"{ours}\n" if is_ours else f"{existing.rstrip()}\n\n{ours}\n"


def _origin(
    steps: list[StepInfo], failures: Mapping[str, int], tokens: Mapping[str, Counter[str]]
) -> list[list[str]]:
    """Return the rows of the table of steps."""
    known = {step.name: step for step in steps}
    return [
        [
            name,
            known[name].kind if name in known else "",
            (known[name].model or "") if name in known else "",
            str(failures.get(name) or ""),
            *(
                str(tokens[name][kind]) if name in tokens else ""
                for kind in ("input_tokens", "output_tokens")
            ),
        ]
        for name in dict.fromkeys([*known, *failures, *tokens])
    ]


def _tokens(parts: Mapping[str, Any]) -> dict[str, Counter[str]]:
    """Return the tokens of each step: those of the part with most, since parts may come from the same rows."""
    totals: dict[str, Counter[str]] = {}
    for part in parts.values():
        of_part: dict[str, Counter[str]] = {}
        for data in part.values():
            for step, counts in tokens_of(data).items():
                of_part.setdefault(step, Counter()).update(counts)
        for step, counts in of_part.items():
            totals[step] = max(counts, totals.get(step, Counter()), key=Counter.total)
    return totals


def _part(name: str, part: Mapping[str, Any]) -> dict[str, Any]:
    example = next((data[0] for data in part.values() if data.num_rows), None)
    return {
        "name": name,
        "splits": [[split, str(data.num_rows), ", ".join(data.column_names)] for split, data in part.items()],
        "example": example
        and json.dumps(
            _short(example), ensure_ascii=False, indent=2, default=lambda v: f"<{type(v).__name__}>"
        ),
    }


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    first, *others = [f"| {' | '.join(cells)} |" for cells in lines]
    return "\n".join([first, "|---" * len(head) + "|", *others])


def _fenced(text: str, language: str) -> str:
    """Return a block of code whose fence is longer than any within it."""
    longest = max((len(ticks) for ticks in re.findall(r"`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def _short(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _short(inner) for name, inner in value.items()}
    if isinstance(value, list):
        shown = [_short(inner) for inner in value[:10]]
        return shown if len(value) <= len(shown) else [*shown, f"({len(value) - len(shown)} more)"]
    if isinstance(value, str) and len(value) > _LONGEST_VALUE:
        return f"{value[:_LONGEST_VALUE]} ({len(value) - _LONGEST_VALUE} characters more)"
    return value
