"""The seed's protocol, kept by an LLM of the user's: `jobs_ids`, raise, and outputs once they are there."""

import threading
from typing import Any

import pytest

from distilabel.exceptions import (
    DistilabelNotImplementedError,
    DistilabelOfflineBatchGenerationNotFinishedException,
)
from distilabel.llms import LLM

INPUTS: Any = [[{"role": "user", "content": "a"}]]


class Letterbox(LLM):
    """Answers at the third time of asking."""

    asked: int = 0
    sent: int = 0
    raises_ids: bool = True

    @property
    def model_name(self) -> str:
        return "letterbox"

    def generate(self, inputs, num_generations=1):
        return [{"generations": ["online"]} for _ in inputs]

    def offline_batch_generate(self, inputs=None, num_generations=1, **kwargs):
        self.asked += 1
        if not self.jobs_ids:
            self.sent += 1
            self.jobs_ids = ("job-1",) if self.raises_ids else None
        if self.asked < 3:
            raise DistilabelOfflineBatchGenerationNotFinishedException(jobs_ids=["job-1"])
        return [{"generations": ["offline"] * num_generations} for _ in inputs]


def test_llm_that_is_not_set_offline_generates_online():
    assert Letterbox().generate_outputs(inputs=INPUTS) == [{"generations": ["online"]}]


def test_unfinished_jobs_are_raised_and_kept_and_collected_later():
    llm = Letterbox(use_offline_batch_generation=True)
    for _ in range(2):
        with pytest.raises(DistilabelOfflineBatchGenerationNotFinishedException) as caught:
            llm.generate_outputs(inputs=INPUTS)
        assert caught.value.jobs_ids == llm.jobs_ids == ("job-1",)
    assert llm.generate_outputs(inputs=INPUTS) == [{"generations": ["offline"]}]
    assert llm.sent == 1


def test_ids_that_are_only_raised_are_kept_too():
    llm = Letterbox(use_offline_batch_generation=True, raises_ids=False)
    with pytest.raises(DistilabelOfflineBatchGenerationNotFinishedException):
        llm.generate_outputs(inputs=INPUTS)
    assert llm.jobs_ids == ("job-1",)


def test_polling_calls_again_until_the_outputs_are_there():
    llm = Letterbox(use_offline_batch_generation=True, offline_batch_generation_block_until_done=0.001)
    assert llm.generate_outputs(inputs=INPUTS, num_generations=2) == [{"generations": ["offline"] * 2}]
    assert (llm.asked, llm.sent) == (3, 1)


def test_ids_are_handed_on_as_soon_as_they_are_known():
    kept: list[tuple[str, ...]] = []
    llm = Letterbox(use_offline_batch_generation=True)
    llm.keep_jobs_with(kept.append)
    with pytest.raises(DistilabelOfflineBatchGenerationNotFinishedException):
        llm.generate_outputs(inputs=INPUTS)
    assert kept == [("job-1",)]


def test_new_object_given_the_ids_sends_nothing():
    llm = Letterbox(use_offline_batch_generation=True, jobs_ids=["job-1"], asked=2)
    assert llm.generate_outputs(inputs=INPUTS) == [{"generations": ["offline"]}]
    assert llm.sent == 0


def test_interrupt_from_another_thread_ends_the_waiting_at_once():
    llm = Letterbox(use_offline_batch_generation=True, offline_batch_generation_block_until_done=3600)
    timer = threading.Timer(0.01, llm.interrupt)
    timer.start()
    with pytest.raises(DistilabelOfflineBatchGenerationNotFinishedException):
        llm.generate_outputs(inputs=INPUTS)
    timer.join()


def test_interrupted_llm_waits_again_in_the_next_run():
    llm = Letterbox(use_offline_batch_generation=True, offline_batch_generation_block_until_done=0.001)
    llm.interrupt()
    llm.keep_jobs_with(None)
    assert llm.generate_outputs(inputs=INPUTS) == [{"generations": ["offline"]}]


def test_signal_ends_the_waiting(monkeypatch: pytest.MonkeyPatch):
    llm = Letterbox(use_offline_batch_generation=True, offline_batch_generation_block_until_done=3600)

    def interrupted(_: float) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(llm._interrupted, "wait", interrupted)
    with pytest.raises(DistilabelOfflineBatchGenerationNotFinishedException) as caught:
        llm.generate_outputs(inputs=INPUTS)
    assert caught.value.jobs_ids == ("job-1",)


def test_llm_without_batches_says_what_to_do():
    class Plain(LLM):
        @property
        def model_name(self) -> str:
            return "plain"

    with pytest.raises(DistilabelNotImplementedError, match=r"Plain.*use_offline_batch_generation=False"):
        Plain(use_offline_batch_generation=True).generate_outputs(inputs=INPUTS)
    with pytest.raises(DistilabelNotImplementedError, match="define the method `generate`"):
        Plain().generate_outputs(inputs=INPUTS)


def test_unknown_field_is_refused():
    with pytest.raises(ValueError, match="temprature"):
        Letterbox(temprature=1)


@pytest.mark.parametrize(("offline", "all_at_once"), [(True, True), (False, False)])
def test_pipeline_must_hand_over_all_rows_only_to_a_protocol_of_its_own(offline: bool, all_at_once: bool):
    assert Letterbox(use_offline_batch_generation=offline).requires_all_inputs is all_at_once
