"""Door for the old import path: the LLMs live in `distilabel.models.llms`."""

from typing import TYPE_CHECKING, Any

from distilabel.models import llms

__all__ = llms.__all__

__path__: list[str] = []
"""So that modules below the old path are looked for; see `distilabel.doors`."""

if TYPE_CHECKING:
    from distilabel.models.llms import *  # noqa: F403 - it is a door
else:

    def __getattr__(name: str) -> Any:
        return getattr(llms, name)
