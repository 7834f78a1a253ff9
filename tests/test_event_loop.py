"""The background loop: runs coroutines from anywhere, also where another loop runs."""

import asyncio
import threading

import pytest

from distilabel import _event_loop as loop


async def double(number: int) -> int:
    await asyncio.sleep(0)
    return 2 * number


def test_result_of_a_coroutine_is_returned():
    assert loop.run(double(21)) == 42


def test_coroutine_runs_inside_a_running_loop():
    async def outer() -> int:
        return loop.run(double(4))

    assert asyncio.run(outer()) == 8


def test_error_of_a_coroutine_is_raised():
    async def fail() -> None:
        raise LookupError("gone")

    with pytest.raises(LookupError, match="gone"):
        loop.run(fail())


def test_all_threads_share_one_loop():
    async def which() -> int:
        return id(asyncio.get_running_loop())

    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(loop.run(which()))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1


def test_started_coroutine_does_not_keep_the_caller_waiting():
    gate = threading.Event()

    async def wait() -> str:
        return await asyncio.to_thread(lambda: "opened" if gate.wait(60) else "shut")

    future = loop.start(wait())
    assert not future.done()
    gate.set()
    assert future.result(60) == "opened"


def test_cancelling_the_future_cancels_the_coroutine():
    begun, cancelled = threading.Event(), threading.Event()

    async def hang() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    future = loop.start(hang())
    assert begun.wait(60)
    future.cancel()
    assert cancelled.wait(60)


def test_interrupt_while_waiting_cancels_the_coroutine(monkeypatch: pytest.MonkeyPatch):
    cancelled = threading.Event()
    begun = threading.Event()
    start = loop.start

    async def hang() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    def interrupted(coroutine):
        future = start(coroutine)

        def result() -> None:
            assert begun.wait(60)
            raise KeyboardInterrupt

        future.result = result
        return future

    monkeypatch.setattr(loop, "start", interrupted)
    with pytest.raises(KeyboardInterrupt):
        loop.run(hang())
    assert cancelled.wait(60)


def test_results_of_several_coroutines_come_in_their_order():
    assert loop.run(loop.together(double(number) for number in range(3))) == [0, 2, 4]


def test_error_of_one_of_several_is_raised_without_a_group_and_the_others_are_cancelled():
    cancelled: list[bool] = []

    async def wait() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    async def fail() -> None:
        raise LookupError("gone")

    with pytest.raises(LookupError, match="gone"):
        loop.run(loop.together([wait(), fail()]))
    assert cancelled == [True]
