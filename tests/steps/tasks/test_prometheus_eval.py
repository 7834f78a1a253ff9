"""PrometheusEval."""

import pytest

from distilabel.exceptions import DistilabelUserError
from distilabel.steps.base import validate_step
from distilabel.steps.tasks import PrometheusEval
from distilabel.steps.tasks.prometheus_rubrics import RUBRICS

from .asked import answered, prompt, scripted

ONE = {"instruction": "2 + {2}?", "generation": "4", "reference": "four"}
TWO = {"instruction": "2 + 2?", "generations": ["4", "5"], "reference": "four"}
OWN = "[Is it short?]\n" + "\n".join(f"Score {score}: {score} of 5." for score in range(1, 6))


def absolute(**fields):
    return {"mode": "absolute", "rubric": "honesty", **fields}


class TestPrompt:
    def test_absolute_shows_the_whole_rubric_under_the_headings_that_the_model_knows(self):
        asked = prompt(PrometheusEval(llm=scripted(""), **absolute()), ONE)
        assert "###The instruction to evaluate:\n2 + {2}?\n\n###Response to evaluate:\n4\n" in asked
        assert f"###Score Rubrics:\n{RUBRICS['honesty']}\n\n###Feedback: " in asked
        assert "four" not in asked

    def test_relative_shows_two_responses_and_the_question_alone(self):
        asked = prompt(
            PrometheusEval(llm=scripted(""), mode="relative", rubric="own", rubrics={"own": OWN}), TWO
        )
        assert "###Response A:\n4\n\n###Response B:\n5\n" in asked
        assert "###Score Rubric:\n[Is it short?]\n" in asked
        assert "Score 1" not in asked

    @pytest.mark.parametrize(
        ("mode", "row", "heading"),
        [
            ("absolute", ONE, "###Reference Answer (Score 5):\nfour\n"),
            ("relative", TWO, "###Reference Answer:\nfour\n"),
        ],
    )
    def test_reference_is_shown_where_it_is_set(self, mode, row, heading):
        task = PrometheusEval(llm=scripted(""), mode=mode, rubric="honesty", reference=True)
        assert heading in prompt(task, row)
        assert "reference" in task.inputs

    def test_columns_are_those_of_the_mode(self):
        assert PrometheusEval(llm=scripted(""), **absolute()).inputs == ["instruction", "generation"]
        relative = PrometheusEval(llm=scripted(""), mode="relative", rubric="honesty")
        assert relative.inputs == ["instruction", "generations"]
        relative.print()

    @pytest.mark.parametrize("generations", [["a"], ["a", "b", "c"], "ab", None])
    def test_other_than_two_generations_are_reported(self, generations):
        row = {**TWO, "generations": generations}
        made = answered(PrometheusEval, "Feedback: x [RESULT] A", row, mode="relative", rubric="honesty")
        assert made["result"] is None
        assert "generations" in made["failure"]


class TestFields:
    def test_each_rubric_of_the_library_is_of_the_right_form(self):
        for rubric in RUBRICS:
            validate_step(PrometheusEval(llm=scripted(""), mode="absolute", rubric=rubric))

    def test_unknown_rubric_is_reported_with_those_that_there_are(self):
        with pytest.raises(
            DistilabelUserError, match="no rubric 'wit': set `rubric` to one of 'helpfulness', "
        ):
            PrometheusEval(llm=scripted(""), mode="absolute", rubric="wit")
        with pytest.raises(DistilabelUserError, match="one of 'own', or add it"):
            PrometheusEval(llm=scripted(""), mode="absolute", rubric="honesty", rubrics={"own": OWN})

    @pytest.mark.parametrize(
        "rubric",
        [
            "",
            "Is it short?",
            OWN.replace("[", ""),
            OWN.replace("Score 5: 5 of 5.", ""),
            OWN.replace("Score 3", "Score 6"),
        ],
    )
    def test_rubric_of_another_form_is_reported(self, rubric):
        with pytest.raises(DistilabelUserError, match="rubric 'own' must be a question in brackets"):
            PrometheusEval(llm=scripted(""), mode="absolute", rubric="own", rubrics={"own": rubric})

    def test_unknown_mode_is_reported(self):
        with pytest.raises(ValueError, match="'absolute' or 'relative'"):
            PrometheusEval(llm=scripted(""), mode="both", rubric="honesty")


class TestAnswer:
    @pytest.mark.parametrize(
        "said",
        [
            "Feedback: Right. [RESULT] 4",
            "Right. [RESULT] 4",
            "###Feedback: Right.\n\n[RESULT] (4).",
            "Feedback: Right. [result] Score: 4/5",
        ],
    )
    def test_score_is_read(self, said):
        made = answered(PrometheusEval, said, ONE, **absolute())
        assert made == {"feedback": "Right.", "result": 4}
        assert type(made["result"]) is int

    @pytest.mark.parametrize("said", ["Feedback: A errs. [RESULT] B", "A errs. [RESULT] Response b."])
    def test_better_one_is_read(self, said):
        made = answered(PrometheusEval, said, TWO, mode="relative", rubric="honesty")
        assert made == {"feedback": "A errs.", "result": "B"}

    @pytest.mark.parametrize(
        "said",
        [
            "Right.",
            "Feedback: Right. 4",
            "Feedback: Right. [RESULT]",
            "Feedback: Right. [RESULT] 6",
            "Feedback: Right. [RESULT] 45",
            "Feedback: Right. [RESULT] 3-4",
            "Feedback: Right. [RESULT] A",
            "[RESULT] 4 [RESULT] 5",
        ],
    )
    def test_hopeless_answer_gives_none_and_the_reason(self, said):
        made = answered(PrometheusEval, said, ONE, **absolute())
        assert (made["feedback"], made["result"]) == (None, None)
        assert "a score from 1 to 5" in made["failure"]

    @pytest.mark.parametrize("said", ["x [RESULT] C", "x [RESULT] A or B", "x [RESULT] 4", "x [RESULT] AB"])
    def test_hopeless_comparison_gives_none_and_the_reason(self, said):
        made = answered(PrometheusEval, said, TWO, mode="relative", rubric="honesty")
        assert made["result"] is None
        assert "A or B" in made["failure"]
