"""Where a file may say that rows lie: the protocols and options of fsspec that it may name."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["storage_code"]

# https://filesystem-spec.readthedocs.io/en/latest/api.html#built-in-implementations lists all of them. Others start programs
# (`ssh`), render templates (`reference`), or wrap a protocol that their options name.
_PROTOCOLS = frozenset(
    {
        *(
            "abfs",
            "abfss",
            "adl",
            "az",
            "file",
            "gcs",
            "gs",
            "gzip",
            "hf",
            "http",
            "https",
            "local",
            "memory",
        ),
        *("oss", "s3", "s3a", "tar", "zip"),
    }
)
# Options that say who reads, not from where: another endpoint would be sent the credentials of this machine.
_OPTIONS = frozenset(
    {
        *(
            "account_key",
            "account_name",
            "anon",
            "compression",
            "encoding",
            "key",
            "profile",
            "project",
            "region",
        ),
        *("requester_pays", "revision", "sas_token", "secret", "tenant_id", "token", "use_ssl"),
    }
)
_PROTOCOL = re.compile(r"(?:^|::)([A-Za-z][A-Za-z0-9+.-]*)(?=://|::)")


def storage_code(fields: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the addresses and options of storage that a file may not set, with the names of the fields.

    Examples:
        >>> list(storage_code({"data_files": ["rows.jsonl", "s3://bucket/rows"]}))
        []
        >>> list(storage_code({"data_files": "simplecache::reference://", "storage_options": {"endpoint": "x"}}))
        [('data_files', 'simplecache::reference://'), ('storage_options', ['endpoint'])]
    """
    for name, value in fields.items():
        if name == "storage_options":
            if options := sorted(_odd_options(value)):
                yield name, options
        else:
            for address in _texts(value):
                if any(protocol.lower() not in _PROTOCOLS for protocol in _PROTOCOL.findall(address)):
                    yield name, address


def _odd_options(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            # Options may be given by protocol.
            if str(key) in _PROTOCOLS and isinstance(inner, Mapping):
                yield from _odd_options(inner)
            elif str(key) not in _OPTIONS:
                yield str(key)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)
