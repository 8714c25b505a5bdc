"""A model's server of our own: OpenAI's protocol over real HTTP on this machine, playing what a test says."""

import json
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "sk-test-4f9c1d7e2b8a"
"""Appears in no log, answer or record, which the tests check."""


@dataclass(frozen=True)
class Hold:
    """Say nothing until the test is over, or lets go."""


@dataclass(frozen=True)
class Drop:
    """Cut the connection in the middle of the protocol."""


@dataclass(frozen=True)
class Raw:
    """Send a line that is no part of the protocol."""

    line: str


@dataclass(frozen=True)
class End:
    """Say why the answer ends, and end it."""

    reason: str = "stop"


@dataclass(frozen=True)
class Status:
    """Answer with an HTTP status in place of a stream."""

    code: int
    error: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Burst:
    """Send a text in one piece."""

    text: str


Step = str | Burst | Hold | Drop | Raw | End | Status
Script = Callable[[str], Sequence[Step]]
"""From the prompt to what is sent; text is sent word by word."""


def passage(prompt: str, words: str) -> int:
    """The number of the passage that holds the words."""
    before = prompt[: prompt.index(words)]
    return int(re.findall(r"^\[(\d+)\] ", before, re.MULTILINE)[-1])


class ModelServer:
    """Plays a script for each request, and remembers the requests."""

    def __init__(self) -> None:
        self.script: Script = lambda prompt: [End()]
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.let_go = threading.Event()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}/v1"

    @property
    def prompts(self) -> list[str]:
        return ["\n\n".join(m["content"] for m in request["messages"]) for request in self.requests]

    def says(self, *steps: Step) -> None:
        self.script = lambda prompt: steps

    def __enter__(self) -> "ModelServer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.let_go.set()
        self._http.shutdown()
        self._http.server_close()


@contextmanager
def serving_model() -> Iterator[ModelServer]:
    with ModelServer() as server:
        yield server


def _handler(server: ModelServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            server.requests.append(request)
            server.keys.append(self.headers.get("Authorization", ""))
            steps = list(server.script("\n\n".join(m["content"] for m in request["messages"])))
            play = self._stream if request.get("stream") else self._whole
            try:
                self._status(steps[0]) if isinstance(steps[0], Status) else play(steps)
            except OSError:
                self.close_connection = True  # the client has turned away

        def _status(self, status: Status) -> None:
            self._json(json.dumps({"error": status.error}), status.code)

        def _json(self, text: str, code: int = 200, missing: int = 0) -> None:
            body = text.encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body) + missing))
            self.end_headers()
            self.wfile.write(body)

        def _whole(self, steps: Sequence[Step]) -> None:
            """An answer in one piece, as a form that is filled in comes."""
            text, reason = "", "stop"
            for step in steps:
                match step:
                    case str():
                        text += step
                    case Burst():
                        text += step.text
                    case End():
                        reason = step.reason
                    case Hold():
                        server.let_go.wait(20)
                    case Raw():
                        return self._json(step.line)
                    case Drop():
                        self.close_connection = True
                        return self._json(_completion(text, reason), missing=100)
            return self._json(_completion(text, reason))

        def _stream(self, steps: Sequence[Step]) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.close_connection = True
            for step in steps:
                match step:
                    case str():
                        for word in re.findall(r"\s*\S+\s*", step):
                            self._event(_delta({"content": word}))
                    case Burst():
                        self._event(_delta({"content": step.text}))
                    case Raw():
                        self._chunk(step.line)
                    case End():
                        self._event(_delta({}, step.reason))
                        self._chunk("data: [DONE]\n\n")
                    case Hold():
                        server.let_go.wait(20)
                    case Drop():
                        return
            self._chunk("")

        def _event(self, event: dict[str, Any]) -> None:
            self._chunk(f"data: {json.dumps(event)}\n\n")

        def _chunk(self, text: str) -> None:
            data = text.encode()
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
            self.wfile.flush()

    return Handler


def _completion(text: str, reason: str) -> str:
    said = {"refusal": text, "content": None} if reason == "refusal" else {"content": text}
    reason = "stop" if reason == "refusal" else reason
    choice = {"index": 0, "message": {"role": "assistant"} | said, "finish_reason": reason}
    return json.dumps(
        {"id": "1", "object": "chat.completion", "created": 0, "model": "test", "choices": [choice]}
    )


def _delta(delta: dict[str, Any], reason: str | None = None) -> dict[str, Any]:
    return {
        "id": "1",
        "object": "chat.completion.chunk",
        "created": 0,
        "model": "test",
        "choices": [{"index": 0, "delta": {"role": "assistant"} | delta, "finish_reason": reason}],
    }
