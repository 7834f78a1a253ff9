"""A model for the servers that need one: it answers with the prompt, refuses prompts that are marked, and counts.

`python -m tests.conformance.model PORT` serves `/v1/models`, `/v1/chat/completions`, and `/count`: how often it has answered each
prompt. What it has answered more than once has been paid for twice.
"""

import json
import sys
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

__all__ = ["NAME", "REFUSED", "answer_to"]

NAME = "echo"
REFUSED = "refuse this"
_SECONDS = 0.05


def answer_to(prompt: str) -> str:
    """Return what the model answers."""
    return f"answer to {prompt}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    answered: ClassVar[Counter[str]] = Counter()

    def do_GET(self) -> None:
        if self.path.endswith("/models"):
            model = {"id": NAME, "object": "model", "created": 1, "owned_by": "conformance"}
            self._send(200, {"object": "list", "data": [model]})
        else:
            self._send(200, dict(self.answered))

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        prompt = body["messages"][-1]["content"]
        if not isinstance(prompt, str):
            prompt = "".join(part.get("text", "") for part in prompt)
        if REFUSED in prompt:
            error = {"message": "The prompt is refused.", "type": "invalid_request_error", "code": "refused"}
            self._send(400, {"error": error})
            return
        time.sleep(_SECONDS)
        self.answered[prompt] += 1
        message = {"role": "assistant", "content": answer_to(prompt)}
        usage = {"prompt_tokens": 8, "completion_tokens": 8, "total_tokens": 16}
        choice = {"index": 0, "finish_reason": "stop", "message": message}
        self._send(
            200,
            {
                "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": body["model"], "choices": [choice],
                "usage": usage,
            },
        )  # fmt: skip

    def log_message(self, *_: Any) -> None:
        """Print nothing."""

    def _send(self, status: int, value: Any) -> None:
        content = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), _Handler).serve_forever()
