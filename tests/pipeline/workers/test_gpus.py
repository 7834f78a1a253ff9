"""Which GPUs and threads each worker gets. The available GPUs are an argument, so that no GPU is needed."""

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distilabel.pipeline.workers.gpus import GpuRequest, assign_gpus, environment_of, gpus_here
from distilabel.steps import StepResources


@pytest.mark.parametrize(
    ("available", "wants", "expected"),
    [
        ("0123", [GpuRequest("a", 2, 2)], {"a": [("0", "1"), ("2", "3")]}),
        ("01", [GpuRequest("a", 1, 1), GpuRequest("b", 1, 1)], {"a": [("0",)], "b": [("1",)]}),
        ("01", [GpuRequest("a", 2, 0.5), GpuRequest("b", 1, 1)], {"a": [("0",), ("0",)], "b": [("1",)]}),
        ("01", [GpuRequest("a", 3, 1)], {"a": [("0",), ("1",), ("0",)]}),
        ("01", [GpuRequest("a", 1, 4)], {"a": [("0", "1")]}),
        ("01", [GpuRequest("a", 1, 0), GpuRequest("b", 1, None)], {"a": [()]}),
        ("", [GpuRequest("a", 1, 1)], {"a": [()]}),
    ],
)
def test_gpus_are_shared_only_where_there_are_too_few(available, wants, expected):
    assert assign_gpus(list(available), wants) == expected


@given(
    available=st.integers(0, 8),
    asked=st.lists(st.tuples(st.integers(1, 4), st.sampled_from([0.25, 0.5, 1.0, 2.0])), max_size=4),
)
def test_nobody_shares_a_gpu_as_long_as_whole_ones_are_enough(available, asked):
    wants = [GpuRequest(f"s{i}", replicas, gpus) for i, (replicas, gpus) in enumerate(asked)]
    names = [str(i) for i in range(available)]
    given_out = [seen for devices in assign_gpus(names, wants).values() for seen in devices]
    whole = [want for want in wants if want.gpus >= 1]
    assert all(len(set(seen)) == len(seen) for seen in given_out)
    if len(whole) == len(wants) and sum(want.gpus * want.replicas for want in wants) <= available:
        flat = [name for seen in given_out for name in seen]
        assert len(set(flat)) == len(flat) == sum(want.gpus * want.replicas for want in wants)


class TestGpusHere:
    @pytest.mark.parametrize(
        ("visible", "expected"),
        [("0,3", ("0", "3")), ("GPU-8f3a, GPU-77", ("GPU-8f3a", "GPU-77")), ("", ()), ("-1", ())],
    )
    def test_variable_says_which_there_are(self, visible, expected):
        assert gpus_here({"CUDA_VISIBLE_DEVICES": visible}) == expected

    @pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a shell script")
    @pytest.mark.parametrize(
        ("says", "expected"), [("echo GPU 0: A; echo GPU 1: B", ("0", "1")), ("exit 9", ()), ("echo no", ())]
    )
    def test_otherwise_nvidia_smi_is_asked(self, tmp_path: Path, monkeypatch, says, expected):
        program = tmp_path / "nvidia-smi"
        program.write_text(f"#!/bin/sh\n{says}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
        assert gpus_here({}) == expected

    def test_without_it_there_are_none(self, tmp_path: Path, monkeypatch):
        monkeypatch.setenv("PATH", str(tmp_path))
        assert gpus_here({}) == ()


class TestEnvironment:
    def test_cpus_become_threads_unless_the_user_has_set_them(self):
        resources = StepResources(cpus=2.5)
        assert environment_of(resources, None, {"A": "b"}) == {"A": "b", "OMP_NUM_THREADS": "2"}
        assert environment_of(resources, None, {"OMP_NUM_THREADS": "9"}) == {"OMP_NUM_THREADS": "9"}
        assert environment_of(StepResources(cpus=0.5), None, {}) == {"OMP_NUM_THREADS": "1"}

    def test_gpus_become_the_visible_ones(self):
        assert environment_of(StepResources(gpus=2), ("0", "3"), {}) == {"CUDA_VISIBLE_DEVICES": "0,3"}
        assert environment_of(StepResources(), None, {"CUDA_VISIBLE_DEVICES": "1"}) == {
            "CUDA_VISIBLE_DEVICES": "1"
        }
