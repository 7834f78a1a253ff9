"""What a file may not decide by itself: which code runs here, and where keys are sent."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, PrivateAttr

from distilabel.config.dump import public

__all__ = ["Loadable", "named_code"]

_TRUST = "trust_remote_code"


class _Origins(dict[str, Any]):
    """Values by field; no part of what makes two models equal."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Origins)

    __hash__ = None


class Loadable(BaseModel):
    """The base of steps and models, which `load` builds from files.

    Attributes:
        code_fields: Class attribute: the fields that name code, a command, or a path to code. `load` takes other values than
            the defaults only with `allow_code=True`.
    """

    code_fields: ClassVar[frozenset[str]] = frozenset()

    _from_file: _Origins = PrivateAttr(default_factory=_Origins)
    """The fields that a file set and that nobody else has set since."""

    def __setattr__(self, name: str, value: Any) -> None:
        """Set a field; a value that the program sets is its own, also where a file had set the field before."""
        super().__setattr__(name, value)
        if name in type(self).model_fields and (private := self.__pydantic_private__):
            former = private["_from_file"].pop(name, None)
            if isinstance(value, Mapping) and isinstance(former, Mapping):
                # Such as generation arguments: those that were not set keep their origin.
                private["_from_file"][name] = {k: v for k, v in former.items() if value.get(k) is v}

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        """Show the fields without credentials."""
        for name, value in super().__repr_args__():
            yield from ((key or None, shown) for key, shown in public("", {name or "": value}).items())

    def set_origins(self, fields: Mapping[str, Any]) -> None:
        """Remember that a file set these fields."""
        self._from_file = _Origins({name: value for name, value in fields.items() if value is not None})

    @classmethod
    def code_in(cls, fields: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        """Yield the names and values of fields from a file that may make code run here."""
        for name, value in fields.items():
            if name in cls.code_fields and value is not None:
                default = cls.model_fields[name].get_default(call_default_factory=True)
                # A tuple is a list in a file.
                if value not in (default, list(default) if isinstance(default, tuple) else default):
                    yield name, value
            elif not isinstance(value, BaseModel):
                yield from named_code(name, value)

    def is_from_file(self, name: str, key: str | None = None) -> bool:
        """Return whether a file set a field, or the entry `key` of a field that is a mapping."""
        if key is None:
            return self._from_file.get(name) is not None
        value = self._from_file.get(name)
        return isinstance(value, Mapping) and value.get(key) is not None


def named_code(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the entries `trust_remote_code` that are set in a field's value, at any depth, with their paths.

    Examples:
        >>> list(named_code("model_kwargs", {"config": {"trust_remote_code": True}}))
        [('model_kwargs.config.trust_remote_code', True)]
    """
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from named_code(f"{path}.{key}", inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from named_code(path, inner)
    elif path.rpartition(".")[2].replace("-", "_").lower() == _TRUST and value not in (None, False):
        yield path, value
