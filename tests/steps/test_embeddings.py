"""Texts to vectors: the step, the base of models, and the model of sentence-transformers at its seam."""

import sys
from types import ModuleType

import pytest

from distilabel.exceptions import (
    DistilabelMissingPackageError,
    DistilabelNotImplementedError,
    DistilabelStepError,
)
from distilabel.models.embeddings import Embeddings, SentenceTransformerEmbeddings
from distilabel.pipeline import Pipeline
from distilabel.steps import EmbeddingGeneration, LoadDataFromDicts


class Lengths(Embeddings):
    scale: float = 1.0
    asked: list[list[str]] = []  # noqa: RUF012 - pydantic copies it
    events: list[str] = []  # noqa: RUF012 - pydantic copies it

    @property
    def model_name(self):
        return "lengths"

    def load(self):
        self.events.append("load")

    def unload(self):
        self.events.append("unload")

    def encode(self, inputs):
        self.asked.append(inputs)
        return [[len(text) * self.scale] for text in inputs]


def test_each_text_gets_its_own_vector_and_rows_without_text_are_not_asked_about():
    model = Lengths()
    step = EmbeddingGeneration(name="embed", embeddings=model)
    rows = next(step.process([{"text": "a"}, {"text": None}, {}, {"text": "abc"}]))
    assert [row["embedding"] for row in rows] == [[1.0], None, None, [3.0]]
    assert model.asked == [["a", "abc"]]
    assert "failure_embed" in rows[1]["distilabel_metadata"]
    assert "distilabel_metadata" not in rows[0]


def test_chunk_without_any_text_does_not_ask_the_model():
    model = Lengths()
    assert next(EmbeddingGeneration(embeddings=model).process([{"text": None}]))[0]["embedding"] is None
    assert model.asked == []


def test_model_that_gives_too_few_vectors_is_reported():
    class Forgetful(Lengths):
        def encode(self, inputs):
            return super().encode(inputs)[1:]

    with pytest.raises(DistilabelStepError, match="sent 2 texts and its model returned 1 embeddings"):
        next(EmbeddingGeneration(embeddings=Forgetful()).process([{"text": "a"}, {"text": "b"}]))


def test_model_is_loaded_and_unloaded_with_the_step():
    model = Lengths()
    step = EmbeddingGeneration(embeddings=model)
    step.load()
    step.unload()
    assert model.events == ["load", "unload"]


def test_in_a_pipeline_each_row_keeps_its_vector(tmp_path):
    with Pipeline("embed", cache_dir=tmp_path) as pipeline:
        load = LoadDataFromDicts(data=[{"text": "x" * n} for n in range(7)], batch_size=2)
        load >> EmbeddingGeneration(embeddings=Lengths())
    assert list(pipeline.run()["default"]["train"]["embedding"]) == [[float(n)] for n in range(7)]


def test_model_is_part_of_the_steps_signature():
    one, two = (EmbeddingGeneration(name="e", embeddings=Lengths(scale=scale)) for scale in (1, 2))
    assert one.signature != two.signature
    assert one.embeddings.signature != two.embeddings.signature


def test_base_says_what_a_model_must_define():
    with pytest.raises(DistilabelNotImplementedError, match="must define the method `encode`"):
        Embeddings().encode(["a"])
    with pytest.raises(DistilabelNotImplementedError, match="must define the property `model_name`"):
        Embeddings().model_name  # noqa: B018 - asked for on purpose


class FakeVectors(list):
    def tolist(self):
        return list(self)


class FakeSentenceTransformer:
    def __init__(self, model, **how):
        self.model, self.how = model, how

    def encode(self, texts, **how):
        self.last = how
        return FakeVectors([float(len(text))] for text in texts)


@pytest.fixture
def package(monkeypatch):
    module = ModuleType("sentence_transformers")
    module.SentenceTransformer = FakeSentenceTransformer
    monkeypatch.setitem(sys.modules, "sentence_transformers", module)


@pytest.mark.usefixtures("package")
class TestSentenceTransformers:
    def test_fields_reach_the_package(self):
        model = SentenceTransformerEmbeddings(
            model="m",
            device="cpu",
            token="hf_secret",
            truncate_dim=8,
            prompts={"query": "q: "},
            default_prompt_name="query",
        )
        model.load()
        assert model.encode(["a", "bcd"]) == [[1.0], [3.0]]
        inner = model._model
        assert inner.model == "m"
        assert inner.how["token"] == "hf_secret"
        assert (inner.how["device"], inner.how["truncate_dim"], inner.how["prompts"]) == (
            "cpu",
            8,
            {"query": "q: "},
        )
        assert inner.last["normalize_embeddings"] is True
        assert inner.last["precision"] == "float32"
        model.unload()
        assert model._model is None

    def test_secret_is_not_written(self):
        model = SentenceTransformerEmbeddings(model="m", token="hf_secret")
        assert "hf_secret" not in f"{model.dump()} {model!r} {EmbeddingGeneration(embeddings=model).dump()}"

    def test_step_with_it_can_be_read_from_its_dump(self):
        step = EmbeddingGeneration(embeddings=SentenceTransformerEmbeddings(model="m"))
        again = EmbeddingGeneration.from_dict(step.dump())
        assert isinstance(again.embeddings, SentenceTransformerEmbeddings)
        assert again.embeddings.model == "m"


def test_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(
        DistilabelMissingPackageError, match=r"pip install 'distilabel\[sentence-transformers\]'"
    ):
        SentenceTransformerEmbeddings(model="m").load()


def test_old_import_path_leads_to_the_same_classes():
    import distilabel.embeddings

    assert distilabel.embeddings.Embeddings is Embeddings
