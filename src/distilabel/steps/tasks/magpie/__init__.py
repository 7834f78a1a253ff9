"""Tasks that have a model write both sides of a conversation."""

from distilabel.steps.tasks.magpie.magpie import Magpie
from distilabel.steps.tasks.magpie.magpie_generator import MagpieGenerator

__all__ = ["Magpie", "MagpieGenerator"]
