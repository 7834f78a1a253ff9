"""Reading pipelines from files: those of distilabel 1.5, routes, and what a file cannot make us do."""

import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.pipeline.plain import Same, column, numbers

from distilabel.exceptions import DistilabelUserError
from distilabel.pipeline import Pipeline, routing_batch_function, sample_n_steps
from distilabel.steps import KeepColumns, LoadDataFromDicts

OLD = Path(__file__).parent / "data" / "distilabel_1_5.yaml"
OURS = ("distilabel", "tests", __name__)


@routing_batch_function(description="the last one")
def last_one(steps: list[str]) -> list[str]:
    return steps[-1:]


def plain_last(steps: list[str]) -> list[str]:
    return steps[-1:]


def routed(cache: Path, route: Any) -> Pipeline:
    with Pipeline("routed", cache_dir=cache) as pipeline:
        load = LoadDataFromDicts(name="load", data=numbers(6), batch_size=2)
        load >> route >> [Same(name=name) for name in "abc"]
    return pipeline


class TestOldFile:
    def test_it_is_read_with_all_that_it_says(self):
        pipeline = Pipeline.from_yaml(OLD)
        load, answer, keep = pipeline.dag.steps.values()
        assert (pipeline.name, pipeline.description) == ("questions", "Answers and reviews")
        assert pipeline.dag.edges == [("load", "answer"), ("answer", "keep")]
        assert (load.repo_id, load.batch_size, load.output_mappings) == (
            "me/questions",
            20,
            {"prompt": "instruction"},
        )
        assert (answer.llm.model, answer.llm.generation_kwargs) == (
            "gpt-4o-mini",
            {"temperature": 0.7, "max_new_tokens": 512},
        )
        assert (answer.num_generations, answer.columns, keep.columns) == (
            2,
            ["instruction"],
            ["instruction", "generation"],
        )

    def test_it_becomes_one_of_ours_when_it_is_written(self, tmp_path):
        pipeline = Pipeline.from_yaml(OLD)
        pipeline.save(tmp_path / "new.yaml", format="yaml")
        assert Pipeline.from_file(tmp_path / "new.yaml").dump() == pipeline.dump()

    def test_step_that_we_do_not_have_is_named(self, tmp_path):
        text = OLD.read_text().replace("name: KeepColumns", "name: KeepRows")
        (tmp_path / "p.yaml").write_text(text)
        with pytest.raises(
            DistilabelUserError, match=r"'distilabel\.steps\.columns\.keep\.KeepRows' does not exist"
        ):
            Pipeline.from_yaml(tmp_path / "p.yaml")


class TestNothingForeignRuns:
    @pytest.mark.parametrize("where", ["step", "llm", "route"])
    def test_module_of_a_stranger_is_not_even_imported(self, tmp_path, monkeypatch, where):
        (tmp_path / "stranger.py").write_text("raise SystemExit('imported')")
        monkeypatch.syspath_prepend(tmp_path)
        data = yaml.safe_load(OLD.read_text())
        place = {"module": "stranger", "name": "Thing"}
        described = data["pipeline"]
        if where == "step":
            described["steps"][2]["step"]["type_info"] = place
        elif where == "llm":
            described["steps"][1]["step"]["llm"]["type_info"] = place
        else:
            described["routing_batch_functions"] = [{"step": "load", "description": None, "type_info": place}]
        with pytest.raises(DistilabelUserError, match="not in an allowed package"):
            Pipeline.from_dict(data)
        assert "stranger" not in sys.modules

    @pytest.mark.parametrize("name", ["os.system", "importlib.import_module", "Path"])
    def test_what_our_modules_have_imported_is_not_ours(self, name):
        data = yaml.safe_load(OLD.read_text())
        data["pipeline"]["steps"][2]["step"]["type_info"] = {"module": "distilabel._files", "name": name}
        with pytest.raises(DistilabelUserError, match=r"not in an allowed package|does not exist"):
            Pipeline.from_dict(data)

    def test_tag_of_yaml_that_would_run_code_is_refused(self, tmp_path):
        path = tmp_path / "p.yaml"
        path.write_text("pipeline: !!python/object/apply:os.system ['true']")
        with pytest.raises(DistilabelUserError, match="is not valid YAML"):
            Pipeline.from_yaml(path)

    @pytest.mark.parametrize("steps", [None, 3, {"a": 1}, [3], [{"name": "a"}]])
    def test_what_describes_no_steps_is_refused(self, steps):
        with pytest.raises(DistilabelUserError, match="describe"):
            Pipeline.from_dict({"pipeline": {"name": "p", "steps": steps}})


class TestRoutes:
    def test_sample_of_steps_is_read_back_and_routes_in_the_same_way(self, tmp_path):
        pipeline = routed(tmp_path, sample_n_steps(2))
        read = Pipeline.from_dict(pipeline.dump(), allow=OURS)
        assert read.dump() == pipeline.dump()
        assert len(read.dag.routes["load"](["a", "b", "c"])) == 2

    @pytest.mark.parametrize("route", [last_one, plain_last])
    def test_route_at_the_top_of_a_module_is_found_where_that_is_allowed(self, tmp_path, route):
        pipeline = routed(tmp_path, route)
        read = Pipeline.from_dict(pipeline.dump(), allow=OURS)
        assert read.dag.routes["load"] is route
        with pytest.raises(DistilabelUserError, match="not in an allowed package"):
            Pipeline.from_dict(pipeline.dump())

    def test_route_without_a_place_is_reported(self, tmp_path):
        data = routed(tmp_path, last_one).dump()
        del data["pipeline"]["routing_batch_functions"][0]["type_info"]
        with pytest.raises(DistilabelUserError, match="The route after step 'load' is a function"):
            Pipeline.from_dict(data, allow=OURS)

    def test_routed_pipeline_that_was_read_runs(self, tmp_path, monkeypatch):
        monkeypatch.setenv("DISTILABEL_CACHE_DIR", str(tmp_path / "cache"))
        with Pipeline("p") as pipeline:
            first = KeepColumns(name="first", columns=["n"], input_batch_size=1)
            first >> sample_n_steps(1) >> [KeepColumns(name=name, columns=["n"]) for name in "ab"]
        read = Pipeline.from_dict(pipeline.dump())
        distiset = read.run(dataset=numbers(30), dataset_batch_size=1)
        assert sorted(n for part in distiset for n in column(distiset, part=part)) == list(range(30))
