"""Loading rows from files: JSON, JSON lines, CSV, Parquet or text."""

import glob
from pathlib import Path
from typing import Any, Optional

import orjson
from pydantic import Field

from distilabel.config import RuntimeParameter
from distilabel.exceptions import DistilabelUserError
from distilabel.steps.generators.dataset_generator import DatasetGenerator

__all__ = ["LoadDataFromFileSystem"]

_FILETYPES = {
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".csv": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
    ".txt": "text",
    ".text": "text",
}
_ALIASES = {"jsonl": "json", "ndjson": "json", "txt": "text"}
_COMPRESSED = frozenset({".gz", ".bz2", ".xz", ".zst", ".lz4"})


class LoadDataFromFileSystem(DatasetGenerator):
    """Yield the rows of files.

    Attributes:
        data_files: A file, a folder, a pattern such as "data/*.jsonl", a list of these, or a mapping of splits to
            these. fsspec URLs ("s3://bucket/rows/") work too, with `storage_options`.
        filetype: "json" (also for JSON lines), "csv", "tsv", "parquet" or "text" (a row for each line, in the column
            `text`); by default inferred from the file names.
        split: The split to load if `data_files` names several, "train" by default.
        streaming: Whether to read the files on demand; False by default, which first converts them to memory-mapped
            Arrow files in the cache of `datasets`. In both cases memory does not grow with the number of rows, except
            for a `.json` file with one list, which is read into memory at once (JSON lines files are not).
        num_examples: How many rows to load, all by default.
        storage_options: Options for fsspec, if the files are not on this machine.

    Columns:
        Out: those of the files.

    Raises:
        DistilabelUserError: There are no such files, they cannot be read, or they have no rows.

    Examples:
        >>> import pathlib, tempfile
        >>> file = pathlib.Path(tempfile.mkdtemp()) / "rows.jsonl"
        >>> _ = file.write_text('{"instruction": "Say hello."}')
        >>> step = LoadDataFromFileSystem(data_files=file, streaming=True)
        >>> step.load()
        >>> next(step.process())
        ([{'instruction': 'Say hello.'}], True)
    """

    data_files: RuntimeParameter[str | Path | list[str | Path] | dict[str, str | Path | list[str | Path]]] = (
        Field(
            default=None,
            description="A file, folder or pattern, a list of these, or a mapping of splits to these.",
        )
    )
    filetype: Optional[RuntimeParameter[str]] = Field(default=None, description="The type of the files.")
    split: RuntimeParameter[str] = Field(default="train", description="The split.")
    streaming: RuntimeParameter[bool] = Field(
        default=False, description="Whether to read the files on demand instead of converting them."
    )

    def _open(self) -> Any:
        from datasets import load_dataset  # noqa: PLC0415 - slow to import

        splits = self._splits()
        files = [file for files in splits.values() for file in files]
        filetype = self._filetype(files)
        try:
            return load_dataset(
                "csv" if filetype == "tsv" else filetype,
                data_files={split: [_escape(file) for file in files] for split, files in splits.items()},
                split=self.split,
                streaming=bool(self.streaming),
                storage_options=self.storage_options,
                **({"sep": "\t"} if filetype == "tsv" else {}),
            )
        except Exception as error:
            if filetype == "json" and (place := next(filter(None, map(_bad_line, files)), None)):
                raise DistilabelUserError(f"Step {self.name!r} cannot load its dataset: {place}.") from error
            raise

    def _splits(self) -> dict[str, list[str]]:
        if not self.data_files:
            raise DistilabelUserError(f"Step {self.name!r} has no files: set `data_files`.")
        given = (
            self.data_files if isinstance(self.data_files, dict) else {self.split or "train": self.data_files}
        )
        if self.split not in given:
            known = ", ".join(map(repr, given))
            raise DistilabelUserError(
                f"Step {self.name!r} found no split {self.split!r}: set `split` to one of {known}."
            )
        return {split: self._found(paths) for split, paths in given.items()}

    def _found(self, paths: str | Path | list[str | Path]) -> list[str]:
        found: list[str] = []
        for path in paths if isinstance(paths, list) else [paths]:
            files = _expand(str(path), self.storage_options)
            if not files:
                raise DistilabelUserError(
                    f"Step {self.name!r} found no data file at '{path}': check the path."
                )
            found += files
        return found

    def _filetype(self, files: list[str]) -> str:
        if self.filetype:
            wanted = self.filetype.lower().lstrip(".")
            return self._known_filetype(_ALIASES.get(wanted, wanted))
        kinds = {_suffix(file): _FILETYPES.get(_suffix(file), "") for file in files}
        if len(set(kinds.values())) > 1:
            endings = ", ".join(sorted(kinds))
            raise DistilabelUserError(
                f"Step {self.name!r} found files of several types ({endings}): choose one type."
            )
        return self._known_filetype(next(iter(kinds.values())))

    def _known_filetype(self, filetype: str) -> str:
        known = sorted(set(_FILETYPES.values()))
        if filetype not in known:
            raise DistilabelUserError(
                f"Step {self.name!r} cannot infer the type of its files: set `filetype` to one of {', '.join(known)}.",
            )
        return filetype


def _expand(path: str, options: dict[str, Any] | None) -> list[str]:
    if "://" in path:
        return _expand_address(path, options or {})
    place = Path(path).expanduser()
    if place.is_dir():
        inside = (file for file in sorted(place.rglob("*")) if not _is_hidden(file.relative_to(place)))
        return [str(file) for file in inside if file.is_file() and _suffix(str(file)) in _FILETYPES]
    if place.exists():
        return [str(place)]
    # Path.glob cannot take an absolute pattern.
    return sorted(file for file in glob.glob(str(place), recursive=True) if Path(file).is_file())  # noqa: PTH207


def _expand_address(address: str, options: dict[str, Any]) -> list[str]:
    """Return the files of a folder or pattern; for HTTP URLs and nested archives, the URL itself."""
    from fsspec.core import url_to_fs  # noqa: PLC0415 - slow to import

    protocol = address.partition("://")[0]
    if protocol in ("http", "https") or "::" in address:
        return [address]
    system, root = url_to_fs(address, **options.get(protocol, options))
    if system.isdir(root):
        inside = (file for file in sorted(system.find(root)) if not _is_hidden(Path(file).relative_to(root)))
        found = [file for file in inside if _suffix(file) in _FILETYPES]
    else:
        found = [file for file in sorted(system.glob(root)) if system.isfile(file)]
    return [system.unstrip_protocol(file) for file in found]


def _bad_line(file: str) -> str | None:
    """Return where a file of JSON lines has the first line that is no JSON object; None for other files."""
    if "://" in file or not file.endswith((".jsonl", ".ndjson", ".json")):
        return None
    with Path(file).open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                value = orjson.loads(line) if line.strip() else {}
            except orjson.JSONDecodeError as error:
                if number == 1 and not file.endswith(("l", "ndjson")):
                    return None  # one JSON value over many lines
                return f"line {number} of {file} is not valid JSON ({error.msg})"
            if not isinstance(value, dict):
                is_list = number == 1 and isinstance(value, list)
                return None if is_list else f"line {number} of {file} is not a JSON object"
    return None


def _is_hidden(path: Path) -> bool:
    return any(part.startswith((".", "_")) for part in path.parts)


def _suffix(file: str) -> str:
    path = Path(file)
    suffix = path.suffix.lower()
    return Path(path.stem).suffix.lower() if suffix in _COMPRESSED else suffix


def _escape(file: str) -> str:
    return file if "://" in file else glob.escape(file)
