"""Deduplicating texts with MinHash."""

import re
from collections.abc import Iterator
from typing import Any, Literal

from pydantic import Field, PositiveInt

from distilabel._optional import require
from distilabel.steps._core.row_errors import add_columns, text_values
from distilabel.steps.base import GlobalStep, StepInput
from distilabel.steps.filtering.lsh import SignatureIndex, open_storage
from distilabel.typing import Row, StepColumns, StepOutput

__all__ = ["MinHashDedup"]


class MinHashDedup(GlobalStep):
    """Mark texts that are near-duplicates of an earlier text; the first of several duplicates is kept.

    The similarity of two texts is the Jaccard index of their sets of words or n-grams, estimated from `num_perm` minimal
    hashes. The hashes are divided into bands, and only texts that share a band are compared. The step holds all rows in
    memory. The hashes (8 bytes times `num_perm` for each kept row, and the same again for the bands) may be on disk.

    A row without text gets None, and `distilabel_metadata` holds the reason. All texts without a word are duplicates.

    Attributes:
        num_perm: The number of hashes of a signature, 128 by default; more hashes estimate better.
        seed: The seed of the hash functions, 1 by default; the same seed finds the same duplicates.
        tokenizer: "words" (sequences of letters, digits and `_`, in lower case; the default) or "ngrams" (of
            characters).
        n: The length of an n-gram in characters, 5 by default; a shorter text is one n-gram.
        threshold: The minimum estimated Jaccard index of two duplicates, 0.9 by default.
        storage: Where the hashes are: "dict" (memory, the default) or "disk" (a temporary file).

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
        """Check that the package is installed; raises DistilabelMissingPackageError."""
        super().load()
        require("datasketch", "minhash")

    def process(self, inputs: StepInput) -> StepOutput:
        """Yield the rows, each with the decision."""
        datasketch = require("datasketch", "minhash")
        cut = datasketch.MinHashLSH(threshold=self.threshold, num_perm=self.num_perm)
        with open_storage(self.storage) as storage:
            index = SignatureIndex(storage, cut.b, cut.r, self.threshold)

            def is_kept(row: Row) -> Row:
                (text,) = text_values(row, ["text"])
                hashes = datasketch.MinHash(self.num_perm, seed=self.seed)
                hashes.update_batch(list(self._parts(text)))
                is_new = not index.contains_similar(hashes.hashvalues)
                if is_new:
                    index.add(hashes.hashvalues)
                return {"keep_row_after_minhash_filtering": is_new}

            yield add_columns(self, inputs, is_kept)

    def _parts(self, text: str) -> Iterator[Any]:
        if self.tokenizer == "words":
            yield from (word.encode() for word in re.findall(r"\w+", text.lower()))
            return
        for start in range(max(1, len(text) - self.n + 1) if text else 0):
            yield text[start : start + self.n].encode(errors="surrogatepass")
