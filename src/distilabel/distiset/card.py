"""The text that tells a reader of the dataset what it is."""

from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["card_text"]


def card_text(parts: Mapping[str, Any], citations: Iterable[str] = ()) -> str:
    """Describe each part of a dataset in Markdown: splits, rows and columns, and how to load it.

    Examples:
        >>> print(card_text({}))
        # A dataset made with distilabel
        <BLANKLINE>
    """
    lines = ["# A dataset made with distilabel", ""]
    for name, part in parts.items():
        lines += [f"## {name}", "", *_table(part), "", "```python", "from datasets import load_dataset", ""]
        lines += [f'dataset = load_dataset("...", "{name}")', "```", ""]
    cited = [entry.strip() for entry in citations]
    return "\n".join([*lines, *(["## References", "", "```bibtex", *cited, "```", ""] if cited else [])])


def _table(part: Mapping[str, Any]) -> list[str]:
    rows = [f"| {split} | {data.num_rows} | {', '.join(data.column_names)} |" for split, data in part.items()]
    return ["| split | rows | columns |", "|---|---|---|", *rows]
