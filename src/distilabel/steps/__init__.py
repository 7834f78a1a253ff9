"""Steps: what turns rows into rows."""
