"""Shows a run: log lines, a live table on a terminal, JSON lines for programs."""
