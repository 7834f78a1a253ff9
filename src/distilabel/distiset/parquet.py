"""The output of a pipeline's leaves: its column types, and how it is read from Arrow or from Parquet files."""

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from distilabel.distiset.distiset import Distiset
from distilabel.distiset.progress_bars import without_progress_bars
from distilabel.exceptions import DistilabelUserError
from distilabel.typing import DISTILABEL_METADATA_KEY

__all__ = [
    "ARROW_NAME",
    "create_distiset",
    "features_of",
    "from_arrow",
    "from_parquet",
    "image_type",
    "plain_features",
]

# What Arrow makes of Python's texts, numbers, and so on.
_INFERRED = frozenset(
    {"string", "large_string", "int64", "float64", "bool", "binary", "large_binary", "null"}
)
ARROW_NAME = "_rows.arrow"
"""The file of a leaf's rows as an Arrow stream, next to its Parquet file; readers of Parquet folders skip names that begin with `_`."""


def image_type() -> Any:
    """Return the Arrow type of images in `datasets`: a file's bytes and its original path."""
    import pyarrow as pa  # noqa: PLC0415 - slow to import

    return pa.struct({"bytes": pa.binary(), "path": pa.string()})


def features_of(schema: Any, declared: Mapping[str, Any] = MappingProxyType({})) -> Any:
    """Return the `datasets` features of a table; columns of `image_type` are images.

    Args:
        schema: The table's Arrow schema.
        declared: Features of columns that say more than their Arrow types, such as the names of classes.
    """
    from datasets import Features, Image  # noqa: PLC0415 - slow to import

    images = {field.name: Image() for field in schema if field.type == image_type()}
    return Features({**Features.from_arrow_schema(schema.remove_metadata()), **images, **declared})


def plain_features(features: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of a dataset's features that Arrow cannot infer from the values: classes, and numbers of other sizes.

    Features of files, such as images, are left out.

    Examples:
        >>> from datasets import ClassLabel, Value
        >>> plain_features({"label": ClassLabel(names=["no", "yes"]), "text": Value("string"), "n": Value("int8")})
        {'label': ClassLabel(names=['no', 'yes']), 'n': Value('int8')}
    """
    return {name: feature for name, feature in features.items() if _says_more(feature)}


def _says_more(feature: Any) -> bool:
    from datasets import ClassLabel, Value  # noqa: PLC0415 - slow to import

    if isinstance(feature, Value):
        return feature.dtype not in _INFERRED
    if isinstance(feature, dict):
        return any(map(_says_more, feature.values()))
    # A list has one inner feature; `Sequence` of older versions has it under the same name.
    inner = feature[0] if isinstance(feature, list) and feature else getattr(feature, "feature", None)
    return isinstance(feature, ClassLabel) or (inner is not None and _says_more(inner))


def from_parquet(leaves: Mapping[str, Path], cache_dir: Path, *, enable_metadata: bool = True) -> Distiset:
    """Read the Parquet files of each leaf, memory-mapped.

    Args:
        leaves: Leaf's name to the folder of its files, which are read in the order of the numbers in their names.
            A leaf without files gives a part without rows. With a single leaf, the part is called "default".
        cache_dir: Where `datasets` writes its memory-mapped copy.
        enable_metadata: Whether the column `distilabel_metadata` stays.

    Raises:
        DistilabelUserError: A column has types in a leaf's files that cannot be combined.
    """
    files = {name: sorted(Path(folder).glob("*.parquet"), key=_number) for name, folder in leaves.items()}
    if not files:
        return Distiset()
    with without_progress_bars():
        parts = {
            "default" if len(leaves) == 1 else name: _part(name, paths, cache_dir, enable_metadata)
            for name, paths in files.items()
        }
    return Distiset(parts)


def from_arrow(leaves: Mapping[str, Path]) -> Distiset:
    """Memory-map the rows of each leaf from the file `_rows.arrow` in its folder; nothing is read or copied.

    Args:
        leaves: Leaf's name to its folder. A folder without that file gives a part without rows. With a single leaf, the
            part is called "default".
    """
    if not leaves:
        return Distiset()
    from datasets import Dataset, DatasetDict  # noqa: PLC0415 - slow to import

    return Distiset(
        {
            "default" if len(leaves) == 1 else name: DatasetDict(
                {"train": _mapped(Dataset, folder / ARROW_NAME)}
            )
            for name, folder in leaves.items()
        }
    )


def _mapped(dataset: Any, file: Path) -> Any:
    return dataset.from_file(str(file)) if file.exists() else dataset.from_dict({})


def create_distiset(
    data_dir: str | Path,
    pipeline_path: str | Path | None = None,
    log_filename_path: str | Path | None = None,
    enable_metadata: bool = False,
    cache_dir: str | Path | None = None,
) -> Distiset:
    """Read the data folder of a run: `steps_outputs/<leaf>/*.parquet`, and `steps_artifacts`.

    Args:
        data_dir: The folder.
        pipeline_path: The pipeline's file, kept as an attribute.
        log_filename_path: The log of the run, kept as an attribute.
        enable_metadata: Whether the column `distilabel_metadata` stays.
        cache_dir: Where `datasets` puts its memory-mapped copy; default: `.cache` in `data_dir`.
    """
    root = Path(data_dir)
    outputs = root / "steps_outputs"
    folders = sorted(outputs.iterdir()) if outputs.is_dir() else []
    leaves = {folder.name: folder for folder in folders if folder.is_dir()}
    distiset = from_parquet(leaves, Path(cache_dir or root / ".cache"), enable_metadata=enable_metadata)
    distiset.pipeline_path = Path(pipeline_path) if pipeline_path else None
    distiset.log_filename_path = Path(log_filename_path) if log_filename_path else None
    artifacts = root / "steps_artifacts"
    distiset.artifacts_path = artifacts if artifacts.is_dir() else None
    return distiset


def _part(leaf: str, files: list[Path], cache_dir: Path, enable_metadata: bool) -> Any:
    from datasets import Dataset, DatasetDict  # noqa: PLC0415 - slow to import

    if not files:
        return DatasetDict({"train": Dataset.from_dict({})})
    names = [str(file) for file in files]
    dataset = Dataset.from_parquet(names, cache_dir=str(cache_dir), features=_features(leaf, files))
    if not enable_metadata and DISTILABEL_METADATA_KEY in dataset.column_names:
        dataset = dataset.remove_columns(DISTILABEL_METADATA_KEY)
    return DatasetDict({"train": dataset})


def _features(leaf: str, files: list[Path]) -> Any:
    """Return types that fit all files: a column may be all None in one file, or lack a key that another has."""
    import pyarrow as pa  # noqa: PLC0415 - slow to import
    import pyarrow.parquet as pq  # noqa: PLC0415 - slow to import
    from datasets import Features  # noqa: PLC0415 - slow to import

    schemas = [pq.read_schema(file) for file in files]
    merged = schemas[0].remove_metadata()
    for schema in schemas[1:]:
        try:
            merged = pa.unify_schemas([merged, schema.remove_metadata()], promote_options="permissive")
        except (pa.ArrowTypeError, pa.ArrowInvalid) as error:
            raise DistilabelUserError(
                f"The rows of leaf {leaf!r} have different types in one column ({error}): let the step give values of "
                "one type.",
            ) from error
    declared = plain_features(Features.from_arrow_schema(schemas[0]))
    unchanged = {name for name in declared if merged.field(name).type == schemas[0].field(name).type}
    return features_of(merged, {name: declared[name] for name in declared.keys() & unchanged})


def _number(file: Path) -> tuple[int, str]:
    digits = re.findall(r"\d+", file.stem)
    return (int(digits[-1]) if digits else 0, file.name)
