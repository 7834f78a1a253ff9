"""The import path of distilabel 1.4: the LLMs live in `distilabel.models.llms`."""

from typing import TYPE_CHECKING

from distilabel._lazy import attach
from distilabel.models import llms

__all__ = llms.__all__

if TYPE_CHECKING:
    from distilabel.models.llms import *  # noqa: F403
else:
    __getattr__, __dir__ = attach(__name__, dict.fromkeys(llms.__all__, llms.__name__))
