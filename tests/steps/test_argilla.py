"""Rows as records for annotators: the real client of Argilla against an Argilla on the loopback."""

import os
import subprocess
import sys

import httpx
import pytest

from distilabel.exceptions import DistilabelMissingPackageError, DistilabelStepError
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts, PreferenceToArgilla, TextGenerationToArgilla
from distilabel.steps.base import validate_step
from tests.support.argilla import KEY, argilla

pytestmark = [
    pytest.mark.slow,  # Argilla's own SDK against a stand-in for its server: a second for each test
    pytest.mark.filterwarnings("ignore:Support for class-based:DeprecationWarning"),
]


@pytest.fixture
def kept(monkeypatch, clients):
    with argilla() as running:
        monkeypatch.setenv("ARGILLA_API_URL", running.url)
        monkeypatch.setenv("ARGILLA_API_KEY", KEY)
        yield running


@pytest.fixture
def clients(monkeypatch):
    """Every HTTP client of the package is closed in the end: it makes some that only it knows of."""
    made, begin = [], httpx.Client.__init__
    monkeypatch.setattr(
        httpx.Client, "__init__", lambda self, *a, **k: (made.append(self), begin(self, *a, **k))[1]
    )
    yield
    for client in made:
        client.close()


def send(step, *rows):
    step.load()
    (made,) = step.process(list(rows))
    step.unload()
    return made


def records(kept, name):
    return list(kept.records[kept.named(name)].values())


def texts_of(kept, name="d"):
    return [record["fields"].get("generation") for record in records(kept, name)]


class TestTextGeneration:
    def test_each_generation_is_a_record_and_rows_go_on_unchanged(self, kept):
        rows = [
            {"instruction": "i", "generation": "one"},
            {"instruction": "i", "generation": ["two", "three"]},
        ]
        assert send(TextGenerationToArgilla(dataset_name="d"), *rows) == rows
        assert texts_of(kept) == ["one", "two", "three"]
        assert records(kept, "d")[0]["fields"] == {"instruction": "i", "generation": "one"}

    def test_dataset_asks_whether_the_answer_is_good(self, kept):
        send(TextGenerationToArgilla(dataset_name="d", dataset_workspace="team"))
        dataset = kept.datasets[kept.named("d")]
        (question,) = kept.parts[dataset["id"]]["questions"]
        assert [option["value"] for option in question["settings"]["options"]] == ["bad", "good"]
        assert [field["name"] for field in kept.parts[dataset["id"]]["fields"]] == [
            "instruction",
            "generation",
        ]
        assert dataset["status"] == "ready"

    def test_what_is_sent_again_replaces_itself(self, kept):
        row = {"instruction": "i", "generation": ["one", "one"]}
        for _ in range(2):
            send(TextGenerationToArgilla(dataset_name="d"), row, row)
        assert texts_of(kept) == ["one"]
        assert len(kept.datasets) == 1

    @pytest.mark.parametrize(
        "row",
        [
            {},
            {"instruction": "i", "generation": None},
            {"instruction": "i", "generation": ""},
            {"instruction": None, "generation": "g"},
            {"instruction": "i", "generation": [None, 3]},
        ],
    )
    def test_row_with_nothing_to_show_makes_no_record(self, kept, row):
        assert send(TextGenerationToArgilla(dataset_name="d"), row) == [row]
        assert records(kept, "d") == []

    def test_in_a_pipeline_every_row_arrives_once(self, kept, tmp_path):
        with Pipeline("annotate", cache_dir=tmp_path) as pipeline:
            load = LoadDataFromDicts(
                data=[{"instruction": "i", "generation": f"g{n}"} for n in range(7)], batch_size=2
            )
            load >> TextGenerationToArgilla(dataset_name="d")
        for _ in range(2):
            assert len(pipeline.run()["default"]["train"]) == 7
        assert sorted(texts_of(kept)) == [f"g{n}" for n in range(7)]
        assert KEY not in (tmp_path / "annotate/pipeline.yaml").read_text()


class TestPreference:
    def send(self, kept, num_generations=2, **row):
        row = {"instruction": "i", "generations": ["a", "b"], **row}
        send(PreferenceToArgilla(dataset_name="p", num_generations=num_generations), row)
        return records(kept, "p")

    def suggested(self, kept, **row):
        (record,) = self.send(kept, **row)
        return {one["question_name"]: (one["value"], one["agent"]) for one in record["suggestions"]}

    def test_record_shows_all_generations_and_suggests_ratings_and_rationales(self, kept):
        given = self.suggested(kept, ratings=[1, 5.0], rationales=["x", "y"], model_name="judge")
        assert given == {
            "generation-0-rating": (1, "judge"),
            "generation-1-rating": (5, "judge"),
            "generation-0-rationale": ("x", "judge"),
            "generation-1-rationale": ("y", "judge"),
        }
        fields = records(kept, "p")[0]["fields"]
        assert fields == {"instruction": "i", "generation-0": "a", "generation-1": "b"}

    def test_what_cannot_be_a_suggestion_is_left_out(self, kept):
        given = self.suggested(kept, ratings=[None, 4.5], rationales=[None, ""])
        assert given == {}

    @pytest.mark.parametrize(
        "ratings", [[9, 0], [True, "3"], [float("nan"), float("inf")], [5], [5, 4, 3], "54", None]
    )
    def test_ratings_that_fit_no_generation_are_left_out(self, kept, ratings):
        assert self.suggested(kept, ratings=ratings) == {}

    def test_of_more_generations_the_first_are_shown_with_their_own_ratings(self, kept):
        given = self.suggested(kept, generations=["a", "b", "c"], ratings=[1, 2, 3])
        assert {name: value for name, (value, _) in given.items()} == {
            "generation-0-rating": 1,
            "generation-1-rating": 2,
        }

    @pytest.mark.parametrize("generations", [None, [], ["a"], ["a", None], ["", "b"]])
    def test_row_with_too_few_generations_makes_no_record(self, kept, generations):
        assert self.send(kept, generations=generations) == []


@pytest.mark.parametrize("kind", [PreferenceToArgilla, TextGenerationToArgilla])
class TestBoth:
    ROW = {"instruction": "i", "generation": "g", "generations": ["g", "h"]}  # noqa: RUF012 - never changed

    def test_step_is_valid(self, kind):
        validate_step(kind(dataset_name="d"))

    def test_records_that_are_refused_end_the_run_after_one_try(self, kind, kept, monkeypatch):
        step = kind(dataset_name="d")
        step.load()
        kept.refusing = True
        with pytest.raises(DistilabelStepError, match="run again; finished work is kept"):
            list(step.process([self.ROW] * 3))
        step.unload()

    def test_missing_package_is_named(self, kind, monkeypatch):
        monkeypatch.setitem(sys.modules, "argilla", None)
        with pytest.raises(DistilabelMissingPackageError, match=r"distilabel\[argilla\]"):
            kind(dataset_name="d").load()


REFUSED = """
from distilabel.steps import TextGenerationToArgilla
step = TextGenerationToArgilla(name="send", dataset_name="d", api_key="argilla.wr0ng")
print(step.dump(), repr(step))
step.load()
"""


def test_key_that_is_refused_is_reported_without_it(kept):
    # In a process of its own: a client that is refused never closes its socket.
    done = subprocess.run(
        [sys.executable, "-c", REFUSED], capture_output=True, text=True, check=False, env=os.environ
    )
    assert "Step 'send' cannot write to the dataset 'd' in Argilla" in done.stderr
    assert "wr0ng" not in done.stdout + done.stderr
    assert ("GET", "/api/v1/me") in kept.requests
