"""The one fake of the tests: a paid model's provider. It speaks HTTP as OpenAI's and as Anthropic's API do.

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
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from archive.passages import split_sentences

USAGE = (2_000, 500)  # tokens in and out of every reply that doesn't say otherwise


@dataclass(frozen=True)
class Reply:
    """What one call gets. Without `body` the text stands in the JSON of whichever API was called."""

    text: str | None = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    finish: str = "stop"  # in OpenAI's words
    usage: tuple[int, int] | None = USAGE
    has_choices: bool = True
    body: bytes | None = None
    delay: float = 0.0  # seconds before the first byte
    drip: float = 0.0  # seconds between bytes
    cut_at: int | None = None  # bytes of the body after which the connection ends
    says_length: bool = True  # else the end of the connection is the only end of the body


@dataclass(frozen=True)
class Call:
    """One call as it came in."""

    path: str
    body: dict[str, Any]
    headers: dict[str, str]
    at: float
    port: int  # of whoever called

    @property
    def model(self) -> str:
        return str(self.body.get("model"))

    @property
    def prompt(self) -> str:
        """All text that the model was given."""
        parts = [self.body.get("system", ""), *(message["content"] for message in self.body["messages"])]
        return "\n".join(plain_text(part) for part in parts)


def plain_text(content: str | list[dict[str, Any]]) -> str:
    """A message's content, which Anthropic's API takes as a list of blocks too."""
    return content if isinstance(content, str) else "\n".join(block["text"] for block in content)


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
        self.send_header("Content-Type", "application/json")
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


def shape(reply: Reply, call: Call) -> bytes:
    """The body of a reply, as the API that was called has it."""
    if reply.body is not None:
        return reply.body
    if reply.status != 200:
        kind = {401: "authentication_error", 404: "not_found_error", 429: "rate_limit_error"}
        error = {"type": kind.get(reply.status, "api_error"), "message": reply.text or "no", "code": None}
        return json.dumps({"type": "error", "error": error}).encode()
    make = anthropic_body if call.path.endswith("/messages") else openai_body
    return json.dumps(make(reply, call)).encode()


def openai_body(reply: Reply, call: Call) -> dict[str, Any]:
    message = {"role": "assistant", "content": reply.text}
    choices = [{"index": 0, "message": message, "finish_reason": reply.finish}]
    body: dict[str, Any] = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": f"{call.model}-2026-11-01",
        "choices": choices if reply.has_choices else [],
    }
    if reply.usage:
        tokens_in, tokens_out = reply.usage
        body["usage"] = {
            "prompt_tokens": tokens_in,
            "completion_tokens": tokens_out,
            "total_tokens": tokens_in + tokens_out,
        }
    return body


def anthropic_body(reply: Reply, call: Call) -> dict[str, Any]:
    content = [{"type": "text", "text": reply.text}] if reply.text is not None else []
    stop = {"stop": "end_turn", "length": "max_tokens"}[reply.finish]
    body: dict[str, Any] = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": f"{call.model}-20261101",
        "content": content if reply.has_choices else [],
        "stop_reason": stop,
        "stop_sequence": None,
    }
    if reply.usage:
        body["usage"] = {"input_tokens": reply.usage[0], "output_tokens": reply.usage[1]}
    return body


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
