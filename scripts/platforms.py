"""Write docs/platforms.md from the registry: `python scripts/platforms.py`."""

from collections.abc import Iterator
from pathlib import Path

from distilabel.providers.base import DAY
from distilabel.providers.registry import PLATFORMS, Batch, Platform

PAGE = Path(__file__).parents[1] / "docs" / "platforms.md"
_TOP = """# Platforms

The platforms that this library supports, and the facts of each. `python scripts/platforms.py` writes this page from the
registry. Nothing here was tested against a live platform; the third table states what is assumed.

Most platforms have an LLM class (`OpenAILLM`, `AzureOpenAILLM`, `MistralLLM`, ...). For the others, use
`OpenAICompatibleLLM(platform="<name>")`. [Add a platform](add-a-platform.md) shows how to register another one.
"""
_BATCH_HEAD = """
## Online and offline

| Platform | Name | Endpoints offline | Limits of a job | Window | Price | Found again by | Results kept |
|---|---|---|---|---|---|---|---|
"""
_ONLINE_HEAD = """
## Online only

| Platform | Name | Address | Key | Why not offline |
|---|---|---|---|---|
"""
_PLACE_HEAD = """
## Addresses and keys

| Platform | Address | Variable for the address | Variable for the key |
|---|---|---|---|
"""
_TESTED_HEAD = """
## What each is tested against, and what is assumed

| Platform | Tested | Assumed | Source |
|---|---|---|---|
"""


def page() -> str:
    """Return the whole page."""
    offline = [(known, known.batch) for known in PLATFORMS.values() if known.batch]
    online = [known for known in PLATFORMS.values() if known.batch is None]
    parts = [
        _TOP,
        _BATCH_HEAD, *(_offline_row(*pair) for pair in offline),
        _PLACE_HEAD, *(_place_row(known) for known, _ in offline),
        _TESTED_HEAD, *(_tested_row(*pair) for pair in offline),
        _ONLINE_HEAD, *(_online_row(known) for known in online),
    ]  # fmt: skip
    return "".join(parts)


def _row(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |\n"


def _offline_row(known: Platform, batch: Batch) -> str:
    limits = known.provider().limits
    most = f"{limits.requests:,} requests, {_size(limits.size)}"
    asked = ", ".join(f"`{endpoint}`" for endpoint in batch.endpoints)
    facts = (batch.window, batch.discount, batch.tag, _days(limits.kept))
    return _row(known.title, f"`{known.name}`", asked, most, *facts)


def _place_row(known: Platform) -> str:
    return _row(known.title, *_place(known))


def _tested_row(known: Platform, batch: Batch) -> str:
    source = batch.source if batch.source.startswith("http") else f"[{batch.source}]({batch.source})"
    return _row(known.title, batch.tested, batch.assumed or "nothing", source)


def _online_row(known: Platform) -> str:
    address, _, key = _place(known)
    return _row(known.title, f"`{known.name}`", address, key, known.online_only)


def _place(known: Platform) -> Iterator[str]:
    yield f"`{known.base_url}`" if known.base_url else "different for each user"
    yield f"`{known.base_url_variable}`"
    yield f"`{known.key_variable}`" if known.key_variable else "none needed"


def _days(kept: float | None) -> str:
    return "not documented" if kept is None else f"{kept / DAY:g} days"


def _size(size: int) -> str:
    return f"{size // 10**9} GB" if size >= 10**9 else f"{size // 10**6} MB"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
