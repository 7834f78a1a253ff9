"""GenerateSentencePair."""

import json

import jsonschema
import pytest

from distilabel.steps.tasks import GenerateSentencePair

from .asked import answered, prompt, scripted

ROW = {"anchor": "The {cat} sleeps."}
ACTIONS = ["paraphrase", "semantically-similar", "query", "answer"]


class TestPrompt:
    def test_each_action_asks_for_something_else(self):
        asked = {prompt(GenerateSentencePair(llm=scripted(""), action=action), ROW) for action in ACTIONS}
        assert len(asked) == len(ACTIONS)
        assert all("[Anchor]\nThe {cat} sleeps.\n" in text for text in asked)

    @pytest.mark.parametrize("action", ACTIONS)
    def test_negative_is_asked_for_in_a_triplet_alone(self, action):
        single = prompt(GenerateSentencePair(llm=scripted(""), action=action), ROW)
        triplet = prompt(GenerateSentencePair(llm=scripted(""), action=action, triplet=True), ROW)
        hard = prompt(
            GenerateSentencePair(llm=scripted(""), action=action, triplet=True, hard_negative=True), ROW
        )
        assert "negative" not in single.lower()
        assert "## Negative" in triplet
        assert "mistaken" in hard
        assert "mistaken" not in triplet

    def test_context_is_shown_where_it_is_set(self):
        assert "[Context]\nLaw.\n" in prompt(
            GenerateSentencePair(llm=scripted(""), action="query", context="Law."), ROW
        )

    def test_json_is_asked_for_where_the_answer_is_structured(self):
        fields = {"action": "query", "triplet": True, "use_default_structured_output": True}
        asked = prompt(GenerateSentencePair(llm=scripted(""), **fields), ROW)
        assert asked.endswith(
            '{"positive": "<the positive sentence>", "negative": "<the negative sentence>"}'
        )

    def test_columns_are_those_asked_for(self):
        assert GenerateSentencePair(llm=scripted(""), action="query").outputs == ["positive", "model_name"]
        triplet = GenerateSentencePair(llm=scripted(""), action="query", triplet=True)
        assert triplet.outputs == ["positive", "negative", "model_name"]

    def test_unknown_action_is_reported(self):
        with pytest.raises(ValueError, match="'paraphrase', 'semantically-similar', 'query' or 'answer'"):
            GenerateSentencePair(llm=scripted(""), action="rhyme")


class TestAnswer:
    @pytest.mark.parametrize(
        "said",
        [
            "## Positive\n\nIt naps.\n\n## Negative\n\nIt hunts.",
            "Positive: It naps.\nNegative: It hunts.",
            '{"negative": "It hunts.", "positive": "It naps."}',
        ],
    )
    def test_triplet_is_read(self, said):
        made = answered(GenerateSentencePair, said, ROW, action="paraphrase", triplet=True)
        assert made == {"positive": "It naps.", "negative": "It hunts."}

    def test_pair_is_read(self):
        made = answered(GenerateSentencePair, "## Positive\nIt naps.", ROW, action="paraphrase")
        assert made == {"positive": "It naps."}

    @pytest.mark.parametrize("triplet", [True, False])
    def test_structured_answer_that_fits_the_schema_is_read(self, triplet):
        said = {"positive": "It naps.", **({"negative": "It hunts."} if triplet else {})}
        fields = {"action": "query", "triplet": triplet, "use_default_structured_output": True}
        jsonschema.validate(said, GenerateSentencePair(llm=scripted(""), **fields).get_structured_output())
        assert answered(GenerateSentencePair, json.dumps(said), ROW, **fields) == said

    @pytest.mark.parametrize(
        "said",
        [
            "",
            "It naps.",
            "## Positive\nIt naps.",
            '{"positive": "It naps."}',
            '{"positive": "a", "negative": 1}',
        ],
    )
    def test_hopeless_answer_gives_none_and_the_reason(self, said):
        made = answered(GenerateSentencePair, said, ROW, action="query", triplet=True)
        assert (made["positive"], made["negative"]) == (None, None)
        assert made["failure"]
