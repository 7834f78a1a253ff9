"""Door for the old import path: the embedding models live in `distilabel.models.embeddings`."""

from typing import TYPE_CHECKING, Any

from distilabel.models import embeddings

__all__ = embeddings.__all__

__path__: list[str] = []
"""So that modules below the old path are looked for; see `distilabel.doors`."""

if TYPE_CHECKING:
    from distilabel.models.embeddings import *  # noqa: F403 - it is a door
else:

    def __getattr__(name: str) -> Any:
        return getattr(embeddings, name)
