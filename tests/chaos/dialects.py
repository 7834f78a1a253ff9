"""The dialects in which the cases are played: whose LLM, which costume, and what has no meaning in them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any

from tests.chaos.cases import Case
from tests.costumes.base import Costume
from tests.costumes.openai import OPENAI

__all__ = ["DIALECTS", "Dialect"]


@dataclass(frozen=True)
class Dialect:
    """One platform's dialect, as the cases are played in it.

    Attributes:
        costume: What the platform wears.
        title: As people write it.
        llm: The class in `distilabel.llms`.
        address: The environment variable of the base URL.
        key: The environment variable of the key.
        options: What the class is given beside model, address and key.
        codes: For codes of failures, how this dialect calls them.
        without: Patterns of `group: name`, and why such cases are not played in this dialect.
    """

    costume: Costume
    title: str
    llm: str
    address: str
    key: str
    options: Mapping[str, Any] = field(default_factory=dict)
    codes: Mapping[str, str] = field(default_factory=dict)
    without: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The platform's name, as in the registry."""
        return self.costume.name

    def exists(self) -> bool:
        """Tell whether there is such a class."""
        from distilabel import llms

        return hasattr(llms, self.llm)

    def why_not(self, case: Case) -> str:
        """Say why a case is not played in this dialect; "" if it is."""
        name = f"{case.group}: {case.name}"
        return next((why for shape, why in self.without.items() if fnmatchcase(name, shape)), "")

    def of(self, case: Case) -> Case:
        """Return the case with the codes that this dialect has."""
        codes = {
            number: self.codes.get(f"{case.group}: {case.name}", self.codes.get(code, code))
            for number, code in case.expected.unanswered.items()
        }
        return replace(case, expected=replace(case.expected, unanswered=codes))


_OPENAI = Dialect(OPENAI, "OpenAI", "OpenAILLM", "OPENAI_BASE_URL", "OPENAI_API_KEY")

DIALECTS = {dialect.name: dialect for dialect in (_OPENAI,)}
