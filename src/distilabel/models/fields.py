"""Search the fields of steps and models for models that may use batch jobs."""

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from pydantic import BaseModel

from distilabel.models.llms.base import LLM
from distilabel.models.remote import RemoteModel

__all__ = ["BatchModel", "RemoteModel", "models_in"]

BatchModel: TypeAlias = LLM | RemoteModel
"""A model that may use batch jobs: one behind a platform, or an LLM with a custom batch protocol."""


def models_in(model: BaseModel) -> list[BatchModel]:
    """Return the models in the fields of a step or model, each once.

    The search includes lists, mappings and the fields of the models that it finds.

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
        # Rows are a long list too. A list of models starts with a model, so one look is enough.
        for item in items if items and isinstance(items[0], BatchModel) else ():
            yield from _models_of(item)
