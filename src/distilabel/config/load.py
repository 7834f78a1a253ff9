"""Reading back what `dump` wrote: classes are found by their place, and only where that is allowed."""

import importlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from distilabel.exceptions import DistilabelUserError

__all__ = ["load", "parse_document", "read_document", "write_document"]

_ROOMS = ("distilabel.steps.tasks", "distilabel.steps", "distilabel.models", "distilabel.pipeline")
"""Where a class of ours is found by its name, if a file names a module that we do not have."""

# Written beside the fields by distilabel 1.5, for a person.
_REMARKS = ("type_info", "runtime_parameters_info")


def load(data: Any, allow: Sequence[str] = ("distilabel",)) -> Any:
    """Build the object that `dump` described.

    Args:
        data: What `dump` returned, perhaps by way of JSON or YAML.
        allow: The packages whose classes and functions may be imported, with all that is inside of them.

    Raises:
        DistilabelUserError: A class is outside of `allow`, is not there, or does not accept its fields.

    Examples:
        >>> load({"type_info": {"module": "os", "name": "system"}})
        Traceback (most recent call last):
        ...
        distilabel.exceptions.DistilabelUserError: 'os.system' is not in an allowed package (distilabel): if you trust this file, pass allow=("distilabel", "os").
    """
    if isinstance(data, list):
        return [load(item, allow) for item in data]
    if not isinstance(data, dict):
        return data
    if _is_place(data):
        return _find(data, allow)
    if _is_place(data.get("object")):
        raise DistilabelUserError(
            f"A {data['object']['name']} cannot be read from a file: set it in Python code."
        )
    if not _is_place(data.get("type_info")):
        return {key: load(value, allow) for key, value in data.items() if key != "type_info"}
    fields = {key: load(value, allow) for key, value in data.items() if key not in _REMARKS}
    return _build(data["type_info"], fields, allow)


def _is_place(data: Any) -> bool:
    is_pair = isinstance(data, dict) and data.keys() == {"module", "name"}
    return is_pair and all(isinstance(part, str) for part in data.values())


def _build(place: dict[str, str], fields: dict[str, Any], allow: Sequence[str]) -> Any:
    cls = _find(place, allow)
    if not (isinstance(cls, type) and issubclass(cls, BaseModel)):
        raise DistilabelUserError(
            f"'{place['module']}.{place['name']}' is not a class of steps, LLMs or the like."
        )
    # A field that another version has and nobody set says nothing.
    given = {key: value for key, value in fields.items() if value is not None or key in cls.model_fields}
    try:
        return cls(**given)
    except ValidationError as error:
        raise DistilabelUserError(f"{place['name']} does not accept what the file says: {error}") from error


def _find(place: dict[str, str], allow: Sequence[str]) -> Any:
    module, name = place["module"], place["name"]
    _check_allowed(f"{module}.{name}", module, allow)
    if "<" in name:
        raise DistilabelUserError(
            f"'{name}' was defined inside of a function: move it to the top of {module}."
        )
    try:
        found = _imported(module, name)
    except (ImportError, AttributeError) as error:
        found = _found_by_name(name) if module.partition(".")[0] == "distilabel" else None
        if found is None:
            raise DistilabelUserError(f"'{module}.{name}' is not there: {error}.") from error
    _check_allowed(f"{module}.{name}", getattr(found, "__module__", None) or "", allow)
    return found


def _imported(module: str, name: str) -> Any:
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    return found


def _found_by_name(name: str) -> Any:
    """Return the public class of ours that has this name; None if there is none."""
    rooms = map(importlib.import_module, _ROOMS)
    return next((getattr(room, name) for room in rooms if name in getattr(room, "__all__", ())), None)


def _check_allowed(full_name: str, module: str, allow: Sequence[str]) -> None:
    if any(module == package or module.startswith(f"{package}.") for package in allow):
        return
    wider = ", ".join(f'"{package}"' for package in (*allow, module.partition(".")[0]))
    trusted = ", ".join(allow)
    raise DistilabelUserError(
        f"'{full_name}' is not in an allowed package ({trusted}): if you trust this file, pass allow=({wider}).",
    )


def write_document(data: Any, path: str | Path, format: Literal["json", "yaml"] = "json") -> None:
    """Write plain values to a file as JSON or YAML; folders on the way are made."""
    if format not in ("json", "yaml"):
        raise DistilabelUserError(f"The format {format!r} is not known: use 'json' or 'yaml'.")
    text = _yaml(data) if format == "yaml" else json.dumps(data, indent=2)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text, encoding="utf-8")


def read_document(path: str | Path, format: Literal["json", "yaml"] | None = None) -> Any:
    """Read plain values from a file; without `format`, its ending (.json, .yaml, .yml) tells which it is.

    Raises:
        DistilabelUserError: The file is not there, or is not what its format says.
    """
    kind = format or {".json": "json", ".yaml": "yaml", ".yml": "yaml"}.get(Path(path).suffix.lower())
    if kind is None:
        raise DistilabelUserError(f"{path} ends in neither .json, .yaml nor .yml: rename it.")
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise DistilabelUserError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise DistilabelUserError(f"{path} is not valid {kind.upper()}: {error}.") from error
    return parse_document(text, kind, path)


def parse_document(text: str, kind: str, place: str | Path) -> Any:
    """Read plain values from a text; `kind` is "json" or "yaml", `place` says where it lies, for the message.

    Raises:
        DistilabelUserError: The text is not what its kind says.
    """
    try:
        return json.loads(text) if kind == "json" else _read_yaml(text)
    except ValueError as error:
        raise DistilabelUserError(f"{place} is not valid {kind.upper()}: {error}.") from error


def _yaml(data: Any) -> str:
    import yaml  # noqa: PLC0415 - slow to import

    text: str = yaml.safe_dump(data, sort_keys=False)
    return text


def _read_yaml(text: str) -> Any:
    import yaml  # noqa: PLC0415 - slow to import

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error
