"""Worker processes: each runs one replica of a step, lives as long as the driver at most, and may die without harm."""
