"""Finding texts that say nearly the same as an earlier one, by MinHash."""

import re
from collections.abc import Iterator
from typing import Any, Literal

from pydantic import Field, PositiveInt

from distilabel._optional import require
from distilabel.steps._core.row_errors import add_columns, text_values
from distilabel.steps.base import GlobalStep, StepInput
from distilabel.steps.filtering.bands import Signatures, opened
from distilabel.typing import Row, StepColumns, StepOutput

__all__ = ["MinHashDedup"]


class MinHashDedup(GlobalStep):
    """Tell which texts are near-duplicates of an earlier one that is kept; the first of several alike is kept.

    How alike two texts are is the Jaccard index of their sets of words or n-grams, estimated by `num_perm` minimal
    hashes; those that share none of the bands into which the hashes are cut are not compared. All rows are held in
    memory; the hashes (8 bytes times `num_perm` for each row kept, and as much again for the bands) may be on disk.

    A row without text gets None, and `distilabel_metadata` says why. All texts without a word count as alike.

    Attributes:
        num_perm: How many hashes make a signature, 128 by default; more estimate better.
        seed: Chooses the hash functions, 1 by default; the same seed finds the same duplicates.
        tokenizer: "words" (sequences of letters, digits and `_`, in lower case) or "ngrams" (of characters).
        n: The length of an n-gram in characters, 5 by default; a shorter text is its own only one.
        threshold: The estimated Jaccard index from which on two texts are alike, 0.9 by default.
        storage: Where the hashes are kept: "dict" (memory) or "disk" (a file that goes away).

    Columns:
        In: `text`. Out: `keep_row_after_minhash_filtering` (True or False).

    Raises:
        DistilabelMissingPackageError: Install `distilabel[minhash]`.

    References:
        On the resemblance and containment of documents, https://ieeexplore.ieee.org/document/666900

    Examples:
        >>> step = MinHashDedup(tokenizer="words", threshold=0.8)
        >>> rows = [{"text": "This is a test."}, {"text": "Another one."}, {"text": "this is a test"}]
        >>> [row["keep_row_after_minhash_filtering"] for row in next(step.process(rows))]
        [True, True, False]
    """

    num_perm: PositiveInt = Field(default=128, ge=2)
    seed: int = 1
    tokenizer: Literal["words", "ngrams"] = "words"
    n: PositiveInt = 5
    threshold: float = Field(default=0.9, gt=0, le=1)
    storage: Literal["dict", "disk"] = "dict"

    @property
    def inputs(self) -> StepColumns:
        """The texts to compare."""
        return ["text"]

    @property
    def outputs(self) -> StepColumns:
        """Whether to keep the row."""
        return ["keep_row_after_minhash_filtering"]

    def load(self) -> None:
        """Check that the package is there; raises DistilabelMissingPackageError."""
        super().load()
        require("datasketch", "minhash")

    def process(self, inputs: StepInput) -> StepOutput:
        """Yield the rows, each with whether to keep it."""
        datasketch = require("datasketch", "minhash")
        cut = datasketch.MinHashLSH(threshold=self.threshold, num_perm=self.num_perm)
        with opened(self.storage) as storage:
            signatures = Signatures(storage, cut.b, cut.r, self.threshold)

            def told(row: Row) -> Row:
                (text,) = text_values(row, ["text"])
                hashes = datasketch.MinHash(self.num_perm, seed=self.seed)
                hashes.update_batch(list(self._parts(text)))
                is_new = not signatures.has_like(hashes.hashvalues)
                if is_new:
                    signatures.add(hashes.hashvalues)
                return {"keep_row_after_minhash_filtering": is_new}

            yield add_columns(self, inputs, told)

    def _parts(self, text: str) -> Iterator[Any]:
        if self.tokenizer == "words":
            yield from (word.encode() for word in re.findall(r"\w+", text.lower()))
            return
        for start in range(max(1, len(text) - self.n + 1) if text else 0):
            yield text[start : start + self.n].encode(errors="surrogatepass")
