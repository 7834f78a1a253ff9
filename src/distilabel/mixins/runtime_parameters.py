"""Door for the old import path: runtime parameters live in `distilabel.declared`."""

from typing import Any

from pydantic import BaseModel

from distilabel import declared
from distilabel.declared import RuntimeParameter

__all__ = ["RuntimeParameter", "RuntimeParametersMixin"]


class RuntimeParametersMixin(BaseModel):
    """A part of a step, or of an LLM, that has runtime parameters of its own.

    Any pydantic model with fields annotated as `RuntimeParameter` may be such a part; this class adds the methods.

    Examples:
        >>> class Search(RuntimeParametersMixin):
        ...     top_k: RuntimeParameter[int] = 3
        >>> Search().runtime_parameters_names
        {'top_k': True}
    """

    @property
    def runtime_parameters_names(self) -> dict[str, Any]:
        """The names, each with whether it may stay unset; nested ones as a mapping."""
        return declared.runtime_parameters(self)

    def get_runtime_parameters_info(self) -> list[dict[str, Any]]:
        """Describe the runtime parameters; see `distilabel.declared.runtime_parameters_info`."""
        return declared.runtime_parameters_info(self)

    def set_runtime_parameters(self, runtime_parameters: dict[str, Any]) -> None:
        """Set runtime parameters by name; a name that is not known is left alone."""
        declared.set_runtime_parameters(self, runtime_parameters)
