"""The import path of distilabel 1.4: the embedding models live in `distilabel.models.embeddings`."""

from typing import TYPE_CHECKING

from distilabel._lazy import attach
from distilabel.models import embeddings

__all__ = embeddings.__all__

if TYPE_CHECKING:
    from distilabel.models.embeddings import *  # noqa: F403
else:
    __getattr__, __dir__ = attach(__name__, dict.fromkeys(embeddings.__all__, embeddings.__name__))
