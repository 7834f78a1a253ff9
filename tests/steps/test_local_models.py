"""Steps that hold a model themselves: reward models (with torch where it is there), rankers, and hidden states."""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from distilabel.exceptions import DistilabelMissingPackageError, DistilabelStepError, DistilabelUserError
from distilabel.llms import LLM, OpenAILLM, TransformersLLM
from distilabel.pipeline import Pipeline
from distilabel.pipeline.workers.placement import place
from distilabel.steps import LoadDataFromDicts, RewardModelScore
from distilabel.steps.tasks import GenerateEmbeddings, PairRM
from tests.support import tiny

STANDINS = Path(__file__).parents[1] / "support" / "standins"


def test_they_run_in_worker_processes():
    embed = GenerateEmbeddings(name="e", llm=TransformersLLM(model="m"))
    for step in (RewardModelScore(name="r", model="m"), PairRM(name="p"), embed):
        assert place(step, has_workers=True).replicas == 1


# Hidden states


class States(LLM):
    lost: int = 0

    @property
    def model_name(self) -> str:
        return "states"

    def get_last_hidden_states(self, inputs: list[Any]) -> list[Any]:
        states = [[[0.0, 0.0], [float(len(chat)), float(len(chat[-1]["content"]))]] for chat in inputs]
        return states[self.lost :]


def test_vector_is_the_state_of_the_last_token():
    chat = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "bcd"}]
    rows = next(
        GenerateEmbeddings(name="e", llm=States()).process([{"text": "ab"}, {"text": None}, {"text": chat}])
    )
    assert [row["embedding"] for row in rows] == [[1.0, 2.0], None, [2.0, 3.0]]
    assert [row["model_name"] for row in rows] == ["states", None, "states"]
    assert rows[1]["distilabel_metadata"]["failure_e"]["code"] == "unusable_row"


def test_llm_that_tells_no_states_is_refused_when_the_step_is_made():
    with pytest.raises(DistilabelUserError, match="which OpenAILLM does not return: use TransformersLLM"):
        GenerateEmbeddings(llm=OpenAILLM(model="m", use_offline_batch_generation=True))


def test_llm_that_loses_states_is_reported():
    with pytest.raises(DistilabelStepError, match="2 texts and its LLM returned 1"):
        next(GenerateEmbeddings(llm=States(lost=1)).process([{"text": "a"}, {"text": "b"}]))


def test_vectors_of_a_real_model_are_those_of_its_last_tokens(tmp_path: Path):
    pytest.importorskip("torch", reason="needs distilabel[transformers]")
    llm = TransformersLLM(model=tiny.make_causal(tmp_path))
    step = GenerateEmbeddings(name="e", llm=llm)
    step.load()
    one, other = next(step.process([{"text": "hello"}, {"text": "hello world a b"}]))
    (state,) = llm.get_last_hidden_states([[{"role": "user", "content": "hello"}]])
    assert one["embedding"] == pytest.approx(state[-1].tolist(), abs=1e-5)
    assert len(other["embedding"]) == 16
    assert one["model_name"] == str(tmp_path)


# Rankers


@pytest.fixture
def blender(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The stand-in of llm-blender."""
    monkeypatch.syspath_prepend(STANDINS)
    monkeypatch.delitem(sys.modules, "llm_blender", raising=False)
    yield __import__("llm_blender")
    sys.modules.pop("llm_blender", None)


def rank(rows: list[Any], **more: Any) -> list[Any]:
    step = PairRM(name="rank", **more)
    step.load()
    made = next(step.process(rows))
    step.unload()
    return made


def test_candidates_are_ranked_and_put_in_order(blender: Any):
    rows = [
        {"input": "q", "candidates": ["bb", "ccc", "a"]}, {"input": "r", "candidates": ["b", "aa"]},
        {"input": "s", "candidates": ["xxx", "yy", "z"]}, {"input": "t", "candidates": ["alone"]},
    ]  # fmt: skip
    made = rank(rows, instructions="Be long.")
    assert [row["ranks"] for row in made] == [[2, 1, 3], [2, 1], [1, 2, 3], [1]]
    assert made[0]["ranked_candidates"] == ["ccc", "bb", "a"]
    assert {row["model_name"] for row in made} == {"llm-blender/PairRM"}
    assert [row["input"] for row in made] == ["q", "r", "s", "t"]
    assert blender.calls == [(["q", "s"], ["Be long."] * 2), (["r"], ["Be long."])]


@pytest.mark.parametrize(
    "row", [{"input": None, "candidates": ["a"]}, {"input": "q"}, {"input": "q", "candidates": ["a", None]}]
)
def test_row_that_cannot_be_ranked_says_why(blender: Any, row: Any):
    made, other = rank([row, {"input": "q", "candidates": ["a", "bb"]}])
    assert (made["ranks"], other["ranks"]) == (None, [2, 1])
    assert made["distilabel_metadata"]["failure_rank"]["code"] == "unusable_row"


def test_missing_packages_are_named_with_their_extras(monkeypatch: pytest.MonkeyPatch):
    for name in ("llm_blender", "transformers"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(DistilabelMissingPackageError, match=r"distilabel\[llm-blender\]"):
        PairRM().load()
    with pytest.raises(DistilabelMissingPackageError, match=r"distilabel\[transformers\]"):
        RewardModelScore(model="m").load()


# Reward models


def test_where_a_model_runs_does_not_change_the_signature():
    here = RewardModelScore(name="r", model="m")
    assert (
        here.signature == RewardModelScore(name="r", model="m", device_map="auto", cuda_devices=[1]).signature
    )
    assert here.signature != RewardModelScore(name="r", model="m", max_length=9).signature


PAIRS = [
    {"instruction": "hello", "response": "yes"},
    {"instruction": "hello world a b", "response": "no no no"},
]


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The folder of a reward model that the test has made; skipped where torch is absent."""
    pytest.importorskip("torch", reason="needs distilabel[transformers]")
    pytest.importorskip("transformers", reason="needs distilabel[transformers]")
    return tiny.make_judge(tmp_path_factory.mktemp("judge"))


def score(rows: list[Any], **more: Any) -> list[Any]:
    step = RewardModelScore(name="score", **more)
    step.load()
    made = next(step.process(rows))
    step.unload()
    return made


def test_score_is_what_transformers_itself_gives(judge: str):
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    model = AutoModelForSequenceClassification.from_pretrained(judge).eval()
    tokenizer = AutoTokenizer.from_pretrained(judge)
    encoded = tokenizer(
        "<s> user hello </s> assistant yes </s>", return_tensors="pt", return_token_type_ids=False
    )
    (made,) = score(PAIRS[:1], model=judge)
    assert made["score"] == pytest.approx(float(model(**encoded).logits.detach()[0, 0]), abs=1e-5)


def test_score_is_the_same_alone_and_among_longer_ones(judge: str):
    alone = [score([row], model=judge)[0]["score"] for row in PAIRS]
    together = [row["score"] for row in score(PAIRS, model=judge)]
    assert together == pytest.approx(alone, abs=1e-5)
    assert together[0] != together[1]


def test_chat_is_scored_as_it_is(judge: str):
    chat = [{"role": "user", "content": "hello"}, {"role": "assistant", "content": "yes"}]
    pair, same = score([PAIRS[0], {"conversation": chat, "instruction": "other"}], model=judge)
    assert same["score"] == pytest.approx(pair["score"], abs=1e-5)


def test_row_without_an_answer_says_why(judge: str):
    good, bad = score([PAIRS[0], {"instruction": "hello", "response": None}], model=judge)
    assert (bad["score"], good["score"] is None) == (None, False)
    assert "'response'" in bad["distilabel_metadata"]["failure_score"]["message"]


def test_classifier_of_several_labels_is_no_reward_model(judge: str, tmp_path: Path):
    with pytest.raises(DistilabelUserError, match="gives 3 numbers: take a reward model"):
        score(PAIRS, model=tiny.make_judge(tmp_path, labels=3))


def test_score_that_a_model_names_goes_first(judge: str):
    import torch

    step = RewardModelScore(name="score", model=judge)
    step.load()
    known = step._model

    def own(**given: Any) -> Any:
        return SimpleNamespace(logits=torch.zeros(2, 19), score=torch.tensor([0.25, float("nan")]))

    own.device = known.device
    step._model = own
    one, other = next(step.process(PAIRS))
    assert (one["score"], other["score"]) == (0.25, None)


def test_model_without_a_chat_template_is_given_pairs(judge: str, tmp_path: Path):
    made = score(PAIRS, model=tiny.make_judge(tmp_path, template=None))
    assert all(isinstance(row["score"], float) for row in made)


def test_pipeline_scores_in_a_worker_process(judge: str, tmp_path: Path):
    with Pipeline("score", cache_dir=tmp_path) as pipeline:
        LoadDataFromDicts(data=PAIRS * 2) >> RewardModelScore(model=judge, input_batch_size=3)
    scores = pipeline.run()["default"]["train"]["score"]
    assert list(scores[:2]) == pytest.approx(list(scores[2:]), abs=1e-5)
