"""The one fake of the tests: a paid model's provider. It speaks HTTP in the shapes of tests/shapes.py.

It answers from a script, can fail in every way that a provider can, and logs each call: the log is the oracle
for what was paid, how often, and with what prompt.
"""

import json
import re
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from archive.passages import split_sentences
from tests.shapes import Call, Reply, shape

__all__ = ["Call", "FakeProvider", "Reply", "answer_object", "shape", "sources_of", "write_answer"]


class FakeProvider:
    """A provider on a free port of this machine.

    `replies` are given one after the other, the last one for ever; or `answer` makes a Reply of each Call.
    """

    def __init__(
        self, replies: Sequence[Reply] = (), *, answer: Callable[[Call], Reply] | None = None
    ) -> None:
        self.replies = list(replies)
        self.answer = answer or self.next_reply
        self.calls: list[Call] = []
        self.sizes: list[int] = []  # of the whole bodies, in bytes
        self.busy: set[int] = set()  # the ports of those who wait for their reply just now
        self.lock = threading.Lock()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, self))
        self.server.daemon_threads = True

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    @property
    def openai_base(self) -> str:
        return f"{self.address}/v1"

    def __enter__(self) -> Self:
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    def next_reply(self, call: Call) -> Reply:
        with self.lock:
            return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


class Handler(BaseHTTPRequestHandler):
    """One connection of a provider."""

    protocol_version = "HTTP/1.1"

    def __init__(self, provider: FakeProvider, *arguments: Any) -> None:
        self.provider = provider
        super().__init__(*arguments)

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        call = Call(self.path, json.loads(raw), dict(self.headers), time.time(), self.client_address[1])
        with self.provider.lock:
            self.provider.calls.append(call)
        self.provider.busy.add(call.port)
        try:
            with suppress(OSError):  # whoever called has gone
                self.give(self.provider.answer(call), call)
        finally:
            self.provider.busy.discard(call.port)

    def handle(self) -> None:
        with suppress(ConnectionError):  # whoever kept the connection open has gone
            super().handle()

    def give(self, reply: Reply, call: Call) -> None:
        time.sleep(reply.delay)
        body = shape(reply, call)
        self.provider.sizes.append(len(body))
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        if reply.says_length:
            self.send_header("Content-Length", str(len(body)))
        else:
            self.send_header("Connection", "close")
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.write(body[: reply.cut_at], drip=reply.drip)
        if reply.cut_at is not None or not reply.says_length:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

    def write(self, body: bytes, *, drip: float) -> None:
        if not drip:
            self.wfile.write(body)
            return
        for position in range(len(body)):
            self.wfile.write(body[position : position + 1])
            self.wfile.flush()
            time.sleep(drip)

    def log_message(self, *arguments: object) -> None:
        pass


SOURCE_BLOCK = re.compile(r"^<<\w+ Source (\d+)>>\n(.*?)\n<<\w+ end>>$", re.MULTILINE | re.DOTALL)


def sources_of(call: Call) -> dict[int, str]:
    """The abstracts that a prompt holds, by their numbers."""
    blocks = SOURCE_BLOCK.findall(call.prompt)
    return {int(number): text.partition("\nAbstract: ")[2] for number, text in blocks}


def answer_object(call: Call, **changes: Any) -> dict[str, Any]:
    """What a careful model would write: each claim in the words of the source that it cites."""
    statements = [
        {"text": first_sentences(abstract), "sources": [number], "bullet": False}
        for number, abstract in sources_of(call).items()
    ]
    sections = [{"heading": None, "statements": statements[:2]}]
    if statements[2:]:
        sections.append({"heading": "Further results", "statements": statements[2:]})
    whole = {"verdict": "answered", "gap": "", "sections": sections, "limits": "", "follow_ups": []}
    return whole | changes


def first_sentences(abstract: str) -> str:
    """About the first thirty words of an abstract, to the end of a sentence."""
    words = 0
    for passage in split_sentences(abstract):
        words += len(passage.text.split())
        if words >= 15:
            return abstract[: passage.end]
    return abstract


def write_answer(call: Call) -> Reply:
    """A good answer from whatever sources the prompt holds."""
    return Reply(json.dumps(answer_object(call), ensure_ascii=False))
