"""From the ledger's rows to values."""

from collections.abc import Iterable
from typing import Any

import orjson

from distilabel.records import Job, Target

__all__ = ["job_of", "joined", "json_array", "target_row"]

_JOB = (
    "id", "scope", "tag", "state", "requests", "size", "created_at", "moved_at", "tokens", "label", "account", "input_file", "remote_id",
    "remote_status", "completed", "failed", "code", "message",
)  # fmt: skip


def job_of(row: dict[str, Any]) -> Job:
    """Return the job that stands in a row of the table `jobs`, joined with its scope and target."""
    target = Target(row["platform"], row["base_url"], row["endpoint"], row["model"])
    return Job(target=target, **{name: row[name] for name in _JOB})


def target_row(target: Target) -> dict[str, str]:
    """Return the columns of a target."""
    return {
        "platform": target.platform,
        "base_url": target.base_url,
        "endpoint": target.endpoint,
        "model": target.model,
    }


def json_array(values: Iterable[Any]) -> str:
    """Return values as a JSON array, which `json_each` takes apart again."""
    return orjson.dumps(list(values)).decode()


def joined(keys: Iterable[str]) -> bytes:
    r"""Return the keys of requests as bytes, one after the other.

    Examples:
        >>> joined(["0" * 32, "f" * 32])[14:18]
        b'\x00\x00\xff\xff'
    """
    return bytes.fromhex("".join(keys))
