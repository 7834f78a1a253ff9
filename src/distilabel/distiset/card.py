"""The text that tells a reader of the dataset what it is and how it came about."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from distilabel.distiset.provenance import StepInfo, steps_of, tokens_of

__all__ = ["card_text"]

_LONGEST_VALUE = 500


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
        parts: Each part's splits: rows, columns, and one row as an example.
        citations: BibTeX entries.
        pipeline: The file that describes the pipeline: its steps and models are listed, and it is shown whole.
        failures: Step to the number of rows for which it gave nothing.
        repo_id: The dataset's name on the Hub, for how to load it; else it is loaded from disk.

    Examples:
        >>> print(card_text({}))
        # A dataset made with distilabel
        <BLANKLINE>
    """
    sections = [["# A dataset made with distilabel", ""]]
    sections += [_origin(steps_of(pipeline), failures or {}, _tokens(parts))]
    sections += [_part(name, part, repo_id) for name, part in parts.items()]
    sections += [_pipeline(pipeline)] if pipeline else []
    cited = [entry.strip() for entry in citations]
    sections += [["## References", "", *_fenced("\n\n".join(cited), "bibtex")]] if cited else []
    return "\n".join(line for section in sections for line in section)


def _origin(
    steps: list[StepInfo], failures: Mapping[str, int], tokens: Mapping[str, Counter[str]]
) -> list[str]:
    known = {step.name: step for step in steps}
    names = dict.fromkeys([*known, *failures, *tokens])
    if not names:
        return []
    head = ["step", "class", "model", "rows without a result", "tokens in", "tokens out"]
    rows = [
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
        for name in names
    ]
    return ["## How it was made", "", *_table(head, rows), ""]


def _tokens(parts: Mapping[str, Any]) -> dict[str, Counter[str]]:
    """Give the tokens that each step took: of the part that has most, since parts may stem from the same rows."""
    totals: dict[str, Counter[str]] = {}
    for part in parts.values():
        of_part: dict[str, Counter[str]] = {}
        for data in part.values():
            for step, counts in tokens_of(data).items():
                of_part.setdefault(step, Counter()).update(counts)
        for step, counts in of_part.items():
            totals[step] = max(counts, totals.get(step, Counter()), key=Counter.total)
    return totals


def _part(name: str, part: Mapping[str, Any], repo_id: str | None) -> list[str]:
    rows = [[split, str(data.num_rows), ", ".join(data.column_names)] for split, data in part.items()]
    lines = [f"## {name}", "", *_table(["split", "rows", "columns"], rows), ""]
    example = next((data[0] for data in part.values() if data.num_rows), None)
    if example is not None:
        text = json.dumps(_short(example), ensure_ascii=False, indent=2, default=_named)
        lines += ["One row:", "", *_fenced(text, "json")]
    return [*lines, *_fenced(_loading(name, repo_id), "python")]


def _loading(name: str, repo_id: str | None) -> str:
    if repo_id is None:
        return (
            f'from distilabel.distiset import Distiset\n\ndataset = Distiset.load_from_disk("...")["{name}"]'
        )
    return f'from datasets import load_dataset\n\ndataset = load_dataset("{repo_id}", "{name}")'


def _pipeline(text: str) -> list[str]:
    told = "To run it again, save it as `pipeline.yaml`; keys and rows that were in memory are not in it."
    again = 'from distilabel.pipeline import Pipeline\n\ndistiset = Pipeline.from_yaml("pipeline.yaml").run()'
    return [
        "## Pipeline", "", told, "", *_fenced(again, "python"),
        "<details><summary>pipeline.yaml</summary>", "", *_fenced(text.strip("\n"), "yaml"), "</details>", "",
    ]  # fmt: skip


def _table(head: list[str], rows: list[list[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return [_line(cells) for cells in lines]


def _line(cells: list[str]) -> str:
    if set(cells) == {"---"}:
        return "|" + "|".join(cells) + "|"
    return "| " + " | ".join(cells) + " |"


def _fenced(text: str, language: str) -> Iterator[str]:
    """Give a block of code whose fence is longer than any within it."""
    longest = max((len(ticks) for ticks in re.findall(r"`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    yield from (f"{fence}{language}", text, fence, "")


def _short(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _short(inner) for name, inner in value.items()}
    if isinstance(value, list):
        shown = [_short(inner) for inner in value[:10]]
        return shown if len(value) <= len(shown) else [*shown, f"({len(value) - len(shown)} more)"]
    if isinstance(value, str) and len(value) > _LONGEST_VALUE:
        return f"{value[:_LONGEST_VALUE]} ({len(value) - _LONGEST_VALUE} characters more)"
    return value


def _named(value: Any) -> str:
    return f"<{type(value).__name__}>"
