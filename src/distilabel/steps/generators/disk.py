"""Loading rows from a dataset that was saved to disk."""

from pathlib import Path
from typing import Any, Optional

from pydantic import Field

from distilabel.config import RuntimeParameter
from distilabel.distiset import Distiset
from distilabel.exceptions import DistilabelUserError
from distilabel.steps.generators.dataset_generator import DatasetGenerator, pick_split

__all__ = ["LoadDataFromDisk"]


class LoadDataFromDisk(DatasetGenerator):
    """Yield the rows of a dataset that `save_to_disk` wrote.

    Attributes:
        dataset_path: The folder.
        split: The split; by default the only one, or "train".
        is_distiset: Whether the folder contains a Distiset; False by default.
        config: The configuration of the Distiset, "default" by default.
        keep_in_memory: Whether to read the dataset into memory; by default it is memory-mapped.
        num_examples: How many rows to load, all by default.
        storage_options: Options for fsspec, if the folder is not on this machine.

    Columns:
        Out: those of the dataset.

    Raises:
        DistilabelUserError: The dataset does not exist, cannot be read, or is empty.

    Examples:
        >>> LoadDataFromDisk(dataset_path="my-distiset", is_distiset=True).config
        'default'
    """

    dataset_path: RuntimeParameter[str | Path] = Field(default=None, description="The folder.")
    split: Optional[RuntimeParameter[str]] = Field(default=None, description="The split.")
    is_distiset: RuntimeParameter[bool] = Field(
        default=False, description="Whether the folder contains a Distiset."
    )
    config: RuntimeParameter[str] = Field(default="default", description="The configuration of the Distiset.")
    keep_in_memory: Optional[RuntimeParameter[bool]] = Field(
        default=None,
        description="Whether to read the dataset into memory.",
    )

    def _open(self) -> Any:
        path = str(self.dataset_path or "")
        if not path or not ("://" in path or Path(path).is_dir()):
            raise DistilabelUserError(
                f"Step {self.name!r} found no dataset folder at '{path}': check `dataset_path`."
            )
        found = self._part_of_distiset(path) if self.is_distiset else self._dataset_at(path)
        return pick_split(self.name, found, self.split)

    def _dataset_at(self, path: str) -> Any:
        from datasets import load_from_disk  # noqa: PLC0415 - slow to import

        return load_from_disk(path, keep_in_memory=self.keep_in_memory, storage_options=self.storage_options)

    def _part_of_distiset(self, path: str) -> Any:
        whole = Distiset.load_from_disk(
            path,
            keep_in_memory=self.keep_in_memory,
            storage_options=self.storage_options,
        )
        config = self.config or "default"
        if config not in whole:
            raise DistilabelUserError(
                f"Step {self.name!r} found no config {config!r} in '{path}': set `config` to one of "
                f"{', '.join(map(repr, whole))}.",
            )
        return whole[config]
