"""Files of made-up prompts of about 250 bytes, the same in each run."""

import random
from pathlib import Path
from string import ascii_lowercase

import orjson

__all__ = ["prompts"]

_BYTES = 250


def prompts(folder: Path, count: int) -> Path:
    """Write a file of `count` prompts, once, and return its path."""
    path = folder / f"prompts-{count}.jsonl"
    if not path.exists():
        chance = random.Random(7)  # noqa: S311 - repeatable
        words = ["".join(chance.choices(ascii_lowercase, k=chance.randint(2, 10))) for _ in range(997)]
        text = " ".join(words)
        with path.open("wb") as file:
            for number in range(count):
                start = number * 31 % (len(text) - _BYTES)
                file.write(
                    orjson.dumps({"instruction": f"{number}: {text[start:][:_BYTES]}"[:_BYTES]}) + b"\n"
                )
    return path
