"""Sessions: who asks, what is answered, and when a job's worth is submitted."""

import contextlib
import threading
from collections.abc import Callable

from distilabel.exceptions import DistilabelOfflineBatchGenerationNotFinishedException as Unfinished
from distilabel.offline.session import asking, taken_back_on_error
from tests.fakes import Office, answered, body, texts

Open = Callable[..., Office]


def test_asking_before_the_answers_are_there_gives_none_for_each(office: Open):
    assert office().ask("a", "b") == [None, None]


def test_nothing_is_submitted_before_a_job_is_full_or_the_run_is_idle(office: Open, platform):
    at = office()
    at.ask("a", "b")
    at.recorder.wait(at.dispatcher)
    assert platform.calls == []
    at.ask("c", asker="b")
    at.recorder.wait(at.dispatcher)
    assert platform.sent == ["a", "b", "c"]


def test_answers_come_in_the_order_of_the_prompts_whatever_the_order_of_the_lines(office: Open, platform):
    at = office(poll_interval=0.001)
    platform.plan(results=lambda lines: ([answered(line) for line in reversed(lines)], []))
    assert texts(at.bring("a", "b", "c")) == ["a/0", "b/0", "c/0"]


def test_asker_that_enters_again_under_its_name_replays(office: Open):
    at = office(poll_interval=0.001)
    first = texts(at.bring("a", "a", asker="x"))
    assert first == ["a/0", "a/1"]
    assert texts(at.ask("a", "a", asker="x")) == first


def test_asker_of_several_turns_goes_on_where_it_was(office: Open):
    at = office(poll_interval=0.001)
    at.bring("a", asker="x")
    with asking("x"):
        assert texts(at.session.ask(at.client, [body("a")])) == ["a/0"]
        # The second time within one execution is another sample.
        assert at.session.ask(at.client, [body("a")]) == [None]
    at.flush()
    with asking("x"):
        turns = [texts(at.session.ask(at.client, [body("a")])) for _ in range(2)]
    assert turns == [["a/0"], ["a/1"]]


def test_threads_ask_as_different_askers(office: Open):
    at = office()
    drawn: list[str] = []

    def work(name: str) -> None:
        at.ask("same", asker=name)
        drawn.append(name)

    threads = [threading.Thread(target=work, args=(str(number),)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    at.flush()
    assert sorted(at.platform.sent) == ["same"] * 6
    names = {line["custom_id"] for batch in at.platform.batches.values() for line in batch.lines}
    assert len(names) == 6


def test_answer_tells_how_often_it_was_asked_and_by_which_job(office: Open, platform):
    at = office(poll_interval=0.001)
    platform.plan(results=lambda _: ([], []))
    (found,) = at.bring("a")
    assert found is not None
    assert (found.attempts, found.job_id) == (2, list(platform.batches)[1])


def test_replay_of_what_was_pruned_meanwhile_asks_again(office: Open, platform):
    at = office(poll_interval=0.001)
    assert texts(at.bring("a", "b", asker="x")) == ["a/0", "b/0"]
    at.ledger.jobs.prune(before=at.ledger.database.clock() + 1)
    at.bring("c", asker="y")  # takes no number that was pruned
    assert at.ask("a", "b", asker="x") == [None, None]
    assert texts(at.bring("a", "b", asker="x")) == ["a/0", "b/0"]
    assert platform.sent == ["a", "b", "c", "a", "b"]


def test_asker_that_asks_for_something_else_than_it_did_gets_that(office: Open):
    at = office(poll_interval=0.001)
    at.bring("a", "b", asker="x")
    assert texts(at.bring("b", "a", asker="x")) == ["b/0", "a/0"]
    assert texts(at.bring("b", "c", asker="x")) == ["b/0", "c/0"]


def test_what_is_asked_while_other_replies_are_to_come_draws_samples_of_its_own(office: Open, platform):
    at = office(poll_interval=0.001)

    def ask_twice() -> list[str | None]:
        answers = []
        with asking("x"):
            for _ in range(2):
                with contextlib.suppress(Unfinished), taken_back_on_error():
                    answers += at.session.ask(at.client, [body("a")])
                    if None in answers:
                        raise Unfinished
        return texts(answers)

    ask_twice()
    at.flush()
    assert platform.sent == ["a", "a"]
    assert ask_twice() == ["a/0", "a/1"]


def test_what_an_error_took_back_is_drawn_again(office: Open, platform):
    at = office(poll_interval=0.001)
    with asking("x"):
        with contextlib.suppress(ValueError), taken_back_on_error():
            at.session.ask(at.client, [body("a")])
            raise ValueError
        at.session.ask(at.client, [body("a")])
    at.flush()
    assert platform.sent == ["a"]
