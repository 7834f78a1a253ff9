"""The finished dataset: one part for each leaf of the pipeline, memory-mapped."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from distilabel.distiset.card import card_text
from distilabel.distiset.hub import describe_push_errors, push_card, push_files, push_parts
from distilabel.distiset.images import each_split, to_images
from distilabel.distiset.provenance import pipeline_text
from distilabel.distiset.storage import (
    ARTIFACTS,
    CONFIGS,
    NOTES,
    folder_beside,
    if_file,
    if_folder,
    load_parts,
    notes,
    save_beside,
    save_parts,
)
from distilabel.exceptions import DistilabelNotReadyError, DistilabelUserError

__all__ = ["Distiset"]


class Distiset(dict[str, Any]):
    """The finished dataset: a mapping of the leaf's name to a `datasets.DatasetDict` with the split "train".

    A pipeline with a single leaf gives one part called "default". A Distiset of length 0 means that the pipeline is not
    ready yet: batch jobs are still running.

    Attributes:
        pipeline_path: The file that describes the pipeline.
        log_filename_path: The log of the run.
        artifacts_path: The folder of the steps' artifacts.
        citations: BibTeX entries of the papers and data that the steps are based on.
        failures: Step to the number of its rows without a result.

    Examples:
        >>> distiset = Distiset()
        >>> distiset.ready, len(distiset), distiset.failures
        (False, 0, {})
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.pipeline_path: Path | None = None
        self.log_filename_path: Path | None = None
        self.artifacts_path: Path | None = None
        self.citations: list[str] = []
        self.failures: dict[str, int] = {}

    def __missing__(self, name: str) -> Any:
        """Say why there is no such part."""
        if not self:
            raise DistilabelNotReadyError(
                f"There is no part {name!r} yet: the batch jobs of the pipeline are still running. Run the same program again "
                "to collect them; `distiset.ready` tells whether they are done."
            )
        raise KeyError(name)

    @property
    def ready(self) -> bool:
        """Whether the pipeline is done; False while batch jobs are still running."""
        return bool(self)

    def __repr__(self) -> str:
        parts = "".join(f"    {name}: {' '.join(str(part).split())}\n" for name, part in self.items())
        return f"Distiset({{\n{parts}}})" if parts else "Distiset({})"

    def _with_parts(self, parts: Mapping[str, Any]) -> Self:
        other = type(self)(parts)
        vars(other).update({**vars(self), "citations": list(self.citations), "failures": dict(self.failures)})
        return other

    def train_test_split(self, train_size: float, shuffle: bool = True, seed: int | None = None) -> Self:
        """Return a Distiset whose parts are split into "train" and "test"; this one is unchanged.

        Args:
            train_size: The share of the rows that stays in "train", above 0 and below 1.
            shuffle: Whether to shuffle the rows first.
            seed: Makes the shuffling repeatable.

        Raises:
            DistilabelUserError: `train_size` is out of range, or a part is split already.
        """
        if not 0 < train_size < 1:
            raise DistilabelUserError(f"train_size must be above 0 and below 1, not {train_size}.")
        for name, part in self.items():
            if list(part) != ["train"]:
                raise DistilabelUserError(
                    f"Part {name!r} is split already into {', '.join(map(repr, part))}."
                )
        halves = {
            name: part["train"].train_test_split(train_size=train_size, shuffle=shuffle, seed=seed)
            for name, part in self.items()
        }
        return self._with_parts(halves)

    def transform_columns_to_image(self, columns: str | list[str]) -> Self:
        """Return a Distiset whose base64 columns are columns of images; this one is unchanged.

        Args:
            columns: The column or columns; parts without them are unchanged.
        """
        names = [columns] if isinstance(columns, str) else columns
        return self._with_parts(
            {name: each_split(part, lambda split: to_images(split, names)) for name, part in self.items()},
        )

    def save_to_disk(
        self,
        distiset_path: str | Path,
        max_shard_size: str | int | None = None,
        num_shards: dict[str, int] | None = None,
        num_proc: int | None = None,
        storage_options: dict[str, Any] | None = None,
        save_card: bool = True,
        save_pipeline_config: bool = True,
        save_pipeline_log: bool = True,
    ) -> None:
        """Save each part to a folder of its name, and card, pipeline, log and artifacts next to them.

        Args:
            distiset_path: The folder, or a URL that fsspec supports.
            max_shard_size: The largest size of one file, such as "500MB".
            num_shards: Split to number of files.
            num_proc: Processes to save with.
            storage_options: For fsspec.
            save_card: Whether to write `README.md`.
            save_pipeline_config: Whether to write `pipeline.yaml`.
            save_pipeline_log: Whether to write `pipeline.log`.
        """
        save_parts(
            self,
            str(distiset_path),
            storage_options,
            max_shard_size=max_shard_size,
            num_shards=num_shards,
            num_proc=num_proc,
        )
        files = {
            "README.md": self._card(None) if save_card else None,
            "pipeline.yaml": self.pipeline_path if save_pipeline_config else None,
            "pipeline.log": self.log_filename_path if save_pipeline_log else None,
            NOTES: self._notes_text(),
        }
        save_beside(str(distiset_path), storage_options, files, self.artifacts_path)

    @classmethod
    def load_from_disk(
        cls,
        distiset_path: str | Path,
        keep_in_memory: bool | None = None,
        storage_options: dict[str, Any] | None = None,
        download_dir: str | Path | None = None,
    ) -> Self:
        """Load what `save_to_disk` wrote.

        Args:
            distiset_path: The folder, or a URL that fsspec supports.
            keep_in_memory: Whether to read the rows into memory; by default they are memory-mapped.
            storage_options: For fsspec.
            download_dir: Where to put pipeline, log and artifacts of a remote Distiset; by default they stay there.

        Raises:
            DistilabelUserError: There is no Distiset in the folder.
        """
        parts = load_parts(str(distiset_path), storage_options, keep_in_memory)
        loaded = cls(parts)
        beside = folder_beside(str(distiset_path), storage_options, download_dir)
        if beside is not None:
            loaded.pipeline_path = if_file(beside / CONFIGS / "pipeline.yaml")
            loaded.log_filename_path = if_file(beside / CONFIGS / "pipeline.log")
            loaded.artifacts_path = if_folder(beside / ARTIFACTS)
            vars(loaded).update(notes(beside / CONFIGS / NOTES))
        return loaded

    def push_to_hub(
        self,
        repo_id: str,
        private: bool = False,
        token: str | None = None,
        generate_card: bool = True,
        include_script: bool = False,
        **kwargs: Any,
    ) -> None:
        """Push each part to the Hub as a configuration of one dataset, with card, pipeline, log and artifacts.

        Args:
            repo_id: The dataset's name, such as "me/my-dataset".
            private: Whether only its owner can see it.
            token: The Hub's token; default: HF_TOKEN, or the token of the last login.
            generate_card: Whether to write the text of the dataset's card.
            include_script: Whether to upload the Python script that is running.
            kwargs: Passed on to `datasets.DatasetDict.push_to_hub`.

        Raises:
            DistilabelUserError: The Distiset is empty, or the Hub cannot be reached or refuses the token.
        """
        if not self:
            raise DistilabelUserError(
                "The Distiset is empty and cannot be pushed: run the pipeline again later."
            )
        files = {"pipeline.yaml": self.pipeline_path, "pipeline.log": self.log_filename_path}
        if include_script:
            files["pipeline.py"] = Path(sys.argv[0])
        with describe_push_errors(repo_id):
            push_parts(self, repo_id, private=private, token=token, **kwargs)
            push_files(repo_id, token, files, self.artifacts_path)
            if generate_card:
                push_card(repo_id, token, self._card(repo_id))

    def _notes_text(self) -> str | None:
        values = {"failures": self.failures, "citations": self.citations}
        return json.dumps(values) if any(values.values()) else None

    def _card(self, repo_id: str | None) -> str:
        pipeline = pipeline_text(self.pipeline_path)
        return card_text(self, self.citations, pipeline=pipeline, failures=self.failures, repo_id=repo_id)
