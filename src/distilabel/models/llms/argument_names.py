"""Other spellings of an LLM's arguments, where their meaning is plain, and one sentence where it is not."""

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel

from distilabel.config import argument_name, under_known_names
from distilabel.exceptions import DistilabelUserError
from distilabel.models.base import arguments_of

__all__ = ["with_known_names"]


def with_known_names(cls: type[BaseModel], data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of an LLM under the names of its fields.

    A generation argument such as `temperature` goes into `generation_kwargs`. A pydantic model or a JSON schema alone is the
    schema of `structured_output`.

    Raises:
        DistilabelUserError: An argument is unknown, or given twice.
    """
    fields = set(cls.model_fields)
    arguments = _generation_arguments(cls)
    named: dict[str, Any] = {}
    kwargs = under_known_names(data.get("generation_kwargs") or {}, arguments, cls.__name__)
    for name, value in data.items():
        if field := argument_name(name, fields):
            into, key = named, field
        elif argument := argument_name(name, arguments):
            into, key = kwargs, argument
        elif cls.model_config.get("extra") != "forbid" or _is_open(cls):
            into, key = named, name
        else:
            raise DistilabelUserError(_unknown(cls, name, [*fields, *arguments]))
        if key in into and into is kwargs:
            raise DistilabelUserError(
                f"{cls.__name__} has {key!r} twice: leave it in generation_kwargs alone."
            )
        if key != name and key in data:
            raise DistilabelUserError(
                f"{cls.__name__} has {key!r} and {name!r}, which mean the same: leave one out."
            )
        into[key] = value
    if kwargs:
        named["generation_kwargs"] = kwargs
    if "structured_output" in named and "structured_output" in fields:
        named["structured_output"] = _structure(named["structured_output"])
    return named


def _generation_arguments(cls: type[BaseModel]) -> list[str]:
    methods = (getattr(cls, name, None) for name in ("request", "agenerate", "generate"))
    return list(arguments_of(next(method for method in methods if method)))


def _is_open(cls: type[BaseModel]) -> bool:
    """Whether a subclass may take what nobody knows beforehand: it has a constructor of its own."""
    return any(
        "__init__" in vars(base)
        for base in cls.__mro__
        if not base.__module__.startswith(("distilabel.", "pydantic", "builtins"))
    )


def _structure(value: Any) -> Any:
    if isinstance(value, type) and issubclass(value, BaseModel):
        return {"schema": value}
    is_schema = (
        isinstance(value, Mapping) and "schema" not in value and ("type" in value or "properties" in value)
    )
    return {"schema": dict(value)} if is_schema else value


def _unknown(cls: type[BaseModel], name: str, known: Collection[str]) -> str:
    close = get_close_matches(name, list(known), n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"it has {', '.join(sorted(cls.model_fields))}."
    return f"{cls.__name__} has no argument {name!r}; {hint}"
