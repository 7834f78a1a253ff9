"""Evolution: what is asked, what is read out of the answers, and what becomes of a row that fails."""

import pytest

from distilabel.exceptions import DistilabelUserError
from distilabel.steps.base import validate_step
from distilabel.steps.tasks import (
    EvolComplexity,
    EvolComplexityGenerator,
    EvolInstruct,
    EvolInstructGenerator,
    EvolQuality,
)
from distilabel.steps.tasks.evol import prompts
from distilabel.steps.tasks.evol.mutations import pick, rewritten
from distilabel.steps.tasks.evol.words import WORDS

from .scripted import FAILURE, ScriptedLLM, failure_of, run, saying

ROW = {"instruction": "Name a prime."}
ANSWER = {**ROW, "response": "Seven."}


class TestPrompts:
    @pytest.mark.parametrize(
        ("cls", "ways"),
        [
            (
                EvolInstruct,
                {"CONSTRAINTS", "DEEPENING", "CONCRETIZING", "INCREASED_REASONING_STEPS", "BREADTH"},
            ),
            (EvolComplexity, {"CONSTRAINTS", "DEEPENING", "CONCRETIZING", "INCREASED_REASONING_STEPS"}),
            (EvolQuality, {"HELPFULNESS", "RELEVANCE", "DEEPENING", "CREATIVITY", "DETAILS"}),
        ],
    )
    def test_ways_are_those_of_the_paper(self, cls, ways):
        task = cls(llm=saying(), num_evolutions=1)
        validate_step(task)
        assert set(task.mutation_templates) == ways

    @pytest.mark.parametrize("template", prompts.INSTRUCTION_TEMPLATES.values())
    def test_instruction_stands_in_the_prompt_once_and_word_for_word(self, template):
        task = EvolInstruct(llm=saying(), num_evolutions=1, mutation_templates={"A": template})
        text = r"Say <RESPONSE>, <PROMPT> and \1 {x}."
        (message,) = task.format_input({"instruction": text})
        assert message["role"] == "user"
        assert message["content"].count(text) == 1
        assert "<instruction>\n" + text + "\n</instruction>" in message["content"]

    @pytest.mark.parametrize("template", prompts.QUALITY_TEMPLATES.values())
    def test_answer_stands_in_the_prompt_beside_its_instruction(self, template):
        task = EvolQuality(llm=saying(), num_evolutions=1, mutation_templates={"A": template})
        content = task.format_input(ANSWER)[0]["content"]
        assert "<instruction>\nName a prime.\n</instruction>" in content
        assert "<response>\nSeven.\n</response>" in content

    def test_way_depends_on_seed_turn_and_row_and_on_nothing_else(self):
        ways = dict.fromkeys("ABCDE")
        picked = {pick(ways, 42, number, "Say hello.") for number in range(30)}
        assert picked == set("ABCDE")
        task = EvolInstruct(llm=saying(), num_evolutions=1)
        other = EvolInstruct(name="another", llm=saying(), num_evolutions=3)
        rows = [{"instruction": f"Question {i}"} for i in range(20)]
        assert [task.format_input(row) for row in rows] == [other.format_input(row) for row in rows]
        seeded = EvolInstruct(llm=saying(), num_evolutions=1, seed=7)
        assert [task.format_input(row) for row in rows] != [seeded.format_input(row) for row in rows]

    def test_print_shows_the_first_question(self, capsys):
        EvolInstruct(llm=saying(), num_evolutions=1, mutation_templates={"A": "Change <PROMPT>"}).print()
        assert "Change <INSTRUCTION>" in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("make", "reason"),
        [
            (lambda: EvolInstruct(llm=saying(), num_evolutions=1, mutation_templates={"A": "x"}), "'A' .* lacks <PROMPT>"),
            (lambda: EvolQuality(llm=saying(), num_evolutions=1, mutation_templates={"A": "<PROMPT>"}), "lacks <RESPONSE>"),
            (lambda: EvolInstruct(llm=saying(), num_evolutions=1, mutation_templates={}), "has no mutation templates"),
            (
                lambda: EvolInstructGenerator(llm=saying(), num_instructions=1, mutation_templates={"FRESH_START": "<PROMPT>"}),
                "except FRESH_START",
            ),
            (lambda: EvolInstructGenerator(llm=saying(), num_instructions=1, min_length=9, max_length=8), "set max_length to min_length"),
            (lambda: EvolInstructGenerator(llm=saying(), num_instructions=1, num_generations=2), "with `num_instructions`"),
        ],
    )  # fmt: skip
    def test_what_cannot_work_is_reported_at_once(self, make, reason):
        with pytest.raises(DistilabelUserError, match=reason):
            make()


class TestReading:
    @pytest.mark.parametrize(
        "said",
        [
            "Name a large prime.",
            "  Name a large prime.\n",
            "New instruction: Name a large prime.",
            "**Rewritten Prompt:** Name a large prime.",
            "#Rewritten Prompt#:\nName a large prime.",
            "## New instruction\nName a large prime.",
            "<instruction>\nName a large prime.\n</instruction>",
            "New instruction:\n<instruction>Name a large prime.</instruction>",
            '"Name a large prime."',
            "“Name a large prime.”",
        ],
    )
    def test_what_stands_around_the_text_is_taken_off(self, said):
        assert rewritten(said, "Name a prime.") == "Name a large prime."

    @pytest.mark.parametrize(
        "said",
        [
            "The new question of our time is which?",
            'Say "a" and then "b"',
            "Write a task: then solve it.",
            "'Tis true?",
            "Explain <b>this</b>.",
        ],
    )
    def test_text_that_only_looks_like_it_stays_whole(self, said):
        assert rewritten(said, "Name a prime.") == said

    @pytest.mark.parametrize(
        ("said", "reason"),
        [
            ("", "is empty"),
            ("New instruction:", "is empty"),
            ("...", "is empty"),
            (" NAME a\nprime. ", "the same as before"),
            ("#Given Prompt#: Name a prime, please.", "repeats the prompt"),
            ("Rewrite <PROMPT> well.", "repeats the prompt"),
        ],
    )
    def test_hopeless_answers_are_reported(self, said, reason):
        with pytest.raises(ValueError, match=reason):
            rewritten(said, "Name a prime.")


class TestInstruct:
    def test_last_evolution_is_the_instruction_and_each_builds_on_the_one_before(self):
        llm = saying("Name two primes.", "Name three primes.")
        task = EvolInstruct(name="e", llm=llm, num_evolutions=2)
        validate_step(task)
        (row,) = run(task, [ROW])
        assert row["evolved_instruction"] == "Name three primes."
        assert "Name two primes." in llm.prompts[1][0]
        assert set(row) == {"instruction", "evolved_instruction", "model_name", "distilabel_metadata"}

    def test_all_evolutions_are_kept_with_the_original_and_answered_if_asked_for(self):
        llm = saying("Name two primes.", "Name three primes.", "2", "2 and 3", "2, 3 and 5")
        task = EvolInstruct(
            llm=llm,
            num_evolutions=2,
            store_evolutions=True,
            generate_answers=True,
            include_original_instruction=True,
        )
        assert task.outputs == ["evolved_instructions", "answers", "model_name"]
        (row,) = run(task, [ROW])
        assert row["evolved_instructions"] == ["Name a prime.", "Name two primes.", "Name three primes."]
        assert row["answers"] == ["2", "2 and 3", "2, 3 and 5"]
        assert llm.prompts[-1] == row["evolved_instructions"]

    def test_answer_is_that_to_the_last_evolution(self):
        llm = saying("Name two primes.", "Name three primes.", "2, 3 and 5")
        (row,) = run(EvolInstruct(llm=llm, num_evolutions=2, generate_answers=True), [ROW])
        assert (row["evolved_instruction"], row["answer"]) == ("Name three primes.", "2, 3 and 5")
        assert llm.prompts[-1] == ["Name three primes."]

    def test_failed_evolution_costs_its_row_alone(self):
        def answer(prompt):
            return None if "bad" in prompt and "more" in prompt else prompt.removeprefix("x") + " more"

        task = EvolInstruct(
            name="e", llm=ScriptedLLM(answer=answer), num_evolutions=2, mutation_templates={"A": "x<PROMPT>"}
        )
        rows = run(task, [{"instruction": name} for name in ("good", "bad", "fine")])
        assert [row["evolved_instruction"] for row in rows] == ["good more more", None, "fine more more"]
        assert [bool(failure_of(row, "e")) for row in rows] == [False, True, False]

    def test_evolutions_before_a_failed_one_are_kept_where_all_are_wanted(self):
        task = EvolInstruct(
            name="e", llm=saying("Name two primes.", ""), num_evolutions=2, store_evolutions=True
        )
        (row,) = run(task, [ROW])
        assert row["evolved_instructions"] == ["Name two primes."]
        assert failure_of(row, "e")["message"] == "ValueError: the evolved text is empty"

    def test_instruction_whose_answer_failed_is_kept(self):
        refused = {"generations": [None], "failures": [FAILURE]}
        task = EvolInstruct(
            name="e", llm=saying("Name two primes.", refused), num_evolutions=1, generate_answers=True
        )
        (row,) = run(task, [ROW])
        assert (row["evolved_instruction"], row["answer"]) == ("Name two primes.", None)
        assert failure_of(row, "e") == FAILURE

    @pytest.mark.parametrize(
        ("row", "code"),
        [
            ({}, "missing_input"),
            ({"instruction": " "}, "unformattable_input"),
            ({"instruction": ["a"]}, "not_text"),
        ],
    )
    def test_row_without_an_instruction_is_not_asked(self, row, code):
        task = EvolInstruct(name="e", llm=saying(), num_evolutions=1)
        (made,) = run(task, [row])
        assert made["evolved_instruction"] is None
        assert failure_of(made, "e")["code"] == code

    def test_generations_of_a_row_go_different_ways(self):
        llm = ScriptedLLM(answer=lambda prompt: f"Evolved by {len(prompt)}?")
        task = EvolInstruct(llm=llm, num_evolutions=1, num_generations=12, group_generations=True)
        (row,) = run(task, [ROW])
        assert len(row["evolved_instruction"]) == 12
        assert len(set(row["evolved_instruction"])) > 2


class TestQuality:
    def test_answer_evolves_and_its_instruction_stays(self):
        llm = saying("Seven is a prime.", "Seven, since only 1 and 7 divide it.")
        task = EvolQuality(llm=llm, num_evolutions=2, store_evolutions=True, include_original_response=True)
        validate_step(task)
        (row,) = run(task, [ANSWER])
        assert row["evolved_responses"] == [
            "Seven.",
            "Seven is a prime.",
            "Seven, since only 1 and 7 divide it.",
        ]
        assert all("Name a prime." in prompt for (prompt,) in llm.prompts)
        assert "<response>\nSeven is a prime." in llm.prompts[1][0]

    def test_failed_one_says_why(self):
        (row,) = run(EvolQuality(name="q", llm=saying("Seven.."), num_evolutions=1), [ANSWER])
        assert row["evolved_response"] == "Seven.."
        (row,) = run(EvolQuality(name="q", llm=saying("seven."), num_evolutions=1), [ANSWER])
        assert (row["evolved_response"], failure_of(row, "q")["code"]) == (None, "unparseable_output")
        stored = EvolQuality(
            name="q",
            llm=saying(None),
            num_evolutions=1,
            store_evolutions=True,
            include_original_response=True,
        )
        assert run(stored, [ANSWER])[0]["evolved_responses"] is None


class TestGenerators:
    def test_instruction_begins_with_two_words_and_grows_to_the_wanted_length(self):
        llm = ScriptedLLM(
            answer=lambda prompt: "What?" if "these words" in prompt else f"{_given(prompt)} And why?"
        )
        task = EvolInstructGenerator(name="g", llm=llm, num_instructions=3, min_length=20, max_length=60)
        validate_step(task)
        ((rows, is_last),) = list(task.process())
        assert is_last
        assert [row["instruction"] for row in rows] == ["What? And why? And why?"] * 3
        starts = llm.prompts[0]
        assert len(set(starts)) == 3
        for start in starts:
            words = start.partition("these words: ")[2].partition(".")[0].split(", ")
            assert set(words) <= set(WORDS)

    def test_too_long_an_instruction_begins_again_with_other_words(self):
        llm = saying("What is it?", "What " * 30, "Where?", "Where is it, and why?")
        task = EvolInstructGenerator(llm=llm, num_instructions=1, min_length=15, max_length=40)
        rows, _ = next(task.process())
        assert rows[0]["instruction"] == "Where is it, and why?"
        first, _, second, _ = (prompt for (prompt,) in llm.prompts)
        assert "these words" in second
        assert first != second

    def test_length_is_counted_in_bytes(self):
        llm = saying("Wie?", "ßßßßß?")
        task = EvolInstructGenerator(llm=llm, num_instructions=1, min_length=11, max_length=11)
        assert next(task.process())[0][0]["instruction"] == "ßßßßß?"

    def test_what_never_gets_there_is_given_up_and_says_so(self):
        llm = saying(*(f"Who is number {i}?" for i in range(20)))
        task = EvolInstructGenerator(name="g", llm=llm, num_instructions=1)
        ((row,), _) = next(task.process())
        assert row["instruction"] is None
        assert failure_of(row, "g")["code"] == "length"
        assert "widen min_length and max_length" in failure_of(row, "g")["message"]
        assert len(llm.calls) == 12

    def test_answers_are_asked_for_the_instructions(self):
        llm = saying("What?", "What is it, and why?", "It is.")
        task = EvolInstructGenerator(
            llm=llm, num_instructions=1, min_length=9, max_length=40, generate_answers=True
        )
        ((row,), _) = next(task.process())
        assert (row["instruction"], row["answer"]) == ("What is it, and why?", "It is.")

    def test_rows_come_in_chunks_and_from_an_offset_they_are_the_same(self):
        def made(offset):
            llm = ScriptedLLM(answer=lambda prompt: f"What about {prompt[-40:]} then?")
            task = EvolComplexityGenerator(
                llm=llm, num_instructions=5, batch_size=2, min_length=5, max_length=400
            )
            return [(rows, last) for rows, last in task.process(offset=offset)]

        whole = made(0)
        assert [(len(rows), last) for rows, last in whole] == [(2, False), (2, False), (1, True)]
        assert made(2) == whole[1:]

    def test_complexity_has_no_way_into_breadth(self):
        assert set(EvolInstructGenerator(llm=saying(), num_instructions=1).mutation_templates) - set(
            EvolComplexityGenerator(llm=saying(), num_instructions=1).mutation_templates
        ) == {"BREADTH"}


def _given(prompt):
    return prompt.partition("<instruction>\n")[2].partition("\n</instruction>")[0]
