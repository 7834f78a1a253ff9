"""Tasks: each row gets its own answer, or the reason why it has none."""

import logging
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distilabel.exceptions import (
    DistilabelNotImplementedError,
    DistilabelOfflineBatchGenerationNotFinishedException,
    DistilabelStepError,
    DistilabelTypeError,
)
from distilabel.steps import Step
from distilabel.steps.base import validate_step
from distilabel.steps.tasks import GeneratorTask, GlobalTask, Task, TextGeneration

from .fakes import EchoAsyncLLM, EchoLLM, UnfinishedLLM

FAILURE = {"code": "http_400", "message": "too long", "attempts": 1, "job_id": "batch_1"}


class Grade(Task):
    """Asks for a number."""

    @property
    def inputs(self):
        return ["text"]

    @property
    def outputs(self):
        return ["grade", "model_name"]

    def format_input(self, input):
        return [{"role": "user", "content": input["text"]}]

    def format_output(self, output, input):
        return {"grade": int(output)}

    def get_structured_output(self):
        return {"type": "object", "properties": {"grade": {"type": "integer"}}}


class Invent(GeneratorTask):
    @property
    def outputs(self):
        return ["topic", "model_name"]

    def format_input(self, input):
        return [{"role": "user", "content": f"Topic {input['n']}"}]

    def format_output(self, output, input):
        return {"topic": output}

    def process(self, offset=0):
        yield self.answer([{"n": offset}]), True


def llm_that(*outputs):
    """An LLM that gives these outputs, one for each input in turn."""
    waiting = iter(outputs)
    return EchoLLM(answer=lambda _item, _count: next(waiting))


def run(task, rows):
    return next(task.process_applying_mappings(rows))


class TestRows:
    def test_each_generation_gets_a_row_with_its_text_its_counts_and_the_model(self):
        rows = run(
            TextGeneration(name="t", llm=EchoLLM(), num_generations=2), [{"instruction": "hi", "id": 1}]
        )
        chat = [{"role": "user", "content": "hi"}]
        assert rows == [
            {
                "instruction": "hi",
                "id": 1,
                "generation": f"hi!{i}",
                "model_name": "echo",
                "distilabel_metadata": {
                    "raw_output_t": f"hi!{i}",
                    "raw_input_t": chat,
                    "statistics_t": {"input_tokens": 1, "output_tokens": i},
                },
            }
            for i in range(2)
        ]

    def test_grouped_generations_stand_in_one_row_as_lists(self):
        task = TextGeneration(name="t", llm=EchoLLM(), num_generations=2, group_generations=True)
        (row,) = run(task, [{"instruction": "hi"}])
        assert (row["generation"], row["model_name"]) == (["hi!0", "hi!1"], "echo")
        assert row["distilabel_metadata"]["raw_output_t"] == ["hi!0", "hi!1"]
        assert [counts["output_tokens"] for counts in row["distilabel_metadata"]["statistics_t"]] == [0, 1]
        assert "failure_t" not in row["distilabel_metadata"]

    @given(texts=st.lists(st.text(), max_size=6), count=st.integers(1, 3), grouped=st.booleans())
    def test_every_answer_lands_on_the_row_that_asked_for_it(self, texts, count, grouped):
        task = TextGeneration(llm=EchoLLM(), num_generations=count, group_generations=grouped)
        rows = [{"instruction": text, "i": i} for i, text in enumerate(texts)]
        made = run(task, rows)
        if grouped:
            answers = [(row["i"], text) for row in made for text in row["generation"]]
        else:
            answers = [(row["i"], row["generation"]) for row in made]
        assert answers == [(i, f"{text}!{n}") for i, text in enumerate(texts) for n in range(count)]

    def test_raw_input_and_output_may_be_left_out(self):
        task = TextGeneration(llm=EchoLLM(), add_raw_input=False, add_raw_output=False)
        (row,) = run(task, [{"instruction": "hi"}])
        assert list(row["distilabel_metadata"]) == [f"statistics_{task.name}"]

    def test_metadata_of_the_steps_before_stays_and_the_given_row_is_not_changed(self):
        given_ = {"instruction": "hi", "distilabel_metadata": {"raw_output_before": "x"}}
        (row,) = run(TextGeneration(name="t", llm=EchoLLM()), [given_])
        assert {"raw_output_before", "raw_output_t"} <= row["distilabel_metadata"].keys()
        assert given_["distilabel_metadata"] == {"raw_output_before": "x"}
        assert run(TextGeneration(llm=EchoLLM()), [{"instruction": "a", "distilabel_metadata": None}])

    def test_what_else_the_llm_gives_gets_a_column_of_its_own(self):
        output = {"generations": ["1", "2"], "logprobs": [["a"], ["b"]], "note": "n"}
        rows = run(Grade(name="g", llm=llm_that(output), num_generations=2), [{"text": "t"}])
        assert [(row["llm_g_logprobs"], row["llm_g_note"]) for row in rows] == [(["a"], "n"), (["b"], "n")]
        grouped = Grade(name="g", llm=llm_that(output), num_generations=2, group_generations=True)
        assert run(grouped, [{"text": "t"}])[0]["llm_g_logprobs"] == [["a"], ["b"]]

    def test_mappings_apply_with_several_generations(self):
        names = {"input_mappings": {"instruction": "prompt"}, "output_mappings": {"generation": "answer"}}
        task = TextGeneration(llm=EchoLLM(), num_generations=2, **names)
        made = run(task, [{"prompt": p, "instruction": f"mine {p}", "generation": f"old {p}"} for p in "ab"])
        seen = [(row["prompt"], row["instruction"], row["generation"], row["answer"]) for row in made]
        assert seen == [(p, f"mine {p}", f"old {p}", f"{p}!{n}") for p in "ab" for n in range(2)]

    def test_generation_arguments_reach_the_llm(self):
        llm = EchoLLM(generation_kwargs={"temperature": 0.5})
        run(TextGeneration(llm=llm), [{"instruction": "hi"}])
        assert llm.seen[0][1] == 0.5


class TestFailures:
    def test_row_without_an_answer_says_why(self):
        llm = llm_that(
            {"generations": ["1"]}, {"generations": [None], "failures": [FAILURE]}, {"generations": ["3"]}
        )
        rows = run(Grade(name="g", llm=llm), [{"text": text} for text in "abc"])
        assert [row["grade"] for row in rows] == [1, None, 3]
        assert [row["distilabel_metadata"].get("failure_g") for row in rows] == [None, FAILURE, None]

    def test_answer_that_cannot_be_read_is_kept_with_the_reason(self):
        rows = run(Grade(name="g", llm=llm_that({"generations": ["good"]})), [{"text": "t"}])
        assert (rows[0]["grade"], rows[0]["model_name"]) == (None, "echo")
        assert rows[0]["distilabel_metadata"]["raw_output_g"] == "good"
        failure = rows[0]["distilabel_metadata"]["failure_g"]
        assert (failure["code"], failure["attempts"], failure["job_id"]) == ("unparseable_output", 1, None)
        assert failure["message"].startswith("ValueError: invalid literal")

    def test_model_that_gave_no_text_and_no_reason_is_reported_so(self):
        rows = run(Grade(name="g", llm=llm_that({"generations": [None]})), [{"text": "t"}])
        assert rows[0]["distilabel_metadata"]["failure_g"]["code"] == "no_generation"

    def test_row_whose_generations_are_none_at_all_does_not_vanish(self):
        rows = run(Grade(llm=llm_that({"generations": []}), num_generations=2), [{"text": "t"}])
        assert [row["grade"] for row in rows] == [None, None]

    def test_row_that_cannot_be_asked_leaves_the_others_alone(self):
        llm = EchoLLM(answer=lambda chat, _: {"generations": [chat[0]["content"]]})
        rows = run(Grade(name="g", llm=llm), [{"text": "1"}, {"other": "x"}, {"text": "3"}])
        assert [row["grade"] for row in rows] == [1, None, 3]
        assert rows[1]["distilabel_metadata"]["failure_g"]["code"] == "unformattable_input"
        assert "raw_input_g" not in rows[1]["distilabel_metadata"]
        assert len(llm.seen[0][0]) == 2

    def test_llm_is_not_asked_when_there_is_nothing_to_ask(self):
        llm = EchoLLM()
        run(Grade(llm=llm), [{"other": "x"}])
        assert run(Grade(llm=llm), []) == []
        assert llm.seen == []

    def test_no_model_is_asked_about_none(self):
        rows = run(TextGeneration(name="t", llm=EchoLLM()), [{"instruction": None}, {"instruction": "hi"}])
        assert [row["generation"] for row in rows] == [None, rows[1]["generation"]]
        assert "a column of the question is None" in rows[0]["distilabel_metadata"]["failure_t"]["message"]
        template = "{{ instruction or 'Anything' }}{% if more %} and {{ more }}{% endif %}"
        task = TextGeneration(llm=EchoLLM(), columns=["instruction", "more"], template=template)
        assert task.format_input({"instruction": None, "more": None})[-1]["content"] == "Anything"

    def test_grouped_row_lists_the_reason_of_each_generation(self):
        output = {"generations": ["1", None], "failures": [None, FAILURE]}
        (row,) = run(
            Grade(name="g", llm=llm_that(output), num_generations=2, group_generations=True), [{"text": "t"}]
        )
        assert row["grade"] == [1, None]
        assert row["distilabel_metadata"]["failure_g"] == [None, FAILURE]

    def test_one_warning_a_chunk_and_kind_tells_how_many(self, caplog):
        llm = llm_that(*({"generations": [text]} for text in ("x", "1", "y")), {"generations": [None]})
        with caplog.at_level(logging.WARNING):
            run(Grade(name="g", llm=llm), [{"text": "t"}] * 4)
        message = [record.getMessage() for record in caplog.records if record.name == "distilabel.steps.g"]
        assert len(message) == 2
        assert message[0].startswith(
            "Step 'g' has no answer for 2 of 4 generations (unparseable_output): ValueError"
        )

    @pytest.mark.parametrize("count", [0, 1, 3])
    def test_wrong_number_of_outputs_never_shifts_rows(self, count):
        class Miscounting(EchoLLM):
            def generate(self, inputs, num_generations=1):
                return [{"generations": ["1"]}] * count

        with pytest.raises(DistilabelStepError, match=f"sent 2 inputs and its LLM returned {count} outputs"):
            run(Grade(llm=Miscounting()), [{"text": "a"}, {"text": "b"}])

    def test_output_that_is_no_dict_is_a_mistake_of_the_task(self):
        class Careless(Grade):
            def format_output(self, output, input):
                return output

        with pytest.raises(DistilabelTypeError, match="must return a dict"):
            run(Careless(llm=EchoLLM()), [{"text": "a"}])

    def test_task_without_hooks_says_which(self):
        with pytest.raises(DistilabelNotImplementedError, match="Task must define format_input"):
            Task(llm=EchoLLM()).format_input({})


class TestOffline:
    def test_unfinished_jobs_pass_through_untouched(self):
        with pytest.raises(DistilabelOfflineBatchGenerationNotFinishedException) as caught:
            run(TextGeneration(llm=UnfinishedLLM()), [{"instruction": "hi"}])
        assert caught.value.jobs_ids == ("batch_1",)

    def test_unfinished_jobs_pass_through_from_a_hook_too(self):
        class Asking(Grade):
            def format_output(self, output, input):
                raise DistilabelOfflineBatchGenerationNotFinishedException(["batch_2"])

        with pytest.raises(DistilabelOfflineBatchGenerationNotFinishedException):
            run(Asking(llm=EchoLLM()), [{"text": "a"}])

    def test_any_task_may_be_made_with_an_offline_llm(self):
        llm = EchoLLM(use_offline_batch_generation=True)
        assert Grade(llm=llm).is_global
        assert Invent(llm=llm).is_generator

    def test_task_whose_llm_goes_row_by_row_stays_normal_offline(self):
        class Patient(EchoLLM):
            @property
            def requires_all_inputs(self):
                return False

        task = Grade(llm=Patient(use_offline_batch_generation=True))
        assert (task.is_normal, task.is_global) == (True, False)


class TestConcurrency:
    def test_is_enough_to_keep_all_requests_of_the_llm_under_way(self):
        assert TextGeneration(llm=EchoAsyncLLM()).concurrency == 7
        assert (
            TextGeneration(llm=EchoAsyncLLM(max_concurrent_requests=10), input_batch_size=3).concurrency == 15
        )

    def test_is_one_offline_global_or_for_an_llm_that_is_not_async(self):
        assert TextGeneration(llm=EchoAsyncLLM(use_offline_batch_generation=True)).concurrency == 1
        assert TextGeneration(llm=EchoLLM()).concurrency == 1
        assert GlobalTask(llm=EchoAsyncLLM()).concurrency == 1


class TestKinds:
    def test_global_task_takes_all_rows_at_once(self):
        task = GlobalTask(llm=EchoLLM())
        assert (task.is_global, task.is_normal) == (True, False)

    def test_generator_task_answers_rows_of_its_own(self):
        task = Invent(name="i", llm=EchoLLM())
        validate_step(task)
        ((rows, is_last),) = list(task.process_applying_mappings(offset=3))
        assert (rows[0]["topic"], rows[0]["n"], is_last) == ("Topic 3!0", 3, True)

    def test_loading_a_task_loads_its_llm(self):
        class Loaded(EchoLLM):
            def load(self):
                self.seen.append("load")

            def unload(self):
                self.seen.append("unload")

        for task in (Grade(llm=Loaded()), Invent(llm=Loaded())):
            task.load()
            task.unload()
            assert task.llm.seen == ["load", "unload"]


class TestStructure:
    def test_default_structure_goes_with_each_question_when_asked_for(self):
        llm = EchoLLM(answer=lambda *_: {"generations": ["1"]})
        run(Grade(llm=llm, use_default_structured_output=True), [{"text": "t"}])
        ((chat, structure),) = llm.seen[0][0]
        assert chat == [{"role": "user", "content": "t"}]
        assert structure == {"format": "json", "schema": Grade.get_structured_output(None)}

    def test_structure_of_the_llm_goes_first(self):
        class Structured(EchoLLM):
            structured_output: dict = {"schema": {}}  # noqa: RUF012 - pydantic copies it

        llm = Structured(answer=lambda *_: {"generations": ["1"]})
        rows = run(Grade(llm=llm, use_default_structured_output=True), [{"text": "t"}])
        assert isinstance(llm.seen[0][0][0], list)
        assert rows[0]["grade"] == 1

    def test_raw_input_is_the_chat_alone(self):
        task = Grade(
            name="g",
            llm=EchoLLM(answer=lambda *_: {"generations": ["1"]}),
            use_default_structured_output=True,
        )
        (row,) = run(task, [{"text": "t"}])
        assert row["distilabel_metadata"]["raw_input_g"] == [{"role": "user", "content": "t"}]


class TestWrittenForm:
    def test_task_crosses_a_process_boundary_also_after_it_has_worked(self):
        task = TextGeneration(llm=EchoLLM())
        run(task, [{"instruction": "hi"}])
        assert pickle.loads(pickle.dumps(task)).dump() == task.dump()

    def test_task_comes_back_from_a_dump_with_its_llm(self):
        task = TextGeneration(llm=EchoLLM(generation_kwargs={"temperature": 1}))
        again = Step.from_dict(task.dump(), allow=("distilabel", EchoLLM.__module__.partition(".")[0]))
        assert again.dump() == task.dump()
        assert type(again.llm) is EchoLLM

    def test_runtime_parameters_reach_the_llm(self):
        task = TextGeneration(llm=EchoLLM())
        task.set_runtime_parameters(
            {"llm": {"generation_kwargs": {"temperature": 0.1}}, "num_generations": 3}
        )
        assert (task.llm.generation_kwargs, task.num_generations) == ({"temperature": 0.1}, 3)


class TestDetails:
    OUTPUT = {  # noqa: RUF012 - read only
        "generations": ["1", "2"],
        "details": [{"finish_reason": "stop", "reasoning": "Hm."}, {"finish_reason": "length"}],
    }

    def test_what_is_reported_of_an_answer_stands_in_its_row_s_metadata(self):
        first, second = run(Grade(name="g", llm=llm_that(self.OUTPUT), num_generations=2), [{"text": "t"}])
        message = [
            {k: v for k, v in row["distilabel_metadata"].items() if "raw" not in k} for row in (first, second)
        ]
        assert message == [{"finish_reason_g": "stop", "reasoning_g": "Hm."}, {"finish_reason_g": "length"}]
        assert not any(name.startswith("llm_g") for name in first)

    def test_grouped_row_lists_it_for_each_generation(self):
        task = Grade(name="g", llm=llm_that(self.OUTPUT), num_generations=2, group_generations=True)
        (row,) = run(task, [{"text": "t"}])
        assert row["distilabel_metadata"]["finish_reason_g"] == ["stop", "length"]
        assert row["distilabel_metadata"]["reasoning_g"] == ["Hm.", None]
