"""A Distiset's folder: a subfolder for each part, and one for the files of the whole."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from distilabel.distiset.progress_bars import without_progress_bars
from distilabel.exceptions import DistilabelUserError

__all__ = [
    "ARTIFACTS",
    "CONFIGS",
    "NOTES",
    "folder_beside",
    "if_file",
    "if_folder",
    "load_parts",
    "notes",
    "save_beside",
    "save_parts",
]

CONFIGS = "distiset_configs"
ARTIFACTS = "artifacts"
NOTES = "notes.json"
"""The file that keeps a Distiset's `failures` and `citations`."""

Options = dict[str, Any] | None


def save_parts(parts: Mapping[str, Any], path: str, options: Options, **how: Any) -> None:
    """Save each part to a subfolder of its name."""
    with without_progress_bars():
        for name, part in parts.items():
            part.save_to_disk(f"{path}/{name}", storage_options=options, **how)


def save_beside(
    path: str,
    options: Options,
    files: Mapping[str, Path | str | None],
    artifacts_path: Path | None,
) -> None:
    """Save files, each given as a path or as text, and the folder of artifacts; missing ones are skipped."""
    system, root = _file_system(path, options)
    system.makedirs(f"{root}/{CONFIGS}", exist_ok=True)
    for name, source in files.items():
        target = f"{root}/{CONFIGS}/{name}"
        if isinstance(source, str):
            system.pipe_file(target, source.encode())
        elif source is not None and source.is_file():
            system.put_file(str(source), target)
    if artifacts_path is not None and artifacts_path.is_dir():
        system.put(f"{artifacts_path}/", f"{root}/{ARTIFACTS}/", recursive=True)


def load_parts(path: str, options: Options, keep_in_memory: bool | None) -> dict[str, Any]:
    """Load all parts.

    Raises:
        DistilabelUserError: There are none.
    """
    from datasets import load_from_disk  # noqa: PLC0415 - slow to import

    system, root = _file_system(path, options)
    names = _part_names(system, root)
    if not names:
        raise DistilabelUserError(f"There is no Distiset in '{path}': check the path.")
    return {
        name: load_from_disk(f"{path}/{name}", keep_in_memory=keep_in_memory, storage_options=options)
        for name in names
    }


def folder_beside(path: str, options: Options, download_dir: str | Path | None) -> Path | None:
    """Return the local folder with the files of the whole; None if it stays on a remote machine."""
    system, root = _file_system(path, options)
    if download_dir is None:
        return Path(root) if "file" in _protocols(system) else None
    for folder in (CONFIGS, ARTIFACTS):
        if system.isdir(f"{root}/{folder}"):
            system.get(f"{root}/{folder}/", f"{download_dir}/{folder}/", recursive=True)
    return Path(download_dir)


def if_file(path: Path) -> Path | None:
    """Return the path if it is a file."""
    return path if path.is_file() else None


def if_folder(path: Path) -> Path | None:
    """Return the path if it is a folder."""
    return path if path.is_dir() else None


def notes(path: Path) -> dict[str, Any]:
    """Return the values in a notes file; an empty dict if there is no file."""
    values = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return {name: values[name] for name in ("failures", "citations") if name in values}


def _part_names(system: Any, root: str) -> list[str]:
    if not system.isdir(root):
        return []
    folders = [
        entry["name"].rstrip("/") for entry in system.ls(root, detail=True) if entry["type"] == "directory"
    ]
    return sorted(
        folder.rpartition("/")[2] for folder in folders if system.exists(f"{folder}/dataset_dict.json")
    )


def _file_system(path: str, options: Options) -> tuple[Any, str]:
    from fsspec.core import url_to_fs  # noqa: PLC0415 - slow to import

    system, root = url_to_fs(path, **(options or {}))
    return system, root


def _protocols(system: Any) -> tuple[str, ...]:
    return system.protocol if isinstance(system.protocol, tuple) else (system.protocol,)
