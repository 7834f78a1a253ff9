"""What the parts of the table share: which prompts, and what is said and expected again and again."""

from typing import Any

from tests.chaos.cases import Expected
from tests.chaos.pipeline import numbers

# A few prompts, one of them asked by three rows; one prompt alone; and half of all.
SOME = frozenset({3, 10, 17, 38})
ONE = frozenset({10})
HALF = frozenset(range(0, 40, 2))
EVERY = numbers()
FIRST = frozenset({1})

# How a run ends that the platform refuses for the account's sake: by its credit, or by its access (HTTP 403).
REFUSED = ("DistilabelAccountError|DistilabelAuthenticationError", "run again")

RIGHT = "Every row has its own answer; nothing is paid twice."
AGAIN = "Only these rows are sent again, in a follow-up job, and then answered."
ADOPTED = "The job is looked up by its tag and adopted, never created again."


def unanswered(prompts: frozenset[int], code: str, **more: Any) -> Expected:
    """Expect these prompts to end without an answer, for this reason."""
    return Expected(unanswered=dict.fromkeys(prompts, code), **more)


def deadline(at_deadline: str) -> dict[str, Any]:
    """Return how a process runs the pipeline with a deadline; it has come when the platform lets a day pass."""
    return {"options": {"deadline": 3600.0, "at_deadline": at_deadline}}
