"""Builds objects from the output of `dump`; only classes of allowed packages are imported."""

import importlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from distilabel.config.from_file import Loadable
from distilabel.exceptions import DistilabelUserError

__all__ = ["load", "parse_document", "read_document"]

_PACKAGES = ("distilabel.steps.tasks", "distilabel.steps", "distilabel.models", "distilabel.pipeline")
"""Packages to search for a class by its name, if a file names a module of distilabel 1.5 that does not exist here."""

_LARGEST = 100_000_000
"""How many characters a document has at most."""

_DEEPEST = 64
"""How deep its values lie at most; pipelines need about ten levels, and the schemas in them some more."""

_TOO_DEEP = f"its values are nested more than {_DEEPEST} levels deep"
_MERGE = "tag:yaml.org,2002:merge"

# Keys beside the fields; distilabel 1.5 writes the second for readers of the file.
_NOT_FIELDS = ("type_info", "runtime_parameters_info")


def load(data: Any, allow: Sequence[str] = ("distilabel",), *, allow_code: bool = False) -> Any:
    """Build the object that `dump` described.

    Args:
        data: The output of `dump`, also after a round trip through JSON or YAML.
        allow: The packages whose classes and functions may be imported, subpackages included.
        allow_code: Whether fields may name code and commands that run on this machine, such as `vLLM.command`.

    Raises:
        DistilabelUserError: A class is not in an allowed package, does not exist, or does not accept its fields; or a field
            names code, and `allow_code` is False.

    Examples:
        >>> load({"type_info": {"module": "os", "name": "system"}})
        Traceback (most recent call last):
        ...
        distilabel.exceptions.DistilabelUserError: 'os.system' is not in an allowed package (distilabel): if you trust this file, pass allow=("distilabel", "os").
    """
    if isinstance(data, list):
        return [load(item, allow, allow_code=allow_code) for item in data]
    if not isinstance(data, dict):
        return data
    if _is_place(data):
        return _find(data, allow)
    if _is_place(data.get("object")):
        raise DistilabelUserError(
            f"A {data['object']['name']} cannot be read from a file: set it in Python code."
        )
    if not _is_place(data.get("type_info")):
        return {
            key: load(value, allow, allow_code=allow_code)
            for key, value in data.items()
            if key != "type_info"
        }
    fields = {
        key: load(value, allow, allow_code=allow_code)
        for key, value in data.items()
        if key not in _NOT_FIELDS
    }
    return _build(data["type_info"], fields, allow, allow_code=allow_code)


def _is_place(data: Any) -> bool:
    is_pair = isinstance(data, dict) and data.keys() == {"module", "name"}
    return is_pair and all(isinstance(part, str) for part in data.values())


def _build(place: dict[str, str], fields: dict[str, Any], allow: Sequence[str], *, allow_code: bool) -> Any:
    cls = _find(place, allow)
    if not (isinstance(cls, type) and issubclass(cls, BaseModel)):
        raise DistilabelUserError(
            f"'{place['module']}.{place['name']}' is not a class of steps, LLMs or the like."
        )
    # A field of another version that was not set carries no information.
    known = {key: value for key, value in fields.items() if value is not None or key in cls.model_fields}
    if issubclass(cls, Loadable) and not allow_code:
        for name, value in cls.code_in(known):
            raise DistilabelUserError(
                f"{place['name']} in this file sets {name}={value!r:.200}, which may run code on this machine: if you trust "
                "the file, pass allow_code=True (--allow-code)."
            )
    try:
        built = cls(**known)
    except ValidationError as error:
        raise DistilabelUserError(f"{place['name']} does not accept what the file says: {error}") from error
    if isinstance(built, Loadable):
        built.set_origins(known)
    return built


def _find(place: dict[str, str], allow: Sequence[str]) -> Any:
    module, name = place["module"], place["name"]
    _check_allowed(f"{module}.{name}", module, allow)
    if "<" in name:
        raise DistilabelUserError(
            f"'{name}' is defined inside a function: move it to the top level of {module}."
        )
    try:
        found = _import(module, name)
    except (ImportError, AttributeError) as error:
        found = _found_by_name(name) if module.partition(".")[0] == "distilabel" else None
        if found is None:
            raise DistilabelUserError(f"'{module}.{name}' does not exist: {error}.") from error
    _check_allowed(f"{module}.{name}", getattr(found, "__module__", None) or "", allow)
    return found


def _import(module: str, name: str) -> Any:
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    return found


def _found_by_name(name: str) -> Any:
    """Return the public class of distilabel with this name; None if there is none."""
    packages = map(importlib.import_module, _PACKAGES)
    return next((getattr(p, name) for p in packages if name in getattr(p, "__all__", ())), None)


def _check_allowed(full_name: str, module: str, allow: Sequence[str]) -> None:
    if any(module == package or module.startswith(f"{package}.") for package in allow):
        return
    wider = ", ".join(f'"{package}"' for package in (*allow, module.partition(".")[0]))
    trusted = ", ".join(allow)
    raise DistilabelUserError(
        f"'{full_name}' is not in an allowed package ({trusted}): if you trust this file, pass allow=({wider}).",
    )


def read_document(path: str | Path, format: Literal["json", "yaml"] | None = None) -> Any:
    """Read plain values from a file; by default its extension (.json, .yaml, .yml) sets the format.

    Raises:
        DistilabelUserError: The file cannot be read, or is not valid in its format.
    """
    kind = format or {".json": "json", ".yaml": "yaml", ".yml": "yaml"}.get(Path(path).suffix.lower())
    if kind is None:
        raise DistilabelUserError(f"{path} has none of the extensions .json, .yaml and .yml: rename it.")
    try:
        with Path(path).open(encoding="utf-8") as file:
            text = file.read(_LARGEST + 1)
    except OSError as error:
        raise DistilabelUserError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise DistilabelUserError(f"{path} is not valid {kind.upper()}: {error}.") from error
    return parse_document(text, kind, path)


def parse_document(text: str, kind: str, place: str | Path) -> Any:
    """Parse a text as plain values; `kind` is "json" or "yaml", and error messages name `place`.

    Raises:
        DistilabelUserError: The text is not valid, or is larger or deeper than any pipeline.
    """
    if len(text) > _LARGEST:
        raise DistilabelUserError(
            f"{place} has more than {_LARGEST:,} characters: keep rows in a dataset's file."
        )
    try:
        most = (
            4 * len(text) + 1_000_000
        )  # without aliases, values have no more parts than their text has characters
        data = json.loads(text) if kind == "json" else _from_yaml(text, most)
        _check_size(data, most)
    except RecursionError:
        raise DistilabelUserError(f"{place} is not valid {kind.upper()}: {_TOO_DEEP}.") from None
    except ValueError as error:
        raise DistilabelUserError(f"{place} is not valid {kind.upper()}: {error}.") from error
    return data


def _check_size(data: Any, most: int) -> None:
    """Refuse values that are nested too deep, or that the aliases of YAML make much larger than their text.

    An alias stands for the same object. Whoever copies the values copies it at each place, and lists of ten aliases of lists
    of ten aliases soon fill any memory.
    """
    size = 0
    pending = [(data, 0)]
    while pending:
        value, depth = pending.pop()
        size += 1 + (len(value) if isinstance(value, str | bytes) else 0)
        if size > most:
            raise ValueError("its aliases make it many times larger than its text")
        if isinstance(value, dict | list | tuple | set):
            if depth == _DEEPEST:
                raise ValueError(_TOO_DEEP)
            pending += [(inner, depth + 1) for inner in value]
            if isinstance(value, dict):
                pending += [(inner, depth + 1) for inner in value.values()]


def _from_yaml(text: str, most: int) -> Any:
    import yaml  # noqa: PLC0415 - slow to import

    class Loader(yaml.SafeLoader):
        merged = 0

        def flatten_mapping(self, node: Any) -> None:
            """Resolve `<<`, which copies the entries of other mappings: without a limit before PyYAML 6.0.4."""
            for name, value in node.value:
                if name.tag == _MERGE:
                    for source in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                        if isinstance(source, yaml.MappingNode):
                            self.flatten_mapping(source)
                            self.merged += len(source.value)
                        if self.merged > most:
                            raise ValueError("its aliases make it many times larger than its text")
            super().flatten_mapping(node)

    try:
        return yaml.load(text, Loader)  # noqa: S506 - it is a SafeLoader
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error
