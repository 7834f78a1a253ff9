"""What a person sees of a run: log lines everywhere, a live table on a terminal, JSON lines for a program."""
