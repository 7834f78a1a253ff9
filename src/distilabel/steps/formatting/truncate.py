"""Truncating texts."""

from pathlib import Path
from typing import Any

from pydantic import Field, PositiveInt, PrivateAttr

from distilabel._optional import require
from distilabel.exceptions import DistilabelUserError
from distilabel.steps.base import Step, StepInput
from distilabel.typing import StepColumns, StepOutput

__all__ = ["TruncateTextColumn"]


class TruncateTextColumn(Step):
    """Truncate a column's texts to a number of tokens or characters; other values do not change.

    With a tokenizer, the longest prefix with at most `max_length` tokens is kept; special tokens do not count. The prefix
    is cut from the text itself, and is not decoded from tokens.

    Attributes:
        column: The column, "text" by default.
        max_length: The maximum number of tokens or, without a tokenizer, of characters; 8192 by default.
        tokenizer: A tokenizer's name on the Hub, a folder with a `tokenizer.json`, or such a file; needs
            `distilabel[tokenizers]`. By default the step counts characters.

    Columns:
        In and out: `column`.

    Raises:
        DistilabelMissingPackageError: Install `distilabel[tokenizers]`.
        DistilabelUserError: The tokenizer cannot be loaded.

    Examples:
        >>> next(TruncateTextColumn(max_length=5).process([{"text": "Hello, world"}, {"text": None}]))
        [{'text': 'Hello'}, {'text': None}]
    """

    column: str = "text"
    max_length: PositiveInt = Field(default=8192)
    tokenizer: str | None = None

    _tokenizer: Any = PrivateAttr(default=None)

    @property
    def inputs(self) -> StepColumns:
        """The column to truncate."""
        return [self.column]

    @property
    def outputs(self) -> StepColumns:
        """The same column."""
        return [self.column]

    def load(self) -> None:
        """Load the tokenizer.

        Raises:
            DistilabelUserError: The tokenizer cannot be loaded.
        """
        super().load()
        if self.tokenizer is not None and self._tokenizer is None:
            self._tokenizer = _tokenizer(self.name, self.tokenizer)

    def unload(self) -> None:
        """Release the tokenizer."""
        super().unload()
        self._tokenizer = None

    def process(self, inputs: StepInput) -> StepOutput:
        """Yield the rows with the truncated texts."""
        if self.tokenizer is not None:
            TruncateTextColumn.load(self)
        yield [{**row, self.column: self._cut(row.get(self.column))} for row in inputs]

    def _cut(self, text: Any) -> Any:
        if not isinstance(text, str):
            return text
        if self._tokenizer is None:
            return text[: self.max_length]
        # A prefix may have more tokens than it had within the text, and a token may cover no character.
        while len(ends := self._ends(text)) > self.max_length:
            text = text[: min(ends[self.max_length - 1], len(text) - 1)]
        return text

    def _ends(self, text: str) -> list[int]:
        """Return the end of each token in the text, without characters that the next token covers too."""
        spans = self._tokenizer.encode(text, add_special_tokens=False).offsets
        starts = [*(start for start, _ in spans[1:]), len(text)]
        return [min(end, start) for (_, end), start in zip(spans, starts, strict=True)] if spans else []


def _tokenizer(step_name: str, place: str) -> Any:
    kind = require("tokenizers", "tokenizers").Tokenizer
    path = Path(place) / "tokenizer.json" if Path(place).is_dir() else Path(place)
    try:
        return kind.from_file(str(path)) if path.is_file() else kind.from_pretrained(place)
    except Exception as error:  # the package raises bare exceptions
        raise DistilabelUserError(
            f"Step {step_name!r} cannot load the tokenizer {place!r} ({error}): use a name on the Hub, or a folder with "
            "a tokenizer.json."
        ) from error
