"""Models in the fields of a step or of another model: finding them, and copying those that steps share."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from typing import Any, TypeAlias

from pydantic import BaseModel

from distilabel.models.llms.base import LLM
from distilabel.models.remote import RemoteModel

__all__ = ["BatchModel", "RemoteModel", "isolate_models", "models_in"]

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


@contextmanager
def isolate_models(steps: Sequence[BaseModel]) -> Iterator[None]:
    """Give each step its own copy of a shared model while the context is open; restore the shared model at the end.

    A remote model is bound to one step: its requests and responses are that step's. A runtime parameter that is set for
    one of the steps is set for that step alone.

    Examples:
        >>> from distilabel.models.llms import OpenAILLM
        >>> from distilabel.steps.tasks import TextGeneration
        >>> llm = OpenAILLM(model="gpt-4o-mini", api_key="...")
        >>> one, other = TextGeneration(llm=llm), TextGeneration(llm=llm)
        >>> with isolate_models([one, other]):
        ...     one.llm is other.llm
        False
        >>> one.llm is other.llm
        True
    """
    shared = _shared(steps)
    try:
        for step, name, model in shared:
            setattr(step, name, _copy(model))
        yield
    finally:
        for step, name, model in shared:
            setattr(step, name, model)


def _shared(steps: Sequence[BaseModel]) -> list[tuple[BaseModel, str, BaseModel]]:
    """Return step, name and value of each field that holds, at any depth, a model that another step holds too."""
    owners = Counter(
        id(model) for step in steps for model in models_in(step) if isinstance(model, RemoteModel)
    )
    return [
        (step, name, value)
        for step in steps
        for name in type(step).model_fields
        if isinstance(value := getattr(step, name), BaseModel)
        and any(owners[id(model)] > 1 for model in (value, *models_in(value)))
    ]


def _copy(value: Any) -> Any:
    """Copy a value; models become new ones with the same fields, bound to no step."""
    if isinstance(value, RemoteModel) or (isinstance(value, BaseModel) and models_in(value)):
        # Excluded fields hold what steps may share, and what cannot be copied: an HTTP client.
        fields = {
            name: getattr(value, name) if info.exclude else _copy(getattr(value, name))
            for name, info in type(value).model_fields.items()
        }
        return type(value).model_construct(value.model_fields_set, **fields)
    if isinstance(value, list | tuple) and any(isinstance(item, BaseModel) for item in value):
        return type(value)(map(_copy, value))
    return value if isinstance(value, BaseModel) else deepcopy(value)
