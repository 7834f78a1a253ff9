"""Several turns: all rows take each together, and a row that fails drops out alone, with its reason."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from distilabel.exceptions import (
    DistilabelOfflineBatchGenerationNotFinishedException,
    DistilabelStepError,
    DistilabelUserError,
)
from distilabel.models.llms.base import LLM
from distilabel.steps.tasks import Task
from distilabel.steps.tasks._core.trajectory import (
    Trajectory,
    check_multi_turn,
    finish_trajectories,
    start_trajectories,
    step_trajectories,
)

from .scripted import FAILURE, ScriptedLLM, failure_of, run

TURNS = 3
KINDS = ("silent", "refused", "unreadable", "unaskable")


class Chain(Task):
    """Three turns, each of which asks about what the one before it gave; two questions in the last one."""

    @property
    def inputs(self):
        return ["id", "bad"]

    @property
    def outputs(self):
        return ["chain", "model_name"]

    def process(self, inputs):
        trajectories = start_trajectories(self, inputs)
        for _ in range(TURNS):
            step_trajectories(self, trajectories, self._question, self._read)
        yield finish_trajectories(
            self,
            trajectories,
            lambda trajectory: {"chain": trajectory.results if len(trajectory.results) == TURNS else None},
        )

    def _question(self, trajectory: Trajectory):
        step = len(trajectory.results)
        kind = trajectory.row["bad"].get(step)
        if kind == "unaskable":
            raise KeyError("no such column")
        prompts = ["a", "b"] if step == TURNS - 1 else ["a"]
        return [
            [{"role": "user", "content": f"{kind}|{trajectory.row['id']}.{trajectory.number}.{step}{p}"}]
            for p in prompts
        ]

    def _read(self, trajectory, texts):
        if "?" in texts[0]:
            raise ValueError("a question is no answer")
        trajectory.results.append(texts)


def answer(prompt):
    kind, _, asked = prompt.partition("|")
    match kind:
        case "silent":
            return None
        case "refused":
            return {"generations": [None], "failures": [FAILURE]}
        case "unreadable":
            return "?"
    return f"yes {asked}"


def rows_with(faults):
    return [{"id": i, "bad": bad} for i, bad in enumerate(faults)]


def chain(**fields):
    return Chain(name="c", llm=ScriptedLLM(answer=answer), **fields)


faults = st.lists(st.dictionaries(st.integers(0, TURNS - 1), st.sampled_from(KINDS), max_size=2), max_size=6)


@given(faults=faults, generations=st.integers(1, 2), grouped=st.booleans())
@settings(deadline=None)
def test_failures_in_any_turn_leave_every_other_row_as_it_was(faults, generations, grouped):
    fields = {"num_generations": generations, "group_generations": grouped}
    size = 1 if grouped else generations
    for i, made in enumerate(_pieces(run(chain(**fields), rows_with(faults)), size)):
        alone = run(chain(**fields), [rows_with(faults)[i]])
        assert made == alone
        for row in made:
            values = row["chain"] if grouped else [row["chain"]]
            reasons = failure_of(row, "c") if grouped else [failure_of(row, "c")]
            assert [value is None for value in values] == [bool(faults[i])] * len(values)
            assert bool(reasons and reasons[0]) == bool(faults[i])


def _pieces(rows, size):
    return [rows[start : start + size] for start in range(0, len(rows), size)]


@given(faults=faults)
@settings(deadline=None)
def test_rows_take_each_turn_together_and_failed_ones_are_not_asked_again(faults):
    task = chain()
    run(task, rows_with(faults))
    first_bad = [min(bad, default=TURNS) for bad in faults]
    # One call a turn; a row that cannot be asked, or has failed, is in none of them from then on.
    expected = []
    for number in range(TURNS):
        asked = [
            f"{faults[i].get(number)}|{i}.0.{number}{letter}"
            for i, bad in enumerate(first_bad)
            if number <= bad and faults[i].get(number) != "unaskable"
            for letter in ("ab" if number == TURNS - 1 else "a")
        ]
        expected += [asked] if asked else []
    assert task.llm.prompts == expected


class TestMetadata:
    def test_each_turn_is_kept_raw_and_tokens_are_summed(self):
        (row,) = run(chain(), rows_with([{}]))
        noted = row["distilabel_metadata"]
        assert noted["raw_output_c"] == ["yes 0.0.0a", "yes 0.0.1a", "yes 0.0.2a", "yes 0.0.2b"]
        assert [chat[-1]["content"] for chat in noted["raw_input_c"]] == [
            "None|0.0.0a", "None|0.0.1a", "None|0.0.2a", "None|0.0.2b",
        ]  # fmt: skip
        assert noted["statistics_c"] == {"input_tokens": 40, "output_tokens": 4}
        assert row["model_name"] == "scripted"

    def test_raw_texts_are_left_out_where_they_are_not_wanted(self):
        (row,) = run(chain(add_raw_input=False, add_raw_output=False), rows_with([{}]))
        assert set(row["distilabel_metadata"]) == {"statistics_c"}

    @pytest.mark.parametrize(
        ("kind", "code", "words"),
        [
            ("silent", "no_generation", "The model returned no text."),
            ("refused", "http_400", "too long"),
            ("unreadable", "unparseable_output", "ValueError: a question is no answer"),
            ("unaskable", "unformattable_input", "KeyError: 'no such column'"),
        ],
    )
    def test_row_says_why_it_ended(self, kind, code, words):
        (row,) = run(chain(), rows_with([{1: kind}]))
        reason = failure_of(row, "c")
        assert (row["chain"], reason["code"], reason["message"]) == (None, code, words)
        # What was paid for before is still there.
        assert row["distilabel_metadata"]["raw_output_c"][0] == "yes 0.0.0a"

    def test_one_warning_a_kind_tells_how_many(self, caplog):
        run(chain(), rows_with([{0: "silent"}, {2: "silent"}, {}]))
        message = [record.getMessage() for record in caplog.records if record.name == "distilabel.steps.c"]
        assert message == [
            "Step 'c' has no answer for 2 of 3 generations (no_generation): The model returned no text."
        ]


def test_partial_turn_reads_what_there_is_and_notes_what_there_is_not():
    task = chain()
    trajectory = Trajectory({"id": 0, "bad": {}})
    chats = [[{"role": "user", "content": content}] for content in ("x", "silent|", "y")]
    step_trajectories(
        task, [trajectory], lambda _: chats, lambda one, texts: one.results.extend(texts), partial=True
    )
    assert trajectory.results == ["yes ", None, "yes "]
    assert trajectory.failure["code"] == "no_generation"


def test_unfinished_jobs_pass_through_untouched():
    class Waiting(LLM):
        def generate(self, inputs, num_generations=1):
            raise DistilabelOfflineBatchGenerationNotFinishedException(["batch_1"])

    with pytest.raises(DistilabelOfflineBatchGenerationNotFinishedException):
        run(Chain(llm=Waiting()), rows_with([{}]))


def test_wrong_number_of_outputs_never_shifts_rows():
    class Miscounting(LLM):
        def generate(self, inputs, num_generations=1):
            return [{"generations": ["yes"]}]

    with pytest.raises(DistilabelStepError, match="sent 2 inputs and its LLM returned 1 outputs"):
        run(Chain(llm=Miscounting()), rows_with([{}, {}]))


def test_llm_with_one_set_of_jobs_for_all_rows_is_refused():
    with pytest.raises(
        DistilabelUserError, match="prompts its LLM several times for each row, and ScriptedLLM keeps"
    ):
        check_multi_turn(Chain(name="c", llm=ScriptedLLM(use_offline_batch_generation=True)))
