"""Texts are embedded by a custom model, and those that say the same as an earlier one are marked."""

from math import hypot

import faiss

from distilabel.embeddings import Embeddings
from distilabel.pipeline import Pipeline
from distilabel.steps import EmbeddingDedup, EmbeddingGeneration, FaissNearestNeighbour, LoadDataFromDicts

TEXTS = ["the sea", "a storm at sea", "THE SEA", "bread"]


class Letters(Embeddings):
    """Counts letters: enough to see that case does not matter."""

    @property
    def model_name(self) -> str:
        return "letters"

    def encode(self, inputs):
        counts = [[text.lower().count(letter) for letter in "abcdefghijklmnopqrstuvwxyz"] for text in inputs]
        return [[n / hypot(*vector) for n in vector] for vector in counts]


with Pipeline(name="dedup") as pipeline:
    load_data = LoadDataFromDicts(data=[{"text": text} for text in TEXTS])
    (
        load_data
        >> EmbeddingGeneration(embeddings=Letters())
        >> FaissNearestNeighbour(metric_type=faiss.METRIC_INNER_PRODUCT)
        >> EmbeddingDedup()
    )


def check(distiset):
    rows = list(distiset["default"]["train"])
    kept = [row["text"] for row in rows if row["keep_row_after_embedding_filtering"]]
    assert [row["text"] for row in rows] == TEXTS
    assert len(kept) == 3
    assert {"a storm at sea", "bread"} < set(kept)


if __name__ == "__main__":
    distiset = pipeline.run()
