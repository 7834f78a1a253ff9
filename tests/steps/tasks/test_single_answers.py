"""Tasks that read one thing from an answer: InstructionBacktranslation, SelfInstruct, CLAIR, Genstruct."""

import pytest

from distilabel.steps.tasks import CLAIR, Genstruct, InstructionBacktranslation, SelfInstruct

from .asked import answered, prompt, scripted


class TestInstructionBacktranslation:
    ROW = {"instruction": "2 + {2}?", "generation": "4"}  # noqa: RUF012 - never changed

    def test_prompt_shows_instruction_and_answer(self):
        asked = prompt(InstructionBacktranslation(llm=scripted("")), self.ROW)
        assert "[Instruction]\n2 + {2}?\n\n[Answer]\n4" in asked

    @pytest.mark.parametrize(
        ("said", "score", "reason"),
        [
            ("Right.\n\nScore: 4", 4, "Right."),
            ("Right.\n**Score:** 4/5", 4, "Right."),
            ("Score: 2\nIt lacks a step.", 2, "It lacks a step."),
            ("At first sight:\nScore: 2\nBut no.\nScore: 4", 4, "At first sight:\nScore: 2\nBut no."),
        ],
    )
    def test_score_and_reason_are_read(self, said, score, reason):
        made = answered(InstructionBacktranslation, said, self.ROW)
        assert made == {"score": score, "reason": reason}
        assert type(made["score"]) is int

    @pytest.mark.parametrize(
        ("said", "reason"),
        [
            (None, "no text"),
            ("It is good.", "no lines with a score"),
            ("Score: 2\nScore: 4\nHard to tell.", "2 lines with a score"),
            ("Right.\nScore: 4-5", "not a number"),
            ("Right.\nScore: 4.5", "not a whole number"),
            ("Right.\nScore: 0", "not a number from 1 to 5"),
            ("Right.\nScore: high", "not a number from 1 to 5"),
        ],
    )
    def test_hopeless_answer_gives_none_and_the_reason(self, said, reason):
        made = answered(InstructionBacktranslation, said, self.ROW)
        assert (made["score"], made["reason"]) == (None, None)
        assert reason in made["failure"]


class TestSelfInstruct:
    ROW = {"input": "The {sea}"}  # noqa: RUF012 - never changed

    def test_prompt_shows_what_was_set(self):
        task = SelfInstruct(
            llm=scripted(""),
            num_instructions=7,
            criteria_for_query_generation="Be brief.",
            application_description="A tide table",
        )
        asked = prompt(task, self.ROW)
        assert "exactly 7 queries" in asked
        assert "[Application]\nA tide table\n\n[Criteria]\nBe brief.\n" in asked
        assert "The {sea}" in asked
        assert "AI assistant" in prompt(SelfInstruct(llm=scripted("")), self.ROW)

    @pytest.mark.parametrize(
        "said",
        ["1. a?\n2. b", "Here are 2 queries:\n\n- a?\n- b", "a?\n\nb"],
    )
    def test_instructions_are_read_without_the_words_around(self, said):
        assert answered(SelfInstruct, said, self.ROW, num_instructions=2) == {"instructions": ["a?", "b"]}

    @pytest.mark.parametrize("said", ["", "I cannot help with that.", "Sure:\na\nb"])
    def test_hopeless_answer_gives_none_and_the_reason(self, said):
        made = answered(SelfInstruct, said, self.ROW, num_instructions=2)
        assert made["instructions"] is None
        assert made["failure"]


class TestCLAIR:
    ROW = {"task": "2 + 2?", "student_solution": "5 {x}"}  # noqa: RUF012 - never changed

    def test_prompt_shows_task_and_solution(self):
        asked = prompt(CLAIR(llm=scripted("")), self.ROW)
        assert "[Task]\n2 + 2?\n\n[Student's solution]\n5 {x}\n" in asked

    @pytest.mark.parametrize(
        "said",
        [
            "## Reasoning\nWrong.\n\n## Revision\n4\n\nTwo pairs.",
            "**Reasoning:** Wrong.\n**Revision:** 4\n\nTwo pairs.",
        ],
    )
    def test_revision_and_reason_are_read(self, said):
        assert answered(CLAIR, said, self.ROW) == {"revision": "4\n\nTwo pairs.", "rational": "Wrong."}

    @pytest.mark.parametrize(
        "said", ["4", "## Reasoning\nWrong.", "## Revision\n4", "## Reasoning\n## Revision\n4"]
    )
    def test_hopeless_answer_gives_none_and_the_reason(self, said):
        made = answered(CLAIR, said, self.ROW)
        assert (made["revision"], made["rational"]) == (None, None)
        assert "no section" in made["failure"]


class TestGenstruct:
    ROW = {"title": "Tides", "content": "The moon {pulls}."}  # noqa: RUF012 - never changed

    def test_prompt_has_the_marks_that_the_model_knows(self):
        asked = prompt(Genstruct(llm=scripted("")), self.ROW)
        assert asked.startswith("[[[Title]]] Tides\n[[[Content]]] The moon {pulls}.\n")
        assert asked.endswith("[[[User]]] ")

    @pytest.mark.parametrize(
        "said",
        [
            "Why?\n[[[Assistant]]] The moon.",
            "[[[User]]] Why?\n[[[Assistant]]] The moon.",
            "Why?\n[[[Assistant]]] The moon.\n[[[User]]] And?\n[[[Assistant]]] The sun.",
        ],
    )
    def test_first_question_and_answer_are_read(self, said):
        assert answered(Genstruct, said, self.ROW) == {"user": "Why?", "assistant": "The moon."}

    @pytest.mark.parametrize(
        "said", ["Why?", "[[[Assistant]]] The moon.", "Why? [[[Assistant]]]", "[[[User]]][[[User]]]"]
    )
    def test_hopeless_answer_gives_none_and_the_reason(self, said):
        made = answered(Genstruct, said, self.ROW)
        assert (made["user"], made["assistant"]) == (None, None)
        assert made["failure"]
