"""The disk: full, read-only, and a ledger that is older, newer or damaged."""

from typing import Any

from tests.chaos.cases import Case
from tests.chaos.scenarios import disk

__all__ = ["DISK"]


def _case(name: str, fault: str, outcome: str, play: Any, **more: Any) -> Case:
    """Return a case about the disk."""
    return Case(name, "disk", fault, outcome, play=play, **more)


DISK = [
    _case(
        "disk full",
        "The disk of the cache folder is full, at one moment or another.",
        "The run ends and says so; after space is freed it goes on. Nothing is paid twice.",
        disk.disk_full,
        long=True,
    ),
    _case(
        "quota",
        "No file in the cache folder may grow beyond some size.",
        "The run ends and says so; with more space the next run continues. Nothing is paid twice.",
        disk.file_limit,
        long=True,
    ),
    _case(
        "read-only",
        "The cache folder cannot be written any more when a later run comes to collect.",
        "The run ends and says so; when it can be written again, it goes on.",
        disk.read_only,
        spec={"wait": None},
    ),
    _case(
        "not a folder",
        "A file stands where the cache folder should be.",
        "The run ends and says so; nothing was sent.",
        disk.not_a_folder,
        sample=True,
    ),
    _case(
        "ledger of a newer version",
        "A newer version of the library has written the ledger.",
        "The run refuses to touch it and says which version it has.",
        disk.newer_ledger,
        spec={"wait": None},
        sample=True,
    ),
    _case(
        "ledger of an older version",
        "An older version of the library has written the ledger, with jobs under way.",
        "It is brought up to date, and the run goes on.",
        disk.older_ledger,
        spec={"wait": None},
    ),
    _case(
        "damaged ledger",
        "Pages of the ledger are overwritten with garbage.",
        "The run refuses it and says how to recover; with the ledger restored, it goes on.",
        disk.damaged_ledger,
        spec={"wait": None},
        sample=True,
    ),
]
