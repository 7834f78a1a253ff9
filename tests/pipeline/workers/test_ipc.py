"""The socket between driver and worker: whole values or the end, nothing between."""

import os
import random
import socket
import threading

import pytest
from pydantic import BaseModel

from distilabel.models.llms.base import LLM
from distilabel.models.llms.openai import OpenAILLM
from distilabel.pipeline.workers.ipc import Channel, ProcessRequest, dumps, loads


@pytest.fixture
def ends():
    one, other = map(Channel, socket.socketpair())
    yield one, other
    one.close()
    other.close()


def test_values_of_any_size_arrive_in_order(ends):
    one, other = ends
    values = [b"", b"x" * 3_000_000, dumps(ProcessRequest([[{"n": 1}]], random.Random(1)))]
    sender = threading.Thread(target=lambda: [one.send(value) for value in values])
    sender.start()
    assert [other.receive() for _ in values] == values
    sender.join()


def test_values_of_several_threads_do_not_mix(ends):
    one, other = ends
    threads = [threading.Thread(target=lambda n=n: one.send(bytes([n]) * 200_000)) for n in range(4)]
    for thread in threads:
        thread.start()
    found = [other.receive() for _ in threads]
    assert sorted(value[0] for value in found) == [0, 1, 2, 3]
    assert all(value == value[:1] * 200_000 for value in found)


def test_end_of_the_other_side_is_noticed_also_in_the_middle_of_a_value(ends):
    one, other = ends
    one._sock.sendall(b"\0\0\0\0\0\0\0\7abc")
    one.close()
    with pytest.raises(EOFError):
        other.receive()


def test_shutdown_is_noticed_after_all_values_are_received(ends):
    one, other = ends
    one.send(b"last words")
    other.shutdown()
    assert other.receive() == b"last words"
    with pytest.raises(EOFError):
        other.receive()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_forked_child_does_not_keep_the_connection_open(ends):
    one, other = ends
    awake, wake = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(wake)
        os.read(awake, 1)  # until the test is over
        os._exit(0)
    one.close()
    with pytest.raises(EOFError):
        other.receive()
    os.close(wake)
    os.close(awake)
    assert os.waitpid(child, 0)[1] == 0


def test_class_of_a_function_does_not_take_the_functions_variables_along():
    lock = threading.Lock()

    class Local(BaseModel):
        n: int = 1

    assert loads(dumps(Local(n=2))) == Local(n=2)
    assert not lock.locked()


class Mine(LLM):
    word: str = "a"

    @property
    def model_name(self) -> str:
        return "mine"


def test_llm_arrives_with_its_settings_and_without_its_connections():
    llm = OpenAILLM(model="m", api_key="sk-5up3r-53cr3t", base_url="http://127.0.0.1:9/v1")
    llm.load()
    llm.generate_outputs([], num_generations=1)
    found = loads(dumps(llm))
    llm.unload()
    assert found.api_key.get_secret_value() == "sk-5up3r-53cr3t"
    found.load()
    found.unload()


def test_llm_that_was_interrupted_arrives_fresh():
    llm = Mine(word="b")
    llm.interrupt()
    llm.keep_jobs_with(lambda _: None)
    llm.interrupt()
    found = loads(dumps(llm))
    assert found.word == "b"
    assert not found._interrupted.is_set()
    assert found._keep is None
