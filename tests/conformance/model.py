"""A model for the servers that need one: it answers with the prompt, refuses prompts that are marked, and counts.

`python -m tests.conformance.model PORT` serves `/v1/models`, `/v1/chat/completions`, Anthropic's `/v1/messages`, and `/count`: how
often it has answered each prompt. What it has answered more than once has been paid for twice.
"""

import json
import sys
import time
from collections import Counter
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

__all__ = ["NAME", "REFUSED", "answer_to"]

NAME = "echo"
REFUSED = "refuse this"
_SECONDS = 0.2


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
        self._send(
            200, _message(body, prompt) if self.path.endswith("/messages") else _completion(body, prompt)
        )

    def log_message(self, *_: Any) -> None:
        """Print nothing."""

    def _send(self, status: int, value: Any) -> None:
        content = json.dumps(value).encode()
        with suppress(ConnectionError):  # a server whose job is cancelled hangs up
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)


def _completion(body: dict[str, Any], prompt: str) -> dict[str, Any]:
    message = {"role": "assistant", "content": answer_to(prompt)}
    choice = {"index": 0, "finish_reason": "stop", "message": message}
    usage = {"prompt_tokens": 8, "completion_tokens": 8, "total_tokens": 16}
    about = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": body["model"]}
    return about | {"choices": [choice], "usage": usage}


def _message(body: dict[str, Any], prompt: str) -> dict[str, Any]:
    about = {"id": "msg_1", "type": "message", "role": "assistant", "model": body["model"]}
    content = [{"type": "text", "text": answer_to(prompt)}]
    usage = {"input_tokens": 8, "output_tokens": 8}
    return about | {"content": content, "stop_reason": "end_turn", "stop_sequence": None, "usage": usage}


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), _Handler).serve_forever()
