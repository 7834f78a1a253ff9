"""Where a session hands in its requests: a target, with the dialect and the connection to reach it."""

from dataclasses import dataclass, field

from distilabel.offline.options import OfflineBatchOptions
from distilabel.providers.base import Provider
from distilabel.records import Target
from distilabel.transport import Transport

__all__ = ["Desk"]


@dataclass(frozen=True, slots=True)
class Desk:
    """A target and how to reach it.

    Attributes:
        target: Platform, address, endpoint and model.
        provider: The platform's dialect.
        transport: Holds the key; lives in this process only.
        every: Seconds between polls; None asks once a run and does not wait.
        options: What the user chose about jobs.
    """

    target: Target
    provider: Provider
    transport: Transport
    every: float | None = None
    options: OfflineBatchOptions = field(default_factory=OfflineBatchOptions)
