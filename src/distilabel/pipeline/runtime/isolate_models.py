"""Copies a model that several steps share, so that each step has its own during a run."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

from pydantic import BaseModel

from distilabel.models.fields import RemoteModel, models_in
from distilabel.steps.base import _Step

__all__ = ["isolate_models"]


@contextmanager
def isolate_models(steps: Sequence[_Step]) -> Iterator[None]:
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


def _shared(steps: Sequence[_Step]) -> list[tuple[_Step, str, BaseModel]]:
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
