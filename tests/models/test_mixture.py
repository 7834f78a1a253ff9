"""A mixture of agents: who is asked what, what becomes of failures, and what is counted."""

import pytest
from pydantic import ValidationError

from distilabel.exceptions import (
    DistilabelOfflineBatchGenerationNotFinishedException,
    DistilabelUserError,
)
from distilabel.llms import LLM, MixtureOfAgentsLLM, OpenAILLM
from distilabel.models.fields import models_in
from distilabel.steps import Step
from distilabel.steps.tasks import TextGeneration

CHAT = [{"role": "user", "content": "What is 7?"}]
FAILURE = {"code": "http_400", "message": "too long", "attempts": 1, "job_id": None}


class Agent(LLM):
    """Says its name and how much it has read; remembers what it was asked, and whether it was loaded."""

    name: str = "a"
    silent: bool = False
    unfinished: bool = False
    seen: list = []  # noqa: RUF012 - pydantic copies it
    loaded: int = 0

    @property
    def model_name(self):
        return self.name

    def load(self):
        self.loaded += 1

    def unload(self):
        self.loaded -= 1

    def generate(self, inputs, num_generations=1, temperature: float = 1.0):
        self.seen.append((inputs, num_generations, temperature))
        if self.unfinished:
            raise DistilabelOfflineBatchGenerationNotFinishedException([f"job-{self.name}"])
        return [self._output(num_generations) for _ in inputs]

    def _output(self, count):
        if self.silent:
            return {"generations": [None] * count, "failures": [FAILURE] * count}
        counts = {"input_tokens": [10] * count, "output_tokens": [2] * count}
        return {"generations": [f"{self.name}{len(self.seen)}"] * count, "statistics": counts}


def mixture(*proposers, **fields):
    return MixtureOfAgentsLLM(
        **{"aggregator_llm": Agent(name="z"), "proposers_llms": list(proposers), **fields}
    )


def test_aggregator_reads_all_proposals_before_the_conversation():
    llm = mixture(Agent(name="a"), Agent(name="b"))
    (output,) = llm.generate_outputs(inputs=[CHAT])
    assert output["generations"] == ["z1"]
    assert llm.model_name == "z"
    ((chat,), _, _) = llm.aggregator_llm.seen[0]
    assert [message["role"] for message in chat] == ["system", "user"]
    assert chat[0]["content"].endswith("1. a1\n2. b1")
    assert chat[1] == CHAT[0]


def test_each_round_reads_the_one_before_it_and_not_those_before_that():
    llm = mixture(Agent(name="a"), Agent(name="b"), rounds=3)
    llm.generate_outputs(inputs=[CHAT])
    (first,), (second,), (third,) = (inputs for inputs, _, _ in llm.proposers_llms[0].seen)
    assert first == CHAT
    assert second[0]["content"].endswith("1. a1\n2. b1")
    assert third[0]["content"].endswith("1. a2\n2. b2")
    ((last,), _, _) = llm.aggregator_llm.seen[0]
    assert last[0]["content"].endswith("1. a3\n2. b3")


def test_system_prompt_of_the_input_stays():
    llm = mixture(Agent())
    llm.generate_outputs(inputs=[[{"role": "system", "content": "Be kind."}, *CHAT]])
    ((chat,), _, _) = llm.aggregator_llm.seen[0]
    assert [message["role"] for message in chat] == ["system", "user"]
    assert chat[0]["content"].endswith("1. a1\n\nBe kind.")


def test_structure_is_for_the_last_answer_alone():
    structure = {"format": "json", "schema": {}}
    llm = mixture(Agent())
    llm.generate_outputs(inputs=[(CHAT, structure)])
    assert llm.proposers_llms[0].seen[0][0] == [CHAT]
    ((asked,), _, _) = llm.aggregator_llm.seen[0]
    assert asked[1] == structure


def test_generation_arguments_are_those_of_each_llm():
    llm = mixture(Agent(generation_kwargs={"temperature": 0.1}))
    llm.aggregator_llm.generation_kwargs = {"temperature": 0.2}
    llm.generate_outputs(inputs=[CHAT])
    assert (llm.proposers_llms[0].seen[0][2], llm.aggregator_llm.seen[0][2]) == (0.1, 0.2)


def test_tokens_are_counted_over_all_that_was_asked():
    (output,) = mixture(Agent(), Agent(name="b"), rounds=2).generate_outputs(inputs=[CHAT], num_generations=2)
    assert output["generations"] == ["z1", "z1"]
    assert output["statistics"] == {"input_tokens": [50, 10], "output_tokens": [10, 2]}


def test_proposer_that_fails_is_left_out():
    llm = mixture(Agent(silent=True), Agent(name="b"))
    (output,) = llm.generate_outputs(inputs=[CHAT])
    assert output["generations"] == ["z1"]
    assert llm.aggregator_llm.seen[0][0][0][0]["content"].endswith("\n1. b1")


def test_input_without_any_proposal_says_why_and_the_others_go_on():
    class Picky(Agent):
        def generate(self, inputs, num_generations=1):
            self.seen.append(inputs)
            said = [None if "bad" in chat[-1]["content"] else "fine" for chat in inputs]
            return [{"generations": [text], "failures": [None if text else FAILURE]} for text in said]

    llm = mixture(Picky(), rounds=2)
    chats = [[{"role": "user", "content": text}] for text in ("one", "bad", "two")]
    outputs = llm.generate_outputs(inputs=chats, num_generations=2)
    assert [output["generations"] for output in outputs] == [["z1"] * 2, [None, None], ["z1"] * 2]
    assert outputs[1]["failures"] == [FAILURE, FAILURE]
    assert [len(inputs) for inputs in llm.proposers_llms[0].seen] == [3, 2]
    assert len(llm.aggregator_llm.seen[0][0]) == 2


def test_silence_without_a_reason_gets_one():
    class Mute(Agent):
        def generate(self, inputs, num_generations=1):
            return [{"generations": [None]} for _ in inputs]

    (output,) = mixture(Mute()).generate_outputs(inputs=[CHAT])
    assert output["failures"][0]["code"] == "no_proposal"


def test_all_proposers_are_asked_before_any_is_waited_for():
    llm = mixture(Agent(name="a", unfinished=True), Agent(name="b", unfinished=True), Agent(name="c"))
    with pytest.raises(DistilabelOfflineBatchGenerationNotFinishedException) as caught:
        llm.generate_outputs(inputs=[CHAT])
    assert caught.value.jobs_ids == ("job-a", "job-b")
    assert [len(proposer.seen) for proposer in llm.proposers_llms] == [1, 1, 1]
    assert llm.aggregator_llm.seen == []


def test_wrong_number_of_outputs_never_shifts_inputs():
    class Miscounting(Agent):
        def generate(self, inputs, num_generations=1):
            return [{"generations": ["one"]}]

    with pytest.raises(DistilabelUserError, match="Miscounting returned 1 outputs for 2 inputs"):
        mixture(Miscounting()).generate_outputs(inputs=[CHAT, CHAT])


def test_all_are_loaded_and_unloaded_once():
    both = Agent(name="a")
    llm = mixture(both, Agent(name="b"), aggregator_llm=both)
    llm.load()
    assert [agent.loaded for agent in llm.proposers_llms] == [1, 1]
    llm.unload()
    assert [agent.loaded for agent in llm.proposers_llms] == [0, 0]


def test_mixture_itself_is_never_set_offline():
    with pytest.raises(ValidationError, match="on aggregator_llm and on each of proposers_llms"):
        mixture(Agent(), use_offline_batch_generation=True)


def test_llm_with_a_batch_protocol_of_its_own_is_refused():
    llm = mixture(Agent(use_offline_batch_generation=True))
    assert not llm.requires_all_inputs
    with pytest.raises(DistilabelUserError, match="Agent keeps one set of batch jobs"):
        llm.load()


def test_llms_inside_are_found_and_runtime_parameters_reach_them():
    inner = [OpenAILLM(model=name, api_key="sk-secret") for name in ("a", "b")]
    task = TextGeneration(llm=mixture(*inner, aggregator_llm=inner[0]))
    assert models_in(task) == [task.llm, *inner]
    task.set_runtime_parameters(
        {"llm": {"proposers_llms": {"1": {"generation_kwargs": {"temperature": 0.5}}}}}
    )
    assert inner[1].generation_kwargs == {"temperature": 0.5}
    again = Step.from_dict(task.dump())
    assert again.dump() == task.dump()
    assert again.llm.proposers_llms[1].model == "b"
    assert "sk-secret" not in str(task.dump())
