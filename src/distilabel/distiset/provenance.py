"""The provenance of a dataset: the steps of its pipeline, and the tokens that its rows report."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from distilabel.typing import DISTILABEL_METADATA_KEY

__all__ = ["StepInfo", "pipeline_text", "steps_of", "tokens_of"]

_STATISTICS = "statistics_"
_ROWS_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class StepInfo:
    """A step in the pipeline's file: its name, its class, and the name of its model, if any."""

    name: str
    kind: str
    model: str | None = None


def pipeline_text(path: Path | None) -> str | None:
    """Return the text of the pipeline's file; None if there is no file."""
    return path.read_text(encoding="utf-8") if path is not None and path.is_file() else None


def steps_of(text: str | None) -> list[StepInfo]:
    """Return the steps in the text of a pipeline's file (YAML or JSON); an empty list for any other text.

    Examples:
        >>> steps_of("{pipeline: {steps: [{step: {name: a, type_info: {name: KeepColumns}}}]}}")
        [StepInfo(name='a', kind='KeepColumns', model=None)]
    """
    try:
        config = yaml.safe_load(text or "")
        return [_step(entry["step"]) for entry in config["pipeline"]["steps"]]
    except (yaml.YAMLError, KeyError, TypeError):
        return []


def _step(fields: Mapping[str, Any]) -> StepInfo:
    models = (value.get("model") for value in fields.values() if isinstance(value, dict))
    model = next((name for name in models if isinstance(name, str)), None)
    return StepInfo(fields["name"], fields["type_info"]["name"], model)


def tokens_of(data: Any) -> dict[str, Counter[str]]:
    """Sum the token counts in the column `distilabel_metadata`: step to counts by kind.

    Reads the column a thousand rows at a time; returns an empty dict for a dataset without it.
    """
    totals: dict[str, Counter[str]] = {}
    if DISTILABEL_METADATA_KEY not in data.column_names:
        return totals
    for batch in data.select_columns(DISTILABEL_METADATA_KEY).iter(batch_size=_ROWS_AT_ONCE):
        for metadata in batch[DISTILABEL_METADATA_KEY]:
            for step, kind, count in _counts(metadata or {}):
                totals.setdefault(step, Counter())[kind] += count
    return totals


def _counts(metadata: Mapping[str, Any]) -> Iterator[tuple[str, str, int]]:
    for name, value in metadata.items():
        if name.startswith(_STATISTICS):
            for counts in value if isinstance(value, list) else [value]:
                for kind, count in (counts or {}).items():
                    if isinstance(count, int):
                        yield name.removeprefix(_STATISTICS), kind, count
