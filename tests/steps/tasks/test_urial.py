"""URIAL."""

import pytest

from distilabel.steps.tasks import URIAL

from .asked import answered, prompt, scripted

ROW = {"instruction": "2 + {2}?"}


class TestPrompt:
    def test_instruction_comes_last_and_its_answer_is_left_open(self):
        asked = prompt(URIAL(llm=scripted("")), ROW)
        assert asked.endswith("# Query:\n```\n2 + {2}?\n```\n\n# Answer:\n```\n")
        assert asked.count("# Query:") == 4

    def test_conversation_goes_before_its_last_message(self):
        chat = [
            {"role": "user", "content": "a"},
            {"role": "assistant", "content": "b"},
            {"role": "user", "content": "c"},
        ]
        asked = prompt(URIAL(llm=scripted("")), {"conversation": chat})
        turns = "# Query:\n```\na\n```\n\n# Answer:\n```\nb\n```\n\n# Query:\n```\nc\n```\n\n# Answer:\n```\n"
        assert asked.endswith(turns)

    @pytest.mark.parametrize(
        "row",
        [
            {},
            {"instruction": None},
            {"conversation": []},
            {"conversation": [{"role": "assistant", "content": "a"}]},
            {"conversation": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]},
            {"conversation": [{"role": "user", "content": "a"}] * 3},
        ],
    )
    def test_row_with_nothing_to_answer_is_reported(self, row):
        made = answered(URIAL, "x", row)
        assert made["generation"] is None
        assert "user and assistant take turns" in made["failure"]

    def test_print_shows_a_placeholder(self, capsys):
        URIAL(llm=scripted("")).print()
        assert "<INSTRUCTION>" in capsys.readouterr().out


class TestAnswer:
    @pytest.mark.parametrize(
        ("said", "answer"),
        [
            ("It is 4.", "It is 4."),
            ("It is 4.\n```", "It is 4."),
            ("It is 4.\n```\n\n# Query:\n```\nAnd 3?", "It is 4."),
            ("It is 4.\n# Query:\nAnd 3?", "It is 4."),
            ("Write:\n```python\n2 + 2\n```", "Write:\n```python\n2 + 2\n```"),
            ("Write:\n```python\n2 + 2\n```\n```\n\n# Query:\nx", "Write:\n```python\n2 + 2\n```"),
        ],
    )
    def test_answer_ends_where_the_model_goes_on_by_itself(self, said, answer):
        assert answered(URIAL, said, ROW) == {"generation": answer}

    @pytest.mark.parametrize("said", ["", "```", "# Query:\n```\nAnd 3?"])
    def test_hopeless_answer_gives_none_and_the_reason(self, said):
        made = answered(URIAL, said, ROW)
        assert made["generation"] is None
        assert "The answer is empty" in made["failure"]
