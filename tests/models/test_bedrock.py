"""BedrockLLM: the same body online and by batch, signed calls, and Converse's own shapes."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import botocore.loaders
import pytest
from botocore.model import ServiceModel
from botocore.validate import ParamValidator
from pydantic import BaseModel, ValidationError

from distilabel.config import load
from distilabel.exceptions import (
    DistilabelAuthenticationError,
    DistilabelOfflineBatchGenerationNotFinishedException,
    DistilabelUserError,
)
from distilabel.llms import BedrockLLM
from distilabel.records import canonical_json
from tests.platforms import HOST, BedrockInMemory
from tests.sigv4 import ACCESS_KEY, SECRET_KEY, signed_for

CHAT = [{"role": "user", "content": "Hi"}]
TOOL = {"type": "function", "function": {"name": "f", "description": "F.", "parameters": {"type": "object"}}}
Make = Callable[..., tuple[BedrockLLM, BedrockInMemory]]


class Person(BaseModel):
    name: str


@pytest.fixture
def make(fast: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """Makes an LLM, loaded, and its platform in memory."""
    for name in (
        "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_SESSION_TOKEN",
        "BEDROCK_BATCH_BUCKET", "BEDROCK_BATCH_ROLE_ARN",
    ):  # fmt: skip
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
    monkeypatch.setenv("DISTILABEL_CACHE_DIR", str(tmp_path / "cache"))
    made: list[BedrockLLM] = []

    def make_one(*, load: bool = True, **more: Any) -> tuple[BedrockLLM, BedrockInMemory]:
        memory = BedrockInMemory()
        given = {"model": "m", "base_url": HOST, "bucket": "my-bucket", "role_arn": memory.role}
        made.append(BedrockLLM(transport=memory.transport, **(given | more)))
        if load:
            made[-1].load()
        return made[-1], memory

    yield make_one
    for each in made:
        each.unload()


def plain(**more: Any) -> BedrockLLM:
    return BedrockLLM(model="m", region="us-east-1", **more)


def test_body_online_is_byte_for_byte_the_body_by_batch(make: Make):
    llm, memory = make()
    arguments = {"temperature": 0.5, "stop_sequences": ["é\u2028"], "max_tokens": 9}
    asked = llm.request(CHAT, **arguments)
    llm.generate_outputs(inputs=[CHAT], **arguments)
    assert memory.requests[-1].content == canonical_json(asked)
    llm.use_offline_batch_generation = True
    with pytest.raises(DistilabelOfflineBatchGenerationNotFinishedException):
        llm.generate_outputs(inputs=[CHAT], **arguments)
    (batch,) = memory.batches.values()
    assert canonical_json(batch.lines[0]["body"]) == canonical_json(asked)


def test_answer_online_is_a_generation_with_its_tokens(make: Make):
    llm, memory = make()
    (output,) = llm.generate_outputs(inputs=[CHAT], num_generations=2)
    assert output["generations"] == ["online"] * 2
    assert output["statistics"] == {"input_tokens": [3, 3], "output_tokens": [5, 5]}
    assert signed_for(memory.requests[-1]) == ("us-east-1", "bedrock")


def test_answers_by_batch_come_to_their_inputs(make: Make):
    llm, memory = make(use_offline_batch_generation=True, offline_batch_generation_block_until_done=1)
    llm.offline_batch_generation_block_until_done = 0.001
    chats = [[{"role": "user", "content": f"p{number}"}] for number in range(5)]
    outputs = llm.generate_outputs(inputs=chats)
    assert [output["generations"] for output in outputs] == [[f"p{number}/0"] for number in range(5)]
    assert len(memory.batches) == 1


def test_secret_is_in_no_call_and_in_no_dump(make: Make):
    llm, memory = make()
    llm.generate_outputs(inputs=[CHAT])
    assert SECRET_KEY not in str(memory.requests[-1].headers) + json.dumps(llm.dump()) + repr(llm)


def test_key_is_sent_online_and_refused_by_batch():
    with pytest.raises((DistilabelUserError, ValidationError), match="gives no access to S3"):
        plain(api_key="bedrock-api-key", use_offline_batch_generation=True)
    llm = plain(api_key="bedrock-api-key")
    assert llm._open_client().transport._headers["authorization"] == "Bearer bedrock-api-key"


def test_credentials_that_are_missing_are_named(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(DistilabelAuthenticationError, match="AWS_ACCESS_KEY_ID"):
        make()


def test_region_is_given_or_in_the_environment(make: Make, monkeypatch: pytest.MonkeyPatch):
    llm, _ = make(base_url=None, region="eu-west-1")
    assert llm.client.target.base_url == "https://bedrock.eu-west-1.amazonaws.com"
    with pytest.raises(DistilabelUserError, match="AWS_REGION"):
        make(base_url=None)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert make(base_url=None)[0].client.target.base_url == "http://127.0.0.1:9"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"temperature": 1.5}, "temperature.*from 0 to"),
        ({"top_p": 2}, "top_p"),
        ({"max_tokens": 0}, "max_tokens"),
    ],
)
def test_argument_that_is_out_of_range_is_refused(arguments: dict[str, Any], words: str):
    with pytest.raises(DistilabelUserError, match=words):
        plain().request(CHAT, **arguments)


def test_further_fields_go_before_all_others():
    extra = {"toolConfig": 1, "serviceTier": {"type": "flex"}}
    assert plain().request(CHAT, tools=[TOOL], extra_body=extra) == {**plain().request(CHAT), **extra}


def test_llm_is_dumped_and_made_again():
    llm = plain(structured_output={"schema": Person.model_json_schema()})
    assert load(llm.dump()).request(CHAT) == llm.request(CHAT)


# Converse's shapes


def check(body: dict[str, Any]) -> dict[str, Any]:
    """Have botocore's service model of Converse check a body."""
    model = botocore.loaders.Loader().load_service_model("bedrock-runtime", "service-2")
    shape = ServiceModel(model, "bedrock-runtime").operation_model("Converse").input_shape
    assert ParamValidator().validate({"modelId": "m", **body}, shape).generate_report() == ""
    assert set(body) <= set(shape.members)
    return body


def test_converse_takes_what_we_send():
    body = check(
        plain(structured_output={"schema": Person}).request(
            [{"role": "system", "content": "Be brief."}, *CHAT],
            max_tokens=9, temperature=0.0, top_p=0.5, stop_sequences=["x"],
            additional_model_request_fields={"top_k": 5},
            guardrail_config={"guardrailIdentifier": "abc", "guardrailVersion": "1"},
            tools=[TOOL], tool_choice="required",
        )
    )  # fmt: skip
    assert body["inferenceConfig"] == {
        "maxTokens": 9,
        "temperature": 0.0,
        "topP": 0.5,
        "stopSequences": ["x"],
    }
    assert body["system"] == [{"text": "Be brief."}]
    spec = {"name": "f", "description": "F.", "inputSchema": {"json": {"type": "object"}}}
    assert body["toolConfig"] == {"tools": [{"toolSpec": spec}], "toolChoice": {"any": {}}}
    schema = json.loads(body["outputConfig"]["textFormat"]["structure"]["jsonSchema"]["schema"])
    assert (schema["required"], schema["additionalProperties"]) == (["name"], False)


@pytest.mark.parametrize(
    ("choice", "sent"),
    [
        ("auto", {"auto": {}}),
        ({"type": "function", "function": {"name": "f"}}, {"tool": {"name": "f"}}),
        ({"tool": {"name": "g"}}, {"tool": {"name": "g"}}),
    ],
)
def test_choice_of_a_tool_is_converse_s(choice: Any, sent: dict[str, Any]):
    assert check(plain().request(CHAT, tools=[TOOL], tool_choice=choice))["toolConfig"]["toolChoice"] == sent


def test_no_tool_is_no_tools():
    assert "toolConfig" not in plain().request(CHAT, tools=[TOOL], tool_choice="none")


def test_tools_are_refused_by_batch_before_anything_is_sent(make: Make):
    llm, memory = make(use_offline_batch_generation=True)
    with pytest.raises(DistilabelUserError, match="no tools in batch jobs"):
        llm.generate_outputs(inputs=[CHAT], tools=[TOOL])
    assert memory.calls == []


def test_calls_of_tools_and_their_results_are_converse_s():
    calls = [
        {"id": f"c{n}", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}
        for n in (1, 2)
    ]
    chat = [
        *CHAT,
        {"role": "assistant", "content": None, "tool_calls": calls},
        {"role": "tool", "tool_call_id": "c1", "content": "one"},
        {"role": "tool", "tool_call_id": "c2", "content": [{"json": {"two": 2}}]},
    ]
    messages = check(plain().request(chat, tools=[TOOL]))["messages"]
    uses = [{"toolUse": {"toolUseId": f"c{n}", "name": "f", "input": {"a": 1}}} for n in (1, 2)]
    assert messages[1] == {"role": "assistant", "content": uses}
    assert messages[2] == {
        "role": "user",
        "content": [
            {"toolResult": {"toolUseId": "c1", "content": [{"text": "one"}]}},
            {"toolResult": {"toolUseId": "c2", "content": [{"json": {"two": 2}}]}},
        ],
    }
    assert len(messages) == 3


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("data:image/jpg;base64,aGk=", {"format": "jpeg", "source": {"bytes": "aGk="}}),
        ("data:image/webp;base64,aGk=", {"format": "webp", "source": {"bytes": "aGk="}}),
        ("s3://b-1/x.JPG", {"format": "jpeg", "source": {"s3Location": {"uri": "s3://b-1/x.JPG"}}}),
    ],
)
def test_image_is_converse_s(url: str, sent: dict[str, Any]):
    chat = [
        {
            "role": "user",
            "content": [{"type": "text", "text": "?"}, {"type": "image_url", "image_url": {"url": url}}],
        }
    ]
    assert check(plain().request(chat))["messages"][0]["content"] == [{"text": "?"}, {"image": sent}]


def test_image_that_bedrock_would_have_to_fetch_is_refused():
    chat = [{"role": "user", "content": [{"type": "image_url", "image_url": "https://x.test/a.png"}]}]
    with pytest.raises(DistilabelUserError, match="data URL"):
        plain().request(chat)


def test_part_in_converse_s_own_shape_is_sent_as_it_is():
    part = {"cachePoint": {"type": "default"}}
    body = plain().request([{"role": "user", "content": [{"type": "text", "text": "x"}, part]}])
    assert check(body)["messages"][0]["content"] == [{"text": "x"}, part]
