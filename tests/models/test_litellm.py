"""LiteLLM: against a stand-in of the package everywhere, and with the package itself where it is installed."""

import pickle
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from distilabel.exceptions import (
    DistilabelAuthenticationError,
    DistilabelMissingPackageError,
    DistilabelModelNotFoundError,
    DistilabelUserError,
)
from distilabel.llms import LiteLLM
from distilabel.server import Settings, running

STANDINS = Path(__file__).parents[1] / "support" / "standins"
SECRET = "sk-very-secret"


def chat(text: str) -> Any:
    return [{"role": "user", "content": text}]


@pytest.fixture
def standin(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The stand-in, in place of the package."""
    monkeypatch.delitem(sys.modules, "litellm", raising=False)
    with monkeypatch.context() as patch:
        patch.syspath_prepend(STANDINS)
        module = __import__("litellm")
    yield module
    sys.modules.pop("litellm", None)


def made(**more: Any) -> LiteLLM:
    llm = LiteLLM(model="acme/m", **more)
    llm.load()
    return llm


def test_each_input_gets_its_own_answers(standin: ModuleType):
    outputs = made().generate_outputs(inputs=[chat("a"), chat("b")], num_generations=2)
    assert [output["generations"] for output in outputs] == [["A", "A"], ["B", "B"]]
    assert outputs[0]["statistics"] == {"input_tokens": [3, 3], "output_tokens": [5, 5]}
    assert outputs[0]["details"] == [{"finish_reason": "stop", "request_id": "chatcmpl-1"}] * 2


def test_arguments_that_are_set_are_handed_on(standin: ModuleType):
    class Age(BaseModel):
        age: int

    made(structured_output={"schema": Age}, verbose=True).generate_outputs(
        inputs=[chat("a")], max_tokens=9, api_base="http://a.test"
    )
    (call,) = standin.calls
    assert call.pop("response_format")["json_schema"]["name"] == "Age"
    assert call == {
        "model": "acme/m", "temperature": 1.0, "top_p": 1.0, "max_tokens": 9, "api_base": "http://a.test", "timeout": 600,
    }  # fmt: skip
    assert (standin.suppress_debug_info, standin.set_verbose) == (False, True)


def test_no_more_requests_are_under_way_than_was_said(standin: ModuleType):
    made(max_concurrent_requests=3).generate_outputs(inputs=[chat("a")] * 5, num_generations=4)
    assert (standin.under_way.most, len(standin.calls)) == (3, 20)


def test_row_that_fails_costs_itself_alone_and_tells_no_key(standin: ModuleType):
    good, bad = made().generate_outputs(inputs=[chat("good"), chat("too long")], api_key=SECRET)
    assert good["generations"] == ["GOOD"]
    assert bad["failures"] == [
        {
            "code": "generation_error",
            "message": "ValueError: too long, said the platform about [secret]",
            "attempts": 1,
            "job_id": None,
        }
    ]


@pytest.mark.parametrize(
    ("said", "kind"), [("no key", DistilabelAuthenticationError), ("no model", DistilabelModelNotFoundError)]
)
def test_what_concerns_all_rows_is_raised_without_the_key(
    standin: ModuleType, said: str, kind: type[Exception]
):
    with pytest.raises(kind, match=said) as caught:
        made().generate_outputs(inputs=[chat(said)], api_key=SECRET)
    assert SECRET not in str(caught.value)


def test_copy_in_another_process_loads_the_package_itself(standin: ModuleType):
    there = pickle.loads(pickle.dumps(made()))
    with pytest.raises(DistilabelUserError, match="load"):
        there.generate_outputs(inputs=[chat("a")])
    there.load()
    assert there.generate_outputs(inputs=[chat("a")])[0]["generations"] == ["A"]


def test_key_among_the_arguments_is_not_written():
    assert SECRET not in str(LiteLLM(model="m", generation_kwargs={"api_key": SECRET}).dump())


def test_missing_package_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "litellm", None)
    with pytest.raises(DistilabelMissingPackageError, match=r"distilabel\[litellm\]"):
        made()


def test_generating_before_loading_says_what_to_call():
    with pytest.raises(DistilabelUserError, match=r"Call LiteLLM.load\(\)"):
        LiteLLM(model="m").generate_outputs(inputs=[chat("a")])


def test_offline_use_is_refused_when_it_is_made():
    with pytest.raises(ValidationError, match="LiteLLM cannot generate by offline batch"):
        LiteLLM(model="m", use_offline_batch_generation=True)


@pytest.mark.filterwarnings("ignore")  # what the package warns of is its own affair
def test_package_itself_asks_a_platform_on_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # or it looks for prices on the network
    pytest.importorskip("litellm", reason="needs distilabel[litellm]")
    with running(Settings(folder=tmp_path)) as base_url:
        llm = LiteLLM(model="openai/gpt-4o-mini")
        llm.load()
        (output,) = llm.generate_outputs(
            inputs=[chat("Hi")], api_base=base_url, api_key="k", num_generations=2
        )
        llm.unload()
    assert len(output["generations"]) == 2
    assert all(output["generations"])
    assert output["details"][0]["finish_reason"] == "stop"
