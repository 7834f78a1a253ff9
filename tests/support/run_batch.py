"""Behaves like `vllm run-batch`: -i, -o, --model; answers in input order, stops at a line that it cannot read.

`--die-after N` has it killed after N answers, `--fail MESSAGE` ends it at once, `--hold PATH` has it wait until the file is there.
"""

import argparse
import json
import os
import signal
import sys
import time
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("-i", "-o", "--model", "--fail", "--hold", "--marks"):
        parser.add_argument(name)
    parser.add_argument("--die-after", type=int)
    given = parser.parse_args()
    if given.fail:
        sys.exit(given.fail)
    if given.marks:
        with Path(given.marks).open("a") as marks:
            marks.write(f"{os.getpid()}\n")
    while given.hold and not Path(given.hold).exists():
        time.sleep(0.01)
    with Path(given.i).open("rb") as lines, Path(given.o).open("w") as output:
        for number, line in enumerate(lines):
            asked = json.loads(line)
            output.write(json.dumps(answered(asked)) + "\n")
            output.flush()
            if number + 1 == given.die_after:
                os.kill(os.getpid(), signal.SIGKILL)


def answered(asked: dict) -> dict:
    prompt = asked["body"]["messages"][-1]["content"]
    frame = {"id": "vllm-1", "custom_id": asked["custom_id"]}
    if prompt == "bad":
        error = {"message": "No such role.", "type": "BadRequestError", "param": None, "code": 400}
        return {
            **frame,
            "response": {"status_code": 400, "request_id": "r", "body": None},
            "error": {"error": error},
        }
    choice = {"index": 0, "message": {"role": "assistant", "content": f"{prompt}!"}, "finish_reason": "stop"}
    body = {"id": "chatcmpl-1", "object": "chat.completion", "model": "m", "choices": [choice], "usage": None}
    return {**frame, "response": {"status_code": 200, "request_id": "r", "body": body}, "error": None}


if __name__ == "__main__":
    main()
