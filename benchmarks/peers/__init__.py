"""What other tools take for the same work, each run in a separate environment, as it comes from PyPI."""
