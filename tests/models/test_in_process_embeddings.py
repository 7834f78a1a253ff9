"""Embedding models that run in this process, against stand-ins of their packages: what is loaded, where, and the vectors."""

import os
import pickle
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from distilabel.exceptions import DistilabelMissingPackageError
from distilabel.models import (
    ImageGenerationModel,
    LlamaCppEmbeddings,
    SentenceTransformerEmbeddings,
    vLLMEmbeddings,
)
from distilabel.pipeline import Pipeline
from distilabel.pipeline.workers.placement import place
from distilabel.steps import EmbeddingGeneration, LoadDataFromDicts


class Pictures(ImageGenerationModel):
    model: str

    @property
    def model_name(self) -> str:
        return self.model


STANDINS = Path(__file__).parents[1] / "support" / "standins"
PACKAGES = ("llama_cpp", "vllm")


@pytest.fixture
def standins(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Stand-ins in place of llama_cpp and vllm; gives a function that imports one."""
    monkeypatch.syspath_prepend(STANDINS)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    for name in PACKAGES:
        monkeypatch.delitem(sys.modules, name, raising=False)
    yield __import__
    for name in PACKAGES:
        sys.modules.pop(name, None)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "m.gguf").write_bytes(b"GGUF and weights")
    return tmp_path


def test_their_steps_run_in_worker_processes(folder: Path):
    for model in (
        vLLMEmbeddings(model="m"), LlamaCppEmbeddings(model="m.gguf", model_path=str(folder)),
        SentenceTransformerEmbeddings(model="m"),
    ):  # fmt: skip
        assert place(EmbeddingGeneration(name="e", embeddings=model), has_workers=True).replicas == 1


def test_vllm_embeds_each_text(standins: Any):
    model = vLLMEmbeddings(model="m", extra_kwargs={"max_model_len": 512})
    model.load()
    assert model.encode(["a", "abc"]) == [[1.0, 1.0], [3.0, 1.0]]
    assert standins("vllm").loaded == [
        {
            "model": "m", "dtype": "auto", "trust_remote_code": False, "quantization": None, "revision": None,
            "enforce_eager": True, "seed": 0, "max_model_len": 512,
        }
    ]  # fmt: skip


def test_vllm_sees_the_named_gpus(standins: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "5")
    vLLMEmbeddings(model="m", cuda_devices=[1, 3]).load()
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "1,3"


def test_llama_cpp_embeds_each_text(standins: Any, folder: Path):
    for path in (folder, folder / "m.gguf"):
        model = LlamaCppEmbeddings(model="m.gguf", model_path=str(path), n_gpu_layers=0)
        assert model.encode(["a", "ab"]) == [[3.0, 4.0], [6.0, 8.0]]
    model = LlamaCppEmbeddings(model="m.gguf", model_path=str(folder), normalize_embeddings=True)
    assert model.encode(["a", "ab"]) == [[0.6, 0.8]] * 2
    loaded = standins("llama_cpp").loaded
    assert (loaded[0]["embedding"], loaded[0]["n_gpu_layers"], loaded[2]["n_gpu_layers"]) == (True, 0, -1)


def test_llama_cpp_takes_a_file_of_the_hub(standins: Any):
    LlamaCppEmbeddings(model="m.gguf", repo_id="acme/models").load()
    assert standins("llama_cpp").loaded == [{"repo_id": "acme/models", "filename": "m.gguf"}]


def test_llama_cpp_without_a_place_says_what_to_give():
    with pytest.raises(ValidationError, match=r"set model_path=... \(its folder\), or repo_id="):
        LlamaCppEmbeddings(model="m.gguf")


def test_copy_in_another_process_loads_for_itself(standins: Any, folder: Path):
    model = LlamaCppEmbeddings(model="m.gguf", model_path=str(folder))
    model.load()
    there = pickle.loads(pickle.dumps(model))
    assert (there._model, model._model is None) == (None, False)
    assert there.encode(["a"]) == [[3.0, 4.0]]
    model.unload()
    assert model._model is None


def test_missing_package_is_named_with_its_extra(folder: Path, monkeypatch: pytest.MonkeyPatch):
    for name in PACKAGES:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(DistilabelMissingPackageError, match=r"distilabel\[vllm\]"):
        vLLMEmbeddings(model="m").load()
    with pytest.raises(DistilabelMissingPackageError, match=r"distilabel\[llama-cpp\]"):
        LlamaCppEmbeddings(model="m.gguf", model_path=str(folder)).load()


def test_where_it_runs_does_not_change_the_signature(folder: Path):
    here, there = (LlamaCppEmbeddings(model="m", model_path="p", n_gpu_layers=n) for n in (0, -1))
    assert here.signature == there.signature
    assert here.signature != LlamaCppEmbeddings(model="m", model_path="p", n_ctx=9).signature


def test_pipeline_embeds_in_a_worker_process(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(STANDINS)
    with Pipeline("embed", cache_dir=tmp_path / "cache") as pipeline:
        rows = LoadDataFromDicts(data=[{"text": "x" * n} for n in (1, 2, 3)])
        model = LlamaCppEmbeddings(model="m.gguf", model_path=str(folder))
        rows >> EmbeddingGeneration(embeddings=model, input_batch_size=2)
    vectors = pipeline.run()["default"]["train"]["embedding"]
    assert list(vectors) == [[3.0, 4.0], [6.0, 8.0], [9.0, 12.0]]
    assert "llama_cpp" not in sys.modules


@pytest.mark.parametrize(
    ("kind", "instead"),
    [(SentenceTransformerEmbeddings, "OpenAIEmbeddings"), (Pictures, "OpenAIImageGeneration")],
)
def test_model_that_only_answers_here_says_so_where_it_is_asked_to_answer_by_batch(kind, instead):
    with pytest.raises(ValidationError, match=f"has no offline batch generation.*{instead}"):
        kind(model="m", use_offline_batch_generation=True)
    assert kind(model="m", use_offline_batch_generation=False).model_name == "m"
