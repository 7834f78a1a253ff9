"""The base class of the steps for Argilla: the connection, the dataset and the upload."""

import hashlib
import os
import warnings
from abc import abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Optional

from pydantic import Field, PrivateAttr, SecretStr

from distilabel._optional import require
from distilabel.config import RuntimeParameter
from distilabel.exceptions import DistilabelStepError, DistilabelUserError
from distilabel.steps.base import Step, StepInput
from distilabel.typing import Row, StepOutput

__all__ = ["ArgillaStep", "record_id"]

_AT_ONCE = 256


class ArgillaStep(Step):
    """The base class of steps that make records from rows; a subclass defines `_settings` and `_records`.

    Attributes:
        dataset_name: The dataset in Argilla; the step creates it if it does not exist.
        dataset_workspace: Its workspace; by default the user's first workspace.
        api_url: The URL of Argilla; by default ARGILLA_API_URL.
        api_key: The user's API key; by default ARGILLA_API_KEY.
    """

    dataset_name: RuntimeParameter[str] = Field(default=None, description="The dataset in Argilla.")
    dataset_workspace: Optional[RuntimeParameter[str]] = Field(default=None, description="Its workspace.")
    api_url: Optional[RuntimeParameter[str]] = Field(default=None, description="The URL of Argilla.")
    api_key: Optional[RuntimeParameter[SecretStr]] = Field(default=None, description="The user's API key.")

    _client: Any = PrivateAttr(default=None)
    _dataset: Any = PrivateAttr(default=None)

    @abstractmethod
    def _settings(self, argilla: Any) -> Any:
        """Return the dataset's fields and questions."""

    @abstractmethod
    def _records(self, argilla: Any, row: Row) -> Iterable[Any]:
        """Return the records of a row; none if a text is missing."""

    def load(self) -> None:
        """Connect, and create the dataset if it does not exist.

        Raises:
            DistilabelMissingPackageError: Install `distilabel[argilla]`.
            DistilabelStepError: Argilla cannot be reached, or refuses the request.
            DistilabelUserError: A file gave the address, and the environment the key.
        """
        super().load()
        self._check_destination()
        argilla = require("argilla", "argilla")
        with self._mapped_errors():
            self._client = argilla.Argilla(**self._access())
            workspace = self.dataset_workspace or self._client.workspaces.default.name
            self._dataset = self._found(workspace) or self._made(argilla, workspace)

    def unload(self) -> None:
        """Close the connection."""
        super().unload()
        if self._client is not None:
            self._client.http_client.close()
        self._client = self._dataset = None

    def process(self, inputs: StepInput) -> StepOutput:
        """Send the records of the rows, and yield the rows unchanged."""
        argilla = require("argilla", "argilla")
        # By id: Argilla rejects a call with two records of the same id.
        records = {record.id: record for row in inputs for record in self._records(argilla, row)}
        if records:
            with self._mapped_errors():
                self._dataset.records.log(list(records.values()), batch_size=min(len(records), _AT_ONCE))
        yield inputs

    def _found(self, workspace: str) -> Any:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Dataset with name")  # the step creates it then
            return self._client.datasets(name=self.dataset_name, workspace=workspace)

    def _made(self, argilla: Any, workspace: str) -> Any:
        settings = self._settings(argilla)
        made = argilla.Dataset(self.dataset_name, workspace, settings, self._client)
        return made.create()

    def _access(self) -> dict[str, str]:
        url = self.api_url or os.environ.get("ARGILLA_API_URL")
        given = {"api_url": url, "api_key": self._key}
        return {name: value for name, value in given.items() if value}

    def _check_destination(self) -> None:
        is_known = self.api_url == os.environ.get("ARGILLA_API_URL")
        if self.is_from_file("api_url") and not self.api_key and not is_known:
            raise DistilabelUserError(
                f"Step {self.name!r} has its address {self.api_url} from a file, and would send the key of ARGILLA_API_KEY "
                "there: if you trust the address, set the environment variable ARGILLA_API_URL, or give api_url in the code "
                "or on the command line (run(parameters=...), --param)."
            )

    @property
    def _key(self) -> str:
        return self.api_key.get_secret_value() if self.api_key else os.environ.get("ARGILLA_API_KEY", "")

    @contextmanager
    def _mapped_errors(self) -> Iterator[None]:
        # A foreign exception would make the pipeline try again row by row.
        try:
            yield
        except Exception as error:  # noqa: BLE001 - any failure; its text may hold the key
            reason = str(error).replace(self._key, "[secret]") if self._key else str(error)
            raise DistilabelStepError(
                f"Step {self.name!r} cannot write to the dataset {self.dataset_name!r} in Argilla ({reason}): check "
                "api_url, api_key and the workspace, and run again; finished work is kept."
            ) from None


def record_id(*texts: str) -> str:
    """Return the id of a record with these texts, 64 hexadecimal digits: equal texts have one record.

    Examples:
        >>> record_id("a", "b") == record_id("a", "b") != record_id("ab", "")
        True
    """
    lengths = "".join(f"{len(text)}:{text}" for text in texts)
    return hashlib.sha256(lengths.encode(errors="surrogatepass")).hexdigest()
