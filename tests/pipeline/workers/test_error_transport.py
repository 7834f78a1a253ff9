"""Errors cross a process boundary as themselves, or as a stand-in that says the same."""

import threading

import pytest

from distilabel.exceptions import DistilabelException, DistilabelPlatformError, DistilabelUserError
from distilabel.pipeline.workers.error_transport import describe_exit, portable
from distilabel.pipeline.workers.ipc import dumps, loads


def crossed(error: BaseException) -> BaseException:
    return loads(dumps(portable(error))).error


class ClumsyError(Exception):
    def __init__(self, number: int, word: str) -> None:
        super().__init__(f"{number} {word}")


class ForgetfulError(Exception):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def __str__(self) -> str:
        return getattr(self, "text", "nothing") if self.args == () else "changed"

    def __reduce__(self):
        return type(self), ("changed",)


class LockedError(DistilabelException):
    def __init__(self) -> None:
        super().__init__("locked")
        self.lock = threading.Lock()


@pytest.mark.parametrize(
    "error", [ValueError("a", 1), KeyError("k"), DistilabelUserError("Fix it."), SystemExit(3)]
)
def test_error_that_can_be_pickled_arrives_as_itself(error):
    found = crossed(error)
    assert type(found) is type(error)
    assert found.args == error.args


def test_error_of_a_platform_keeps_what_it_knows():
    found = crossed(DistilabelPlatformError("Slow down.", status=429, retry_after=2.0))
    assert (found.status, found.retry_after) == (429, 2.0)


@pytest.mark.parametrize("error", [ClumsyError(3, "words"), ForgetfulError("text"), LockedError()])
def test_error_that_cannot_be_pickled_has_a_stand_in_of_the_same_name_and_text(error):
    found = crossed(error)
    assert (type(found).__name__, str(found)) == (type(error).__name__, str(error))
    assert isinstance(found, DistilabelException) == isinstance(error, DistilabelException)


def test_traceback_names_the_place_of_the_error():
    with pytest.raises(ClumsyError) as caught:
        raise ClumsyError(1, "here")
    assert "test_traceback_names_the_place_of_the_error" in portable(caught.value).traceback


@pytest.mark.parametrize(
    ("code", "text"),
    [(0, "ended with exit code 0"), (-11, "was killed by SIGSEGV"), (-99, "was killed by signal 99")],
)
def test_end_of_a_process_is_described(code, text):
    assert describe_exit(code) == text
