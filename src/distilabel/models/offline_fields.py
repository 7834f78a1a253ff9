"""What a model that only answers online says to one who asks it to answer by batch."""

from typing import Any

from pydantic import BaseModel

from distilabel.exceptions import DistilabelUserError

__all__ = ["without_offline"]

_FIELD = "use_offline_batch_generation"


def without_offline(kind: type[BaseModel], values: Any, instead: str) -> Any:
    """Return the values of a model's fields without the one that says whether it answers by batch, if it has none.

    Args:
        kind: The model's class.
        values: What it is made of, by field.
        instead: A class that answers by batch, for the message.

    Raises:
        DistilabelUserError: It is asked to, and cannot.

    Examples:
        >>> class Local(BaseModel):
        ...     size: int = 1
        >>> without_offline(Local, {"size": 2, "use_offline_batch_generation": False}, instead="OpenAIEmbeddings")
        {'size': 2}
    """
    if not isinstance(values, dict) or _FIELD not in values or _FIELD in kind.model_fields:
        return values
    if values[_FIELD]:
        raise DistilabelUserError(
            f"{kind.__name__} has no offline batch generation: set {_FIELD}=False, or take a model that has it, such as "
            f"{instead}."
        )
    return {name: value for name, value in values.items() if name != _FIELD}
