"""Writes docs/platforms.md from what the registry knows: `python scripts/platforms.py`."""

from collections.abc import Iterator
from pathlib import Path

from distilabel.providers.base import DAY
from distilabel.providers.registry import PLATFORMS, Batch, Platform

PAGE = Path(__file__).parents[1] / "docs" / "platforms.md"
_TOP = """# Platforms

Which platforms are spoken, and what is known of each. This page is made from the registry by `python scripts/platforms.py`;
nothing here was tried against a live platform, and what is assumed is said.

Each has an LLM of its own (`OpenAILLM`, `AzureOpenAILLM`, `MistralLLM`, ...); where there is none, take
`OpenAICompatibleLLM(platform="<name>")`. [Add a platform](add-a-platform.md) says how yours gets in.
"""
_BATCH_HEAD = """
## Online and offline

| Platform | Name | Asked offline | Most in a job | Window | Price | Found again by | Results kept |
|---|---|---|---|---|---|---|---|
"""
_ONLINE_HEAD = """
## Online only

| Platform | Name | Address | Key | Why not offline |
|---|---|---|---|---|
"""
_PLACE_HEAD = """
## Addresses and keys

| Platform | Address | Variable of the address | Variable of the key |
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
    yield f"`{known.base_url}`" if known.base_url else "each user's own"
    yield f"`{known.base_url_variable}`"
    yield f"`{known.key_variable}`" if known.key_variable else "none needed"


def _days(kept: float | None) -> str:
    return "no page says" if kept is None else f"{kept / DAY:g} days"


def _size(size: int) -> str:
    return f"{size // 10**9} GB" if size >= 10**9 else f"{size // 10**6} MB"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
