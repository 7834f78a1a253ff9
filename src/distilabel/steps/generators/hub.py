"""Loading rows from a dataset on the Hugging Face Hub."""

from typing import Any, Optional

from pydantic import Field

from distilabel.config import RuntimeParameter
from distilabel.exceptions import DistilabelUserError
from distilabel.steps.generators.dataset_generator import DatasetGenerator

__all__ = ["LoadDataFromHub"]


class LoadDataFromHub(DatasetGenerator):
    """Yield the rows of a dataset on the Hub, or of a local folder with the same layout.

    Attributes:
        repo_id: The dataset's name, such as "openai/gsm8k", or a folder.
        split: The split, "train" by default.
        config: The configuration, if the dataset has several.
        revision: A branch, tag or commit.
        streaming: Whether to read over the network on demand instead of downloading first; False by default.
        num_examples: How many rows to load, all by default.
        storage_options: Options for fsspec, if the folder is not on this machine.

    Columns:
        Out: those of the dataset.

    Raises:
        DistilabelUserError: The dataset does not exist, cannot be read, or is empty.

    Examples:
        >>> step = LoadDataFromHub(repo_id="openai/gsm8k", config="main", output_mappings={"question": "instruction"})
        >>> step.split
        'train'
    """

    repo_id: RuntimeParameter[str] = Field(
        default=None, description="The dataset's name on the Hub, or a folder."
    )
    split: RuntimeParameter[str] = Field(default="train", description="The split.")
    config: Optional[RuntimeParameter[str]] = Field(default=None, description="The configuration.")
    revision: Optional[RuntimeParameter[str]] = Field(default=None, description="A branch, tag or commit.")
    streaming: RuntimeParameter[bool] = Field(
        default=False, description="Whether to read on demand instead of downloading."
    )

    def _open(self) -> Any:
        from datasets import load_dataset  # noqa: PLC0415 - slow to import

        if not self.repo_id:
            raise DistilabelUserError(f"Step {self.name!r} has no dataset: set `repo_id`.")
        return load_dataset(
            self.repo_id,
            name=self.config,
            split=self.split,
            revision=self.revision,
            streaming=bool(self.streaming),
            storage_options=self.storage_options,
        )
