"""The error tree: what is drawn is what is there, and errors keep what they carry."""

import copy
import inspect
import pickle
import re

import pytest

from distilabel import errors, exceptions
from distilabel.exceptions import (
    DistilabelAuthenticationError,
    DistilabelException,
    DistilabelMissingPackageError,
    DistilabelOfflineBatchGenerationNotFinishedException,
    DistilabelPlatformError,
    DistilabelUserError,
)

CLASSES = [getattr(exceptions, name) for name in exceptions.__all__]


def drawn() -> dict[str, str]:
    """Child to parent, as the module's docstring draws them."""
    parents: dict[str, str] = {}
    path: list[str] = []
    for line in inspect.getdoc(exceptions).splitlines():
        if match := re.match(r"^ {4}([ │├└─]*)(Distilabel\w+)", line):
            depth = len(match[1]) // 4
            path[depth:] = [match[2]]
            if depth:
                parents[match[2]] = path[depth - 1]
    return parents


def test_tree_in_the_docstring_is_the_tree_of_the_classes():
    real = {cls.__name__: cls.__bases__[0].__name__ for cls in CLASSES if cls is not DistilabelException}
    assert drawn() == real


def test_every_class_of_the_module_is_public():
    found = {
        name
        for name, thing in vars(exceptions).items()
        if inspect.isclass(thing) and issubclass(thing, Exception)
    }
    assert found == set(exceptions.__all__)


def test_old_import_path_leads_to_the_same_error():
    assert errors.DistilabelUserError is DistilabelUserError


@pytest.mark.parametrize(
    ("name", "builtin"),
    [
        ("DistilabelUserError", ValueError),
        ("DistilabelTypeError", TypeError),
        ("DistilabelNotImplementedError", NotImplementedError),
        ("DistilabelMissingPackageError", ImportError),
    ],
)
def test_error_is_also_the_builtin_one_that_people_catch(name: str, builtin: type[Exception]):
    with pytest.raises(builtin, match="Do this"):
        raise getattr(exceptions, name)("Do this.")


def made(cls: type[Exception]) -> Exception:
    if issubclass(cls, DistilabelOfflineBatchGenerationNotFinishedException):
        return cls(["batch_1", "batch_2"])
    if issubclass(cls, DistilabelPlatformError):
        return cls("Do this.", status=429, code="slow", retry_after=2.0)
    if issubclass(cls, DistilabelUserError):
        return cls("Do this.", page="sections/x")
    return cls("Do this.")


@pytest.mark.parametrize("cls", CLASSES)
@pytest.mark.parametrize("cross", [lambda error: pickle.loads(pickle.dumps(error)), copy.copy])
def test_error_crosses_a_process_boundary_whole(cls: type[Exception], cross):
    error = made(cls)
    crossed = cross(error)
    assert (type(crossed), str(crossed), vars(crossed)) == (cls, str(error), vars(error))


def test_user_error_names_the_page_that_says_more():
    error = DistilabelUserError("Do this.", page="sections/x")
    assert str(error) == "Do this. (see docs/sections/x)"


def test_missing_package_error_says_its_message():
    assert str(DistilabelMissingPackageError("pip install it")) == "pip install it"


def test_secret_is_cut_out_of_a_platform_error_and_the_rest_stays():
    error = DistilabelAuthenticationError(
        "no sk-1234 here", status=401, code="bad key sk-1234", retry_after=1.0
    )
    clean = error.redacted(["sk-1234"])
    assert type(clean) is DistilabelAuthenticationError
    assert (str(clean), clean.status, clean.retry_after) == ("no [secret] here", 401, 1.0)
    assert "sk-1234" not in repr(vars(clean))


def test_unfinished_jobs_are_named_in_the_message_and_kept_in_order():
    error = DistilabelOfflineBatchGenerationNotFinishedException(name for name in ("b2", "b1"))
    assert error.jobs_ids == ("b2", "b1")
    assert "b2, b1" in str(error)
