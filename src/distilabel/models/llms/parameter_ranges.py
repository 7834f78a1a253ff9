"""Range checks of generation arguments."""

from distilabel.exceptions import DistilabelUserError

__all__ = ["check_ranges"]


def check_ranges(**limits: tuple[float | None, float, float | None]) -> None:
    """Check that generation arguments are in range.

    Args:
        limits: For each name the value, the minimum and the maximum. None as a value: not set; as a maximum: no limit.

    Raises:
        DistilabelUserError: One is out of range.
    """
    for name, (value, low, high) in limits.items():
        if value is not None and (value < low or (high is not None and value > high)):
            wanted = f"at least {low}" if high is None else f"from {low} to {high}"
            raise DistilabelUserError(f"The generation argument `{name}` must be {wanted}, not {value}.")
