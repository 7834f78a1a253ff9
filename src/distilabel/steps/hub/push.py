"""Sending all rows to the Hugging Face Hub at some place of the pipeline."""

from typing import Optional

from pydantic import Field, SecretStr

from distilabel.config import RuntimeParameter
from distilabel.distiset import without_progress_bars
from distilabel.steps.base import GlobalStep, StepInput
from distilabel.typing import StepOutput

__all__ = ["PushToHub"]


class PushToHub(GlobalStep):
    """Push all rows to the Hub as one split of a dataset, and hand them on as they are.

    All rows are held in memory, and a second time as an Arrow table. Rows that a former run has pushed are taken from
    the cache and not pushed again, unless they or the step's fields have changed or `use_cache=False`.

    Attributes:
        repo_id: The dataset's name, such as "me/my-dataset"; it is made if need be.
        split: The split, "train" by default; one of this name is replaced.
        private: Whether only its owner may see the dataset, if it is made; False by default.
        token: The Hub's token; by default HF_TOKEN, or that of the last login.

    Columns:
        In and out: all that there are.

    Examples:
        >>> PushToHub(repo_id="me/my-dataset").split
        'train'
    """

    repo_id: RuntimeParameter[str] = Field(default=None, description="The dataset's name on the Hub.")
    split: RuntimeParameter[str] = Field(default="train", description="The split.")
    private: RuntimeParameter[bool] = Field(default=False, description="Whether only its owner may see it.")
    token: Optional[RuntimeParameter[SecretStr]] = Field(default=None, description="The Hub's token.")

    def process(self, inputs: StepInput) -> StepOutput:
        """Push the rows, and yield them; where there are none, nothing is pushed."""
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
