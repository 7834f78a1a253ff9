"""Find the models that may use batch jobs in the fields of a step or of another model."""

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from pydantic import BaseModel

from distilabel.models.llms.base import LLM
from distilabel.models.remote import RemoteModel

__all__ = ["BatchModel", "RemoteModel", "models_in"]

BatchModel: TypeAlias = LLM | RemoteModel
"""A model that may use batch jobs: one behind a platform, or an LLM with a custom batch protocol."""


def models_in(model: BaseModel) -> list[BatchModel]:
    """Return the models among a model's fields, in its lists and mappings and inside of these models too, each once.

    Examples:
        >>> from distilabel.models.llms.mixture import MixtureOfAgentsLLM
        >>> one, other = LLM(), LLM()
        >>> models_in(MixtureOfAgentsLLM(aggregator_llm=one, proposers_llms=[one, other])) == [one, other]
        True
    """
    found = {id(one): one for name in type(model).model_fields for one in _models_of(getattr(model, name))}
    return list(found.values())


def _models_of(value: Any) -> Iterator[BatchModel]:
    if isinstance(value, BatchModel):
        yield value
        yield from models_in(value)
    elif isinstance(value, list | tuple | Mapping):
        items = list(value.values()) if isinstance(value, Mapping) else value
        # Rows are a list too, and a long one: where there are models, one stands first.
        for item in items if items and isinstance(items[0], BatchModel) else ():
            yield from _models_of(item)
