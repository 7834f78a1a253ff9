"""How a dataset came about: its pipeline as it was written down, and what its rows say was counted."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from distilabel.typing import DISTILABEL_METADATA_KEY

__all__ = ["StepInfo", "pipeline_text", "steps_of", "tokens_of"]

"""The column in which steps note what they asked, were told, counted and could not do."""
_COUNTED = "statistics_"
_ROWS_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class StepInfo:
    """A step as the pipeline's file has it: its name, its class, and the model that it asks, if any."""

    name: str
    kind: str
    model: str | None = None


def pipeline_text(path: Path | None) -> str | None:
    """Give the file that describes the pipeline, None where there is none."""
    return path.read_text(encoding="utf-8") if path is not None and path.is_file() else None


def steps_of(text: str | None) -> list[StepInfo]:
    """Give the steps that a pipeline's file describes (YAML, or JSON, which is YAML too); none where it is another file.

    Examples:
        >>> steps_of("{pipeline: {steps: [{step: {name: a, type_info: {name: KeepColumns}}}]}}")
        [StepInfo(name='a', kind='KeepColumns', model=None)]
    """
    try:
        written = yaml.safe_load(text or "")
        return [_step(entry["step"]) for entry in written["pipeline"]["steps"]]
    except (yaml.YAMLError, KeyError, TypeError):
        return []


def _step(written: Mapping[str, Any]) -> StepInfo:
    models = (value.get("model") for value in written.values() if isinstance(value, dict))
    asked = next((model for model in models if isinstance(model, str)), None)
    return StepInfo(written["name"], written["type_info"]["name"], asked)


def tokens_of(data: Any) -> dict[str, Counter[str]]:
    """Add up the token counts that a dataset's rows note in `distilabel_metadata`: step to counts by kind.

    Reads the column a thousand rows at a time; gives nothing where the dataset was made without it.
    """
    totals: dict[str, Counter[str]] = {}
    if DISTILABEL_METADATA_KEY not in data.column_names:
        return totals
    for batch in data.select_columns(DISTILABEL_METADATA_KEY).iter(batch_size=_ROWS_AT_ONCE):
        for noted in batch[DISTILABEL_METADATA_KEY]:
            for step, kind, count in _counts(noted or {}):
                totals.setdefault(step, Counter())[kind] += count
    return totals


def _counts(noted: Mapping[str, Any]) -> Iterator[tuple[str, str, int]]:
    for name, value in noted.items():
        if name.startswith(_COUNTED):
            for counts in value if isinstance(value, list) else [value]:
                for kind, count in (counts or {}).items():
                    if isinstance(count, int):
                        yield name.removeprefix(_COUNTED), kind, count
