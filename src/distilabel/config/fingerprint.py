"""Digests of a model: of its fields (`signature`), and of the custom code of its classes (`code_digest`)."""

import hashlib
import inspect
import json
import sys
from functools import cache
from types import CodeType, FunctionType
from typing import Any

from pydantic import BaseModel

from distilabel.config.dump import Style, encode

__all__ = ["code_digest", "signature"]

_FOREIGN = frozenset({"distilabel", "pydantic", "pydantic_core"}) | sys.stdlib_module_names


def signature(model: BaseModel) -> str:
    """Return a digest of a model's fields: 40 hexadecimal digits.

    The digest does not include what `dump` omits, the modules of classes, and the fields that the class attribute
    `excluded_from_signature: ClassVar[frozenset[str]]` of a class or of its bases names, in nested models too. Fields that
    `signature_without_defaults` names are left out while they have their defaults: they came with a later version, and rows of
    an earlier one stay valid. Functions are compared by their code.

    Examples:
        >>> from typing import ClassVar
        >>> from pydantic import BaseModel
        >>> class Loader(BaseModel):
        ...     excluded_from_signature: ClassVar[frozenset[str]] = frozenset({"batch_size"})
        ...     split: str
        ...     batch_size: int = 50
        >>> signature(Loader(split="a")) == signature(Loader(split="a", batch_size=1))
        True
        >>> signature(Loader(split="a")) == signature(Loader(split="b"))
        False
    """
    canonical = json.dumps(encode(model, _FOR_SIGNATURE), sort_keys=True, separators=(",", ":"))
    return hashlib.sha1(canonical.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()


def code_digest(cls: type) -> str:
    """Return a digest of the code that a user wrote in `cls` and its bases; "" if there is none.

    Examples:
        >>> from pydantic import BaseModel
        >>> code_digest(BaseModel)
        ''
    """
    own = [vars(base).get("__wrapped__", base) for base in cls.__mro__ if not _is_foreign(base)]
    if not own:
        return ""
    return hashlib.sha1(
        "\0".join(map(_code, own)).encode("utf-8", "surrogatepass"), usedforsecurity=False
    ).hexdigest()


def _is_foreign(base: type) -> bool:
    return base.__module__ != "__main__" and base.__module__.partition(".")[0] in _FOREIGN


def _code(thing: Any) -> str:
    # The source of a lambda is its whole line, which may hold another lambda.
    if getattr(thing, "__name__", "") == "<lambda>":
        return _compiled(thing)
    try:
        return inspect.getsource(thing)
    except (OSError, TypeError):
        return _compiled(thing)


def _compiled(thing: Any) -> str:
    """Describe code whose source is not available, as in `python -c`."""
    if isinstance(thing, type):
        return "\n".join(
            f"{name}={_compiled(value)}" for name, value in sorted(vars(thing).items()) if _is_code(value)
        )
    if isinstance(thing, property):
        return "".join(_compiled(part) for part in (thing.fget, thing.fset) if part)
    function = getattr(thing, "__func__", thing)
    return _of_code(function.__code__) if isinstance(function, FunctionType) else type(thing).__qualname__


def _is_code(value: Any) -> bool:
    return isinstance(value, FunctionType | property | staticmethod | classmethod)


def _of_code(code: CodeType) -> str:
    constants = ",".join(map(_constant, code.co_consts))
    return f"{code.co_code.hex()}({','.join(code.co_names)})[{constants}]"


def _constant(value: Any) -> str:
    if isinstance(value, CodeType):
        return _of_code(value)
    if isinstance(value, tuple | frozenset):
        parts = map(_constant, value)
        return f"{type(value).__name__}({','.join(sorted(parts) if isinstance(value, frozenset) else parts)})"
    return repr(value)


def _excluded(model: BaseModel) -> frozenset[str]:
    cls = type(model)
    always = _named(cls, "excluded_from_signature")
    fields = cls.model_fields
    at_default = _named(cls, "signature_without_defaults")
    return always | {name for name in at_default if getattr(model, name) == fields[name].default}


@cache
def _named(cls: type[BaseModel], attribute: str) -> frozenset[str]:
    return frozenset().union(*(vars(base).get(attribute, ()) for base in cls.__mro__))


def _name(cls: type) -> dict[str, str]:
    return {"name": cls.__qualname__}


def _name_and_code(function: Any) -> dict[str, str]:
    text = hashlib.sha1(_code(function).encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()
    return {"name": str(getattr(function, "__qualname__", function.__name__)), "code": text}


# What a signature reads stays as it was: rows of a former version keep theirs. A digest shows no credential.
_FOR_SIGNATURE = Style(
    skips=_excluded, keep=lambda _, value: value, of_class=_name, of_function=_name_and_code
)
