"""Rows of a dataset on the Hugging Face Hub."""

from typing import Any, Optional

from pydantic import Field

from distilabel.config import RuntimeParameter
from distilabel.exceptions import DistilabelUserError
from distilabel.steps.generators.reading import DatasetGenerator

__all__ = ["LoadDataFromHub"]


class LoadDataFromHub(DatasetGenerator):
    """Yield the rows of a dataset on the Hub, or in a local folder laid out like one.

    Attributes:
        repo_id: The dataset's name, such as "openai/gsm8k", or a folder.
        split: The split, "train" by default.
        config: The configuration, where the dataset has several.
        revision: A branch, tag or commit.
        streaming: Read over the network as needed, instead of downloading first.

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
        default=False, description="Read as needed instead of downloading."
    )

    def _open(self) -> Any:
        from datasets import load_dataset  # noqa: PLC0415 - slow to import

        if not self.repo_id:
            raise DistilabelUserError(f"Step {self.name!r} does not know its dataset: set `repo_id`.")
        return load_dataset(
            self.repo_id,
            name=self.config,
            split=self.split,
            revision=self.revision,
            streaming=bool(self.streaming),
            storage_options=self.storage_options,
        )
