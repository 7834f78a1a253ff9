"""The tree of errors, and what each kind means for the caller.

    DistilabelException                                       the root of all errors of this library
    ├── DistilabelUserError (also a ValueError)               the user can fix it: the message says how
    │   ├── DistilabelTypeError (also a TypeError)            an argument of the wrong type
    │   ├── DistilabelNotImplementedError                     a class does not support the call
    │   ├── DistilabelMissingPackageError (also ImportError)  an extra is not installed; the message names it
    │   ├── DistilabelCacheError                              the cache folder or the ledger cannot be used
    │   ├── DistilabelNotReadyError (also a KeyError)         a dataset that is not ready has no parts yet
    │   └── DistilabelRunningError                            another process is running the same pipeline
    ├── DistilabelPlatformError                               the platform rejected a call or is unreachable
    │   ├── DistilabelAuthenticationError                     the key is missing, wrong or revoked
    │   ├── DistilabelAccountError                            the account has no credit, or may not do this
    │   ├── DistilabelModelNotFoundError                      the platform does not have the model
    │   ├── DistilabelAddressError                            another thing than the API answers at the address
    │   ├── DistilabelUnreachableError                        no response: address, network or TLS
    │   ├── DistilabelUncertainError                          unknown whether a call was carried out
    │   └── DistilabelJobRejectedError                        a batch job was rejected; none of it was run
    ├── DistilabelStepError                                   a step failed for all of its rows
    └── DistilabelGenerationException                         a generation failed
        └── DistilabelOfflineBatchGenerationNotFinishedException   not finished yet; has the job ids

A request that fails is a value (`distilabel.records.Failure`), never an exception.
"""

from collections.abc import Iterable
from contextvars import ContextVar
from typing import Self

__all__ = [
    "DistilabelAccountError",
    "DistilabelAddressError",
    "DistilabelAuthenticationError",
    "DistilabelCacheError",
    "DistilabelException",
    "DistilabelGenerationException",
    "DistilabelJobRejectedError",
    "DistilabelMissingPackageError",
    "DistilabelModelNotFoundError",
    "DistilabelNotImplementedError",
    "DistilabelNotReadyError",
    "DistilabelOfflineBatchGenerationNotFinishedException",
    "DistilabelPlatformError",
    "DistilabelRunningError",
    "DistilabelStepError",
    "DistilabelTypeError",
    "DistilabelUncertainError",
    "DistilabelUnreachableError",
    "DistilabelUserError",
]


within_run: ContextVar[bool] = ContextVar("within_run", default=False)
"""Whether a run of a pipeline processes a chunk. The run keeps the answered rows before an error of the platform ends it."""


class DistilabelException(Exception):  # noqa: N818 - the public API's name
    """The root of all errors of this library."""


def described(error: BaseException) -> str:
    """Return the class and the text of a foreign error, for a message; some errors have no text.

    Examples:
        >>> described(KeyError("a")), described(MemoryError())
        ("KeyError: 'a'", 'MemoryError: the memory of this machine is exhausted')
    """
    without = "the memory of this machine is exhausted" if isinstance(error, MemoryError) else ""
    return f"{type(error).__name__}: {str(error) or without}"


class DistilabelUserError(DistilabelException, ValueError):
    """An error that the user can fix; the message is one sentence that says how.

    Args:
        message: What is wrong and what to do.
        page: A page of the documentation with more information, appended to the message.
    """

    def __init__(self, message: str, page: str | None = None) -> None:
        self.message = message
        self.page = page
        super().__init__(f"{message} (see docs/{page})" if page else message)


class DistilabelTypeError(DistilabelUserError, TypeError):
    """An argument has the wrong type."""


class DistilabelNotImplementedError(DistilabelUserError, NotImplementedError):
    """A class does not support the call."""


class DistilabelMissingPackageError(DistilabelUserError, ImportError):
    """An optional package is missing; the message names the command that installs it."""


class DistilabelCacheError(DistilabelUserError):
    """The cache folder or the ledger in it cannot be read or written."""


class DistilabelNotReadyError(DistilabelUserError, KeyError):
    """A Distiset has no such part, because its batch jobs are still running."""

    def __str__(self) -> str:
        # A KeyError shows the repr of its text.
        return self.message


class DistilabelRunningError(DistilabelUserError):
    """Another process is running the same pipeline in the same cache folder."""


class DistilabelPlatformError(DistilabelException):
    """A platform rejected a call or could not be reached, which concerns the whole run.

    Args:
        message: What happened and what to do.
        status: The HTTP status, if there was a response.
        code: The platform's error code.
        retry_after: Seconds to wait, as requested by the platform.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        self.message = message
        self.status = status
        self.code = code
        self.retry_after = retry_after
        super().__init__(message)

    def redacted(self, secrets: Iterable[str]) -> Self:
        """Return the same error with each secret removed from its message and code."""
        message, code = self.message, self.code
        for secret in secrets:
            message = message.replace(secret, "[secret]")
            code = code.replace(secret, "[secret]") if code else code
        return type(self)(message, status=self.status, code=code, retry_after=self.retry_after)


class DistilabelAuthenticationError(DistilabelPlatformError):
    """The platform does not accept the key (HTTP 401 or 403), or no key is set."""


class DistilabelAccountError(DistilabelPlatformError):
    """The platform refuses requests because of the account: its credit, its billing limit, its key or its access."""


class DistilabelModelNotFoundError(DistilabelPlatformError):
    """The platform does not have the model (HTTP 404)."""


class DistilabelAddressError(DistilabelPlatformError):
    """No API answers at the address: a wrong path, a redirect, a proxy or a login page."""


class DistilabelUnreachableError(DistilabelPlatformError):
    """The platform sent no response because of the address, the network or TLS; the call was not carried out."""


class DistilabelUncertainError(DistilabelPlatformError):
    """A call that creates something may or may not have been carried out: check before you call again."""


class DistilabelJobRejectedError(DistilabelPlatformError):
    """The platform rejected a batch job; none of it was run."""


class DistilabelStepError(DistilabelException):
    """A step failed for all of its rows."""


class DistilabelGenerationException(DistilabelException):
    """A generation failed."""


class DistilabelOfflineBatchGenerationNotFinishedException(DistilabelGenerationException):
    """The batch jobs are not finished yet: call again later.

    Args:
        jobs_ids: The platform's ids of the open jobs.

    Examples:
        >>> error = DistilabelOfflineBatchGenerationNotFinishedException(jobs_ids=["batch_1"])
        >>> error.jobs_ids
        ('batch_1',)
    """

    def __init__(self, jobs_ids: Iterable[str] = ()) -> None:
        self.jobs_ids = tuple(jobs_ids)
        super().__init__(f"Batch jobs are not finished yet: {', '.join(self.jobs_ids) or 'none submitted'}.")

    def __reduce__(self) -> tuple[type, tuple[tuple[str, ...]]]:
        """Pickle the ids, not the message."""
        return (type(self), (self.jobs_ids,))
