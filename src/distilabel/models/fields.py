"""Finding the models that may ask a platform among the fields of a step or of another model."""

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from pydantic import BaseModel

from distilabel.models.embeddings.remote import RemoteEmbeddings
from distilabel.models.image_generation.remote import RemoteImageGeneration
from distilabel.models.llms.base import LLM
from distilabel.models.llms.remote import RemoteLLM

__all__ = ["AskingModel", "RemoteModel", "models_in"]

AskingModel: TypeAlias = LLM | RemoteEmbeddings | RemoteImageGeneration
"""What may ask a platform, online or by batch; an LLM may have a batch protocol of its own."""

RemoteModel: TypeAlias = RemoteLLM | RemoteEmbeddings | RemoteImageGeneration
"""What asks a platform that this library speaks to itself: it draws through the session that it is bound to."""


def models_in(model: BaseModel) -> list[AskingModel]:
    """Return the models among a model's fields, in its lists and mappings and inside of these models too, each once.

    Examples:
        >>> from distilabel.models.llms.mixture import MixtureOfAgentsLLM
        >>> one, other = LLM(), LLM()
        >>> models_in(MixtureOfAgentsLLM(aggregator_llm=one, proposers_llms=[one, other])) == [one, other]
        True
    """
    found = {id(one): one for name in type(model).model_fields for one in _models_of(getattr(model, name))}
    return list(found.values())


def _models_of(value: Any) -> Iterator[AskingModel]:
    if isinstance(value, AskingModel):
        yield value
        yield from models_in(value)
    elif isinstance(value, list | tuple | Mapping):
        items = list(value.values()) if isinstance(value, Mapping) else value
        # Rows are a list too, and a long one: where there are models, one stands first.
        for item in items if items and isinstance(items[0], AskingModel) else ():
            yield from _models_of(item)
