"""LLMs that run in this process: what they share, and those whose packages cannot be here, against stand-ins of them."""

import pickle
import sys
from pathlib import Path
from typing import Any

import cloudpickle
import pytest
from pydantic import BaseModel, ValidationError

from distilabel.exceptions import DistilabelMissingPackageError, DistilabelUserError
from distilabel.llms import LlamaCppLLM, MlxLLM, TransformersLLM
from distilabel.models.llms import in_process
from distilabel.models.llms.chat_templates import prompt_of
from distilabel.models.llms.in_process import by_structure, texts_only
from distilabel.models.llms.magpie import check_magpie
from distilabel.pipeline import Pipeline
from distilabel.pipeline.workers.placement import place
from distilabel.steps import LoadDataFromDicts
from distilabel.steps.tasks import TextGeneration

STANDINS = Path(__file__).parents[1] / "support" / "standins"
HI = [{"role": "user", "content": "hi"}]


@pytest.fixture
def standins(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Stand-ins in place of llama_cpp and mlx_lm, as on a Mac; gives a function that imports one."""
    monkeypatch.syspath_prepend(STANDINS)
    monkeypatch.setattr(sys, "platform", "darwin")
    names = ("llama_cpp", "mlx_lm", "mlx_lm.sample_utils")
    for name in names:
        monkeypatch.delitem(sys.modules, name, raising=False)
    yield __import__
    for name in names:
        sys.modules.pop(name, None)


@pytest.fixture
def gguf(tmp_path: Path) -> Path:
    path = tmp_path / "model.gguf"
    path.write_bytes(b"GGUF and weights")
    return path


def llama(gguf: Path, **more: Any) -> LlamaCppLLM:
    llm = LlamaCppLLM(model_path=gguf, **more)
    llm.load()
    return llm


def mlx(**more: Any) -> MlxLLM:
    llm = MlxLLM(path_or_hf_repo="m", **more)
    llm.load()
    return llm


def kinds(gguf: Path) -> list[Any]:
    return [
        (TransformersLLM, {"model": "m"}),
        (LlamaCppLLM, {"model_path": gguf}),
        (MlxLLM, {"path_or_hf_repo": "m"}),
    ]


# What they share


def test_offline_use_is_refused_when_it_is_made(gguf: Path):
    for kind, given in kinds(gguf):
        with pytest.raises(ValidationError, match=f"{kind.__name__} cannot generate by offline batch"):
            kind(**given, use_offline_batch_generation=True)


def test_offline_use_is_refused_when_it_is_set_for_a_run():
    with Pipeline("offline") as pipeline:
        LoadDataFromDicts(data=[{"instruction": "a"}]) >> TextGeneration(llm=TransformersLLM(model="m"))
    with pytest.raises(DistilabelUserError, match="use vLLM, which runs batch jobs on this machine"):
        pipeline.run(parameters={"text_generation_0": {"llm": {"use_offline_batch_generation": True}}})


def test_generating_before_loading_says_what_to_call(gguf: Path):
    with pytest.raises(DistilabelUserError, match=r"Call LlamaCppLLM.load\(\)"):
        LlamaCppLLM(model_path=gguf).generate_outputs(inputs=[HI])


def test_their_tasks_run_in_worker_processes(gguf: Path):
    for kind, given in kinds(gguf):
        assert place(TextGeneration(name="t", llm=kind(**given)), has_workers=True).replicas == 1


def test_what_was_loaded_stays_in_the_process_that_loaded_it(standins: Any, gguf: Path):
    llm = llama(gguf)
    for dumps in (pickle.dumps, cloudpickle.dumps):
        there = pickle.loads(dumps(llm))
        assert (there._model, there.model_path) == (None, gguf)
        there.load()
        assert there.generate_outputs(inputs=[HI])[0]["generations"] == ["HI"]
    there = pickle.loads(pickle.dumps(mlx()))
    assert (there._model, there._tokenizer) == (None, None)


def test_where_it_runs_does_not_change_the_signature(gguf: Path):
    on_cpu, on_gpu = (LlamaCppLLM(model_path=gguf, n_gpu_layers=n) for n in (0, -1))
    assert on_cpu.signature == on_gpu.signature
    here = TransformersLLM(model="m")
    assert here.signature == TransformersLLM(model="m", device="cuda:1", cuda_devices=[1]).signature
    assert here.signature != TransformersLLM(model="m", torch_dtype="bfloat16").signature


def test_token_is_not_written():
    llm = TransformersLLM(model="m", token="hf_secret")
    assert "hf_secret" not in f"{llm!r} {llm.dump()}"


def test_missing_package_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch, gguf: Path):
    for package in ("llama_cpp", "mlx_lm", "transformers"):
        monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.setattr(sys, "platform", "darwin")
    extras = ("transformers", "llama-cpp", "mlx")
    for (kind, given), extra in zip(kinds(gguf), extras, strict=True):
        with pytest.raises(DistilabelMissingPackageError, match=rf"pip install 'distilabel\[{extra}\]'"):
            kind(**given).load()


def test_chats_are_grouped_by_the_structure_of_their_answers():
    class Age(BaseModel):
        age: int

    as_model, as_schema = {"schema": Age}, {"format": "json", "schema": Age.model_json_schema()}
    inputs: list[Any] = [
        HI,
        (HI, as_model),
        (HI, None),
        (HI, as_schema),
        (HI, {"format": "regex", "schema": "a"}),
    ]
    groups = by_structure(inputs, None)
    assert [list(chats) for _, chats in groups] == [[0, 2], [1, 3], [4]]
    assert [list(chats) for _, chats in by_structure(inputs, as_model)] == [[0, 1, 2, 3], [4]]


def test_message_with_an_image_is_refused_by_name():
    part = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
    with pytest.raises(DistilabelUserError, match=r"MlxLLM accepts only texts.*'image_url'"):
        texts_only([{"role": "user", "content": [part]}], "MlxLLM")


class Written:
    chat_template = "a template"

    def apply_chat_template(self, messages, *, tokenize, add_generation_prompt, chat_template="own"):
        said = "".join(f"<{message['role']}>{message['content']}" for message in messages)
        return f"{chat_template}:{said}" + ("<assistant>" if add_generation_prompt else "")


class Bare(Written):
    chat_template = None


SYSTEM: Any = {"role": "system", "content": "Be odd."}


def test_prompt_is_what_the_chat_template_makes():
    llm = TransformersLLM(model="m")
    assert prompt_of(Written(), [SYSTEM, *HI], llm) == "own:<system>Be odd.<user>hi<assistant>"
    assert prompt_of(Written(), HI, llm, chat_template="mine") == "mine:<user>hi<assistant>"


def test_without_a_chat_template_the_texts_are_continued():
    llm = TransformersLLM(model="m")
    assert prompt_of(Bare(), [SYSTEM, *HI], llm) == "Be odd.\n\nhi"
    assert prompt_of(Bare(), HI, llm, chat_template="mine") == "mine:<user>hi<assistant>"


def test_message_of_the_users_is_begun_where_magpie_wants_one():
    llm = TransformersLLM(model="m", use_magpie_template=True, magpie_pre_query_template="qwen2")
    check_magpie(llm, "magpie")
    assert prompt_of(Written(), [], llm) == "<|im_start|>user\n"
    assert prompt_of(Written(), [SYSTEM], llm) == "own:<system>Be odd.<|im_start|>user\n"
    assert prompt_of(Written(), HI, llm) == "own:<user>hi<assistant>"


class Steering:
    made: list[Any] = []  # noqa: RUF012 - counted over all

    def __init__(self, *given: Any) -> None:
        self.given, self.resets = given, 0
        self.made.append(self)

    def reset(self) -> None:
        self.resets += 1

    def __str__(self) -> str:
        return f"{self.given[1]['schema']}"


@pytest.fixture
def steering(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What is made in place of outlines' processors."""
    monkeypatch.setattr(in_process, "logits_processor", Steering)
    monkeypatch.setattr(Steering, "made", [])
    return Steering.made


# llama.cpp


def test_llama_cpp_loads_the_file_as_the_fields_say(standins: Any, gguf: Path):
    llama(gguf, n_gpu_layers=0, n_ctx=2048, seed=7, extra_kwargs={"flash_attn": True})
    assert standins("llama_cpp").loaded == [
        {
            "n_gpu_layers": 0, "chat_format": None, "n_ctx": 2048, "n_batch": 512, "seed": 7, "verbose": False,
            "embedding": False, "flash_attn": True,
        }
    ]  # fmt: skip


def test_llama_cpp_answers_each_input_with_its_tokens(standins: Any, gguf: Path):
    outputs = llama(gguf).generate_outputs(
        inputs=[HI, [SYSTEM, {"role": "user", "content": "you"}]], num_generations=2, max_new_tokens=9,
        extra_generation_kwargs={"top_k": 3},
    )  # fmt: skip
    assert outputs == [
        {
            "generations": [text] * 2,
            "statistics": {"input_tokens": [n] * 2, "output_tokens": [7] * 2},
            "details": [{"finish_reason": "stop"}] * 2,
        }
        for text, n in (("HI", 1), ("YOU", 2))
    ]
    asked = standins("llama_cpp").asked
    assert asked[0] == {"messages": HI, "max_tokens": 9, "temperature": 1.0, "top_k": 3}


def test_llama_cpp_keeps_answers_to_a_schema_itself(standins: Any, gguf: Path):
    schema = {"type": "object", "properties": {"name": {"type": "string"}}}
    (output,) = llama(gguf, structured_output={"schema": schema}).generate_outputs(inputs=[HI])
    assert output["generations"] == ['{"name": "HI"}']


def test_llama_cpp_keeps_answers_to_an_expression_by_outlines(standins: Any, gguf: Path, steering: list[Any]):
    llm = llama(gguf)
    one, other = ((HI, {"format": "regex", "schema": text}) for text in ("yes|no", "a+"))
    outputs = [output["generations"] for output in llm.generate_outputs(inputs=[one, one, other])]
    assert outputs == [[f"LogitsProcessorList ['{text}']"] for text in ("yes|no", "yes|no", "a+")]
    assert [made.resets for made in steering] == [2, 1]


def test_llama_cpp_finishes_a_message_of_the_users(standins: Any, gguf: Path):
    llm = llama(gguf, use_magpie_template=True, magpie_pre_query_template="llama3")
    (output,) = llm.generate_outputs(inputs=[[]], max_new_tokens=5)
    assert output["generations"] == ["after '<|start_header_id|>user<|end_header_id|>\\n\\n'"]
    assert output["details"] == [{"finish_reason": "length"}]


def test_llama_cpp_answers_in_the_worker_process_of_a_pipeline(
    gguf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.syspath_prepend(STANDINS)
    with Pipeline("local", cache_dir=tmp_path / "cache") as pipeline:
        rows = LoadDataFromDicts(data=[{"instruction": text} for text in "abcde"])
        rows >> TextGeneration(llm=LlamaCppLLM(model_path=gguf), input_batch_size=2)
    answers = pipeline.run()["default"]["train"]
    assert list(answers["generation"]) == list("ABCDE")
    assert list(answers["model_name"]) == [str(gguf)] * 5
    assert "llama_cpp" not in sys.modules


# MLX


def test_mlx_elsewhere_than_on_a_mac_says_what_to_take(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "platform", "linux")
    with pytest.raises(DistilabelUserError, match="macOS only: use TransformersLLM or LlamaCppLLM"):
        MlxLLM(path_or_hf_repo="m").load()


def test_mlx_loads_as_the_fields_say(standins: Any):
    mlx(tokenizer_config={"eos_token": "<end>"}, adapter_path="lora")
    assert standins("mlx_lm").calls == [("load", "m", {"eos_token": "<end>"}, {}, "lora")]


def test_mlx_answers_each_input_with_its_tokens(standins: Any):
    outputs = mlx().generate_outputs(
        inputs=[HI, [SYSTEM, *HI]], max_tokens=5, temp=0.5, repetition_penalty=1.2
    )
    assert outputs == [
        {
            "generations": ["[user] hi [assistant] "],
            "statistics": {"input_tokens": [3], "output_tokens": [3]},
            "details": [{"finish_reason": "stop"}],
        },
        {
            "generations": ["[system] Be odd. [user] hi "],
            "statistics": {"input_tokens": [6], "output_tokens": [5]},
            "details": [{"finish_reason": "length"}],
        },
    ]
    _, model, prompt, sampler, processors = standins("mlx_lm").calls[1]
    assert (model, prompt) == ("the model", "[user] hi [assistant]")
    assert (sampler, processors) == (("sampler", 0.5, 0.0), [("repetition", 1.2)])


def test_mlx_keeps_answers_to_a_structure_by_outlines(standins: Any, steering: list[Any]):
    mlx(structured_output={"format": "regex", "schema": "a+"}).generate_outputs(
        inputs=[HI], num_generations=2
    )
    assert [made.given[0] for made in steering] == ["mlxlm"]
    assert [call[4] for call in standins("mlx_lm").calls[1:]] == [[steering[0]]] * 2
