"""Whether a number is one that a platform takes."""

from distilabel.exceptions import DistilabelUserError

__all__ = ["check_ranges"]


def check_ranges(**limits: tuple[float | None, float, float | None]) -> None:
    """Check generation arguments: name to value, least and most; a value of None is not given, a most of None not set.

    Raises:
        DistilabelUserError: One is out of range.
    """
    for name, (value, low, high) in limits.items():
        if value is not None and (value < low or (high is not None and value > high)):
            wanted = f"at least {low}" if high is None else f"from {low} to {high}"
            raise DistilabelUserError(f"The generation argument `{name}` must be {wanted}, not {value}.")
