"""Generating text from the columns of a row."""

from functools import lru_cache
from typing import Any, ClassVar

from jinja2 import StrictUndefined, Template, TemplateError, meta
from jinja2.sandbox import SandboxedEnvironment
from pydantic import Field

from distilabel.exceptions import DistilabelUserError
from distilabel.steps.tasks.base import Task
from distilabel.typing import ChatType, Row, StepColumns

__all__ = ["TextGeneration"]

_AS_IT_IS = "{{ instruction }}"
_SHOWN = 60


class TextGeneration(Task):
    """Generate text; a template makes the prompt from columns of the row.

    Attributes:
        system_prompt: The system prompt; the row's column `system_prompt` takes precedence.
        template: The prompt, in Jinja2; "{{ instruction }}" by default.
        columns: The columns that the template uses; "instruction" by default.
        takes_none: True: the template handles None, as with `{% if context %}`. A row whose prompt would contain the text
            "None" is not sent.

    Columns:
        In: those of `columns`; optional: `system_prompt`. Out: `generation` (None where there is no answer) and
        `model_name`.

    Raises:
        DistilabelUserError: The template is not valid, or `columns` are not those that it uses.

    Examples:
        >>> from distilabel.models.llms.base import LLM
        >>> class Echo(LLM):
        ...     @property
        ...     def model_name(self):
        ...         return "echo"
        ...     def generate(self, inputs, num_generations=1):
        ...         return [{"generations": [chat[-1]["content"]] * num_generations} for chat in inputs]
        >>> task = TextGeneration(llm=Echo(), template="Sum up: {{ document }}", columns=["document"])
        >>> task.load()
        >>> next(task.process([{"document": "a b c"}]))[0]["generation"]
        'Sum up: a b c'
    """

    takes_none: ClassVar[bool] = True

    system_prompt: str | None = None
    template: str = Field(default=_AS_IT_IS)
    columns: str | list[str] = Field(default="instruction")

    @property
    def _names(self) -> list[str]:
        return [self.columns] if isinstance(self.columns, str) else self.columns

    @property
    def inputs(self) -> StepColumns:
        """The template's columns; `system_prompt` is optional."""
        return {**dict.fromkeys(self._names, True), "system_prompt": False}

    @property
    def outputs(self) -> StepColumns:
        """The text and `model_name`."""
        return ["generation", "model_name"]

    def verify(self) -> None:
        """Check the template against the columns; raises DistilabelUserError."""
        used, known = self._used_columns(), set(self._names)
        for name in sorted(used - known):
            wanted = sorted(used | known)
            raise DistilabelUserError(f"The template of {self.name!r} uses {name!r}: write columns={wanted}.")
        for name in sorted(known - used):
            raise DistilabelUserError(
                f"The template of {self.name!r} does not use the column {name!r}: write {{{{ {name} }}}} into it, or "
                "drop the column.",
            )

    def _used_columns(self) -> set[str]:
        try:
            return meta.find_undeclared_variables(_ENVIRONMENT.parse(self.template))
        except TemplateError as error:
            raise DistilabelUserError(
                f"The template of {self.name!r} is not valid Jinja2: {error}."
            ) from error

    def format_input(self, input: Row) -> ChatType:
        """Return the chat of the optional system prompt and the prompt."""
        given = input.get("system_prompt")
        system_prompt = given if given and isinstance(given, str) else self.system_prompt
        chat: ChatType = [{"role": "system", "content": system_prompt}] if system_prompt else []
        return [*chat, {"role": "user", "content": self._question(input)}]

    def _question(self, row: Row) -> str:
        if self.template == _AS_IT_IS and isinstance(text := row.get("instruction"), str):
            return text
        values = {name: _in_order(row[name]) for name in self._names if name in row}
        for name, value in values.items():
            self._check(name, value)
        try:
            return _compiled(self.template).render(values)
        except TemplateError as error:
            raise DistilabelUserError(
                f"The template of {self.name!r} cannot be filled in: {error}."
            ) from error

    def _check(self, name: str, value: Any) -> None:
        if isinstance(value, str):
            return
        if _is_chat(value):
            raise DistilabelUserError(f"Column {name!r} of {self.name!r} holds a chat: use ChatGeneration.")
        if self.template == _AS_IT_IS and value is not None:
            raise DistilabelUserError(
                f"Column {name!r} of {self.name!r} holds {repr(value)[:_SHOWN]} and not a text: turn it into one, or say in "
                "`template` what is to be asked about it.",
            )

    def format_output(self, output: str | None, input: Row) -> dict[str, Any]:  # noqa: ARG002 - public API
        """Return the unchanged text."""
        return {"generation": output}


def _checked_value(value: Any) -> Any:
    """Refuse values that print as "None" or "nan": an earlier step failed to fill the column."""
    if value is None or value != value or (isinstance(value, list | tuple) and None in value):  # noqa: PLR0124 - NaN
        raise ValueError("a column of the question is None, or holds None")
    if callable(value):
        # A method prints its address in memory: another prompt at each run.
        name = getattr(value, "__name__", type(value).__name__)
        raise ValueError(  # noqa: TRY004 - the row has a wrong value
            f"the template prints the function {name!r}: call it, or name a key that the value has"
        )
    return value


def _in_order(value: Any) -> Any:
    """Return a value with its sets as sorted lists: the order of a set differs between processes, and so would the prompt."""
    if isinstance(value, set | frozenset):
        return sorted(map(_in_order, value), key=lambda item: (type(item).__name__, repr(item)))
    if isinstance(value, list | tuple):
        return [_in_order(item) for item in value]
    return {key: _in_order(item) for key, item in value.items()} if isinstance(value, dict) else value


class _Environment(SandboxedEnvironment):
    """A sandbox in which `order.items` is the key "items" of a dict, where it has one, before the method."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, dict) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)


_ENVIRONMENT = _Environment(undefined=StrictUndefined, keep_trailing_newline=True, finalize=_checked_value)


# A compiled template cannot cross a process boundary, so it is not kept on the task.
@lru_cache(maxsize=256)
def _compiled(template: str) -> Template:
    compiled = _ENVIRONMENT.from_string(template)
    # A ChainMap, which each rendering would copy name by name.
    compiled.globals = dict(compiled.globals)
    return compiled


def _is_chat(value: Any) -> bool:
    is_list = isinstance(value, list) and bool(value)
    return is_list and all(isinstance(item, dict) and {"role", "content"} <= item.keys() for item in value)
