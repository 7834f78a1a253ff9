"""What other tools take for the same work, each run in an environment of its own, as it comes from PyPI."""
