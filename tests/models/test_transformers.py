"""TransformersLLM with the real packages: a model of a few numbers that the test makes. Skipped where torch is absent."""

import json
import os
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from distilabel.llms import TransformersLLM
from distilabel.models import pretrained
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts
from distilabel.steps.tasks import Magpie, TextGeneration
from tests.support import tiny


def chats(*texts: str) -> list[Any]:
    return [[{"role": "user", "content": text}] for text in texts]


GREEDY = {"do_sample": False, "repetition_penalty": 1.0}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The folder of a model that the test has made."""
    pytest.importorskip("torch", reason="needs distilabel[transformers]")
    pytest.importorskip("transformers", reason="needs distilabel[transformers]")
    return tiny.make_causal(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def llm(folder: str) -> TransformersLLM:
    made = TransformersLLM(model=folder)
    made.load()
    return made


def test_input_gets_the_same_answer_alone_and_among_longer_ones(llm: TransformersLLM):
    texts = ["hello", "hello world a b", "a", "b b b b b b b"]
    together = llm.generate_outputs(inputs=chats(*texts), max_new_tokens=8, **GREEDY)
    alone = [llm.generate_outputs(inputs=chats(text), max_new_tokens=8, **GREEDY)[0] for text in texts]
    assert together == alone
    assert [output["statistics"]["input_tokens"] for output in together] == [[5], [8], [5], [11]]


def test_answer_is_what_transformers_itself_gives(llm: TransformersLLM):
    model, tokenizer = llm._model, llm._tokenizer
    encoded = tokenizer("<s> user hello </s> assistant", return_tensors="pt", return_token_type_ids=False)
    (expected,) = model.generate(**encoded, max_new_tokens=8, do_sample=False)[:, 5:].tolist()
    (output,) = llm.generate_outputs(inputs=chats("hello"), max_new_tokens=8, **GREEDY)
    assert output["generations"] == [tokenizer.decode(expected, skip_special_tokens=True)]
    assert output["statistics"]["output_tokens"] == [len(expected)]


def test_answer_that_is_cut_short_says_so(llm: TransformersLLM):
    (output,) = llm.generate_outputs(inputs=chats("hello"), max_new_tokens=1, **GREEDY)
    assert output["statistics"]["output_tokens"] == [1]
    assert output["details"] == [{"finish_reason": "length"}]


def test_several_generations_are_drawn_by_themselves(llm: TransformersLLM):
    import torch

    torch.manual_seed(0)
    outputs = llm.generate_outputs(
        inputs=chats("hello", "a b"), num_generations=8, temperature=5.0, max_new_tokens=6
    )
    assert [len(output["generations"]) for output in outputs] == [8, 8]
    assert all(len(set(output["generations"])) > 1 for output in outputs)


def test_temperature_of_nought_takes_the_likeliest(llm: TransformersLLM):
    greedy = llm.generate_outputs(inputs=chats("hello"), max_new_tokens=6, do_sample=False)
    assert llm.generate_outputs(inputs=chats("hello"), max_new_tokens=6, temperature=0.0) == greedy


def test_hidden_states_have_one_vector_a_token_and_no_filling(llm: TransformersLLM):
    states = llm.get_last_hidden_states(chats("hello", "hello world a b"))
    assert [state.shape for state in states] == [(5, 16), (8, 16)]
    (alone,) = llm.get_last_hidden_states(chats("hello"))
    assert abs(alone - states[0]).max() < 1e-5


def test_base_model_continues_the_text_itself(tmp_path: Path):
    pytest.importorskip("torch", reason="needs distilabel[transformers]")
    llm = TransformersLLM(model=tiny.make_causal(tmp_path, template=None), torch_dtype="float32")
    llm.load()
    (output,) = llm.generate_outputs(inputs=chats("hello world"), max_new_tokens=2, **GREEDY)
    assert output["statistics"]["input_tokens"] == [2]
    llm.chat_template = tiny.TEMPLATE
    (output,) = llm.generate_outputs(inputs=chats("hello world"), max_new_tokens=2, **GREEDY)
    assert output["statistics"]["input_tokens"] == [6]


def test_answer_is_kept_to_its_structure_by_outlines(llm: TransformersLLM):
    pytest.importorskip("outlines", reason="needs distilabel[outlines]")
    structure: Any = {"format": "regex", "schema": "(yes|no)"}
    (chat,) = chats("hello")
    outputs = llm.generate_outputs(inputs=[(chat, structure), chat, (chat, structure)], max_new_tokens=6)
    answers = [output["generations"][0] for output in outputs]
    assert {answers[0], answers[2]} <= {"yes", "no"}
    assert answers[1] not in {"yes", "no"}


def test_answer_is_json_of_its_schema(tmp_path: Path):
    pytest.importorskip("outlines", reason="needs distilabel[outlines]")
    schema = {"type": "object", "properties": {"a": {"type": "boolean"}}, "required": ["a"]}
    words = [*tiny.WORDS, "{", "}", '"a"', ":", "true", "false"]
    llm = TransformersLLM(model=tiny.make_causal(tmp_path, words=words), structured_output={"schema": schema})
    llm.load()
    (output,) = llm.generate_outputs(
        inputs=chats("hello"), num_generations=4, max_new_tokens=8, temperature=5.0
    )
    assert {type(json.loads(text)["a"]) for text in output["generations"]} == {bool}


def test_pipeline_answers_in_a_worker_process(folder: str, tmp_path: Path):
    with Pipeline("tiny", cache_dir=tmp_path) as pipeline:
        rows = LoadDataFromDicts(data=[{"instruction": "hello"}, {"instruction": "a b"}] * 3)
        llm = TransformersLLM(model=folder, generation_kwargs={**GREEDY, "max_new_tokens": 5})
        rows >> TextGeneration(llm=llm, input_batch_size=2)
    made = pipeline.run()["default"]["train"]
    one, other = made["generation"][:2]
    assert list(made["generation"]) == [one, other] * 3
    assert one is not None
    assert one != other


def test_model_writes_the_users_messages(folder: str):
    llm = TransformersLLM(
        model=folder, use_magpie_template=True, magpie_pre_query_template="<s> user",
        generation_kwargs={"max_new_tokens": 4, **GREEDY},
    )  # fmt: skip
    task = Magpie(llm=llm, only_instruction=True)
    task.load()
    (row,) = next(task.process([{}]))
    state = llm.generate_outputs(inputs=[[]], max_new_tokens=4, **GREEDY)[0]
    assert state["statistics"]["input_tokens"] == [2]
    assert row["instruction"] == state["generations"][0].strip()


# Without torch: the packages as far as they are asked to load, in place of them


class Loaded:
    def __init__(self, *given: Any, **more: Any) -> None:
        self.given, self.more, self.device = given, more, None
        self.pad_token, self.eos_token = None, "</s>"

    @classmethod
    def from_pretrained(cls, *given: Any, **more: Any) -> "Loaded":
        return cls(*given, **more)

    def to(self, device: Any) -> "Loaded":
        self.device = device
        return self

    def eval(self) -> "Loaded":
        return self


class Absent:
    @staticmethod
    def is_available() -> bool:
        return False


@pytest.fixture
def standins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand-ins of transformers' loading classes, and of torch's question for accelerators."""
    transformers: Any = ModuleType("transformers")
    transformers.AutoModelForCausalLM = transformers.AutoTokenizer = Loaded
    torch: Any = ModuleType("torch")
    torch.cuda, torch.backends = Absent, ModuleType("backends")
    torch.backends.mps = Absent
    known = {"transformers": transformers, "torch": torch}
    monkeypatch.setattr(pretrained, "require", lambda module, extra: known[module])
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


def loaded(**more: Any) -> TransformersLLM:
    llm = TransformersLLM(model="m", **more)
    llm.load()
    return llm


@pytest.mark.usefixtures("standins")
def test_fields_reach_the_packages():
    llm = loaded(
        revision="r", torch_dtype="bfloat16", token="hf_x", trust_remote_code=True, tokenizer="t", use_fast=False,
        model_kwargs={"attn_implementation": "sdpa"},
    )  # fmt: skip
    assert (llm._model.given, llm._tokenizer.given) == (("m",), ("t",))
    assert llm._model.more == {
        "dtype": "bfloat16", "token": "hf_x", "revision": "r", "trust_remote_code": True, "attn_implementation": "sdpa",
    }  # fmt: skip
    assert llm._tokenizer.more == {
        "use_fast": False, "token": "hf_x", "revision": "main", "trust_remote_code": True,
    }  # fmt: skip
    assert llm._tokenizer.pad_token == "</s>"


@pytest.mark.usefixtures("standins")
def test_model_goes_where_it_is_sent():
    assert loaded()._model.device == "cpu"
    assert loaded(device=1)._model.device == 1
    spread = loaded(device_map="auto")._model
    assert (spread.device, spread.more["device_map"]) == (None, "auto")


@pytest.mark.usefixtures("standins")
def test_named_gpus_are_seen_unless_that_is_disabled(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "5")
    loaded()
    loaded(cuda_devices=[0], disable_cuda_device_placement=True)
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "5"
    loaded(cuda_devices=[0, 2])
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "0,2"
