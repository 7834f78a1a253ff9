"""Chat completions, embeddings, images and models, answered while the client waits; and who is let in."""

import base64
import io
import json
import math

import httpx2
import jsonschema
import pytest
from openai import AuthenticationError, BadRequestError, NotFoundError, OpenAI
from PIL import Image

from .helpers import chat_body, check

PROMPT = {"model": "toy", "messages": [{"role": "user", "content": "Why is the sky blue?"}]}


def test_chat_answer_quotes_the_prompt_and_fits_the_schema(http: httpx2.Client):
    answer = http.post("chat/completions", json=PROMPT)
    check("CreateChatCompletionResponse", answer.json())
    assert answer.json()["choices"][0]["message"]["content"].startswith('About "Why is the sky blue?": ')
    assert answer.headers["x-request-id"].startswith("req_")


def test_equal_chat_requests_get_different_answers(client: OpenAI):
    said = {client.chat.completions.create(**PROMPT).choices[0].message.content for _ in range(10)}
    assert len(said) > 5


def test_seed_makes_a_chat_answer_repeatable(client: OpenAI):
    one, two, other = (client.chat.completions.create(**PROMPT, seed=seed).choices for seed in (1, 1, 2))
    assert one == two != other


def test_n_samples_differ(client: OpenAI):
    answer = client.chat.completions.create(**PROMPT, n=20)
    assert [choice.index for choice in answer.choices] == list(range(20))
    assert len({choice.message.content for choice in answer.choices}) == 20


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_answer_ends_at_the_token_limit(client: OpenAI, name: str):
    answer = client.chat.completions.create(**PROMPT, **{name: 5})
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage.completion_tokens == 5
    assert answer.usage.total_tokens == 5 + answer.usage.prompt_tokens


@pytest.mark.parametrize("stop", ["sky", ["nowhere", "sky"]])
def test_answer_ends_before_a_stop_text(client: OpenAI, stop: str | list[str]):
    (choice,) = client.chat.completions.create(**PROMPT, stop=stop).choices
    assert (choice.message.content, choice.finish_reason) == ('About "Why is the ', "stop")


def test_parts_of_a_message_are_read(client: OpenAI):
    parts = [{"type": "text", "text": "One"}, {"type": "text", "text": "two"}]
    answer = client.chat.completions.create(model="toy", messages=[{"role": "user", "content": parts}])
    assert answer.choices[0].message.content.startswith('About "One two"')


def test_json_mode_answers_with_an_object(client: OpenAI):
    answer = client.chat.completions.create(**PROMPT, response_format={"type": "json_object"})
    assert json.loads(answer.choices[0].message.content)["about"] == "Why is the sky blue?"


def test_json_mode_answers_as_a_schema_in_the_chat_asks(client: OpenAI):
    shown = "Not {this}, but this schema: " + json.dumps(SCHEMAS["arrays"])
    messages = [{"role": "system", "content": shown}, {"role": "user", "content": "Go, in ```json please"}]
    for wanted in ({"type": "json_object"}, {"type": "text"}):
        answer = client.chat.completions.create(model="toy", messages=messages, response_format=wanted)
        text = answer.choices[0].message.content.removeprefix("```json").removesuffix("```")
        jsonschema.Draft202012Validator(SCHEMAS["arrays"]).validate(json.loads(text))
    impossible = [{"role": "user", "content": '{"properties": {"a": {"pattern": "x", "type": "string"}}}'}]
    answer = client.chat.completions.create(
        model="toy", messages=impossible, response_format={"type": "json_object"}
    )
    assert "about" in json.loads(answer.choices[0].message.content)


SCHEMAS = {
    "flat": {
        "type": "object",
        "properties": {
            "name": {"type": "string", "maxLength": 5},
            "long": {"type": "string", "minLength": 900},
            "score": {"type": "integer", "minimum": 3, "maximum": 4},
            "odd": {"type": "integer", "exclusiveMinimum": 8, "multipleOf": 5},
            "ratio": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
            "below": {"type": "number", "maximum": -3},
            "kind": {"enum": ["a", "b", "c"]},
            "fixed": {"const": [1, 2]},
            "sure": {"type": "boolean"},
            "nothing": {"type": "null"},
            "maybe": {"type": ["string", "null"]},
            "day": {"type": "string", "format": "date"},
        },
        "required": ["name", "score", "kind"],
        "additionalProperties": False,
    },
    "arrays": {
        "type": "object",
        "properties": {
            "few": {"type": "array", "items": {"type": "string"}, "minItems": 3},
            "none": {"type": "array", "items": {"type": "string"}, "maxItems": 0},
            "pairs": {"items": {"properties": {"a": {"type": "number"}}, "required": ["a", "b"]}},
        },
    },
    "recursive": {
        "$ref": "#/$defs/node",
        "$defs": {
            "node": {
                "type": "object",
                "properties": {
                    "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]},
                    "children": {"type": "array", "items": {"$ref": "#"}},
                },
                "required": ["next", "children"],
                "additionalProperties": False,
            }
        },
    },
    "merged": {
        "allOf": [
            {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]},
            {
                "type": "object",
                "properties": {"b": {"oneOf": [{"type": "string"}, {"type": "integer"}]}},
                "required": ["b"],
            },
        ]
    },
}


@pytest.mark.parametrize("name", SCHEMAS)
def test_answer_fits_the_json_schema(client: OpenAI, name: str):
    wanted = {"type": "json_schema", "json_schema": {"name": name, "schema": SCHEMAS[name]}}
    answer = client.chat.completions.create(**PROMPT, response_format=wanted)
    jsonschema.Draft202012Validator(SCHEMAS[name]).validate(json.loads(answer.choices[0].message.content))


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "pattern": "^a+$"},
        {"type": "string", "format": "regex"},
        {"type": "integer", "minimum": 1, "maximum": 0},
        {"$ref": "#/$defs/nowhere"},
        {"$ref": "#"},
        {"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]},
        {"type": "no such type"},
        {"type": "array", "minItems": "three"},
        {"type": "object", "properties": {"a": False}},
    ],
)
def test_schema_the_toy_cannot_fit_is_refused(client: OpenAI, schema: dict):
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    with pytest.raises(BadRequestError, match="toy model cannot write") as caught:
        client.chat.completions.create(**PROMPT, response_format=wanted)
    assert caught.value.param == "response_format"


def test_streamed_answer_is_the_answer_in_pieces(client: OpenAI, http: httpx2.Client):
    whole = client.chat.completions.create(**PROMPT, seed=1).choices[0].message.content
    options = {"stream": True, "stream_options": {"include_usage": True}}
    chunks = list(client.chat.completions.create(**PROMPT, seed=1, **options))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks[:-1]) == whole
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].usage.total_tokens
    *events, done = http.post("chat/completions", json={**PROMPT, "stream": True}).text.strip().split("\n\n")
    assert done == "data: [DONE]"
    for event in events:
        check("CreateChatCompletionStreamResponse", json.loads(event.removeprefix("data: ")))


def test_stream_of_a_refused_request_is_a_plain_refusal(client: OpenAI):
    with pytest.raises(BadRequestError, match="temperature"):
        client.chat.completions.create(**PROMPT, temperature=9, stream=True)


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"model": None}, "model"),
        ({"model": 7}, "model"),
        ({"messages": None}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": "hello"}, "messages"),
        ({"messages": ["hello"]}, "messages[0]"),
        ({"messages": [{"content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": 7}]}, "messages[0].content"),
        ({"temperature": -0.1}, "temperature"),
        ({"temperature": 2.1}, "temperature"),
        ({"temperature": "hot"}, "temperature"),
        ({"n": 0}, "n"),
        ({"n": 129}, "n"),
        ({"n": True}, "n"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_completion_tokens": 1.5}, "max_completion_tokens"),
        ({"stop": ["a", "b", "c", "d", "e"]}, "stop"),
        ({"stop": [7]}, "stop"),
        ({"response_format": {"type": "xml"}}, "response_format.type"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema.name"),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": 7}}},
            "response_format.json_schema.schema",
        ),
        ({"logprobs": True}, "logprobs"),
    ],
)
def test_chat_request_with_a_wrong_parameter_is_refused(http: httpx2.Client, change: dict, param: str):
    answer = http.post("chat/completions", json=chat_body() | change)
    check("ErrorResponse", answer.json())
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)


def test_null_parameters_are_no_parameters(http: httpx2.Client):
    nulls = dict.fromkeys(
        ("temperature", "n", "max_tokens", "stop", "response_format", "logprobs", "seed", "stream")
    )
    assert http.post("chat/completions", json=PROMPT | nulls).status_code == 200


def test_embeddings_are_unit_vectors_and_the_same_each_time(client: OpenAI):
    one, two = (
        [
            item.embedding
            for item in client.embeddings.create(model="toy", input=["red apple", "red pear", "blue"]).data
        ]
        for _ in range(2)
    )
    assert one == two
    for vector in one:
        assert len(vector) == 256
        assert math.isclose(math.hypot(*vector), 1, rel_tol=1e-5)
    apple, pear, blue = one
    assert sum(map(float.__mul__, apple, pear)) > sum(map(float.__mul__, apple, blue))


def test_embeddings_are_equal_in_both_encodings(client: OpenAI, http: httpx2.Client):
    body = {"model": "toy", "input": "some words", "dimensions": 16}
    plain = http.post("embeddings", json=body).json()
    check("CreateEmbeddingResponse", plain)
    encoded = client.embeddings.create(**body)
    assert encoded.data[0].embedding == pytest.approx(plain["data"][0]["embedding"])


@pytest.mark.parametrize(("given", "count"), [("x", 1), (["x", "?!"], 2), ([1, 2, 3], 1), ([[1, 2], [3]], 2)])
def test_embeddings_take_texts_and_tokens(client: OpenAI, given: object, count: int):
    answer = client.embeddings.create(model="toy", input=given, dimensions=1)
    assert [item.index for item in answer.data] == list(range(count))
    assert all(abs(item.embedding[0]) == 1 for item in answer.data)


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"input": None}, "input"),
        ({"input": ""}, "input"),
        ({"input": []}, "input"),
        ({"input": ["x", 7]}, "input"),
        ({"input": ["x"] * 2_049}, "input"),
        ({"dimensions": 0}, "dimensions"),
        ({"encoding_format": "hex"}, "encoding_format"),
    ],
)
def test_embedding_request_with_a_wrong_parameter_is_refused(http: httpx2.Client, change: dict, param: str):
    answer = http.post("embeddings", json={"model": "toy", "input": "x"} | change)
    check("ErrorResponse", answer.json())
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)


def test_images_are_files_that_can_be_opened(client: OpenAI):
    made = client.images.generate(model="toy", prompt="A red chair", n=2)
    pixels = []
    for image in made.data:
        with Image.open(io.BytesIO(base64.b64decode(image.b64_json))) as opened:
            assert opened.size == (8, 8)
            pixels.append(opened.getpixel((7, 7)))
    assert pixels[0] != pixels[1]
    assert made.usage.total_tokens == made.usage.input_tokens + made.usage.output_tokens == 2 + 32


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"prompt": ""}, "prompt"),
        ({"prompt": None}, "prompt"),
        ({"n": 0}, "n"),
        ({"n": 11}, "n"),
        ({"model": None}, "model"),
    ],
)
def test_request_for_images_with_a_wrong_parameter_is_refused(http: httpx2.Client, change: dict, param: str):
    answer = http.post("images/generations", json={"model": "toy", "prompt": "p", **change})
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == param


def test_platform_without_a_list_has_every_model(client: OpenAI):
    assert [model.id for model in client.models.list()] == ["toy"]
    assert client.models.retrieve("org/any-model").id == "org/any-model"


def test_platform_with_a_list_has_no_other_model(start_platform):
    with start_platform(models=("a", "org/b")) as client:
        assert [model.id for model in client.models.list()] == ["a", "org/b"]
        assert client.models.retrieve("org/b").object == "model"
        for call in (
            lambda: client.models.retrieve("c"),
            lambda: client.chat.completions.create(**{**PROMPT, "model": "c"}),
            lambda: client.embeddings.create(model="c", input="x"),
        ):
            with pytest.raises(NotFoundError) as caught:
                call()
            assert caught.value.code == "model_not_found"


def test_request_without_a_key_is_refused(base_url: str):
    for headers in ({}, {"authorization": "any"}, {"authorization": "Bearer"}):
        answer = httpx2.get(f"{base_url}/models", headers=headers)
        check("ErrorResponse", answer.json())
        assert answer.status_code == 401


def test_only_keys_of_the_settings_are_let_in(start_platform):
    with start_platform(keys=("good", "any")) as client:
        assert list(client.models.list())
        with pytest.raises(AuthenticationError) as caught:
            client.with_options(api_key="bad").models.list()
        assert caught.value.code == "invalid_api_key"


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "nowhere", 404), ("PUT", "batches", 405)])
def test_unknown_paths_and_methods_are_refused_in_the_usual_shape(
    http: httpx2.Client, method: str, path: str, status: int
):
    answer = http.request(method, path)
    check("ErrorResponse", answer.json())
    assert answer.status_code == status


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff"])
def test_body_that_is_no_object_is_refused(http: httpx2.Client, content: bytes):
    answer = http.post("chat/completions", content=content)
    check("ErrorResponse", answer.json())
    assert answer.status_code == 400
