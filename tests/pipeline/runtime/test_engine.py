"""The engine of one machine: a thread carries out the commands of a work item in order, until one of them ends it."""

import contextlib
import queue

from distilabel.pipeline.runtime.commands import Generate
from distilabel.pipeline.runtime.engine import LocalEngine

ITEM = tuple(Generate("load", index) for index in range(4))


def done_by(engine, item, goes_on):
    """Return the numbers of the commands that were carried out."""
    received = queue.SimpleQueue()

    def work(command):
        received.put(command.index)
        return goes_on(command)

    engine.start(work)
    engine.submit(item)
    engine.submit((Generate("load", 99),))
    numbers = []
    while (number := received.get(timeout=10)) != 99:
        numbers.append(number)
    engine.stop()
    return numbers


def test_one_thread_carries_out_a_work_item_in_order():
    assert done_by(LocalEngine(1), ITEM, lambda _: True) == [0, 1, 2, 3]


def test_a_work_item_ends_when_a_command_says_so():
    assert done_by(LocalEngine(1), ITEM, lambda command: command.index < 2) == [0, 1, 2]


def test_a_stopped_engine_starts_no_further_command():
    engine, received = LocalEngine(1), queue.SimpleQueue()

    def work(command):
        engine.stop()
        received.put(command.index)
        return True

    engine.start(work)
    engine.submit(ITEM)
    engine.submit(ITEM)
    assert received.get(timeout=10) == 0
    with contextlib.suppress(queue.Empty):
        assert received.get(timeout=0.3) is None, "it went on"
