"""The face: putting together, parameters, names, requirements, the written form, and what a run shows."""

import json
import logging
import re
from pathlib import Path
from typing import Any, Optional

import orjson
import pytest
import yaml
from pydantic import SecretStr
from tests.pipeline.plain import Add, Fails, Same, column, line, numbers, rows

from distilabel import __version__
from distilabel.config import RuntimeParameter
from distilabel.exceptions import DistilabelStepError, DistilabelTypeError, DistilabelUserError
from distilabel.llms import OpenAILLM
from distilabel.pipeline import Pipeline, routing_batch_function
from distilabel.steps import CombineOutputs, KeepColumns, LoadDataFromDicts, MergeColumns, requirements
from distilabel.steps._core.context import current_pipeline
from distilabel.steps.tasks import TextGeneration


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISTILABEL_PROGRESS", "plain")
    monkeypatch.delenv("DISTILABEL_LOG_LEVEL", raising=False)


class TestPuttingTogether:
    def test_steps_made_inside_belong_to_it_and_outside_to_nobody(self):
        with Pipeline("p") as pipeline:
            inside = Same()
        assert inside.pipeline is pipeline
        assert Same().pipeline is None
        assert list(pipeline.names) == ["same_0"]

    def test_unnamed_steps_of_a_class_are_numbered(self):
        with Pipeline("p") as pipeline:
            Same(), Same(), Add(), Same()
        assert list(pipeline.names) == ["same_0", "same_1", "add_0", "same_2"]

    def test_arrows_take_lists_on_both_sides(self):
        with Pipeline("p") as pipeline:
            load, a, b, both = (
                LoadDataFromDicts(name="load"),
                Same(name="a"),
                Same(name="b"),
                CombineOutputs(name="c"),
            )
            load >> [a, b] >> both
            last = Same(name="last")
            last << both
        assert pipeline.dag.edges == [("load", "a"), ("load", "b"), ("a", "c"), ("b", "c"), ("c", "last")]

    def test_pipelines_do_not_nest(self):
        with Pipeline("outer"):
            with pytest.raises(
                DistilabelUserError, match="A pipeline is open already: leave its `with` block"
            ):
                Pipeline("inner").__enter__()
            assert Same().pipeline.name == "outer"
        assert current_pipeline.get() is None

    def test_block_that_fails_leaves_none_open(self):
        with pytest.raises(KeyError), Pipeline("p"):
            raise KeyError
        assert Same().pipeline is None

    def test_block_can_be_opened_again_to_add_more(self, tmp_path):
        pipeline = line(tmp_path, Add(name="add"))
        with pipeline:
            pipeline.dag.steps["add"] >> KeepColumns(columns=["m"])
        assert rows(pipeline.run())[0] == {"m": 1}

    def test_what_is_no_step_cannot_be_connected(self):
        with Pipeline("p"):
            same = Same()
        with pytest.raises(DistilabelTypeError, match="connects to steps or to a routing function"):
            same >> "text"


class TestNames:
    def test_name_is_made_of_those_of_the_steps(self):
        with Pipeline() as pipeline:
            LoadDataFromDicts(name="load") >> Same(name="same")
        assert pipeline.name == "pipeline_load_same"

    def test_long_name_is_cut_and_still_tells_pipelines_apart(self):
        def name(count, last):
            with Pipeline() as pipeline:
                for i in range(count):
                    Same(name=f"a_rather_long_name_{i}")
                Same(name=last)
            return pipeline.name

        names = {name(30, "x"), name(30, "y"), name(31, "x")}
        assert len(names) == 3
        assert all(
            len(found) <= 120 and found.startswith("pipeline_a_rather_long_name_0_") for found in names
        )
        assert name(30, "x") == name(30, "x")

    def test_inferred_name_does_not_change_with_the_rows_given_to_run(self, tmp_path):
        with Pipeline(cache_dir=tmp_path) as pipeline:
            Add(name="add")
        pipeline.run(dataset=numbers(1))
        assert pipeline.name == "pipeline_add"
        assert (tmp_path / "pipeline_add" / "pipeline.yaml").exists()

    @pytest.mark.parametrize("name", ["", "a/b", "..", ".", "a b", "ä", "a\n"])
    def test_name_that_is_no_folder_is_refused(self, name):
        with pytest.raises(DistilabelUserError, match="use letters, digits"):
            Pipeline(name)

    @pytest.mark.parametrize(
        "name", ["ledger.db", "Ledger.DB", "ledger.opening", "ledger.db-wal", "jobs", "llm.lock."]
    )
    def test_name_of_a_file_of_the_cache_folder_is_refused(self, name):
        with pytest.raises(DistilabelUserError, match="which the cache folder uses for its own files"):
            Pipeline(name)

    def test_cache_folder_is_given_or_from_the_environment_or_at_home(self, tmp_path, monkeypatch):
        monkeypatch.setenv("DISTILABEL_CACHE_DIR", str(tmp_path / "env"))
        assert Pipeline("p").cache_dir == tmp_path / "env"
        assert Pipeline("p", cache_dir=str(tmp_path / "given")).cache_dir == tmp_path / "given"
        monkeypatch.delenv("DISTILABEL_CACHE_DIR")
        monkeypatch.setenv("HOME", str(tmp_path))
        assert Pipeline("p").cache_dir == tmp_path / ".cache" / "distilabel" / "pipelines"

    def test_signature_stands_for_names_and_arrows(self):
        def signature(*names, arrow=True):
            with Pipeline("p") as pipeline:
                load, same = LoadDataFromDicts(name=names[0]), Same(name=names[1])
                if arrow:
                    load >> same
            return pipeline.signature

        assert signature("a", "b") == signature("a", "b")
        assert len({signature("a", "b"), signature("a", "c"), signature("a", "b", arrow=False)}) == 3
        assert re.fullmatch("[0-9a-f]{40}", signature("a", "b"))


class Scale(Add):
    factor: RuntimeParameter[int]
    times: RuntimeParameter[int] = 1

    def made(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [{**row, "m": row["n"] * self.factor * self.times} for row in rows]


class TestParameters:
    def test_they_are_set_by_name_or_by_step(self, tmp_path):
        scale = Scale(name="scale")
        pipeline = line(tmp_path, scale, data=[{"n": 1}])
        assert column(pipeline.run(parameters={"scale": {"factor": 3}}), "m") == [3]
        assert column(pipeline.run(parameters={scale.name: {"factor": 5, "times": 2}}), "m") == [10]

    def test_missing_one_is_reported_with_its_place(self, tmp_path):
        with pytest.raises(DistilabelUserError) as refused:
            line(tmp_path, Scale(name="scale")).run()
        assert "Step 'scale' lacks 'factor'" in str(refused.value)
        assert 'pipeline.run(parameters={"scale": {"factor": ...}})' in str(refused.value)

    @pytest.mark.parametrize(
        ("parameters", "words"),
        [
            ({"scael": {"factor": 9}}, "The pipeline has no step 'scael'; did you mean 'scale'?"),
            ({"zzz": {"factor": 9}}, "The pipeline has no step 'zzz'; it has 'load', 'scale'."),
            (
                {"scale": {"factr": 9}},
                "Scale 'scale' has no runtime parameter 'factr'; did you mean 'factor'?",
            ),
        ],
    )
    def test_unknown_name_ends_the_run_before_a_row_is_made_with_a_hint(self, tmp_path, parameters, words):
        pipeline = line(tmp_path, scale := Scale(name="scale", factor=2), data=[{"n": 1}])
        with pytest.raises(DistilabelUserError) as refused:
            pipeline.run(parameters=parameters)
        assert str(refused.value) == words
        assert scale.factor == 2
        assert not list(tmp_path.rglob("*.chunks"))

    def test_value_that_does_not_fit_is_reported(self, tmp_path):
        with pytest.raises(DistilabelUserError, match="`factor` of Scale 'scale' cannot be 'many'"):
            line(tmp_path, Scale(name="scale")).run(parameters={"scale": {"factor": "many"}})

    @pytest.mark.parametrize("parameters", [["scale"], "scale", {1, 2}])
    def test_what_is_no_mapping_is_refused_with_an_example(self, tmp_path, parameters):
        with pytest.raises(DistilabelTypeError, match="`parameters` must be a dict such as"):
            line(tmp_path, Scale(name="scale")).run(parameters=parameters)

    def test_they_are_described(self):
        with Pipeline("p") as pipeline:
            Scale(name="scale")
        described = pipeline.get_runtime_parameters_info()["scale"]
        optional = {entry["name"]: entry["optional"] for entry in described if "optional" in entry}
        assert (optional["factor"], optional["times"]) == (False, True)

    def test_changed_one_runs_the_step_again(self, tmp_path):
        scale = Scale(name="scale", factor=2)
        pipeline = line(tmp_path, scale, data=numbers(2))
        for factor, total in ((2, 2), (3, 4), (2, 4)):
            assert column(pipeline.run(parameters={"scale": {"factor": factor}}), "m") == [0, factor]
            assert len(scale.given) == total


class TestRequirements:
    def test_missing_package_is_named_before_anything_is_done(self, tmp_path):
        @requirements(["surely-not-installed>=3"])
        class Needs(Add):
            pass

        needs = Needs(name="needs")
        pipeline = line(tmp_path / "cache", needs, requirements=["orjson", "nor-this-one"])
        assert pipeline.requirements == ["nor-this-one", "orjson", "surely-not-installed>=3"]
        with pytest.raises(ModuleNotFoundError, match="pip install nor-this-one surely-not-installed>=3"):
            pipeline.run()
        assert needs.calls == 0
        assert not (tmp_path / "cache").exists()

    @pytest.mark.parametrize("text", ["orjson>=99", "orjson<3"])
    def test_package_of_another_version_is_missing_too(self, tmp_path, text):
        with pytest.raises(ModuleNotFoundError, match=f"pip install {text}"):
            line(tmp_path, Add, requirements=[text]).validate()

    def test_what_an_llm_needs_is_needed(self, tmp_path):
        @requirements(["surely-not-installed"])
        class Needy(OpenAILLM):
            pass

        pipeline = line(tmp_path, TextGeneration(name="ask", llm=Needy(model="m", api_key="k")))
        assert pipeline.requirements == ["surely-not-installed"]

    def test_requirement_that_cannot_be_read_is_reported(self, tmp_path):
        with pytest.raises(DistilabelUserError, match="The requirement 'not a package!' cannot be parsed"):
            line(tmp_path, Add, requirements=["not a package!"]).run()

    def test_what_is_installed_is_no_obstacle(self, tmp_path):
        assert len(line(tmp_path, Add, requirements=["orjson>=3", "pyarrow[x]", "PyYAML"]).run()) == 1


class Client(Same):
    url: str = "https://me:hunter2@a.b"
    api_key: Optional[RuntimeParameter[SecretStr]] = None
    headers: dict[str, str] = {}  # noqa: RUF012 - pydantic copies it


class TestWrittenForm:
    def build(self, cache: Path) -> Pipeline:
        with Pipeline("written", "what it is for", cache_dir=cache, requirements=["orjson"]) as pipeline:
            load = LoadDataFromDicts(name="load", data=[{"a": 1, "b": 2}], batch_size=7)
            merge = MergeColumns(name="merge", columns=["a", "b"], output_mappings={"merged_column": "all"})
            load >> [merge, KeepColumns(name="keep", columns=["a"])]
            merge >> KeepColumns(name="last", columns=["all"])
        return pipeline

    def test_dump_says_all_and_can_be_read_by_any_reader(self, tmp_path):
        dumped = self.build(tmp_path).dump()
        assert json.loads(json.dumps(dumped)) == dumped
        assert dumped["distilabel"] == {"version": __version__}
        assert dumped["requirements"] == ["orjson"]
        described = dumped["pipeline"]
        assert (described["name"], described["description"]) == ("written", "what it is for")
        assert [entry["name"] for entry in described["steps"]] == ["load", "merge", "keep", "last"]
        assert {"from": "load", "to": ["merge", "keep"]} in described["connections"]
        assert "data" not in described["steps"][0]["step"]

    @pytest.mark.parametrize(("ending", "reader"), [("json", "from_json"), ("yaml", "from_yaml")])
    def test_it_is_read_back_as_it_was(self, tmp_path, ending, reader):
        pipeline, path = self.build(tmp_path), tmp_path / f"deep/pipeline.{ending}"
        pipeline.save(path, format=ending)
        for read in (
            getattr(Pipeline, reader)(path),
            Pipeline.from_file(path),
            Pipeline.from_dict(pipeline.dump()),
        ):
            assert read.dump() == pipeline.dump()
            assert read.dag.edges == pipeline.dag.edges
            assert read.signature == pipeline.signature
            assert current_pipeline.get() is None

    def test_pipeline_that_was_read_runs(self, tmp_path, monkeypatch):
        monkeypatch.setenv("DISTILABEL_CACHE_DIR", str(tmp_path / "cache"))
        with Pipeline("p") as pipeline:
            KeepColumns(name="keep", columns=["n"]) >> MergeColumns(
                name="merge", columns=["n"], output_column="ns"
            )
        read = Pipeline.from_dict(pipeline.dump())
        assert rows(read.run(dataset=[{"n": 1, "x": 2}])) == [{"ns": [1]}]

    def test_file_of_the_run_can_be_read_back(self, tmp_path):
        pipeline = self.build(tmp_path)
        path = pipeline.run().pipeline_path
        assert Pipeline.from_yaml(path).dump() == pipeline.dump()

    def test_no_secret_is_ever_written(self, tmp_path):
        client = Client(
            name="client", api_key=SecretStr("hunter2"), headers={"Authorization": "Bearer hunter2"}
        )
        pipeline = line(tmp_path / "cache", client)
        pipeline.run(parameters={"client": {"api_key": "hunter2"}})
        text = (tmp_path / "cache" / "line" / "pipeline.yaml").read_text()
        assert yaml.safe_load(text)["pipeline"]["steps"][1]["step"]["url"] == "https://a.b"
        assert "api_key" not in text
        written = [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
        assert len(written) > 3
        assert not [path for path in written if b"hunter2" in path.read_bytes()]

    def test_class_of_a_stranger_is_not_imported_unless_allowed(self, tmp_path):
        dumped = line(tmp_path, Add(name="add")).dump()
        with pytest.raises(DistilabelUserError, match="not in an allowed package"):
            Pipeline.from_dict(dumped)
        assert list(Pipeline.from_dict(dumped, allow=("distilabel", "tests")).names) == ["load", "add"]

    def test_route_cannot_be_read_back_and_says_so(self, tmp_path):
        with Pipeline("p", cache_dir=tmp_path) as pipeline:
            load = LoadDataFromDicts(data=numbers(1))
            load >> routing_batch_function("why")(lambda steps: steps) >> [KeepColumns(columns=["n"])]
        with pytest.raises(DistilabelUserError, match="is a function and cannot be read from a file"):
            Pipeline.from_dict(pipeline.dump())

    @pytest.mark.parametrize("data", [{}, {"pipeline": {}}, {"pipeline": []}])
    def test_what_is_no_pipeline_is_refused(self, data):
        with pytest.raises(DistilabelUserError, match="This does not describe a pipeline"):
            Pipeline.from_dict(data)


class Talks(Same):
    def made(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        self._logger.debug("a fine point")
        self._logger.info("a word")
        self._logger.warning("a warning")
        return rows


def shown(pipeline: Pipeline, capfd: pytest.CaptureFixture[str], **arguments: Any) -> list[str]:
    capfd.readouterr()
    pipeline.run(**arguments)
    out, err = capfd.readouterr()
    assert out == ""
    return err.splitlines()


class TestScreens:
    def test_where_there_is_no_terminal_lines_are_shown(self, tmp_path, capfd, monkeypatch):
        monkeypatch.delenv("DISTILABEL_PROGRESS")
        lines = shown(line(tmp_path, Fails(name="bad").on(3)), capfd)
        # The traceback of the step's error stands between them.
        texts = re.split(r"(?m)^(?=\d\d:\d\d:\d\d )", "\n".join(lines))
        entries = [text.splitlines() for text in texts if text]
        assert all(re.fullmatch(r"\d\d:\d\d:\d\d (INFO   |WARNING) \S.*", entry[0]) for entry in entries)
        said = [entry[0].split(maxsplit=2)[2] for entry in entries]
        assert [entry[1] for entry in entries if len(entry) > 1] == ["Traceback (most recent call last):"]
        assert said[0] == "Pipeline 'line' starts: load, bad."
        assert "Step 'load' is done: 10 rows." in said
        assert "Step 'bad' is done: 10 rows." in said
        assert any(text.startswith("Step 'bad' has no response for 1 row;") for text in said)
        assert said[-1] == "Pipeline 'line' is done: 10 rows."

    def test_rows_from_the_cache_are_distinguished(self, tmp_path, capfd):
        line(tmp_path, Add(name="add")).run()
        lines = shown(line(tmp_path, Add(name="add")), capfd)
        assert any(text.endswith("Step 'add' is done: 10 rows, 10 of them from the cache.") for text in lines)

    @pytest.mark.parametrize(
        ("level", "said"),
        [
            ("DEBUG", ["a fine point", "a word", "a warning"]),
            ("info", ["a word", "a warning"]),
            ("WARNING", ["a warning"]),
            ("ERROR", []),
        ],
    )
    def test_level_says_how_much_is_shown_and_the_file_has_all_from_info_on(
        self, tmp_path, capfd, monkeypatch, level, said
    ):
        monkeypatch.setenv("DISTILABEL_LOG_LEVEL", level)
        lines = shown(line(tmp_path, Talks(name="talks"), data=numbers(1)), capfd)
        assert [text.split(maxsplit=2)[2] for text in lines if " a " in text] == said
        assert any("starts" in text for text in lines) == (level in ("DEBUG", "info"))
        log = (tmp_path / "line" / "pipeline.log").read_text()
        assert "a word" in log
        assert "a warning" in log
        assert "a fine point" not in log
        assert "Pipeline 'line' is done" in log

    def test_log_of_every_run_is_kept_and_nothing_leaks_out_afterwards(self, tmp_path, capfd):
        logger = logging.getLogger("distilabel")
        before = list(logger.handlers), 37
        logger.setLevel(37)
        for _ in range(2):
            line(tmp_path, Add).run()
        with pytest.raises(DistilabelStepError):
            line(tmp_path, Fails().on(*range(10))).run()
        after = list(logger.handlers), logger.level
        logger.setLevel(logging.NOTSET)
        assert after == before
        assert (tmp_path / "line" / "pipeline.log").read_text().count("starts") == 3

    def test_handlers_of_the_user_hear_the_run_and_are_left_open(self, tmp_path, capfd):
        heard = []

        class Ear(logging.Handler):
            def emit(self, record):
                heard.append(record.getMessage())

            def close(self):
                heard.append("closed")
                super().close()

        shown(line(tmp_path, Talks, data=numbers(1)), capfd, logging_handlers=[Ear()])
        assert "a word" in heard
        assert heard[-1] == "Pipeline 'line' is done: 1 row."

    def test_for_a_program_every_line_is_one_event_in_json(self, tmp_path, capfd, monkeypatch):
        monkeypatch.setenv("DISTILABEL_PROGRESS", "json")
        pipeline = line(tmp_path, Fails(name="bad").on(3), Talks(name="talks"), size=5)
        events = [orjson.loads(text) for text in shown(pipeline, capfd)]
        kinds = [event["event"] for event in events]
        assert kinds[0] == "RunBegan"
        assert events[0] == {"event": "RunBegan", "pipeline": "line", "steps": ["load", "bad", "talks"]}
        assert sorted(event["step"] for event in events if event["event"] == "StepBegan") == [
            "bad",
            "load",
            "talks",
        ]
        assert sorted(event["step"] for event in events if event["event"] == "StepEnded") == [
            "bad",
            "load",
            "talks",
        ]
        done = [event for event in events if event["event"] == "ChunkDone" and event["step"] == "bad"]
        assert (sum(event["rows"] for event in done), sum(event["failures"] for event in done)) == (10, 1)
        wanted = {
            "event": "RunEnded",
            "pipeline": "line",
            "complete": True,
            "rows": 10,
            "failures": {"bad": 1},
        }
        assert {name: events[-1][name] for name in wanted} == wanted

    def test_none_shows_nothing_and_the_file_has_it_all_the_same(self, tmp_path, capfd, monkeypatch):
        monkeypatch.setenv("DISTILABEL_PROGRESS", "none")
        assert shown(line(tmp_path, Talks), capfd) == []
        assert "a warning" in (tmp_path / "line" / "pipeline.log").read_text()

    def test_table_goes_to_standard_error_and_leaves_the_lines_whole(self, tmp_path, capfd, monkeypatch):
        monkeypatch.setenv("DISTILABEL_PROGRESS", "rich")
        monkeypatch.setenv("COLUMNS", "40")
        long = Add(name="a-name-that-is-much-longer-than-the-terminal-is-wide")
        lines = shown(line(tmp_path, long), capfd)
        assert any(f"Step '{long.name}' is done: 10 rows." in text for text in lines)

    @pytest.mark.parametrize("variable", ["DISTILABEL_PROGRESS", "DISTILABEL_LOG_LEVEL"])
    def test_bad_value_is_one_sentence_before_anything_is_done(self, tmp_path, monkeypatch, variable):
        monkeypatch.setenv(variable, "loud")
        add = Add(name="add")
        pipeline = line(tmp_path, add)
        with pytest.raises(DistilabelUserError, match=f"{variable} is 'loud': set it to one of .*"):
            pipeline.run()
        assert add.calls == 0
        monkeypatch.delenv(variable)
        assert len(pipeline.run()) == 1
