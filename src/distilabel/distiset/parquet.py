"""The output of a pipeline's leaves: its column types, and how it is read from Arrow or from Parquet files."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from distilabel.distiset.distiset import Distiset
from distilabel.distiset.progress_bars import without_progress_bars
from distilabel.exceptions import DistilabelUserError
from distilabel.typing import DISTILABEL_METADATA_KEY

__all__ = ["ARROW_NAME", "create_distiset", "features_of", "from_arrow", "from_parquet", "image_type"]

ARROW_NAME = "_rows.arrow"
"""The file of a leaf's rows as an Arrow stream, next to its Parquet file; readers of Parquet folders skip names that begin with `_`."""


def image_type() -> Any:
    """Return the Arrow type of images in `datasets`: a file's bytes and its original path."""
    import pyarrow as pa  # noqa: PLC0415 - slow to import

    return pa.struct({"bytes": pa.binary(), "path": pa.string()})


def features_of(schema: Any) -> Any:
    """Return the `datasets` features of a table; columns of `image_type` are images."""
    from datasets import Features, Image  # noqa: PLC0415 - slow to import

    images = {field.name: Image() for field in schema if field.type == image_type()}
    return Features({**Features.from_arrow_schema(schema.remove_metadata()), **images})


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

    schemas = (pq.read_schema(file).remove_metadata() for file in files)
    merged = next(schemas)
    for schema in schemas:
        try:
            merged = pa.unify_schemas([merged, schema], promote_options="permissive")
        except (pa.ArrowTypeError, pa.ArrowInvalid) as error:
            raise DistilabelUserError(
                f"The rows of leaf {leaf!r} have different types in one column ({error}): let the step give values of "
                "one type.",
            ) from error
    return features_of(merged)


def _number(file: Path) -> tuple[int, str]:
    digits = re.findall(r"\d+", file.stem)
    return (int(digits[-1]) if digits else 0, file.name)
