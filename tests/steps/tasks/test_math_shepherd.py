"""Math-Shepherd: reading solutions, comparing answers, labelling steps by where they lead, and the two formats."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from distilabel.exceptions import DistilabelUserError
from distilabel.steps.base import validate_step
from distilabel.steps.tasks import FormatPRM, MathShepherdCompleter, MathShepherdGenerator
from distilabel.steps.tasks.math_shepherd.solutions import answer_of, same_answer, steps_of

from .scripted import FAILURE, ScriptedLLM, failure_of, run, saying

ROW = {"instruction": "What is 2 + 2?"}
SOLVED = "Step 1: 2 + 2 = 4.\nStep 2: The answer is: 4"
STEPS = ["Step 1: 2 + 2 = 4.", "Step 2: The answer is: 4"]


class TestSteps:
    @pytest.mark.parametrize(
        ("text", "steps"),
        [
            (SOLVED, STEPS),
            ("Of course.\n\n" + SOLVED + "\n", STEPS),
            ("Step 1: a\nand more of it\n\nStep 2: b", ["Step 1: a\nand more of it", "Step 2: b"]),
            ("**Step 1:** a\n**Step 2:** b", ["**Step 1:** a", "**Step 2:** b"]),
            ("## Step 1. a\n- step 2) see step 1: b", ["## Step 1. a", "- step 2) see step 1: b"]),
            ('{"steps": ["2 + 2 = 4.", "Step 2: The answer is: 4"]}', STEPS),
        ],
    )
    def test_lines_that_begin_with_a_number_are_steps(self, text, steps):
        assert steps_of(text) == steps

    @pytest.mark.parametrize(
        "text", ["", "Four.", '{"steps": []}', '{"steps": [1]}', "[" * 9999, "a step 1: b"]
    )
    def test_text_without_steps_is_reported(self, text):
        with pytest.raises(ValueError, match="no line that begins"):
            steps_of(text)

    @given(st.text())
    @settings(deadline=None)
    def test_any_text_is_split_or_refused_and_nothing_else_happens(self, text):
        with contextlib.suppress(ValueError):
            assert all(steps_of(text))


class TestAnswers:
    @pytest.mark.parametrize(
        ("text", "answer"),
        [
            (SOLVED, "4"),
            ("The answer is 3. No: the answer is: $18.", "18"),
            ("So it is four.\nAnswer: **4**.", "4"),
            (r"Hence \boxed{\frac{1}{2}}.", r"\frac{1}{2}"),
            (r"The answer is: $\boxed{12}$.", "12"),
            ('{"steps": ["Step 1: The answer is: 7"]}', "7"),
            ("It is 4.", None),
            ("The answer is: ", None),
        ],
    )
    def test_last_answer_counts(self, text, answer):
        assert answer_of(text) == answer

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("4", "4.0"), ("1,200", "1200"), ("$5", "5 dollars"), ("0.5", "1/2"), ("-3", "-3."), ("Blue", "blue "),
            ("x = 3", "x=3"), ("12 apples", "12"), (r"\boxed{7}", "7"), ("50%", "50 %"),
        ],
    )  # fmt: skip
    def test_same_answers_in_other_words(self, one, other):
        assert same_answer(one, other)
        assert same_answer(other, one)

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("4", "5"),
            ("2x", "2"),
            ("-3", "3"),
            ("1/0", "1"),
            ("blue", "red"),
            ("1e9999999", "1"),
            ("9" * 70, "1"),
        ],
    )
    def test_other_answers(self, one, other):
        assert not same_answer(one, other)

    @given(st.text(), st.text())
    @settings(deadline=None)
    def test_any_two_texts_can_be_compared(self, one, other):
        assert same_answer(one, one)
        assert same_answer(one, other) == same_answer(other, one)
        answer_of(one)


class TestGenerator:
    def test_one_solution_is_the_golden_one(self):
        task = MathShepherdGenerator(name="g", llm=saying(SOLVED))
        validate_step(task)
        assert task.outputs == ["golden_solution", "model_name"]
        (row,) = run(task, [ROW])
        assert row["golden_solution"] == STEPS
        system, user = task.llm.calls[0][0]
        assert user == {"role": "user", "content": "Problem: What is 2 + 2?"}
        assert '"The answer is: "' in system["content"]
        assert "An example." in system["content"]

    def test_several_are_asked_each_for_itself(self):
        task = MathShepherdGenerator(llm=saying(SOLVED, "Step 1: The answer is: 5"), M=2)
        (row,) = run(task, [ROW])
        assert row["solutions"] == [STEPS, ["Step 1: The answer is: 5"]]
        assert len(task.llm.calls[0]) == 2

    def test_solution_that_cannot_be_read_leaves_the_others_and_is_reported(self):
        refused = {"generations": [None], "failures": [FAILURE]}
        (row,) = run(MathShepherdGenerator(name="g", llm=saying("Four.", SOLVED, refused), M=3), [ROW])
        assert row["solutions"] == [STEPS]
        assert failure_of(row, "g") == FAILURE
        (row,) = run(MathShepherdGenerator(name="g", llm=saying("Four.", SOLVED), M=2), [ROW])
        assert failure_of(row, "g")["code"] == "unparseable_output"

    def test_row_without_any_has_none(self):
        rows = run(MathShepherdGenerator(name="g", llm=saying("Four.", SOLVED)), [ROW, ROW])
        assert [row["golden_solution"] for row in rows] == [None, STEPS]
        assert failure_of(rows[0], "g")["code"] == "unparseable_output"
        (row,) = run(MathShepherdGenerator(name="g", llm=saying(None), M=1), [ROW])
        assert row["solutions"] is None

    def test_prompt_takes_rules_and_examples_and_may_be_ones_own(self):
        task = MathShepherdGenerator(llm=saying(), extra_rules="- In German.", few_shots="None.")
        prompt = task.format_input(ROW)[0]["content"]
        assert "- In German." in prompt
        assert prompt.endswith("None.")
        own = MathShepherdGenerator(llm=saying(), system_prompt="Go. {{ extra_rules }}", extra_rules="Now.")
        assert own.format_input(ROW)[0]["content"] == "Go. Now."
        with pytest.raises(DistilabelUserError, match="is not valid Jinja2"):
            MathShepherdGenerator(llm=saying(), system_prompt="{{ oh")

    def test_structure_is_asked_for_and_read(self):
        llm = saying('{"steps": ["2 + 2 = 4.", "The answer is: 4"]}')
        (row,) = run(MathShepherdGenerator(llm=llm, use_default_structured_output=True), [ROW])
        assert row["golden_solution"] == STEPS
        _, structure = llm.calls[0][0]
        assert structure["schema"]["required"] == ["steps"]


LABELLED = ["Step 1: 2 + 2 = 4. +", "Step 2: The answer is: 4 +"]
TASK = {**ROW, "golden_solution": STEPS}


class TestCompleter:
    def test_step_is_good_if_one_of_its_completions_comes_to_the_answer(self):
        llm = saying("The answer is: 5", "The answer is: 4.0", "The answer is: 5", "Who knows?")
        solution = ["Step 1: a", "Step 2: b", "Step 3: The answer is: 4"]
        task = MathShepherdCompleter(llm=llm, N=2)
        validate_step(task)
        (row,) = run(task, [{**TASK, "solutions": [solution]}])
        assert row["solutions"] == [["Step 1: a +", "Step 2: b -", "Step 3: The answer is: 4 +"]]
        asked = llm.prompts[0]
        assert [prompt.partition("First steps:\n")[2] for prompt in asked] == ["Step 1: a"] * 2 + [
            "Step 1: a\nStep 2: b"
        ] * 2
        assert all(prompt.startswith("Problem: What is 2 + 2?") for prompt in asked)

    def test_last_step_is_judged_by_its_own_answer_and_asks_nothing(self):
        llm = saying()
        solutions = [["Step 1: The answer is: 4"], "Step 1: The answer is: 5", ["Step 1: Hm."]]
        (row,) = run(MathShepherdCompleter(llm=llm, tags=["good", "bad"]), [{**TASK, "solutions": solutions}])
        assert row["solutions"] == [
            ["Step 1: The answer is: 4 good"], ["Step 1: The answer is: 5 bad"], ["Step 1: Hm. bad"],
        ]  # fmt: skip
        assert llm.calls == []

    def test_all_rows_are_asked_at_once_and_each_gets_its_own(self):
        def answer(prompt):
            return f"The answer is: {4 if 'even' in prompt else 5}"

        rows = [{**TASK, "solutions": [[f"Step 1: {name}", "Step 2: so"]]} for name in ("even", "odd")]
        task = MathShepherdCompleter(llm=ScriptedLLM(answer=answer))
        assert [row["solutions"][0][0] for row in run(task, rows)] == ["Step 1: even +", "Step 1: odd -"]
        assert len(task.llm.calls) == 1

    def test_step_without_any_completion_leaves_its_solution_unlabelled_and_no_other(self):
        def answer(prompt):
            return None if "lost" in prompt else "The answer is: 4"

        solutions = [["Step 1: lost", "Step 2: The answer is: 4"], STEPS]
        task = MathShepherdCompleter(name="c", llm=ScriptedLLM(answer=answer), N=2)
        rows = run(task, [{**TASK, "solutions": solutions}, {**TASK, "solutions": [STEPS]}])
        assert [row["solutions"] for row in rows] == [[None, LABELLED], [LABELLED]]
        assert [bool(failure_of(row, "c")) for row in rows] == [True, False]

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"golden_solution": ["Step 1: Hm."]}, "has no answer"),
            ({"golden_solution": [1]}, "a list of steps"),
            ({"solutions": "4"}, "must be a list of solutions"),
            ({"solutions": ["Four."]}, "no line that begins"),
            ({"solutions": [[1]]}, "a list of steps"),
            ({"instruction": ""}, "holds no text"),
        ],
    )
    def test_row_that_cannot_be_labelled_says_why(self, changes, reason):
        (row,) = run(
            MathShepherdCompleter(name="c", llm=saying()), [{**TASK, "solutions": [STEPS], **changes}]
        )
        assert row["solutions"] is None
        assert reason in failure_of(row, "c")["message"]

    def test_structure_is_asked_for_and_read(self):
        llm = saying('{"steps": ["The answer is: 4"]}')
        task = MathShepherdCompleter(llm=llm, use_default_structured_output=True)
        assert run(task, [{**TASK, "solutions": [STEPS]}])[0]["solutions"] == [LABELLED]
        assert isinstance(llm.calls[0][0], tuple)

    def test_print_shows_how_it_asks(self, capsys):
        MathShepherdCompleter(llm=saying()).print()
        assert "Step 1: <STEP>" in capsys.readouterr().out


class TestFormat:
    def test_trl(self):
        task = FormatPRM()
        validate_step(task)
        row = {**ROW, "solutions": [LABELLED[0], "Step 2: The answer is: 5 -"]}
        assert run(task, [row]) == [
            {**row, "prompt": ROW["instruction"], "completions": [STEPS[0], "Step 2: The answer is: 5"], "labels": [True, False]}
        ]  # fmt: skip

    def test_math_shepherd(self):
        row = {**ROW, "solutions": [LABELLED[0], "Step 2: The answer is: 5 -"]}
        (made,) = run(FormatPRM(format="math-shepherd", step_token="<s>"), [row])
        assert made["input"] == "What is 2 + 2? Step 1: 2 + 2 = 4. <s>\nStep 2: The answer is: 5 <s>"
        assert made["label"] == "What is 2 + 2? Step 1: 2 + 2 = 4. +\nStep 2: The answer is: 5 -"

    def test_what_the_completer_could_not_label_stays_none(self):
        (made,) = run(FormatPRM(), [{**ROW, "solutions": None}])
        assert (made["prompt"], made["completions"], made["labels"]) == (None, None, None)

    def test_step_without_a_tag_is_reported(self):
        with pytest.raises(ValueError, match="ends with none of the tags"):
            run(FormatPRM(), [{**ROW, "solutions": STEPS}])

    @pytest.mark.parametrize("tags", [["+"], ["+", "+"], ["a b", "-"], ["", "-"]])
    def test_tags_that_cannot_be_distinguished_are_refused(self, tags):
        for make in (lambda: FormatPRM(tags=tags), lambda: MathShepherdCompleter(llm=saying(), tags=tags)):
            with pytest.raises(DistilabelUserError, match="two different tags of one word"):
                make()
