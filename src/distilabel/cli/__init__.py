"""The command line: `distilabel`."""
