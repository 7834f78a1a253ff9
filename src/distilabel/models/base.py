"""The base of all models: LLMs, embedding models and image models."""

import inspect
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from pydantic import ConfigDict, model_validator

from distilabel.config import Loadable, dump, runtime_parameters_info, set_runtime_parameters, signature
from distilabel.exceptions import (
    DistilabelAccountError,
    DistilabelAuthenticationError,
    DistilabelModelNotFoundError,
    DistilabelNotImplementedError,
    DistilabelPlatformError,
    DistilabelUnreachableError,
    DistilabelUserError,
    within_run,
)
from distilabel.typing import FailureReason

__all__ = ["ACCOUNT_REFUSED", "FAULTS", "Model", "arguments_of", "fault_reason", "raise_fault"]

ACCOUNT_REFUSED = "account_refused"
"""The code of a request that a platform refused because of the account, or did not get after that."""
FAULTS = (
    DistilabelAccountError,
    DistilabelAuthenticationError,
    DistilabelModelNotFoundError,
    DistilabelUnreachableError,
)
"""What ends a run although other requests of the same call may have been answered, and paid for."""

_OFFLINE = "use_offline_batch_generation"
_NOT_ARGUMENTS = frozenset({"self", "input", "inputs", "num_generations"})


def fault_reason(error: DistilabelPlatformError) -> FailureReason:
    """Return the failure of a request that met a fault of the platform; `ACCOUNT_REFUSED` ends a run, which keeps the answers."""
    if isinstance(error, DistilabelUnreachableError):
        return {"code": "unreachable", "message": error.message, "attempts": 1, "job_id": None}
    return {"code": ACCOUNT_REFUSED, "message": error.message, "attempts": 0, "job_id": None}


def raise_fault(faults: Sequence[DistilabelPlatformError], requests: int) -> None:
    """Raise the first fault of a call if that loses no answer, or if only an exception tells the caller about it.

    Args:
        faults: The faults of the requests of a call.
        requests: How many requests there were.
    """
    refusals = [fault for fault in faults if not isinstance(fault, DistilabelUnreachableError)]
    if refusals and not within_run.get():
        raise refusals[0]
    if faults and len(faults) == requests:
        raise faults[0]


class Model(Loadable):
    """The base of all models: configuration, signature and runtime parameters.

    A pickled copy keeps the configuration, and no connections and weights.

    Attributes:
        excluded_from_signature: Class attribute: the fields that do not change what the model returns, such as a timeout.
    """

    model_config = ConfigDict(
        arbitrary_types_allowed=True,
        validate_assignment=True,
        extra="forbid",
        protected_namespaces=(),
        hide_input_in_errors=True,  # which may be all arguments, keys among them
    )
    excluded_from_signature: ClassVar[frozenset[str]] = frozenset()
    _stays_behind: ClassVar[frozenset[str]] = frozenset()
    """Private attributes that are None in a pickled copy, such as connections and weights."""
    _has_offline: ClassVar[str] = "OpenAILLM"
    """A similar class with a batch API; the error message of a class without one names it."""

    @model_validator(mode="before")
    @classmethod
    def _refuse_offline(cls, values: Any) -> Any:
        """Accept `use_offline_batch_generation=False` without a batch API; reject True."""
        if not isinstance(values, dict) or _OFFLINE not in values or _OFFLINE in cls.model_fields:
            return values
        if values[_OFFLINE]:
            raise DistilabelUserError(
                f"{cls.__name__} has no offline batch generation: set {_OFFLINE}=False, or use a model with a batch API, such as "
                f"{cls._has_offline}."
            )
        return {name: value for name, value in values.items() if name != _OFFLINE}

    def __getstate__(self) -> dict[Any, Any]:
        """Return the state for pickling, without attributes that belong to this process."""
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
        """The model's name, as the rows contain it."""
        raise DistilabelNotImplementedError(f"{type(self).__name__} must define the property `model_name`.")

    def load(self) -> None:
        """Open connections and load weights; called once, before the first use."""

    def unload(self) -> None:
        """Release what `load` opened or loaded."""

    @property
    def signature(self) -> str:
        """40 hexadecimal digits that identify the model's configuration."""
        return signature(self)

    def dump(self) -> dict[str, Any]:
        """Return the configuration as JSON values, without API keys and other secrets."""
        return dump(self)

    def set_runtime_parameters(self, runtime_parameters: dict[str, Any]) -> list[str]:
        """Set runtime parameters by name; return one message for each unknown name."""
        return set_runtime_parameters(self, runtime_parameters)

    def get_runtime_parameters_info(self) -> list[dict[str, Any]]:
        """Return the name, the description and further facts of each runtime parameter."""
        return runtime_parameters_info(self)


def arguments_of(method: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    """Return a method's generation arguments by name.

    These are its parameters without the inputs and `num_generations`.

    Examples:
        >>> def generate(self, inputs, num_generations=1, temperature=1.0): ...
        >>> list(arguments_of(generate))
        ['temperature']
    """
    parameters = inspect.signature(method).parameters
    return {name: parameter for name, parameter in parameters.items() if name not in _NOT_ARGUMENTS}
