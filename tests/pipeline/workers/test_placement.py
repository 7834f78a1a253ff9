"""Where each step runs, and what is said about it."""

import pytest
from tests.pipeline.plain import Count, Same, Sum
from tests.pipeline.workers.worker_steps import Here, Writes

from distilabel.models.llms.base import LLM
from distilabel.models.llms.mixture import MixtureOfAgentsLLM
from distilabel.models.llms.openai import OpenAILLM
from distilabel.pipeline.workers.placement import Placement, assign_runners, place
from distilabel.pipeline.workers.pool import Pool
from distilabel.pipeline.workers.runner import InProcessRunner
from distilabel.steps import StepResources
from distilabel.steps.tasks import TextGeneration

TWO = StepResources(replicas=2)


def remote(**more) -> LLM:
    return OpenAILLM(model="m", api_key="k", **more)


class Plain(LLM):
    @property
    def model_name(self) -> str:
        return "plain"


@pytest.mark.parametrize(
    "step", [Same(), Sum(), Count(), TextGeneration(llm=Plain()), TextGeneration(llm=remote())]
)
def test_steps_run_in_the_driver_unless_they_ask_for_more(step):
    assert place(step) == Placement(0)


@pytest.mark.parametrize(
    "asked", [{"replicas": 3}, {"cpus": 1}, {"gpus": 0.5}, {"memory": 10}, {"resources": {"a": 1}}]
)
def test_any_wish_gives_workers(asked):
    assert place(Same(resources=StepResources(**asked))) == Placement(asked.get("replicas", 1))


def test_resources_may_be_runtime_parameters():
    step = Same()
    step.set_runtime_parameters({"resources": {"replicas": 2}})
    assert place(step).replicas == 2


def test_model_that_runs_in_its_process_gets_a_worker():
    assert place(Writes(llm=Here())) == Placement(1, computes=True)


def test_model_that_runs_in_its_process_inside_of_another_gets_a_worker():
    mixture = MixtureOfAgentsLLM(aggregator_llm=Plain(), proposers_llms=[Plain(), Here()])
    assert place(TextGeneration(llm=mixture)) == Placement(1, computes=True)
    assert (
        place(TextGeneration(llm=MixtureOfAgentsLLM(aggregator_llm=Plain(), proposers_llms=[Plain()])))
        == Placement()
    )
    assert place(Writes(llm=Here(), resources=TWO)) == Placement(2, computes=True)


def test_online_task_that_requests_replicas_gets_them():
    assert place(TextGeneration(llm=remote(), resources=TWO)) == Placement(2)


@pytest.mark.parametrize(
    "llm", [remote(use_offline_batch_generation=True), Plain(use_offline_batch_generation=True)]
)
def test_offline_task_stays_in_the_driver_process(llm):
    assert place(TextGeneration(llm=llm)) == Placement(0)
    found = place(TextGeneration(name="ask", llm=llm, resources=TWO))
    note = "Step 'ask' uses batch jobs and runs in this process: its resources are not used."
    assert found == Placement(0, (note,))


@pytest.mark.parametrize(("step", "kind"), [(Sum, "takes all rows at once"), (Count, "is a generator")])
def test_step_that_cannot_have_replicas_gets_one_worker_and_a_note(step, kind):
    found = place(step(name="x", resources=TWO))
    assert found.replicas == 1
    assert found.notes == (f"Step 'x' {kind}: it runs in one worker process, not in 2 replicas.",)
    assert place(step(name="x", resources=StepResources(cpus=1))) == Placement(1)


def test_without_worker_processes_steps_run_in_the_driver_with_a_note():
    found = place(Same(name="x", resources=TWO), has_workers=False)
    assert found.replicas == 0
    assert found.notes == (
        "Step 'x' runs in this process: worker processes need Linux, macOS or another POSIX system.",
    )


class TestRunners:
    def test_each_step_has_its_runner(self):
        found = assign_runners([Count(name="a"), Same(name="b", resources=TWO)])
        assert type(found.runners["a"]) is InProcessRunner
        assert type(found.runners["b"]) is Pool
        assert found.notes == ()

    @pytest.mark.parametrize(
        ("gpus", "note"),
        [
            (["0", "1"], ()),
            (["0"], ("The steps request 2 GPUs in all, and this machine has 1: some replicas share a GPU.",)),
            ([], ("The steps request 2 GPUs in all, and this machine has none: they run without a GPU.",)),
        ],
    )
    def test_too_few_gpus_are_reported(self, gpus, note):
        found = assign_runners([Same(name="a", resources=StepResources(replicas=2, gpus=1))], lambda: gpus)
        assert found.notes == note

    def test_gpus_are_looked_up_only_if_requested(self):
        def look() -> list[str]:
            raise AssertionError

        assign_runners(
            [
                Same(name="a", resources=StepResources(cpus=1)),
                Same(name="b", resources=StepResources(gpus=0)),
            ],
            look,
        )

    def test_what_each_replica_sees_is_its_own(self):
        step = Same(name="a", resources=StepResources(replicas=2, gpus=1))
        pool = assign_runners([step], lambda: ["4", "7"]).runners["a"]
        seen = [pool._slots.get().spec["CUDA_VISIBLE_DEVICES"] for _ in range(2)]
        assert seen == ["4", "7"]
