"""Pushing a Distiset to the Hugging Face Hub."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from distilabel.distiset.card import merged_card
from distilabel.distiset.progress_bars import without_progress_bars
from distilabel.distiset.storage import ARTIFACTS
from distilabel.exceptions import DistilabelUserError

__all__ = ["describe_push_errors", "push_card", "push_files", "push_parts"]

_UNREACHABLE = frozenset(
    {"ConnectError", "ConnectTimeout", "OfflineModeIsEnabled", "ConnectionError", "TimeoutException"}
)
_NO_TOKEN = frozenset({"LocalTokenNotFoundError"})
TAGS = ("synthetic", "distilabel")


@contextmanager
def describe_push_errors(repo_id: str) -> Iterator[None]:
    """Raise DistilabelUserError with one sentence if the Hub cannot be reached or refuses the token."""
    try:
        yield
    except Exception as error:
        names = {cls.__name__ for cls in type(error).__mro__}
        status = getattr(getattr(error, "response", None), "status_code", None)
        kept = "Nothing is lost: keep the dataset with distiset.save_to_disk(...)"
        if names & _UNREACHABLE:
            raise DistilabelUserError(
                f"{repo_id} was not pushed, because the Hub cannot be reached ({type(error).__name__}): check the network, "
                f"HF_HUB_OFFLINE and HF_ENDPOINT. {kept} and push it later."
            ) from None
        if names & _NO_TOKEN or status in (401, 403):
            raise DistilabelUserError(
                f"{repo_id} was not pushed, because the Hub does not accept the token: set HF_TOKEN to a token with write access, "
                f"or pass token=... {kept}."
            ) from None
        raise


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
    """Write our part of the dataset's card, and tags; hand-written text and the configurations of `datasets` stay."""
    from huggingface_hub import DatasetCard  # noqa: PLC0415 - slow to import

    card = DatasetCard.load(repo_id, token=token)
    card.text = merged_card(card.text or "", text)
    card.data["tags"] = list(dict.fromkeys([*(card.data.get("tags") or []), *TAGS]))
    card.push_to_hub(repo_id, token=token)
