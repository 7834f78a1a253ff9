"""UltraFeedback."""

import json

import jsonschema
import pytest

from distilabel.steps.tasks import UltraFeedback
from distilabel.steps.tasks.ultrafeedback_aspects import ASPECTS

from .asked import answered, prompt, scripted

ROW = {"instruction": "2 + 2?", "generations": ["4", "five"]}
PLAIN = "[Text 1]\nRating: 5\nRationale: Right.\n\n[Text 2]\nRating: 1\nRationale: Wrong,\nplainly."
TYPED = """\
[Text 1]
Type: 1, 3
Rationale: Clear and short.
Rating: 5
Rationale for rating: Right.

[Text 2]
Type: None
Rationale: Nothing to name.
Rating: 2
Rationale for rating: Wrong."""
TYPED_ASPECTS = ["helpfulness", "truthfulness"]
PLAIN_ASPECTS = ["overall-rating", "honesty", "instruction-following"]


class TestPrompt:
    @pytest.mark.parametrize("aspect", ASPECTS)
    def test_aspect_scale_and_every_generation_are_shown(self, aspect):
        asked = prompt(UltraFeedback(llm=scripted(""), aspect=aspect), ROW)
        assert ASPECTS[aspect].description in asked
        assert all(text in asked for text in (*ASPECTS[aspect].scale, *ASPECTS[aspect].types))
        assert "[Instruction]\n2 + 2?\n\n[Text 1]\n4\n\n[Text 2]\nfive" in asked
        assert ("Type: <" in asked) == (aspect in TYPED_ASPECTS)

    @pytest.mark.parametrize("aspect", ASPECTS)
    def test_json_is_asked_for_where_the_answer_is_structured(self, aspect):
        asked = prompt(
            UltraFeedback(llm=scripted(""), aspect=aspect, use_default_structured_output=True), ROW
        )
        assert '{"ratings": [{"number": 1' in asked

    def test_columns_are_those_of_the_aspect(self):
        assert UltraFeedback(llm=scripted("")).outputs == ["ratings", "rationales", "model_name"]
        for aspect in TYPED_ASPECTS:
            assert UltraFeedback(llm=scripted(""), aspect=aspect).outputs == [
                *("types", "rationales", "ratings", "rationales-for-ratings", "model_name"),
            ]


class TestAnswer:
    @pytest.mark.parametrize("aspect", PLAIN_ASPECTS)
    def test_good_answer_gives_ratings_and_reasons(self, aspect):
        assert answered(UltraFeedback, PLAIN, ROW, aspect=aspect) == {
            "ratings": [5.0, 1.0],
            "rationales": ["Right.", "Wrong,\nplainly."],
        }

    @pytest.mark.parametrize("aspect", TYPED_ASPECTS)
    def test_good_answer_of_a_typed_aspect_gives_types_too(self, aspect):
        assert answered(UltraFeedback, TYPED, ROW, aspect=aspect) == {
            "types": [[1, 3], []],
            "rationales": ["Clear and short.", "Nothing to name."],
            "ratings": [5.0, 2.0],
            "rationales-for-ratings": ["Right.", "Wrong."],
        }

    def test_odd_answer_is_read(self):
        said = "Gladly!\n\n### Text 2\n**Rating:** 1/5\n**Rationale:** b\n\n### Text 1\n**Rationale:** a\n**Rating:** 4.5"
        assert answered(UltraFeedback, said, ROW) == {"ratings": [4.5, 1.0], "rationales": ["a", "b"]}

    @pytest.mark.parametrize(
        ("said", "reason"),
        [
            ("Both are fine.", "no text for item 1 of 2"),
            (PLAIN.replace("[Text 2]", "[Text 1]"), "two texts for item 1"),
            (PLAIN.replace("[Text 2]", "[Text 3]"), "a text for item 3 of 2"),
            (PLAIN.replace("[Text 2]", ""), "no text for item 2 of 2"),
            (PLAIN + "\nRating: 2", "answer has the section 'rating' twice"),
            (PLAIN.replace("Rating: 1", "Rating: N/A"), "'N/A' is not a number from 1 to 5"),
            (PLAIN.replace("Rating: 1", "Rating: 3-4"), "'3-4' is not a number"),
            (PLAIN.replace("Rating: 1", "Rating: 10"), "'10.0' is not a number from 1 to 5"),
            (PLAIN.replace("Rationale: Right.", ""), "no section 'rationale'"),
        ],
    )
    def test_hopeless_answer_gives_none_and_the_reason(self, said, reason):
        made = answered(UltraFeedback, said, ROW)
        assert (made["ratings"], made["rationales"]) == (None, None)
        assert reason in made["failure"]

    @pytest.mark.parametrize("types", ["many", "4", "1, 9"])
    def test_types_that_there_are_not_give_none(self, types):
        made = answered(UltraFeedback, TYPED.replace("1, 3", types), ROW, aspect="helpfulness")
        assert made["types"] is made["ratings"] is None
        assert made["failure"]

    @pytest.mark.parametrize("none", ["None", "none.", "N/A", "-"])
    def test_no_types_are_an_empty_list(self, none):
        made = answered(
            UltraFeedback, TYPED.replace("Type: None", f"Type: {none}"), ROW, aspect="truthfulness"
        )
        assert made["types"] == [[1, 3], []]

    def test_structured_answer_that_fits_the_schema_is_read(self):
        said = {
            "ratings": [
                {"number": 2, "type": [], "rationale": "b", "rating": 1, "rationale for rating": "d"},
                {"number": 1, "type": [2], "rationale": "a", "rating": 5, "rationale for rating": "c"},
            ]
        }
        jsonschema.validate(
            said, UltraFeedback(llm=scripted(""), aspect="helpfulness").get_structured_output()
        )
        fields = {"use_default_structured_output": True}
        assert answered(UltraFeedback, json.dumps(said), ROW, aspect="helpfulness", **fields) == {
            "types": [[2], []],
            "rationales": ["a", "b"],
            "ratings": [5.0, 1.0],
            "rationales-for-ratings": ["c", "d"],
        }
        assert answered(UltraFeedback, json.dumps(said), ROW, **fields)["ratings"] == [5.0, 1.0]

    @pytest.mark.parametrize(
        "entry",
        [{}, {"number": 2}, {"number": 2, "rating": 1}, {"number": 2, "rating": True, "rationale": "b"}],
    )
    def test_structured_answer_that_lacks_something_gives_none(self, entry):
        said = {"ratings": [{"number": 1, "rating": 5, "rationale": "a"}, entry]}
        made = answered(UltraFeedback, json.dumps(said), ROW)
        assert made["ratings"] is None
        assert made["failure"]

    def test_print_shows_placeholders(self, capsys):
        UltraFeedback(llm=scripted("")).print()
        assert "<GENERATION 2>" in capsys.readouterr().out
