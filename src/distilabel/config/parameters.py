"""Runtime parameters: the fields of a model that can be set when the pipeline runs."""

import difflib
import inspect
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Annotated, Any, Optional, TypeAlias, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from distilabel.config.docstrings import argument_descriptions
from distilabel.config.dump import looks_secret, public
from distilabel.exceptions import DistilabelTypeError, DistilabelUserError

T = TypeVar("T")


class RuntimeParameterMark:
    """Marks the annotation of a runtime parameter."""

    def __repr__(self) -> str:
        return "runtime parameter"


RuntimeParameter: TypeAlias = Annotated[Optional[T], RuntimeParameterMark()]
"""A field that can be set when the pipeline runs: `split: RuntimeParameter[str] = "train"`.

A value must be given before the run, unless the default is not None or the field is declared as
`Optional[RuntimeParameter[...]]`.
"""

# Names that platforms and other libraries give to the same argument.
_SAME = (
    ("max_new_tokens", "max_tokens", "max_completion_tokens", "max_output_tokens"),
    ("stop", "stop_sequences", "stop_strings"),
    ("tool_choice", "tools_choice"),
    ("use_offline_batch_generation", "use_offline_batch", "offline_batch_generation", "use_batch"),
    ("offline_batch_generation_block_until_done", "offline_batch_block_until_done", "block_until_done"),
    ("model", "model_name", "model_id"),
    ("base_url", "api_base", "azure_endpoint"),
    ("api_key", "key"),
    ("default_headers", "headers", "extra_headers"),
    ("structured_output", "output_schema"),
)
_VARIADIC = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)


def runtime_parameters(model: BaseModel) -> dict[str, Any]:
    """Return the runtime parameters of `model`, by name; the value tells whether a parameter is optional.

    Nested models give a nested dict, lists of models a dict by position, and an LLM's `generation_kwargs` the
    arguments of its generate method.

    Examples:
        >>> from pydantic import BaseModel
        >>> class Loader(BaseModel):
        ...     repo_id: RuntimeParameter[str] = None
        ...     split: RuntimeParameter[str] = "train"
        >>> runtime_parameters(Loader())
        {'repo_id': False, 'split': True}
    """
    names: dict[str, Any] = {}
    for name, field in type(model).model_fields.items():
        if _is_generation_kwargs(model, name):
            names[name] = {key: _has_default(p) for key, p in _generation_parameters(model).items()}
        elif nested := _nested(model, name, field):
            names[name] = _drop_empty({key: runtime_parameters(value) for key, value in nested.items()})
        elif is_runtime_parameter(field):
            names[name] = _is_optional(field)
    return {name: value for name, value in names.items() if value != {}}


def missing_runtime_parameters(model: BaseModel) -> list[str]:
    """Return the dotted names of the required runtime parameters that are not set.

    Examples:
        >>> from pydantic import BaseModel
        >>> class Loader(BaseModel):
        ...     repo_id: RuntimeParameter[str] = None
        >>> missing_runtime_parameters(Loader())
        ['repo_id']
    """
    return list(_missing(model))


def _missing(model: BaseModel) -> Iterator[str]:
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        if _is_generation_kwargs(model, name):
            given = value or {}
            needed = (k for k, p in _generation_parameters(model).items() if not _has_default(p))
            yield from (f"{name}.{key}" for key in needed if key not in given)
        elif nested := _nested(model, name, field):
            for key, child in nested.items():
                prefix = f"{name}.{key}" if key else name
                yield from (f"{prefix}.{rest}" for rest in _missing(child))
        elif is_runtime_parameter(field) and value is None and not _is_optional(field):
            yield name


def set_runtime_parameters(model: BaseModel, params: Mapping[str, Any]) -> list[str]:
    """Set runtime parameters by name, nested ones by nested mappings.

    Args:
        model: The model to change; it should validate assignments.
        params: Name to value, such as `{"llm": {"generation_kwargs": {"temperature": 0.2}}}`. Generation
            arguments are merged into those already set.

    Returns:
        One sentence for each name that is not a runtime parameter; such names are ignored.

    Raises:
        DistilabelUserError: A value does not fit its field.

    Examples:
        >>> from pydantic import BaseModel
        >>> class Loader(BaseModel):
        ...     split: RuntimeParameter[str] = "train"
        >>> set_runtime_parameters(Loader(), {"spilt": "test"})
        ["Loader has no runtime parameter 'spilt'; did you mean 'split'?"]
    """
    return _set_all(model, params, _label(model))


def _set_all(model: BaseModel, params: Any, owner: str) -> list[str]:
    if not isinstance(params, Mapping):
        raise DistilabelTypeError(f"The parameters of {owner} must be a mapping of names to values.")
    known = runtime_parameters(model)
    warnings = [_unknown(owner, name, known) for name in params if name not in known]
    for name, value in params.items():
        if name in known:
            warnings += _set(model, name, value, owner)
    return warnings


def _set(model: BaseModel, name: str, value: Any, owner: str) -> list[str]:
    if _is_generation_kwargs(model, name):
        return _set_generation_kwargs(model, name, value, owner)
    nested = _nested(model, name, type(model).model_fields[name])
    if not nested or isinstance(value, BaseModel):
        _assign(model, name, value, owner)
        return []
    if "" in nested:
        return _set_all(nested[""], value, f"{owner}.{name}")
    pairs = value.items() if isinstance(value, Mapping) else enumerate(_as_list(value, f"{owner}.{name}"))
    given = {str(key): params for key, params in pairs}
    warnings = [_unknown(f"{owner}.{name}", key, nested) for key in given if key not in nested]
    for key, params in given.items():
        if key in nested:
            warnings += _set_all(nested[key], params, f"{owner}.{name}.{key}")
    return warnings


def _as_list(value: Any, owner: str) -> Sequence[Any]:
    if not isinstance(value, list | tuple):
        raise DistilabelTypeError(
            f"The parameters of {owner} must be a list, or a mapping of positions to values."
        )
    return value


def _set_generation_kwargs(model: BaseModel, name: str, value: Any, owner: str) -> list[str]:
    if not isinstance(value, Mapping):
        raise DistilabelTypeError(f"`{name}` of {owner} must be a mapping of arguments to values.")
    known = _generation_parameters(model)
    open_ended = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in _hook(model).values())
    named = under_known_names(value, known, f"{owner}.{name}")
    accepted = {key: value for key, value in named.items() if open_ended or key in known}
    _assign(model, name, {**(getattr(model, name) or {}), **accepted}, owner)
    return [_unknown(f"{owner}.{name}", key, known) for key in named if key not in accepted]


def _assign(model: BaseModel, name: str, value: Any, owner: str) -> None:
    try:
        setattr(model, name, value)
    except ValidationError as error:
        reason = error.errors(include_url=False, include_context=False)[0]["msg"]
        kept = {} if looks_secret(name) else public("", {name: value})
        shown = repr(kept[name]) if kept else "what was given"
        raise DistilabelUserError(f"`{name}` of {owner} cannot be {shown}: {reason}.") from None


def runtime_parameters_info(model: BaseModel) -> list[dict[str, Any]]:
    """Describe the runtime parameters for readers: the name, whether it is optional, and the description.

    Returns:
        For a plain parameter `{"name", "optional", "description"?}`; for a nested model
        `{"name", "runtime_parameters_info": [...]}`; for generation arguments `{"name", "keys": [...]}`.
    """
    documented = argument_descriptions(type(model))
    info: list[dict[str, Any]] = []
    for name, field in type(model).model_fields.items():
        if _is_generation_kwargs(model, name):
            info.append({"name": name, "keys": _generation_info(model)})
        elif nested := _nested(model, name, field):
            children = [_child_info(key, child) for key, child in nested.items()]
            inner = children[0]["runtime_parameters_info"] if "" in nested else children
            info += [{"name": name, "runtime_parameters_info": inner}] if inner else []
        elif is_runtime_parameter(field):
            text = field.description or documented.get(name)
            info.append(_entry(name, text, optional=_is_optional(field)))
    return info


def _child_info(key: str, child: BaseModel) -> dict[str, Any]:
    return {"name": key, "runtime_parameters_info": runtime_parameters_info(child)}


def _generation_info(model: BaseModel) -> list[dict[str, Any]]:
    documented: dict[str, str] = {}
    for method in ("generate", "agenerate"):
        documented |= argument_descriptions(getattr(type(model), method, None))
    parameters = _generation_parameters(model)
    return [_entry(k, documented.get(k), optional=_has_default(p)) for k, p in parameters.items()]


def _entry(name: str, description: str | None, *, optional: bool) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": name, "optional": optional}
    return {**entry, "description": description} if description else entry


def runtime_parameters_may_be_absent(cls: type[BaseModel]) -> None:
    """Give the default None to runtime parameters that were declared without a default.

    Call it in `__pydantic_init_subclass__`: the parameters can still be set when the pipeline runs.
    """
    bare = [f for f in cls.model_fields.values() if f.is_required() and is_runtime_parameter(f)]
    for field in bare:
        field.default = None
    if bare:
        cls.model_rebuild(force=True)


def is_runtime_parameter(field: FieldInfo) -> bool:
    """Tell whether a field is annotated as `RuntimeParameter`, directly or in an Optional."""
    return any(isinstance(item, RuntimeParameterMark) for item in field.metadata) or _marked(field.annotation)


def _marked(annotation: Any) -> bool:
    annotations = [annotation]
    for part in annotations:
        if isinstance(part, RuntimeParameterMark):
            return True
        members = get_args(part)
        annotations += [*getattr(part, "__metadata__", ()), *(members if type(None) in members else ())]
    return False


def _is_optional(field: FieldInfo) -> bool:
    has_default = field.default_factory is not None or (not field.is_required() and field.default is not None)
    return has_default or _marked(field.annotation)


def _has_default(parameter: inspect.Parameter) -> bool:
    return parameter.default is not inspect.Parameter.empty


def _nested(model: BaseModel, name: str, field: FieldInfo) -> dict[str, BaseModel]:
    """Return the models in a field: by position for a list, under the empty key for a single model."""
    value = None if field.exclude else getattr(model, name)
    if isinstance(value, BaseModel):
        return {"": value}
    is_list = isinstance(value, Sequence) and not isinstance(value, str | bytes) and len(value) > 0
    if is_list and all(isinstance(item, BaseModel) for item in value or ()):
        return {str(i): item for i, item in enumerate(value or ())}
    return {}


def _drop_empty(nested: dict[str, Any]) -> dict[str, Any]:
    if "" in nested:
        inner: dict[str, Any] = nested[""]
        return inner
    return {key: value for key, value in nested.items() if value}


def _is_generation_kwargs(model: BaseModel, name: str) -> bool:
    return name == "generation_kwargs" and hasattr(type(model), "generation_parameters")


def _hook(model: BaseModel) -> dict[str, inspect.Parameter]:
    hook = getattr(model, "generation_parameters")  # noqa: B009 - a hook that pydantic's types do not know
    parameters: dict[str, inspect.Parameter] = hook()
    return parameters


def _generation_parameters(model: BaseModel) -> dict[str, inspect.Parameter]:
    return {name: p for name, p in _hook(model).items() if p.kind not in _VARIADIC}


def _label(model: BaseModel) -> str:
    name = getattr(model, "name", None)
    return f"{type(model).__name__} {name!r}" if isinstance(name, str) else type(model).__name__


def _unknown(owner: str, name: str, known: Mapping[str, Any]) -> str:
    close = difflib.get_close_matches(str(name), list(known), n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"it has {', '.join(map(repr, known)) or 'none'}."
    return f"{owner} has no runtime parameter {name!r}; {hint}"


class RuntimeParametersMixin(BaseModel):
    """A part of a step, or of an LLM, that has its own runtime parameters.

    Any pydantic model with fields annotated as `RuntimeParameter` may be such a part; this class adds the methods.

    Examples:
        >>> class Search(RuntimeParametersMixin):
        ...     top_k: RuntimeParameter[int] = 3
        >>> Search().runtime_parameters_names
        {'top_k': True}
    """

    @property
    def runtime_parameters_names(self) -> dict[str, Any]:
        """The names, each with whether it is optional; nested ones as a mapping."""
        return runtime_parameters(self)

    def get_runtime_parameters_info(self) -> list[dict[str, Any]]:
        """Describe the runtime parameters; see `runtime_parameters_info`."""
        return runtime_parameters_info(self)

    def set_runtime_parameters(self, runtime_parameters: dict[str, Any]) -> None:
        """Set runtime parameters by name; unknown names are ignored."""
        set_runtime_parameters(self, runtime_parameters)


def argument_name(name: str, known: Collection[str]) -> str | None:
    """Return the name in `known` that means the same as `name`; None if there is none.

    Examples:
        >>> argument_name("max_tokens", ["temperature", "max_new_tokens"])
        'max_new_tokens'
    """
    if name in known:
        return name
    names = next((names for names in _SAME if name in names), ())
    return next((other for other in names if other in known), None)


def under_known_names(given: Mapping[str, Any], known: Collection[str], owner: str) -> dict[str, Any]:
    """Return arguments under their names in `known`; others unchanged.

    Raises:
        DistilabelUserError: Two of them mean the same.

    Examples:
        >>> under_known_names({"max_tokens": 9}, ["max_new_tokens"], "OpenAILLM")
        {'max_new_tokens': 9}
    """
    names: dict[str, str] = {}
    for name in given:
        first = names.setdefault(argument_name(name, known) or name, name)
        if first != name:
            raise DistilabelUserError(
                f"{owner} has {first!r} and {name!r}, which mean the same: leave one out."
            )
    return {key: given[name] for key, name in names.items()}
