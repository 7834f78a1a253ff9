"""Files that a step saves beside its rows."""

import contextlib
import errno
import json
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from secrets import token_hex
from typing import Any

from distilabel.exceptions import DistilabelUserError

__all__ = ["add_to_artifact", "save_artifact", "write_pickle"]


def save_artifact(
    folder: Path,
    name: str,
    write_function: Callable[[Path], Any],
    metadata: dict[str, Any] | None = None,
) -> Path:
    """Let `write_function` fill the folder `folder/name`, and add the metadata; replaces an older folder.

    The folder appears only when it is complete. Several replicas may save under one name: the last one stays.
    """
    if not name or Path(name).name != name:
        raise DistilabelUserError(
            f"An artifact's name must be a folder name without separators, not {name!r}."
        )
    target, part = folder / name, folder / f".{name}.{token_hex(8)}.part"
    part.mkdir(parents=True)
    try:
        write_function(part)
        (part / "metadata.json").write_text(json.dumps(metadata or {}, default=str), encoding="utf-8")
        _put(part, target)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return target


def _put(part: Path, target: Path) -> None:
    """Rename `part` to `target`, also if other processes write to `target` at the same time."""
    while True:
        try:
            part.rename(target)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
        else:
            return
        aside = target.with_name(f".{target.name}.{token_hex(8)}.part")
        with contextlib.suppress(FileNotFoundError):
            target.rename(aside)
        shutil.rmtree(aside, ignore_errors=True)


def add_to_artifact(folder: Path, name: str, file: str, content: bytes, metadata: dict[str, Any]) -> Path:
    """Add a file to the folder `folder/name`; a file of that name is replaced.

    The file appears only when it is complete. Safe to use from several threads.
    """
    target = folder / name
    target.mkdir(parents=True, exist_ok=True)
    (target / "metadata.json").write_text(json.dumps(metadata, default=str), encoding="utf-8")
    part = target / f".{file}.part"
    part.write_bytes(content)
    return part.replace(target / file)


def write_pickle(model: Any) -> Callable[[Path], Any]:
    """Return a `write_function` that writes a model as `model.pkl`; unpickle only files that you trust."""
    return lambda folder: (folder / "model.pkl").write_bytes(pickle.dumps(model))
