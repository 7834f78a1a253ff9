"""The two tags after labelled steps."""

from collections.abc import Sequence

from distilabel.exceptions import DistilabelUserError

__all__ = ["check_tags", "untagged"]


def check_tags(step: str, tags: Sequence[str] | None) -> None:
    """Check that there are two different tags of one word each.

    Raises:
        DistilabelUserError: There are not.
    """
    if tags is None or len(tags) != 2 or tags[0] == tags[1] or any(len(tag.split()) != 1 for tag in tags):  # noqa: PLR2004
        raise DistilabelUserError(
            f"Step {step!r} needs two different tags of one word each, for good and for bad steps: set "
            'tags=["+", "-"].',
        )


def untagged(step: str, tags: Sequence[str]) -> tuple[str, bool]:
    """Return a labelled step without its tag, and whether the step is good.

    Raises:
        ValueError: The step has no tag.

    Examples:
        >>> untagged("Step 1: 2 + 2 = 4. +", ["+", "-"])
        ('Step 1: 2 + 2 = 4.', True)
    """
    text, _, tag = step.rstrip().rpartition(" ")
    if tag not in tags:
        raise ValueError(f"the step {step[:80]!r} ends with none of the tags {', '.join(tags)}")
    return text.rstrip(), tag == tags[0]
