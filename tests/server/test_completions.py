"""Completions and moderations, online and by batch, and whether their shape is that of OpenAI's own client."""

import httpx2
import pytest
from openai import BadRequestError, OpenAI
from openai.types import Completion, ModerationCreateResponse

from .helpers import line, rows, run

BODY = {"model": "toy", "prompt": "Once upon a time", "max_tokens": 200}


def test_completion_quotes_its_prompt_and_has_the_shape_of_the_client(http: httpx2.Client):
    answer = Completion.model_validate(http.post("completions", json=BODY).json(), strict=True)
    assert answer.choices[0].text.startswith('About "Once upon a time": ')
    assert (answer.object, answer.choices[0].finish_reason) == ("text_completion", "stop")
    assert answer.usage is not None
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


def test_completion_without_a_limit_has_16_tokens(client: OpenAI):
    answer = client.completions.create(model="toy", prompt="x")
    assert (answer.choices[0].finish_reason, answer.usage.completion_tokens) == ("length", 16)


@pytest.mark.parametrize(
    ("prompt", "quotes"), [(["one", "two"], ["one", "one", "two", "two"]), ([1, 2], ["1 2", "1 2"]), ([[1], [2]], ["1", "1", "2", "2"])]
)  # fmt: skip
def test_every_prompt_gets_n_choices_of_its_own(client: OpenAI, prompt: list, quotes: list[str]):
    choices = client.completions.create(model="toy", prompt=prompt, n=2, max_tokens=60).choices
    assert [choice.index for choice in choices] == list(range(len(quotes)))
    for choice, quote in zip(choices, quotes, strict=True):
        assert choice.text.startswith(f'About "{quote}": ')
    assert len({choice.text for choice in choices}) == len(quotes)


def test_completion_ends_before_a_stop_text_and_echoes_its_prompt(client: OpenAI):
    answer = client.completions.create(**BODY, stop="time", echo=True)
    assert answer.choices[0].text == 'Once upon a timeAbout "Once upon a '


def test_streamed_completion_is_the_completion_in_pieces(client: OpenAI):
    whole = client.completions.create(**BODY, seed=1).choices[0]
    options = {"stream": True, "stream_options": {"include_usage": True}}
    *chunks, usage = client.completions.create(**BODY, seed=1, **options)
    assert "".join(chunk.choices[0].text for chunk in chunks) == whole.text
    assert [chunk.choices[0].finish_reason for chunk in chunks[-2:]] == [None, "stop"]
    assert usage.usage.total_tokens


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"prompt": 7}, "prompt"),
        ({"prompt": []}, "prompt"),
        ({"prompt": [None]}, "prompt"),
        ({"n": 0}, "n"),
        ({"logprobs": 3}, "logprobs"),
        ({"model": None}, "model"),
    ],
)
def test_request_for_a_completion_with_a_wrong_parameter_is_refused(client: OpenAI, change: dict, param: str):
    with pytest.raises(BadRequestError) as caught:
        client.completions.create(**{**BODY, **change})
    assert caught.value.param == param


def test_completions_are_answered_by_batch(client: OpenAI):
    url = "/v1/completions"
    batch = run(client, line("a", BODY, url=url) + line("b", {**BODY, "n": 0}, url=url), url)
    (good,), (bad,) = rows(client, batch.output_file_id), rows(client, batch.error_file_id)
    assert good["response"]["body"]["choices"][0]["text"].startswith('About "Once upon')
    assert bad["response"]["status_code"] == 400
    assert batch.usage.output_tokens == good["response"]["body"]["usage"]["completion_tokens"]


def test_text_that_names_a_category_is_flagged_and_no_other(http: httpx2.Client):
    body = {"input": ["A walk in the park", "Raw violence", "Sexual/minors, self-harm"]}
    raw = http.post("moderations", json=body).json()
    answer = ModerationCreateResponse.model_validate(raw, strict=True)
    assert answer.model == "omni-moderation-latest"
    park, raw_violence, two = answer.results
    assert (park.flagged, raw_violence.flagged, two.flagged) == (False, True, True)
    assert raw_violence.categories.violence
    assert not raw_violence.categories.violence_graphic
    assert two.categories.sexual_minors
    assert two.categories.self_harm
    assert max(raw["results"][0]["category_scores"].values()) < 0.1
    assert raw_violence.category_scores.violence > 0.5


def test_parts_are_moderated_as_one_input(client: OpenAI):
    parts = [
        {"type": "text", "text": "hate"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,"}},
    ]
    (result,) = client.moderations.create(input=parts, model="toy").results
    assert result.categories.hate
    assert result.category_applied_input_types.violence == ["text", "image"]
    assert result.category_applied_input_types.hate == ["text"]


@pytest.mark.parametrize("given", [None, 7, [], [{"type": "audio"}], ["x", 7]])
def test_request_for_moderation_with_a_wrong_input_is_refused(http: httpx2.Client, given: object):
    answer = http.post("moderations", json={"input": given})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "input")


def test_moderations_are_answered_by_batch_with_and_without_a_model(client: OpenAI):
    url = "/v1/moderations"
    for body in ({"input": "hate"}, {"input": "hate", "model": "omni-moderation-latest"}):
        batch = run(client, line("a", body, url=url), url)
        (row,) = rows(client, batch.output_file_id)
        assert row["response"]["body"]["results"][0]["flagged"]
