"""Uploading rows to the Hugging Face Hub chunk by chunk, while the pipeline runs."""

from typing import Any, Optional

import orjson
from pydantic import Field, PrivateAttr, SecretStr

from distilabel.config import RuntimeParameter
from distilabel.exceptions import DistilabelStepError
from distilabel.steps.base import Step, StepInput
from distilabel.typing import Row, StepOutput

__all__ = ["HuggingFaceHubCheckpointer"]


class HuggingFaceHubCheckpointer(Step):
    """Upload each chunk of rows to a dataset on the Hub as a JSON lines file, and yield the rows unchanged.

    `input_batch_size` is the number of rows in one file. A file is `<step's name>/<16 hexadecimal digits>.jsonl`. The
    digits identify the chunk, so a repeated run writes the same file and never overwrites another one. Chunks that an
    earlier run uploaded come from the cache and are not uploaded again. Each upload is a commit, and the Hub limits the
    commits per hour: choose large chunks.

    Read them with `load_dataset(repo_id, data_dir=<step's name>)`.

    Attributes:
        repo_id: The dataset's name, such as "me/my-checkpoints"; the step creates it if it does not exist.
        private: Whether a new dataset is visible only to its owner; False by default.
        token: The Hub's token; by default HF_TOKEN, or the token of the last login.

    Columns:
        In and out: all columns.

    Raises:
        DistilabelStepError: The Hub does not accept the file. Finished work is kept; run again.

    Examples:
        >>> HuggingFaceHubCheckpointer(repo_id="me/my-checkpoints", input_batch_size=1000).private
        False
    """

    repo_id: RuntimeParameter[str] = Field(default=None, description="The dataset's name on the Hub.")
    private: RuntimeParameter[bool] = Field(
        default=False, description="Whether a new dataset is visible only to its owner."
    )
    token: Optional[RuntimeParameter[SecretStr]] = Field(default=None, description="The Hub's token.")

    _api: Any = PrivateAttr(default=None)

    def load(self) -> None:
        """Create the dataset, if it does not exist."""
        super().load()
        from huggingface_hub import HfApi  # noqa: PLC0415 - slow to import

        self._api = HfApi(token=None if self.token is None else self.token.get_secret_value())
        self._call("create_repo", private=self.private, exist_ok=True)

    def unload(self) -> None:
        """Close the connection."""
        super().unload()
        self._api = None

    def process(self, inputs: StepInput) -> StepOutput:
        """Upload the rows, and yield them."""
        if inputs:
            name = f"{self.name}/{self.random.getrandbits(64):016x}.jsonl"
            message = f"Add {len(inputs)} rows of {self.name}"
            self._call(
                "upload_file",
                path_or_fileobj=_as_lines(inputs),
                path_in_repo=name,
                commit_message=message,
            )
        yield inputs

    def _call(self, method: str, **how: Any) -> None:
        try:
            getattr(self._api, method)(repo_id=self.repo_id, repo_type="dataset", **how)
        except Exception as error:
            # A foreign exception would make the pipeline try again row by row, with one commit for each row.
            raise DistilabelStepError(
                f"Step {self.name!r} cannot write to the dataset {self.repo_id!r} on the Hub ({error}): check its name, the "
                "token and the network, and run again; finished work is kept."
            ) from error


def _as_lines(rows: list[Row]) -> bytes:
    options = orjson.OPT_APPEND_NEWLINE | orjson.OPT_NON_STR_KEYS
    return b"".join(orjson.dumps(row, default=str, option=options) for row in rows)
