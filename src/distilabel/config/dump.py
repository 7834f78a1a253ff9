"""Converts a model to plain values, with the name of each class and without any secret."""

import itertools
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, time
from enum import Enum
from functools import cache, partial
from pathlib import Path, PurePath
from typing import Any, Literal, get_args

from pydantic import BaseModel, SecretBytes, SecretStr

from distilabel._files import without_credentials
from distilabel.exceptions import DistilabelUserError

__all__ = ["Style", "dump", "encode", "looks_secret", "public", "write_document"]

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_SECRET = frozenset(
    {
        *("authorization", "authentication", "auth", "bearer", "token", "jwt", "cookie", "cookies", "apikey"),
        *("secret", "secrets", "password", "passwd", "passphrase", "credential", "credentials"),
    },
)
_SECRET_KEYS = frozenset(
    {"api", "access", "private", "secret", "account", "subscription", "client", "auth", "master"},
)
# `pad_token`, `stop_token` and the like are settings of tokenizers, not secrets.
_TOKENIZER = frozenset(
    {
        *(
            "pad",
            "eos",
            "bos",
            "unk",
            "sep",
            "cls",
            "mask",
            "stop",
            "image",
            "start",
            "end",
            "prefix",
            "suffix",
        ),
        *("special", "fim", "eot"),
    },
)
_USER_INFO = re.compile(r"^([a-z][a-z0-9+.-]*://)[^/@\s]+@", re.IGNORECASE)
# Such as default_headers, extra_headers, storage_options: services take credentials there under names that nobody can list.
_ALWAYS_SECRET = frozenset({"headers", "cookies", "storage_options"})
# A mapping with one of these is the JSON schema of a property that has such a name.
_OF_SCHEMAS = frozenset({"type", "$ref", "anyOf", "oneOf", "allOf", "enum", "const"})
# Words in the names of fields that hold addresses: a query there is no part of a text that a model reads.
_ADDRESSES = frozenset(
    {"url", "urls", "uri", "base", "endpoint", "address", "proxy", "files", "path", "repo"}
)
_SIGNATURES = frozenset({"sig", "signature", "sas", "key", "pass", "pwd", "code"})
_WHOLE_URL = re.compile(r"[a-z][a-z0-9+.-]*://\S*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Style:
    """How to encode models: which fields to skip, what of a value to keep, and how to name a class or a function."""

    skips: Callable[[BaseModel], frozenset[str]]
    keep: Callable[[str, Any], Any]
    of_class: Callable[[type], dict[str, str]]
    of_function: Callable[[Any], dict[str, str]]


def _place(thing: Any) -> dict[str, str]:
    name = getattr(thing, "__qualname__", None) or getattr(thing, "__name__", type(thing).__qualname__)
    module = getattr(thing, "__module__", None) or type(thing).__module__
    return {"module": str(module), "name": str(name)}


def public(name: str, value: Any) -> Any:
    """Return the value of a field without credentials; it decides for all files and representations.

    It leaves out values of secrets' names (`looks_secret`), headers, cookies and `storage_options` at any depth, user
    and password of each URL, and the query of a URL in a field that is an address or whose query names a secret.

    Args:
        name: The name of the field; within mappings, followed by the keys.
        value: Its value; other values than texts, mappings and sequences are returned unchanged.

    Examples:
        >>> public("generation_kwargs", {"extra_headers": {"X-Team": "s"}, "api_base": "https://me:s@a.b/v1?k=s", "n": 1})
        {'api_base': 'https://a.b/v1', 'n': 1}
    """
    if isinstance(value, str) and not isinstance(value, Enum):
        return without_credentials(value) if _has_query_to_hide(name, value) else _USER_INFO.sub(r"\1", value)
    if isinstance(value, Mapping):
        return {
            key: public(f"{name} {_key(key)}", inner)
            for key, inner in value.items()
            if not _is_hidden(str(_key(key)), inner)
        }
    if type(value) in (list, tuple, set, frozenset):
        return type(value)(public(name, item) for item in value if not _is_secret_pair(item))
    return value


def _has_query_to_hide(name: str, text: str) -> bool:
    if not _WHOLE_URL.fullmatch(text):
        return False
    names = re.findall(r"[?&#]([^=&#\s]+)=", text)
    return not _ADDRESSES.isdisjoint(_words(name)) or any(
        looks_secret(one) or not _SIGNATURES.isdisjoint(_words(one)) for one in names
    )


def _is_hidden(name: str, value: Any) -> bool:
    """Whether a field or an entry is never shown: a secret, or a collection that may hold one under any name."""
    if _is_secret(name, value):
        return True
    is_named_so = name in _ALWAYS_SECRET or (_words(name) or [""])[-1] in _ALWAYS_SECRET
    if isinstance(value, Mapping):
        return is_named_so and _OF_SCHEMAS.isdisjoint(value)
    is_pairs = isinstance(value, list | tuple) and all(isinstance(one, list | tuple) for one in value)
    return is_named_so and is_pairs and bool(value)


def _words(name: str) -> list[str]:
    return " ".join(_WORDS.findall(name)).lower().split()


_FOR_LOADING = Style(skips=lambda _: frozenset(), keep=public, of_class=_place, of_function=_place)


def dump(model: BaseModel) -> dict[str, Any]:
    """Return the fields of `model` as values that JSON and YAML can hold.

    Each model, nested ones too, gets `type_info={"module", "name"}`, with which `load` finds its class. A pydantic class
    that is used as a schema becomes its JSON schema; a function becomes its module and name.

    The result has no fields with `exclude=True`, and no credentials: see `public`. Rows in a field `data` keep their URLs
    as they are, without users and passwords.

    Examples:
        >>> from pydantic import BaseModel, SecretStr
        >>> class Client(BaseModel):
        ...     url: str
        ...     headers: dict[str, str]
        ...     api_key: SecretStr
        >>> client = Client(url="https://me:x@a.b", headers={"X-Api-Key": "s", "Accept": "*"}, api_key="s")
        >>> plain = dump(client)
        >>> plain.pop("type_info")["name"]
        'Client'
        >>> plain
        {'url': 'https://a.b'}
    """
    encoded: dict[str, Any] = encode(model, _FOR_LOADING)
    return encoded


def write_document(data: Any, path: str | Path, format: Literal["json", "yaml"] = "json") -> None:
    """Write plain values to a file as JSON or YAML; missing parent folders are created."""
    if format not in ("json", "yaml"):
        raise DistilabelUserError(f"Unknown format {format!r}: use 'json' or 'yaml'.")
    if format == "yaml":
        import yaml  # noqa: PLC0415 - slow to import

        text: str = yaml.safe_dump(data, sort_keys=False)
    else:
        text = json.dumps(data, indent=2)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text, encoding="utf-8")


def encode(value: Any, style: Style) -> Any:
    """Convert any value to plain values; an object that has no plain form becomes the name of its class."""
    for kind, write in _KINDS:
        if isinstance(value, kind):
            return write(value, style)
    if isinstance(value, type) and issubclass(value, BaseModel):
        return value.model_json_schema()
    if callable(value) and hasattr(value, "__name__"):
        return style.of_function(value)
    return {"object": style.of_class(type(value))}


def _encode_model(model: BaseModel, style: Style) -> dict[str, Any]:
    cls = type(model)
    hidden = _hidden_fields(cls) | style.skips(model)
    fields: dict[str, Any] = {}
    for name in cls.model_fields:
        value = getattr(model, name)
        # An absent secret is not written either: `None`, read back, would keep the environment variable from being used.
        if name in hidden or _is_secret(name, "" if value is None else value):
            continue
        # A mapping of columns may have a column named "token".
        if name.endswith("_mappings") and isinstance(value, dict):
            fields[name] = dict(value)
        elif name == "data":
            fields[name] = encode(value, style)
        else:
            for kept in style.keep("", {name: value}).values():
                fields[name] = encode(kept, style)
    return {**fields, "type_info": style.of_class(cls)}


@cache
def _hidden_fields(cls: type[BaseModel]) -> frozenset[str]:
    """Return the fields that are never written: excluded ones, and those whose annotation admits a secret."""
    hidden = set()
    for name, field in cls.model_fields.items():
        annotations: list[Any] = [field.annotation]
        for annotation in annotations:
            annotations += get_args(annotation)  # which are visited after it
        classes = [annotation for annotation in annotations if isinstance(annotation, type)]
        if field.exclude or any(issubclass(one, SecretStr | SecretBytes) for one in classes):
            hidden.add(name)
    return frozenset(hidden)


def _encode_mapping(value: Mapping[Any, Any], style: Style) -> dict[str, Any]:
    return {str(_key(k)): encode(v, style) for k, v in value.items() if not _is_secret(str(k), v)}


def _encode_list(value: Iterable[Any], style: Style) -> list[Any]:
    return [encode(item, style) for item in value if not _is_secret_pair(item)]


def _encode_set(value: Iterable[Any], style: Style) -> list[Any]:
    return sorted(_encode_list(value, style), key=repr)


def _encode_partial(value: "partial[Any]", style: Style) -> dict[str, Any]:
    return {"function": encode(value.func, style), "args": encode([value.args, value.keywords], style)}


_KINDS: tuple[tuple[Any, Callable[[Any, Style], Any]], ...] = (
    (Enum, lambda value, style: encode(value.value, style)),
    ((bool, type(None)), lambda value, _: value),
    (int, lambda value, _: int(value)),
    (float, lambda value, _: float(value)),
    (str, lambda value, _: _USER_INFO.sub(r"\1", value)),
    (BaseModel, _encode_model),
    (Mapping, _encode_mapping),
    ((list, tuple), _encode_list),
    ((set, frozenset), _encode_set),
    (PurePath, lambda value, _: str(value)),
    ((date, time), lambda value, _: value.isoformat()),
    (bytes, lambda value, _: value.hex()),
    (partial, _encode_partial),
)


def _key(key: Any) -> Any:
    return key.value if isinstance(key, Enum) else key


def _is_secret_pair(item: Any) -> bool:
    is_pair = isinstance(item, tuple) and len(item) == 2 and isinstance(item[0], str)  # noqa: PLR2004 - a pair
    return isinstance(item, SecretStr | SecretBytes) or (is_pair and _is_secret(item[0], item[1]))


def _is_secret(name: str, value: Any) -> bool:
    if isinstance(value, SecretStr | SecretBytes):
        return True
    return isinstance(value, str | bytes) and looks_secret(name)


def looks_secret(name: str) -> bool:
    """Tell whether a header, variable or field with this name probably holds a secret.

    Examples:
        >>> [looks_secret(name) for name in ("Authorization", "OPENAI_API_KEY", "x-auth-token", "apiKey")]
        [True, True, True, True]
        >>> [looks_secret(name) for name in ("max_new_tokens", "pad_token", "tokenizer", "keyboard")]
        [False, False, False, False]
    """
    words = _words(name)
    if _SECRET.intersection(words):
        return not _TOKENIZER.intersection(words)
    pairs = itertools.pairwise(words)
    return any(first in _SECRET_KEYS and second in ("key", "keys") for first, second in pairs)
