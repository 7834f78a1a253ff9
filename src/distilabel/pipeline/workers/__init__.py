"""Worker processes: each runs one replica of a step, ends with the driver process, and is replaced if it dies."""
