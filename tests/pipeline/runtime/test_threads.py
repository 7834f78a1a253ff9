"""The engine of one machine: what one thread is given, it carries out in order, until its turn ends."""

import contextlib
import queue

from distilabel.pipeline.runtime.scheduler import Generate
from distilabel.pipeline.runtime.threads import LocalEngine

TURN = tuple(Generate("load", index) for index in range(4))


def done_by(engine, turn, goes_on):
    """Return the numbers of what was carried out, as far as the turn went."""
    heard = queue.SimpleQueue()

    def work(command):
        heard.put(command.index)
        return goes_on(command)

    engine.start(work)
    engine.submit(turn)
    engine.submit((Generate("load", 99),))
    numbers = []
    while (number := heard.get(timeout=10)) != 99:
        numbers.append(number)
    engine.stop()
    return numbers


def test_one_thread_carries_out_a_turn_in_order():
    assert done_by(LocalEngine(1), TURN, lambda _: True) == [0, 1, 2, 3]


def test_a_turn_ends_where_its_work_says_so():
    assert done_by(LocalEngine(1), TURN, lambda command: command.index < 2) == [0, 1, 2]


def test_an_engine_that_is_stopped_begins_nothing_more():
    engine, heard = LocalEngine(1), queue.SimpleQueue()

    def work(command):
        engine.stop()
        heard.put(command.index)
        return True

    engine.start(work)
    engine.submit(TURN)
    engine.submit(TURN)
    assert heard.get(timeout=10) == 0
    with contextlib.suppress(queue.Empty):
        assert heard.get(timeout=0.3) is None, "it went on"
