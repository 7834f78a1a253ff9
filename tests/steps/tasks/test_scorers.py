"""ComplexityScorer and QualityScorer."""

import json

import jsonschema
import pytest

from distilabel.steps.tasks import ComplexityScorer, QualityScorer

from .asked import answered, prompt, scripted

INSTRUCTIONS = {"instructions": ["Say {hi}.", "Prove it."]}
RESPONSES = {"instruction": "2 + 2?", "responses": ["4", "five {x}"]}
BOTH = [(ComplexityScorer, INSTRUCTIONS), (QualityScorer, RESPONSES)]


class TestPrompt:
    def test_complexity_shows_every_instruction_with_its_number(self):
        asked = prompt(ComplexityScorer(llm=scripted("")), INSTRUCTIONS)
        assert "Below are 2 instructions" in asked
        assert "[Instruction 1]\nSay {hi}.\n\n[Instruction 2]\nProve it." in asked
        assert asked.endswith("[1] Score: <number>\n[2] Score: <number>")

    def test_quality_shows_the_instruction_and_every_response_with_its_number(self):
        asked = prompt(QualityScorer(llm=scripted("")), RESPONSES)
        assert "[Instruction]\n2 + 2?\n\n[Response 1]\n4\n\n[Response 2]\nfive {x}" in asked

    @pytest.mark.parametrize(("cls", "row"), BOTH)
    def test_json_is_asked_for_where_the_answer_is_structured(self, cls, row):
        asked = prompt(cls(llm=scripted(""), use_default_structured_output=True), row)
        assert '{"scores": [{"number": 1, "score": <number>}, ...]}' in asked

    @pytest.mark.parametrize(("cls", "row"), BOTH)
    def test_row_without_a_list_costs_that_row_alone(self, cls, row):
        task = cls(name="t", llm=scripted("[1] Score: 1\n[2] Score: 2"))
        broken = {**row, **dict.fromkeys(("instructions", "responses"), "text")}
        bad, good = next(task.process([broken, row]))
        assert (bad["scores"], good["scores"]) == (None, [1.0, 2.0])
        assert "must hold a list of texts" in bad["distilabel_metadata"]["failure_t"]["message"]


class TestAnswer:
    @pytest.mark.parametrize(("cls", "row"), BOTH)
    def test_good_answer_gives_each_item_its_score(self, cls, row):
        assert answered(cls, "[2] Score: 4\n[1] Score: 1", row) == {"scores": [1.0, 4.0]}

    @pytest.mark.parametrize(("cls", "row"), BOTH)
    def test_structured_answer_that_fits_the_schema_is_read(self, cls, row):
        said = {"scores": [{"number": 1, "score": 5}, {"number": 2, "score": 2}]}
        jsonschema.validate(said, cls(llm=scripted("")).get_structured_output())
        assert answered(cls, json.dumps(said), row, use_default_structured_output=True) == {
            "scores": [5.0, 2.0]
        }

    @pytest.mark.parametrize(("cls", "row"), BOTH)
    def test_hopeless_answer_gives_none_and_the_reason(self, cls, row):
        made = answered(cls, "Score: 1\nScore: 4", row)
        assert made["scores"] is None
        assert "no score for item 1 of 2" in made["failure"]

    def test_six_is_for_instructions_alone(self):
        said = "[1] Score: 6\n[2] Score: 1"
        assert answered(ComplexityScorer, said, INSTRUCTIONS)["scores"] == [6.0, 1.0]
        assert answered(QualityScorer, said, RESPONSES)["scores"] is None

    @pytest.mark.parametrize("cls", [ComplexityScorer, QualityScorer])
    def test_print_shows_placeholders(self, cls, capsys):
        cls(llm=scripted("")).print()
        assert "2>" in capsys.readouterr().out
