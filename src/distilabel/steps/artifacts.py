"""Files that a step leaves beside its rows."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from distilabel.exceptions import DistilabelUserError

__all__ = ["add_to_artifact", "save_artifact"]


def save_artifact(
    folder: Path,
    name: str,
    write_function: Callable[[Path], Any],
    metadata: dict[str, Any] | None = None,
) -> Path:
    """Have `write_function` fill the folder `folder/name`, and put the metadata beside; replaces an older one.

    The folder appears only when it is complete.
    """
    if not name or Path(name).name != name:
        raise DistilabelUserError(
            f"An artifact's name is that of a folder, without separators: {name!r} is not."
        )
    target, part = folder / name, folder / f".{name}.part"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    write_function(part)
    (part / "metadata.json").write_text(json.dumps(metadata or {}, default=str), encoding="utf-8")
    if target.exists():
        shutil.rmtree(target)
    part.rename(target)
    return target


def add_to_artifact(folder: Path, name: str, file: str, content: bytes, metadata: dict[str, Any]) -> Path:
    """Put a file into the folder `folder/name`, beside those that are there; one of that name is replaced.

    The file appears only when it is complete. Safe to use from several threads.
    """
    target = folder / name
    target.mkdir(parents=True, exist_ok=True)
    (target / "metadata.json").write_text(json.dumps(metadata, default=str), encoding="utf-8")
    part = target / f".{file}.part"
    part.write_bytes(content)
    return part.replace(target / file)
