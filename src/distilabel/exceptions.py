"""The error tree: what may go wrong, and what each kind means for the caller.

    DistilabelException                                       everything that this library raises on purpose
    ├── DistilabelUserError (also a ValueError)               something to mend: the message says what to do
    │   ├── DistilabelTypeError (also a TypeError)            an argument of the wrong type
    │   ├── DistilabelNotImplementedError                     asked of a class that does not offer it
    │   ├── DistilabelMissingPackageError (also ImportError)  an extra is not installed; names the command
    │   ├── DistilabelCacheError                              the cache folder or the ledger cannot be used
    │   └── DistilabelRunningError                            another process is running the same pipeline
    ├── DistilabelPlatformError                               the platform refused, or cannot be reached
    │   ├── DistilabelAuthenticationError                     the key is missing, wrong or revoked
    │   ├── DistilabelModelNotFoundError                      the platform does not know the model
    │   ├── DistilabelUnreachableError                        no answer: address, network or TLS
    │   ├── DistilabelUncertainError                          no telling whether a call was carried out
    │   └── DistilabelJobRejectedError                        a whole job was refused; nothing of it was run
    ├── DistilabelStepError                                   a step failed for all of its rows
    └── DistilabelGenerationException                         a generation did not come about
        └── DistilabelOfflineBatchGenerationNotFinishedException   not ready yet; carries the job ids

A request that fails is a value (`distilabel.records.Failure`), never an exception.
"""

from collections.abc import Iterable
from typing import Self

__all__ = [
    "DistilabelAuthenticationError",
    "DistilabelCacheError",
    "DistilabelException",
    "DistilabelGenerationException",
    "DistilabelJobRejectedError",
    "DistilabelMissingPackageError",
    "DistilabelModelNotFoundError",
    "DistilabelNotImplementedError",
    "DistilabelOfflineBatchGenerationNotFinishedException",
    "DistilabelPlatformError",
    "DistilabelRunningError",
    "DistilabelStepError",
    "DistilabelTypeError",
    "DistilabelUncertainError",
    "DistilabelUnreachableError",
    "DistilabelUserError",
]


class DistilabelException(Exception):  # noqa: N818 - the public API's name
    """The root of every error that this library raises on purpose."""


class DistilabelUserError(DistilabelException, ValueError):
    """Something that the user can mend; the message is one sentence that says how.

    Args:
        message: What is wrong and what to do.
        page: The page of the documentation that says more, appended to the message.
    """

    def __init__(self, message: str, page: str | None = None) -> None:
        self.message = message
        self.page = page
        super().__init__(f"{message} (see docs/{page})" if page else message)


class DistilabelTypeError(DistilabelUserError, TypeError):
    """An argument has the wrong type."""


class DistilabelNotImplementedError(DistilabelUserError, NotImplementedError):
    """A class does not offer what was asked of it."""


class DistilabelMissingPackageError(DistilabelUserError, ImportError):
    """An optional package is needed and absent; the message names the command that installs it."""


class DistilabelCacheError(DistilabelUserError):
    """The cache folder or the ledger in it cannot be read or written."""


class DistilabelRunningError(DistilabelUserError):
    """Another process is running the same pipeline in the same cache folder."""


class DistilabelPlatformError(DistilabelException):
    """A platform refused a call, or could not be reached, in a way that concerns the whole run.

    Args:
        message: What happened and what to do.
        status: The HTTP status, where there was one.
        code: The platform's own code for it.
        retry_after: Seconds that the platform asked to wait.
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
        """Return the same error with each secret cut out of its message and its code."""
        message, code = self.message, self.code
        for secret in secrets:
            message = message.replace(secret, "[secret]")
            code = code.replace(secret, "[secret]") if code else code
        return type(self)(message, status=self.status, code=code, retry_after=self.retry_after)


class DistilabelAuthenticationError(DistilabelPlatformError):
    """The platform does not accept the key (HTTP 401 or 403), or no key is set."""


class DistilabelModelNotFoundError(DistilabelPlatformError):
    """The platform does not know the model (HTTP 404)."""


class DistilabelUnreachableError(DistilabelPlatformError):
    """The platform gave no answer: the address, the network or TLS is at fault; nothing was carried out."""


class DistilabelUncertainError(DistilabelPlatformError):
    """A call that makes something may or may not have been carried out: look before calling again."""


class DistilabelJobRejectedError(DistilabelPlatformError):
    """The platform refused a whole job; nothing of it was run."""


class DistilabelStepError(DistilabelException):
    """A step failed for every row that it was given."""


class DistilabelGenerationException(DistilabelException):
    """A generation did not come about."""


class DistilabelOfflineBatchGenerationNotFinishedException(DistilabelGenerationException):
    """The batch jobs have not finished yet: ask again later.

    Args:
        jobs_ids: The ids of the open jobs, as the platform knows them.

    Examples:
        >>> error = DistilabelOfflineBatchGenerationNotFinishedException(jobs_ids=["batch_1"])
        >>> error.jobs_ids
        ('batch_1',)
    """

    def __init__(self, jobs_ids: Iterable[str] = ()) -> None:
        self.jobs_ids = tuple(jobs_ids)
        super().__init__(f"Batch jobs are not finished yet: {', '.join(self.jobs_ids) or 'none submitted'}.")

    def __reduce__(self) -> tuple[type, tuple[tuple[str, ...]]]:
        """Cross a process boundary with the ids, not with the message."""
        return (type(self), (self.jobs_ids,))
