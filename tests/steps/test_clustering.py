"""Rows on a map, groups on it, and names for the groups."""

import json
import random
import sys

import pytest

from distilabel.exceptions import (
    DistilabelMissingPackageError,
    DistilabelOfflineBatchGenerationNotFinishedException,
    DistilabelUserError,
)
from distilabel.pipeline import Pipeline
from distilabel.steps import DBSCAN, UMAP, LoadDataFromDicts, TextClustering
from distilabel.steps._core.context import chunk_random
from distilabel.steps.base import validate_step

from .fakes import EchoLLM, UnfinishedLLM


def process(step, rows):
    step.load()
    return next(step.process(rows))


@pytest.mark.slow  # UMAP is compiled first, which takes half a minute
@pytest.mark.filterwarnings("ignore:Tensorflow not installed:ImportWarning")
class TestUMAP:
    def rows(self, count=30):
        chance = random.Random(5)
        return [{"embedding": [chance.random() + 10 * (n % 2) for _ in range(4)]} for n in range(count)]

    def test_same_rows_give_the_same_projection_and_groups_stay_apart(self):
        first = [row["projection"] for row in process(UMAP(), self.rows())]
        assert first == [row["projection"] for row in process(UMAP(), self.rows())]
        assert {len(point) for point in first} == {2}
        even, odd = ([sum(p) / 2 for p in first[start::2]] for start in (0, 1))
        assert max(even) < min(odd) or max(odd) < min(even)

    def test_row_without_embedding_gets_none(self):
        rows = self.rows(6)
        rows[2]["embedding"] = None
        made = process(UMAP(n_components=1), rows)
        assert [row["projection"] is None for row in made] == [False, False, True, False, False, False]
        assert [len(row["projection"]) for row in made if row["projection"]] == [1] * 5
        assert process(UMAP(), []) == []

    def test_too_few_rows_are_reported(self):
        with pytest.raises(
            DistilabelUserError, match="has 3 embeddings to project into 2 dimensions: it needs at least 4"
        ):
            process(UMAP(), self.rows(3))


class TestDBSCAN:
    def test_dense_points_are_groups_and_lonely_ones_are_in_none(self):
        points = [[0.0, 0.0], [0.1, 0.0], [5.0, 5.0], [5.1, 5.0], [99.0, 0.0]]
        made = process(DBSCAN(min_samples=2, n_jobs=1), [{"projection": point} for point in [*points, None]])
        assert [row["cluster_label"] for row in made] == [0, 0, 1, 1, -1, None]
        assert process(DBSCAN(), []) == []

    def test_model_is_left_as_an_artifact(self, tmp_path):
        with Pipeline("groups", cache_dir=tmp_path) as pipeline:
            LoadDataFromDicts(data=[{"projection": [0.0]}] * 3) >> DBSCAN(name="dbscan", n_jobs=1)
        distiset = pipeline.run()
        folder = distiset.artifacts_path / "dbscan" / "DBSCAN_model"
        assert sorted(file.name for file in folder.iterdir()) == ["metadata.json", "model.pkl"]


@pytest.mark.parametrize(
    ("kind", "module", "extra"), [(UMAP, "umap", "umap-learn"), (DBSCAN, "sklearn.cluster", "scikit-learn")]
)
def test_missing_package_is_named(monkeypatch, kind, module, extra):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(DistilabelMissingPackageError, match=rf"pip install 'distilabel\[{extra}\]'"):
        kind().load()


def named(item, count):
    """Answer with the last text of the group, as its label."""
    texts = [line for line in item[-1]["content"].splitlines() if line.startswith('"')]
    answer = f"Sure: {json.dumps([json.loads(texts[-1]).upper(), 'second', 'third'])}"
    return {
        "generations": [answer] * count,
        "statistics": {"input_tokens": [7] * count, "output_tokens": [2] * count},
    }


def task(**fields):
    return TextClustering(**{"name": "names", "llm": EchoLLM(answer=named), "savefig": False, **fields})


ROWS = [
    {"text": "a", "cluster_label": 0},
    {"text": "noise", "cluster_label": -1},
    {"text": "b", "cluster_label": 1},
    {"text": "a", "cluster_label": 0},
    {"text": "lost", "cluster_label": None},
]


class TestTextClustering:
    def test_each_group_is_asked_about_once_and_all_its_rows_get_the_label(self):
        step = task()
        rows = process(step, ROWS)
        assert [row["summary_label"] for row in rows] == ["A", None, "B", "A", None]
        assert [row["model_name"] for row in rows] == ["echo", None, "echo", "echo", None]
        assert [row["text"] for row in rows] == [row["text"] for row in ROWS]
        ((asked, _),) = step.llm.seen
        assert len(asked) == 2
        assert "noise" not in str(asked)

    def test_what_the_answer_cost_is_noted_once(self):
        noted = [row.get("distilabel_metadata") or {} for row in process(task(), ROWS)]
        assert [("statistics_names" in one) for one in noted] == [True, False, True, False, False]

    def test_answer_that_is_no_list_leaves_the_group_without_label_and_each_row_says_why(self):
        step = task(llm=EchoLLM(answer=lambda _item, count: {"generations": ["no idea"] * count}))
        rows = process(step, ROWS)
        assert [row["summary_label"] for row in rows] == [None] * 5
        failures = [(row.get("distilabel_metadata") or {}).get("failure_names") for row in rows]
        assert [bool(failure) for failure in failures] == [True, False, True, True, False]
        assert failures[0]["code"] == "unparseable_output"

    def test_several_labels_come_as_a_list(self):
        rows = process(task(n=2), ROWS)
        assert rows[0]["summary_label"] == ["A", "second"]
        assert rows[1]["summary_label"] is None

    def test_samples_are_few_and_the_same_at_a_replay(self):
        rows = [{"text": f"text {n}", "cluster_label": 0} for n in range(100)]
        shown = []
        for _ in range(2):
            step = task(samples_per_cluster=5)
            with chunk_random("chunk"):
                process(step, rows)
            shown.append(step.llm.seen[0][0][0][-1]["content"])
        assert shown[0] == shown[1]
        assert shown[0].count('"text ') == 5

    def test_text_is_shown_as_one_line_whatever_it_holds(self):
        step = task()
        process(step, [{"text": 'two\nlines "and" é', "cluster_label": 0}])
        assert '"two\\nlines \\"and\\" é"' in step.llm.seen[0][0][0][-1]["content"]

    def test_context_goes_first(self):
        assert (
            task(context="Film reviews.")
            .format_input({"texts": ["x"]})[-1]["content"]
            .startswith("Film reviews.")
        )

    def test_without_groups_nobody_is_asked(self):
        step = task()
        assert process(step, []) == []
        assert process(step, [{"text": "x", "cluster_label": -1}])[0]["summary_label"] is None
        assert step.llm.seen == []

    def test_row_without_text_is_not_shown_and_gets_none(self):
        rows = process(task(), [{"text": None, "cluster_label": 0}, {"text": "a", "cluster_label": 0}])
        assert [row["summary_label"] for row in rows] == [None, "A"]

    def test_batch_that_is_not_finished_is_waited_for(self):
        with pytest.raises(DistilabelOfflineBatchGenerationNotFinishedException):
            process(task(llm=UnfinishedLLM()), ROWS)

    def test_more_than_one_answer_a_group_is_refused(self):
        for fields in ({"num_generations": 2}, {"group_generations": True}):
            with pytest.raises(DistilabelUserError, match="set `n` for more labels"):
                task(**fields)

    def test_picture_is_left_as_an_artifact(self, tmp_path):
        points = [{"text": "a", "cluster_label": n % 2, "projection": [float(n), 1.0]} for n in range(6)]
        with Pipeline("names", cache_dir=tmp_path) as pipeline:
            LoadDataFromDicts(data=points) >> task(savefig=True)
        distiset = pipeline.run()
        figure = distiset.artifacts_path / "names" / "Text clusters" / "figure.png"
        assert figure.read_bytes().startswith(b"\x89PNG")

    def test_package_for_the_picture_is_missed_before_anything_is_asked(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "matplotlib", None)
        with pytest.raises(DistilabelMissingPackageError, match=r"distilabel\[matplotlib\]"):
            task(savefig=True).load()
        task(savefig=False).load()

    def test_it_is_valid_and_shows_what_it_asks(self, capsys):
        validate_step(task())
        task().print()
        assert "<TEXT 1>" in capsys.readouterr().out

    def test_both_import_paths_lead_to_it(self):
        import distilabel.steps
        import distilabel.steps.tasks

        assert distilabel.steps.TextClustering is distilabel.steps.tasks.TextClustering
        with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
            distilabel.steps.Nothing  # noqa: B018 - asked for on purpose
