"""Tasks that have a model write both sides of a conversation."""

from typing import TYPE_CHECKING

from distilabel._lazy import attach
from distilabel.steps.tasks.magpie.magpie import Magpie
from distilabel.steps.tasks.magpie.magpie_generator import MagpieGenerator

__all__ = ["Magpie", "MagpieGenerator"]

if not TYPE_CHECKING:  # for the aliases of `distilabel._compat.old_imports`
    __getattr__, __dir__ = attach(__name__, {})
