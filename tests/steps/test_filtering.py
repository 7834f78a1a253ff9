"""Which rows to keep: near-duplicates, neighbours, and the best that are not alike."""

import pickle
import random

import faiss
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distilabel.exceptions import DistilabelMissingPackageError, DistilabelUserError
from distilabel.pipeline import Pipeline
from distilabel.steps import (
    DeitaFiltering,
    EmbeddingDedup,
    FaissNearestNeighbour,
    LoadDataFromDicts,
    MinHashDedup,
)
from distilabel.steps.base import validate_step

WORDS = [
    "alpha",
    "beta",
    "gamma",
    "delta",
    "epsilon",
    "zeta",
    "eta",
    "theta",
    "iota",
    "kappa",
    "lambda",
    "mu",
    "nu",
    "xi",
    "omicron",
    "pi",
    "rho",
    "sigma",
    "tau",
]


def kept(rows, column):
    return [row[column] for row in rows]


def process(step, rows):
    step.load()
    return next(step.process(rows))


class TestMinHash:
    column = "keep_row_after_minhash_filtering"

    def keep(self, texts, **fields):
        return kept(process(MinHashDedup(**fields), [{"text": text} for text in texts]), self.column)

    @pytest.mark.parametrize("storage", ["dict", "disk"])
    @pytest.mark.parametrize("tokenizer", ["words", "ngrams"])
    def test_first_of_several_alike_is_kept(self, storage, tokenizer):
        long = " ".join(WORDS * 5)
        texts = [long, "something else", long, long + ".", "something else", "third"]
        keep = self.keep(texts, storage=storage, tokenizer=tokenizer)
        assert keep == [True, True, False, False, False, True]

    def test_both_storages_find_the_same_in_any_order(self):
        chance = random.Random(7)
        texts = [" ".join(chance.choices(WORDS, k=8)) for _ in range(200)]
        memory, disk = (self.keep(texts, storage=storage, threshold=0.6) for storage in ("dict", "disk"))
        assert memory == disk
        assert 0 < sum(memory) < 200

    def test_the_same_seed_finds_the_same(self):
        chance = random.Random(8)
        texts = [" ".join(chance.choices(WORDS, k=6)) for _ in range(150)]
        first = self.keep(texts, threshold=0.5, seed=3)
        assert first == self.keep(texts, threshold=0.5, seed=3)

    def test_texts_below_the_threshold_are_not_alike(self):
        half = [" ".join(WORDS[:10]), " ".join(WORDS[:5] + WORDS[10:15])]  # 5 of 15 words in common
        assert self.keep(half, threshold=0.7) == [True, True]
        assert self.keep([half[0], half[0] + " more"], threshold=0.7) == [True, False]

    def test_a_chain_of_small_changes_is_compared_to_what_is_kept_only(self):
        texts = [" ".join(f"w{n}" for n in range(start, start + 100)) for start in (0, 8, 16)]
        assert self.keep(texts, threshold=0.8, num_perm=1024) == [True, False, True]
        assert self.keep(texts[1:], threshold=0.8, num_perm=1024) == [True, False]

    def test_case_and_marks_do_not_make_words_new(self):
        assert self.keep(["Hello, World!", "hello world"]) == [True, False]
        assert self.keep(["Hello, World!", "hello world"], tokenizer="ngrams") == [True, True]

    def test_text_without_a_word_is_like_any_other_such(self):
        assert self.keep(["", "...", "x"]) == [True, False, True]
        assert self.keep(["", "ab", "ab"], tokenizer="ngrams") == [True, True, False]

    def test_row_without_text_is_neither_kept_nor_dropped(self):
        step = MinHashDedup(name="dedup")
        row, _ = process(step, [{"text": None}, {"text": "a"}])
        assert row[self.column] is None
        assert "holds nothing" in row["distilabel_metadata"]["failure_dedup"]["message"]

    def test_lone_surrogate_does_no_harm(self):
        assert self.keep(["\ud800abcdef", "\ud800abcdef"], tokenizer="ngrams") == [True, False]

    def test_in_a_pipeline_duplicates_are_found_across_chunks(self, tmp_path):
        with Pipeline("dedup", cache_dir=tmp_path) as pipeline:
            data = [{"text": f"text number {i % 5}"} for i in range(20)]
            LoadDataFromDicts(data=data, batch_size=3) >> MinHashDedup(input_batch_size=4)
        rows = pipeline.run()["default"]["train"]
        assert kept(rows, self.column) == [True] * 5 + [False] * 15

    def test_missing_package_is_named(self, monkeypatch):
        monkeypatch.setitem(__import__("sys").modules, "datasketch", None)
        with pytest.raises(DistilabelMissingPackageError, match=r"pip install 'distilabel\[minhash\]'"):
            MinHashDedup().load()


class TestNearest:
    def find(self, vectors, **fields):
        return process(FaissNearestNeighbour(**fields), [{"embedding": vector} for vector in vectors])

    def test_neighbours_are_others_and_nearest_first(self):
        rows = self.find([[0.0], [1.0], [3.0], [10.0]], k=2)
        assert [row["nn_indices"] for row in rows] == [[1, 2], [0, 2], [1, 0], [2, 1]]
        assert rows[0]["nn_scores"] == [1.0, 9.0]

    @given(st.lists(st.integers(0, 3), min_size=1, max_size=12), st.integers(1, 4), st.integers(1, 5))
    def test_no_row_is_its_own_neighbour_not_even_among_equals(self, values, k, batch):
        rows = self.find([[float(value), 1.0] for value in values], k=k, search_batch_size=batch)
        for number, row in enumerate(rows):
            distances = sorted((a - values[number]) ** 2 for i, a in enumerate(values) if i != number)
            assert number not in row["nn_indices"]
            assert len(set(row["nn_indices"])) == len(row["nn_indices"]) == min(k, len(values) - 1)
            assert row["nn_scores"] == distances[:k]
            assert [(values[i] - values[number]) ** 2 for i in row["nn_indices"]] == row["nn_scores"]

    def test_metric_may_be_the_inner_product(self):
        rows = self.find([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]], metric_type=faiss.METRIC_INNER_PRODUCT)
        assert [row["nn_indices"] for row in rows] == [[1], [0], [1]]
        assert rows[0]["nn_scores"] == pytest.approx([0.8])

    def test_row_without_embedding_is_no_neighbour_and_positions_are_those_of_all_rows(self):
        rows = self.find([[0.0], None, [1.0]])
        assert [row["nn_indices"] for row in rows] == [[2], None, [0]]
        assert [row["nn_scores"] is None for row in rows] == [False, True, False]
        assert [row["nn_indices"] for row in self.find([None, None])] == [None, None]
        assert self.find([]) == []

    def test_index_that_needs_training_is_trained(self):
        chance = random.Random(1)
        vectors = [[chance.random(), chance.random()] for _ in range(200)]
        rows = self.find(vectors, string_factory="IVF2,Flat", train_size=100)
        assert all(row["nn_indices"] for row in rows)

    @pytest.mark.parametrize(
        "vectors", [[[1.0], [1.0, 2.0]], [["x"]], [[]], [1.0], [[float("nan")]], [[None]]]
    )
    def test_what_are_no_vectors_is_reported(self, vectors):
        with pytest.raises(DistilabelUserError, match="must hold lists of finite numbers of the same length"):
            self.find(vectors)

    def test_gpu_that_this_faiss_cannot_use_is_reported(self):
        if hasattr(faiss, "StandardGpuResources"):
            pytest.skip("this faiss can use a GPU")
        with pytest.raises(DistilabelUserError, match="install a faiss with GPU support"):
            self.find([[1.0]], device=0)

    def test_index_is_left_as_an_artifact(self, tmp_path):
        with Pipeline("nearest", cache_dir=tmp_path) as pipeline:
            LoadDataFromDicts(data=[{"embedding": [0.0]}, {"embedding": [1.0]}]) >> FaissNearestNeighbour(
                name="nn"
            )
        distiset = pipeline.run()
        assert list(distiset["default"]["train"]["nn_indices"]) == [[1], [0]]
        index = faiss.read_index(str(distiset.artifacts_path / "nn" / "faiss_index" / "index.faiss"))
        assert index.ntotal == 2

    @pytest.mark.parametrize(
        ("metric", "kind"),
        [
            (None, "distances"),
            (faiss.METRIC_L2, "distances"),
            (faiss.METRIC_L1, "distances"),
            (faiss.METRIC_INNER_PRODUCT, "similarities"),
        ],
    )
    def test_metadata_tells_which_way_scores_are_to_be_read(self, metric, kind):
        rows = [{"embedding": [1.0, 0.0], "distilabel_metadata": {"before": 1}}, {"embedding": [0.0, 1.0]}]
        made = process(FaissNearestNeighbour(metric_type=metric), rows)
        assert [row["distilabel_metadata"] for row in made] == [
            {"before": 1, "nn_scores": kind},
            {"nn_scores": kind},
        ]
        assert rows[0]["distilabel_metadata"] == {"before": 1}


class TestEmbeddingDedup:
    def test_distances_are_refused_with_the_metric_to_take(self):
        rows = [{"embedding": [1.0, 0.0]}, {"embedding": [0.0, 1.0]}]
        by_distance = process(FaissNearestNeighbour(), rows)
        with pytest.raises(DistilabelUserError, match=r"metric_type=faiss\.METRIC_INNER_PRODUCT"):
            process(EmbeddingDedup(name="dedup"), by_distance)
        alike = process(FaissNearestNeighbour(metric_type=faiss.METRIC_INNER_PRODUCT), rows)
        assert kept(process(EmbeddingDedup(), alike), self.column) == [True, True]

    column = "keep_row_after_embedding_filtering"

    def keep(self, *neighbours, **fields):
        rows = [{"nn_indices": places, "nn_scores": scores} for places, scores in neighbours]
        return kept(process(EmbeddingDedup(**fields), rows), self.column)

    def test_first_of_two_alike_is_kept_whoever_names_the_other(self):
        assert self.keep(([1], [0.95]), ([], [])) == [True, False]
        assert self.keep(([], []), ([0], [0.95])) == [True, False]

    def test_score_at_the_threshold_counts_and_below_it_does_not(self):
        assert self.keep(([1], [0.9]), ([0], [0.9])) == [True, False]
        assert self.keep(([1], [0.89]), ([0], [0.89])) == [True, True]
        assert self.keep(([1], [0.5]), ([0], [0.5]), threshold=0.5) == [True, False]

    def test_row_like_a_dropped_one_only_is_kept(self):
        assert self.keep(([1], [0.95]), ([0, 2], [0.95, 0.95]), ([1], [0.95])) == [True, False, True]

    def test_row_itself_among_its_neighbours_does_no_harm(self):
        assert self.keep(([0], [1.0])) == [True]

    def test_row_without_neighbours_is_neither_kept_nor_dropped(self):
        assert self.keep((None, None), ([], [])) == [None, True]

    def test_neighbours_that_cannot_be_are_reported(self):
        with pytest.raises(DistilabelUserError, match="beyond its 1 rows"):
            self.keep(([1], [0.9]))
        with pytest.raises(DistilabelUserError, match="1 `nn_indices` and 0 `nn_scores`"):
            self.keep(([0], []))

    def test_after_the_neighbours_were_searched_in_a_pipeline(self, tmp_path):
        vectors = [[1.0, 0.0], [0.0, 1.0], [0.9999, 0.0141], [0.0, 1.0]]
        with Pipeline("dedup", cache_dir=tmp_path) as pipeline:
            load = LoadDataFromDicts(data=[{"embedding": vector} for vector in vectors], batch_size=1)
            nearest = FaissNearestNeighbour(metric_type=faiss.METRIC_INNER_PRODUCT, k=2)
            load >> nearest >> EmbeddingDedup(threshold=0.99)
        assert kept(pipeline.run()["default"]["train"], self.column) == [True, True, False, False]


def scored(instruction, response, embedding, **more):
    return {
        "evol_instruction_score": instruction,
        "evol_response_score": response,
        "embedding": embedding,
        **more,
    }


class TestDeita:
    def pick(self, *rows, **fields):
        return process(
            DeitaFiltering(**{"data_budget": 10, "diversity_threshold": 0.5, **fields}), list(rows)
        )

    def test_best_first_and_none_too_near_to_a_better_one(self):
        picked = self.pick(
            scored(1, 1, [0.0, 1.0], id="far"),
            scored(3, 3, [1.0, 0.1], id="near"),
            scored(4, 4, [1.0, 0.0], id="best"),
        )
        assert [(row["id"], row["deita_score"]) for row in picked] == [("best", 16), ("far", 1)]
        assert picked[0]["nearest_neighbor_distance"] is None
        assert picked[1]["nearest_neighbor_distance"] == pytest.approx(1.0)

    def test_row_near_to_a_dropped_one_only_is_picked(self):
        picked = self.pick(
            scored(3, 1, [1.0, 0.0], id="a"),
            scored(2, 1, [0.8, 0.6], id="b"),
            scored(1, 1, [0.3, 0.954], id="c"),
        )
        assert [row["id"] for row in picked] == ["a", "c"]

    def test_no_more_than_the_budget(self):
        rows = [scored(1, i, [float(i == j) for j in range(5)]) for i in range(5)]
        assert [row["deita_score"] for row in self.pick(*rows, data_budget=2)] == [4, 3]

    def test_rows_with_the_same_score_go_in_their_order(self):
        rows = [scored(1, 1, [float(i == j) for j in range(4)], id=i) for i in range(4)]
        assert [row["id"] for row in self.pick(*rows)] == [0, 1, 2, 3]

    def test_one_score_alone_counts_and_none_leaves_the_row_out(self):
        picked = self.pick(
            scored(None, 3, [1.0, 0.0]),
            scored(2, None, [0.0, 1.0]),
            scored(None, None, [-1.0, 0.0]),
            scored(9, 9, None),
        )
        assert [(row["deita_score"], row["deita_score_computed_with"]) for row in picked] == [
            (3, ["evol_response_score"]),
            (2, ["evol_instruction_score"]),
        ]

    def test_lengths_count_only_for_manhattan_without_normalizing(self):
        rows = [scored(2, 1, [1.0, 0.0]), scored(1, 1, [5.0, 0.0])]
        assert len(self.pick(*rows, normalize_embeddings=False)) == 1
        assert len(self.pick(*rows, distance_metric="manhattan")) == 1
        picked = self.pick(*rows, distance_metric="manhattan", normalize_embeddings=False)
        assert [row["nearest_neighbor_distance"] for row in picked] == [None, 4.0]

    def test_nothing_to_pick_from_gives_nothing(self):
        assert self.pick() == []
        assert self.pick(scored(None, None, None)) == []

    def test_embedding_of_zeros_is_far_from_all(self):
        assert len(self.pick(scored(1, 1, [0.0, 0.0]), scored(1, 2, [1.0, 0.0]))) == 2

    def test_budget_must_be_given(self):
        with pytest.raises(DistilabelUserError, match="lacks 'data_budget'"):
            validate_step(DeitaFiltering())


@pytest.mark.parametrize("kind", [DeitaFiltering, EmbeddingDedup, FaissNearestNeighbour, MinHashDedup])
def test_step_takes_all_rows_and_crosses_a_process_boundary(kind):
    step = pickle.loads(pickle.dumps(kind(**({"data_budget": 1} if kind is DeitaFiltering else {}))))
    assert step.is_global
    validate_step(step)
