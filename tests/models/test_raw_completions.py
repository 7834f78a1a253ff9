"""Models that write the user's messages over HTTP: what is sent raw, what as a chat, and what Magpie makes of it."""

import json
from functools import partial
from typing import Any

import httpx2
import pytest

from distilabel.exceptions import DistilabelUserError
from distilabel.llms import ClientvLLM, InferenceEndpointsLLM
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts
from distilabel.steps.tasks import Magpie, MagpieGenerator
from tests.fakes import completion

LLAMA3_USER = "<|start_header_id|>user<|end_header_id|>\n\n"
MAGPIE = {"use_magpie_template": True, "magpie_pre_query_template": "llama3"}
KINDS = [
    partial(ClientvLLM, base_url="http://box:8000/v1", model="m"),
    partial(InferenceEndpointsLLM, base_url="http://box:8000/v1", api_key="k"),
]
each_llm = pytest.mark.parametrize("make", KINDS, ids=["vllm", "huggingface"])


class Server:
    """Finishes raw texts and answers chats; keeps both."""

    def __init__(self) -> None:
        self.raw: list[dict[str, Any]] = []
        self.chats: list[dict[str, Any]] = []
        self.transport = httpx2.MockTransport(self)

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        body = json.loads(request.content)
        if request.url.path == "/v1/completions":
            self.raw.append(body)
            choice = {
                "index": 0,
                "text": f"Question {body['prompt'].count('user')}?",
                "finish_reason": "stop",
            }
            usage = {"prompt_tokens": 4, "completion_tokens": 2, "total_tokens": 6}
            shape = {"id": "cmpl-1", "object": "text_completion", "choices": [choice], "usage": usage}
            return httpx2.Response(200, json=shape)
        assert request.url.path == "/v1/chat/completions"
        self.chats.append(body)
        return httpx2.Response(200, json=completion(f"Answer to {body['messages'][-1]['content']}"))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    monkeypatch.delenv("HF_INFERENCE_BASE_URL", raising=False)
    return Server()


@each_llm
def test_users_message_is_asked_as_raw_text_and_the_answer_as_a_chat(make, server: Server):
    task = Magpie(
        name="m",
        llm=make(
            transport=server.transport, **MAGPIE, generation_kwargs={"max_new_tokens": 9, "temperature": 0.5}
        ),
    )
    task.load()
    (row,) = next(task.process([{"id": 1}]))
    task.unload()
    assert (row["instruction"], row["response"]) == ("Question 1?", "Answer to Question 1?")
    assert row["distilabel_metadata"]["statistics_m"] == {"input_tokens": 7, "output_tokens": 7}
    (raw,), (chat,) = server.raw, server.chats
    assert raw["prompt"].endswith(LLAMA3_USER)
    assert (raw["max_tokens"], raw["temperature"]) == (9, 0.5)
    assert "messages" not in raw
    assert "prompt" not in chat


def test_text_begins_exactly_once(server: Server):
    for make in KINDS:
        task = Magpie(llm=make(transport=server.transport, **MAGPIE), only_instruction=True)
        task.load()
        next(task.process([{}]))
        task.unload()
    vllm, endpoint = server.raw
    assert (vllm["prompt"], vllm["add_special_tokens"]) == ("<|begin_of_text|>" + LLAMA3_USER, False)
    assert (endpoint["prompt"], "add_special_tokens" in endpoint) == (LLAMA3_USER, False)


def test_conversation_so_far_is_written_as_the_family_writes_it(server: Server):
    task = Magpie(
        llm=ClientvLLM(
            base_url="http://b/v1",
            model="m",
            transport=server.transport,
            **{**MAGPIE, "magpie_pre_query_template": "qwen2"},
        ),
        n_turns=2,
        system_prompt="Be odd.",
    )
    task.load()
    (row,) = next(task.process([{}]))
    task.unload()
    assert [m["role"] for m in row["conversation"]] == ["user", "assistant", "user", "assistant"]
    assert server.raw[1]["prompt"] == (
        "<|im_start|>system\nBe odd.<|im_end|>\n<|im_start|>user\nQuestion 1?<|im_end|>\n"
        "<|im_start|>assistant\nAnswer to Question 1?<|im_end|>\n<|im_start|>user\n"
    )


def test_own_template_begins_an_instruction_and_is_refused_where_more_stands_before_it(server: Server):
    own = partial(ClientvLLM, base_url="http://b/v1", model="m", use_magpie_template=True)
    llm = own(magpie_pre_query_template="[USER] ")
    assert llm.request([])["prompt"] == "[USER] "
    with pytest.raises(DistilabelUserError, match="magpie_pre_query_template='llama3' or 'qwen2'"):
        llm.request([{"role": "system", "content": "Be odd."}])


@each_llm
def test_llm_that_is_not_set_to_sends_chats_whatever_their_end(make, server: Server):
    assert make().request([{"role": "assistant", "content": "Hi"}])["messages"][0]["content"] == "Hi"


def test_inference_providers_are_refused_for_they_take_chats_alone(server: Server):
    llm = InferenceEndpointsLLM(model_id="m", api_key="k", transport=server.transport, **MAGPIE)
    with pytest.raises(DistilabelUserError, match="base_url of InferenceEndpointsLLM"):
        llm.load()
    llm.unload()


@each_llm
def test_pipelines_begin_with_or_hold_a_model_that_writes_both_sides(make, server: Server, tmp_path):
    with Pipeline(name="both", cache_dir=tmp_path) as pipeline:
        generator = MagpieGenerator(llm=make(transport=server.transport, **MAGPIE), num_rows=3, batch_size=2)
        data = LoadDataFromDicts(data=[{"system_prompt": "Be odd."}, {"system_prompt": "Be even."}])
        data >> Magpie(name="magpie", llm=make(transport=server.transport, **MAGPIE))
    assert generator.is_generator
    distiset = pipeline.run(use_cache=False)
    counts = {name: split["train"].num_rows for name, split in distiset.items()}
    assert sorted(counts.values()) == [2, 3]
    assert all(
        row["response"] == f"Answer to {row['instruction']}"
        for split in distiset.values()
        for row in split["train"]
    )
    assert sum("Be odd." in raw["prompt"] for raw in server.raw) == 1
