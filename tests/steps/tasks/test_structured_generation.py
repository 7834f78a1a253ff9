"""StructuredGeneration."""

import pytest

from distilabel.steps.tasks import StructuredGeneration

from .asked import answered, prompt, scripted

JSON = {"format": "json", "schema": {"type": "object", "properties": {"sum": {"type": "integer"}}}}
REGEX = {"format": "regex", "schema": r"\d+"}


class TestPrompt:
    @pytest.mark.parametrize("structure", [JSON, REGEX])
    def test_each_row_brings_its_structure(self, structure):
        task = StructuredGeneration(llm=scripted(""))
        chat = [{"role": "user", "content": "2 + {2}?"}]
        assert task.format_input({"instruction": "2 + {2}?", "structured_output": structure}) == (
            chat,
            structure,
        )

    def test_format_is_json_where_the_row_does_not_say(self):
        row = {"instruction": "a", "structured_output": {"schema": JSON["schema"], "format": None}}
        assert StructuredGeneration(llm=scripted("")).format_input(row)[1] == JSON

    def test_system_prompt_of_the_row_is_used_where_that_is_set(self):
        row = {"instruction": "a", "structured_output": JSON, "system_prompt": "Be brief."}
        assert "Be brief." in prompt(StructuredGeneration(llm=scripted(""), use_system_prompt=True), row)
        assert "Be brief." not in prompt(StructuredGeneration(llm=scripted("")), row)

    @pytest.mark.parametrize("structure", [{}, {"format": "json"}, "json", {"schema": None}])
    def test_row_without_a_structure_costs_itself_alone(self, structure):
        made = answered(StructuredGeneration, "x", {"instruction": "a", "structured_output": structure})
        assert made["generation"] is None
        assert "'structured_output' of 't' must hold a dict" in made["failure"]

    def test_print_shows_a_placeholder(self, capsys):
        StructuredGeneration(llm=scripted("")).print()
        assert "<INSTRUCTION>" in capsys.readouterr().out


class TestAnswer:
    @pytest.mark.parametrize("said", ['{"sum": 4}', "not JSON at all"])
    def test_text_is_given_as_it_came(self, said):
        assert answered(StructuredGeneration, said, {"instruction": "a", "structured_output": JSON}) == {
            "generation": said,
        }

    def test_no_text_is_none_and_the_reason(self):
        made = answered(StructuredGeneration, None, {"instruction": "a", "structured_output": JSON})
        assert made["generation"] is None
        assert made["failure"]
