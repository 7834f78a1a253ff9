"""Pushing all rows to the Hugging Face Hub as one dataset."""

from typing import Optional

from pydantic import Field, SecretStr

from distilabel.config import RuntimeParameter
from distilabel.distiset import without_progress_bars
from distilabel.steps.base import GlobalStep, StepInput
from distilabel.typing import StepOutput

__all__ = ["PushToHub"]


class PushToHub(GlobalStep):
    """Push all rows to the Hub as one split of a dataset, and yield them unchanged.

    The step holds all rows in memory, and once more as an Arrow table. Rows that an earlier run pushed come from the
    cache and are not pushed again, unless the rows or the step's fields changed, or `use_cache=False`.

    Attributes:
        repo_id: The dataset's name, such as "me/my-dataset"; the step creates it if it does not exist.
        split: The split, "train" by default; an existing split of this name is replaced.
        private: Whether a new dataset is visible only to its owner; False by default.
        token: The Hub's token; by default HF_TOKEN, or the token of the last login.

    Columns:
        In and out: all columns.

    Examples:
        >>> PushToHub(repo_id="me/my-dataset").split
        'train'
    """

    repo_id: RuntimeParameter[str] = Field(default=None, description="The dataset's name on the Hub.")
    split: RuntimeParameter[str] = Field(default="train", description="The split.")
    private: RuntimeParameter[bool] = Field(
        default=False, description="Whether a new dataset is visible only to its owner."
    )
    token: Optional[RuntimeParameter[SecretStr]] = Field(default=None, description="The Hub's token.")

    def process(self, inputs: StepInput) -> StepOutput:
        """Push the rows, if there are any, and yield them."""
        if inputs:
            self._push(inputs)
        yield inputs

    def _push(self, rows: StepInput) -> None:
        from datasets import Dataset  # noqa: PLC0415 - slow to import

        with without_progress_bars():
            Dataset.from_list(rows).push_to_hub(
                self.repo_id,
                split=self.split,
                private=self.private,
                token=None if self.token is None else self.token.get_secret_value(),
            )
