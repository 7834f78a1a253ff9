"""Sending rows to the Hugging Face Hub chunk by chunk, so that they are there before the pipeline is done."""

from typing import Any, Optional

import orjson
from pydantic import Field, PrivateAttr, SecretStr

from distilabel.config import RuntimeParameter
from distilabel.exceptions import DistilabelStepError
from distilabel.steps.base import Step, StepInput
from distilabel.typing import Row, StepOutput

__all__ = ["HuggingFaceHubCheckpointer"]


class HuggingFaceHubCheckpointer(Step):
    """Upload each chunk of rows to a dataset on the Hub as a file of JSON lines, and hand the rows on as they are.

    `input_batch_size` says how many rows go into one file. A file is `<step's name>/<16 hexadecimal digits>.jsonl`; the
    digits stand for the chunk, so that a run that is repeated writes the same file again and never over another one.
    Chunks that a former run has uploaded are taken from the cache and not uploaded again. Each upload is a commit, of
    which the Hub takes a limited number an hour: choose the chunks large enough.

    Read them with `load_dataset(repo_id, data_dir=<step's name>)`.

    Attributes:
        repo_id: The dataset's name, such as "me/my-checkpoints"; it is made if need be.
        private: Whether only its owner may see the dataset, if it is made; False by default.
        token: The Hub's token; by default HF_TOKEN, or that of the last login.

    Columns:
        In and out: all that there are.

    Raises:
        DistilabelStepError: The Hub does not take the file. What was done is kept; run again.

    Examples:
        >>> HuggingFaceHubCheckpointer(repo_id="me/my-checkpoints", input_batch_size=1000).private
        False
    """

    repo_id: RuntimeParameter[str] = Field(default=None, description="The dataset's name on the Hub.")
    private: RuntimeParameter[bool] = Field(default=False, description="Whether only its owner may see it.")
    token: Optional[RuntimeParameter[SecretStr]] = Field(default=None, description="The Hub's token.")

    _api: Any = PrivateAttr(default=None)

    def load(self) -> None:
        """Make the dataset, if it is not there."""
        super().load()
        from huggingface_hub import HfApi  # noqa: PLC0415 - slow to import

        self._api = HfApi(token=None if self.token is None else self.token.get_secret_value())
        self._call("create_repo", private=self.private, exist_ok=True)

    def unload(self) -> None:
        """Let the connection go."""
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
            # Not left to the pipeline: it would try again row by row.
            raise DistilabelStepError(
                f"Step {self.name!r} cannot write to the dataset {self.repo_id!r} on the Hub ({error}): check its name, the "
                "token and the network, and run again; what was done is kept."
            ) from error


def _as_lines(rows: list[Row]) -> bytes:
    options = orjson.OPT_APPEND_NEWLINE | orjson.OPT_NON_STR_KEYS
    return b"".join(orjson.dumps(row, default=str, option=options) for row in rows)
