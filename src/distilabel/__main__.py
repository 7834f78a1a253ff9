"""`python -m distilabel` is the command `distilabel`."""

from distilabel.cli.app import main

__all__: list[str] = []

if __name__ == "__main__":
    main()
