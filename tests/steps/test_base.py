"""The step: names, kinds, arrows, randomness, artifacts and the written form."""

import pickle
import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from pydantic import ValidationError, model_validator

from distilabel.config import RuntimeParameter, code_digest
from distilabel.exceptions import DistilabelNotImplementedError, DistilabelTypeError, DistilabelUserError
from distilabel.steps import GeneratorStep, GlobalStep, KeepColumns, Step, StepInput, StepResources
from distilabel.steps._core.artifacts import save_artifact
from distilabel.steps._core.context import chunk_random
from distilabel.steps.base import _Step

from .fakes import FakePipeline


class LoadHTMLPages(GeneratorStep):
    @property
    def outputs(self):
        return ["page"]

    def process(self, offset=0):
        yield [{"page": offset}], True


class Count(Step):
    unit: RuntimeParameter[str]

    @property
    def inputs(self):
        return {"text": True, "more": False}

    @property
    def outputs(self):
        return ["count"]

    def process(self, inputs: StepInput):
        yield [{**row, "count": len(row["text"])} for row in inputs]


class Zip(Step):
    def process(self, *inputs: StepInput):
        yield [{"n": len(inputs)}]


class TestNames:
    def test_name_is_the_class_in_snake_case_and_a_number_that_is_free(self, pipeline):
        assert [LoadHTMLPages().name, Count().name, Count().name] == [
            "load_html_pages_0",
            "count_0",
            "count_1",
        ]
        assert Count(name="count_2").name == "count_2"
        assert Count(name=None).name == "count_3"

    def test_step_without_a_pipeline_has_a_name_too(self):
        assert (Count().name, Count().pipeline) == ("count_0", None)

    @pytest.mark.parametrize("name", ["a b", "a/b", "é", "a\n"])
    def test_name_of_other_characters_is_refused(self, name):
        with pytest.raises(ValidationError):
            Count(name=name)

    def test_unknown_field_is_refused(self):
        with pytest.raises(ValidationError):
            Count(colour="red")


class TestRegistration:
    def test_step_registers_in_the_open_pipeline_or_in_the_one_given(self, pipeline):
        other = FakePipeline()
        inside, elsewhere = Count(), Count(pipeline=other)
        assert pipeline.steps == [inside]
        assert other.steps == [elsewhere]

    def test_step_that_could_not_be_made_is_not_in_the_pipeline(self, pipeline):
        class Picky(Step):
            @model_validator(mode="after")
            def _refuse(self):
                raise ValueError("no")

        with pytest.raises(ValidationError):
            Picky()
        assert pipeline.steps == []

    def test_subclass_that_forgets_its_base_in_model_post_init_registers_all_the_same(self, pipeline):
        class Forgetful(Step):
            def model_post_init(self, context, /):
                pass

        assert Forgetful().name == "forgetful_0"
        assert len(pipeline.steps) == 1

    def test_step_crosses_a_process_boundary_without_its_pipeline(self, pipeline):
        pipeline.lock = lambda: None  # cannot be pickled
        again = pickle.loads(pickle.dumps(Count(unit="words")))
        assert (again.name, again.unit, again.pipeline) == ("count_0", "words", None)


class TestArrows:
    def test_each_way_to_write_an_arrow(self, pipeline):
        a, b, c, d = (Count(name=name) for name in "abcd")
        assert a >> b is b
        assert a >> [b, c] == [b, c]
        assert [b, c] >> d is d
        assert d << a is a
        a.connect(b, c)
        pairs = [(start, ends) for start, ends, _ in pipeline.edges]
        many = [("a", ["b", "c"]), ("b", ["d"]), ("c", ["d"])]
        assert pairs == [("a", ["b"]), *many, ("a", ["d"]), ("a", ["b", "c"])]

    def test_arrows_run_on(self, pipeline):
        a, b, c, d = (Count(name=name) for name in "abcd")
        a >> [b, c] >> d
        assert [edge[:2] for edge in pipeline.edges] == [("a", ["b", "c"]), ("b", ["d"]), ("c", ["d"])]

    def test_routing_function_stands_between(self, pipeline):
        def route(steps):
            return steps[:1]

        a, b, c, d = (Count(name=name) for name in "abcd")
        a >> route >> [b, c] >> d
        a.connect(b, routing_batch_function=route)
        assert pipeline.edges[0] == ("a", ["b", "c"], route)
        assert pipeline.edges[-1] == ("a", ["b"], route)

    def test_step_without_a_pipeline_says_where_to_create_it(self):
        with pytest.raises(DistilabelUserError, match="inside `with Pipeline"):
            Count() >> Count()

    @pytest.mark.parametrize("wrong", [3, ["x"], Count])
    def test_something_else_than_a_step_is_refused(self, pipeline, wrong):
        with pytest.raises(DistilabelTypeError, match="connects to steps"):
            Count() >> wrong


class TestKinds:
    def test_each_step_is_of_one_kind(self):
        kinds = [(s.is_normal, s.is_global, s.is_generator) for s in (Count(), GlobalStep(), LoadHTMLPages())]
        assert kinds == [(True, False, False), (False, True, False), (False, False, True)]

    def test_step_that_takes_any_number_of_inputs_says_so(self):
        assert (Zip().has_multiple_inputs, Count().has_multiple_inputs) == (True, False)

    def test_columns_are_named_as_the_rows_name_them(self):
        step = Count(input_mappings={"text": "prompt"}, output_mappings={"count": "n"})
        assert (step.get_inputs(), step.get_outputs()) == ({"prompt": True, "more": False}, {"n": True})

    def test_failed_rows_get_none_under_the_mapped_names(self):
        step = Count(output_mappings={"count": "n"})
        assert step.impute_step_outputs([{"text": "a"}]) == [{"text": "a", "n": None}]

    def test_step_without_process_says_so(self):
        with pytest.raises(DistilabelNotImplementedError, match="no process method"):
            Step().process([])

    def test_plain_step_processes_one_chunk_at_a_time(self):
        assert Count().concurrency == 1

    def test_runtime_parameter_without_a_default_can_be_given_later(self):
        step = Count()
        step.set_runtime_parameters({"unit": "words", "resources": {"replicas": 2}, "input_batch_size": 7})
        assert (step.unit, step.resources.replicas, step.input_batch_size) == ("words", 2, 7)

    def test_unknown_runtime_parameter_is_an_error_with_a_hint(self):
        with pytest.raises(
            DistilabelUserError, match=r"^Count 'c' has no .* 'units'; did you mean 'unit'\?$"
        ):
            Count(name="c").set_runtime_parameters({"units": "words"})

    def test_runtime_parameters_are_described(self):
        info = {entry["name"]: entry for entry in Count().get_runtime_parameters_info()}
        assert info["unit"]["optional"] is False
        assert info["input_batch_size"]["description"] == "The number of rows in a chunk."
        assert "replicas" in [entry["name"] for entry in info["resources"]["runtime_parameters_info"]]


class TestRandomness:
    def test_is_the_same_for_the_same_chunk(self):
        with chunk_random("chunk 1"):
            first = [Count().random.random() for _ in range(3)]
        with chunk_random("chunk 1"):
            assert first == [Count().random.random() for _ in range(3)]
        with chunk_random("chunk 2"):
            assert first[0] != Count().random.random()

    def test_outside_of_a_pipeline_comes_from_the_name(self):
        expected = random.Random("c")
        step = Count(name="c")
        assert [step.random.random(), step.random.random()] == [expected.random(), expected.random()]


class TestArtifacts:
    def test_artifact_is_a_folder_with_its_metadata_and_replaces_the_older_one(self, tmp_path):
        step = Count()
        step.artifacts_directory = tmp_path / "artifacts"
        step.save_artifact("plot", lambda path: (path / "old.txt").write_text("1"))
        step.save_artifact("plot", lambda path: (path / "new.txt").write_text("2"), metadata={"a": 1})
        assert sorted(path.name for path in (tmp_path / "artifacts" / "plot").iterdir()) == [
            "metadata.json",
            "new.txt",
        ]
        assert (tmp_path / "artifacts" / "plot" / "metadata.json").read_text() == '{"a": 1}'

    def test_artifact_that_failed_midway_leaves_the_older_one(self, tmp_path):
        step = Count()
        step.artifacts_directory = tmp_path
        step.save_artifact("plot", lambda path: (path / "old.txt").write_text("1"))
        with pytest.raises(ZeroDivisionError):
            step.save_artifact("plot", lambda _: 1 / 0)
        assert (tmp_path / "plot" / "old.txt").exists()

    def test_replicas_that_save_under_one_name_do_not_disturb_each_other(self, tmp_path):
        def save(text: str) -> None:
            for _ in range(30):
                save_artifact(tmp_path, "plot", lambda path: (path / "text").write_text(text))

        with ThreadPoolExecutor(3) as pool:
            list(pool.map(save, "abc"))
        assert [path.name for path in tmp_path.iterdir()] == ["plot"]
        assert (tmp_path / "plot" / "text").read_text() in "abc"

    def test_outside_of_a_pipeline_nothing_is_saved_and_the_log_says_so(self, caplog):
        Count().save_artifact("plot", lambda _: 1 / 0)
        assert "not running in a pipeline" in caplog.text

    def test_name_that_would_leave_the_folder_is_refused(self, tmp_path):
        step = Count()
        step.artifacts_directory = tmp_path
        with pytest.raises(DistilabelUserError, match="without separators"):
            step.save_artifact("../plot", lambda _: None)


class TestWrittenForm:
    @pytest.mark.parametrize("ending", ["json", "yaml"])
    def test_step_comes_back_from_a_file(self, tmp_path, pipeline, ending):
        step = KeepColumns(columns=["a"], resources=StepResources(gpus=1), output_mappings={"a": "b"})
        step.save(tmp_path / f"step.{ending}", ending)
        again = KeepColumns.from_file(tmp_path / f"step.{ending}")
        assert again.dump() == step.dump()
        reader = Step.from_json if ending == "json" else Step.from_yaml
        assert reader(tmp_path / f"step.{ending}").columns == ["a"]

    def test_pipeline_is_not_part_of_it(self, pipeline):
        assert "pipeline" not in Count().dump()

    def test_another_class_is_refused(self):
        with pytest.raises(DistilabelTypeError, match="describes a KeepColumns, not a GeneratorStep"):
            GeneratorStep.from_dict(KeepColumns(columns=[]).dump())

    def test_signature_does_not_count_resources_and_batch_size(self):
        plain = Count(name="c").signature
        assert (
            plain
            == Count(name="c", resources=StepResources(cpus=2), input_batch_size=1, use_cache=False).signature
        )
        assert plain != Count(name="c", unit="words").signature

    def test_code_of_a_users_step_has_a_digest_and_that_of_ours_none(self):
        assert code_digest(Count)
        assert code_digest(KeepColumns) == code_digest(_Step) == ""
