"""Pushing a Distiset to the Hugging Face Hub."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from distilabel.distiset.progress_bars import without_progress_bars
from distilabel.distiset.storage import ARTIFACTS

__all__ = ["push_card", "push_files", "push_parts"]

TAGS = ("synthetic", "distilabel")


def push_parts(
    parts: Mapping[str, Any], repo_id: str, *, private: bool, token: str | None, **how: Any
) -> None:
    """Push each part as a configuration of the dataset."""
    with without_progress_bars():
        for name, part in parts.items():
            part.push_to_hub(repo_id, config_name=name, private=private, token=token, **how)


def push_files(
    repo_id: str,
    token: str | None,
    files: Mapping[str, Path | None],
    artifacts_path: Path | None,
) -> None:
    """Upload files under their names, and the folder of artifacts; missing ones are skipped."""
    from huggingface_hub import HfApi  # noqa: PLC0415 - slow to import

    api = HfApi(token=token)
    where: dict[str, Any] = {"repo_id": repo_id, "repo_type": "dataset"}
    for name, path in files.items():
        if path is not None and path.is_file():
            api.upload_file(path_or_fileobj=path, path_in_repo=name, **where)
    if artifacts_path is not None and artifacts_path.is_dir():
        api.upload_folder(folder_path=artifacts_path, path_in_repo=ARTIFACTS, **where)


def push_card(repo_id: str, token: str | None, text: str) -> None:
    """Write text and tags to the dataset's card; the configurations that `datasets` wrote there stay."""
    from huggingface_hub import DatasetCard  # noqa: PLC0415 - slow to import

    card = DatasetCard.load(repo_id, token=token)
    card.text = text
    card.data["tags"] = list(dict.fromkeys([*(card.data.get("tags") or []), *TAGS]))
    card.push_to_hub(repo_id, token=token)
