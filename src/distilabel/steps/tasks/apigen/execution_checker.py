"""Checking function calls by executing them."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from distilabel.config import RuntimeParameter
from distilabel.exceptions import DistilabelUserError
from distilabel.steps.base import Step, StepInput
from distilabel.steps.tasks.apigen.execution import Library, Limits, execute
from distilabel.steps.tasks.apigen.parsing import calls_in
from distilabel.typing import Row, StepColumns, StepOutput

__all__ = ["APIGenExecutionChecker"]

_AT_ONCE = 4


class APIGenExecutionChecker(Step):
    """Execute the calls in a row, and check whether all of them returned.

    The functions are in a Python file of the user. The calls of each row run in a process of their own. It gets the
    environment variables that Python needs and no others, has limits of time, memory and files, and is ended with all that it
    started. On Linux it has no network, where the system lets users make namespaces. It is no sandbox: it can read the files
    that you can read, and what the functions may do, a model's calls may have them do. Four rows run at once.

    Attributes:
        libpath: A Python file, or a folder with a file `<function>.py` for each function.
        check_is_dangerous: Whether functions whose code looks dangerous, such as those that open files or start
            processes, are not called. The check reads the code of the function alone, and is easily evaded: it finds
            accidents, not attacks.
        timeout: Seconds that the calls of one row may take together.
        max_memory_mb: Megabytes of address space that the process of one row may use (not on Windows and macOS).
        allow_network: Whether the functions may use the network.
        environment: Names of environment variables that the functions get in addition.

    Columns:
        In: `answers`, the calls as a JSON text. Out: `keep_row_after_execution_check` (whether there are calls and all
        returned) and `execution_result`, a list of texts with what each returned or raised.

    References:
        APIGen: Automated Pipeline for Generating Verifiable and Diverse Function-Calling Datasets,
        https://arxiv.org/abs/2406.18518

    Examples:
        >>> from pathlib import Path
        >>> _ = Path("library.py").write_text("def add(a, b): return a + b")
        >>> step = APIGenExecutionChecker(libpath="library.py")
        >>> step.load()
        >>> row = next(step.process([{"answers": '[{"name": "add", "arguments": {"a": 1, "b": 2}}]'}]))[0]
        >>> row["keep_row_after_execution_check"], row["execution_result"]
        (True, ['3'])
    """

    code_fields: ClassVar[frozenset[str]] = frozenset({"libpath", "allow_network", "environment"})
    signature_without_defaults: ClassVar[frozenset[str]] = frozenset(
        {"max_memory_mb", "allow_network", "environment"}
    )

    libpath: str
    check_is_dangerous: bool = True
    timeout: RuntimeParameter[float] = Field(
        default=30.0, gt=0, description="Seconds that the calls of one row may take together."
    )
    max_memory_mb: int = Field(default=4096, gt=0)
    allow_network: bool = False
    environment: list[str] = Field(default_factory=list)

    @property
    def inputs(self) -> StepColumns:
        """The calls."""
        return ["answers"]

    @property
    def outputs(self) -> StepColumns:
        """Whether they returned, and what."""
        return ["keep_row_after_execution_check", "execution_result"]

    @property
    def signature(self) -> str:
        """40 hexadecimal digits that change when the functions' files change, so that the calls run again."""
        both = f"{super().signature}{self._library.digest()}"
        return hashlib.sha1(both.encode(), usedforsecurity=False).hexdigest()

    def load(self) -> None:
        """Look whether the functions are there; raises DistilabelUserError."""
        super().load()
        if not Path(self.libpath).exists():
            raise DistilabelUserError(
                f"Step {self.name!r} finds no functions at {self.libpath}: set libpath to a Python file, or to a folder "
                "with one for each function.",
            )

    def process(self, inputs: StepInput) -> StepOutput:
        """Yield the rows with what their calls returned."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            yield list(pool.map(self._checked, inputs))

    def _checked(self, row: Row) -> Row:
        try:
            calls = calls_in(row.get("answers"))
        except (ValueError, RecursionError) as error:
            results, keep = [f"the calls cannot be read: {error}"], False
        else:
            limits = Limits(self.timeout or 30.0, self.max_memory_mb, self.allow_network, self.environment)
            outcomes = execute(self._library, calls, limits)
            results, keep = [one.result for one in outcomes], all(one.ok for one in outcomes)
        return {**row, "keep_row_after_execution_check": keep, "execution_result": results}

    @property
    def _library(self) -> Library:
        return Library(Path(self.libpath), self.check_is_dangerous)
