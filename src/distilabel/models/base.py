"""The base of all models: LLMs, embedding models and image models."""

import inspect
from collections.abc import Callable
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, model_validator

from distilabel.config import dump, runtime_parameters_info, set_runtime_parameters, signature
from distilabel.exceptions import DistilabelNotImplementedError, DistilabelUserError

__all__ = ["Model", "arguments_of"]

_OFFLINE = "use_offline_batch_generation"
_NOT_ARGUMENTS = frozenset({"self", "input", "inputs", "num_generations"})


class Model(BaseModel):
    """The base of all models: configuration, signature, runtime parameters, and what a copy in another process keeps.

    Attributes:
        excluded_from_signature: Class attribute: fields that do not change what the model returns, such as a timeout.
    """

    model_config = ConfigDict(
        arbitrary_types_allowed=True, validate_assignment=True, extra="forbid", protected_namespaces=()
    )
    excluded_from_signature: ClassVar[frozenset[str]] = frozenset()
    _stays_behind: ClassVar[frozenset[str]] = frozenset()
    """Private attributes that belong to this process, such as connections and weights: a pickled copy has None there."""
    _has_offline: ClassVar[str] = "OpenAILLM"
    """A class of the same kind that has a batch API, for the error message of one that has none."""

    @model_validator(mode="before")
    @classmethod
    def _refuse_offline(cls, values: Any) -> Any:
        """Let a model without a batch API accept `use_offline_batch_generation=False`, and refuse True."""
        if not isinstance(values, dict) or _OFFLINE not in values or _OFFLINE in cls.model_fields:
            return values
        if values[_OFFLINE]:
            raise DistilabelUserError(
                f"{cls.__name__} has no offline batch generation: set {_OFFLINE}=False, or use a model that has it, such as "
                f"{cls._has_offline}."
            )
        return {name: value for name, value in values.items() if name != _OFFLINE}

    def __getstate__(self) -> dict[Any, Any]:
        """Return what a pickled copy is made of: all but what belongs to this process."""
        state = super().__getstate__()
        private = dict(state["__pydantic_private__"] or {})
        stays_behind = frozenset[str]().union(
            *(vars(base).get("_stays_behind", ()) for base in type(self).__mro__)
        )
        for name in stays_behind & private.keys():
            private[name] = None
        return {**state, "__pydantic_private__": private}

    @property
    def model_name(self) -> str:
        """The model's name, as it is written into the rows."""
        raise DistilabelNotImplementedError(f"{type(self).__name__} must define the property `model_name`.")

    def load(self) -> None:
        """Open connections and load weights. Called once before the model is first used."""

    def unload(self) -> None:
        """Release what `load` took."""

    @property
    def signature(self) -> str:
        """40 hexadecimal digits that identify this model's configuration."""
        return signature(self)

    def dump(self) -> dict[str, Any]:
        """Return the configuration as values that JSON can hold, without keys and other secrets."""
        return dump(self)

    def set_runtime_parameters(self, runtime_parameters: dict[str, Any]) -> list[str]:
        """Set runtime parameters by name; return one sentence for each unknown name."""
        return set_runtime_parameters(self, runtime_parameters)

    def get_runtime_parameters_info(self) -> list[dict[str, Any]]:
        """Return the name, the description and more of each runtime parameter."""
        return runtime_parameters_info(self)


def arguments_of(method: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    """Return a method's generation arguments by name: its parameters without the inputs and their number.

    Examples:
        >>> def generate(self, inputs, num_generations=1, temperature=1.0): ...
        >>> list(arguments_of(generate))
        ['temperature']
    """
    parameters = inspect.signature(method).parameters
    return {name: parameter for name, parameter in parameters.items() if name not in _NOT_ARGUMENTS}
