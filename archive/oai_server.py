"""Gateway: one OAI-PMH server over HTTP. Asks slowly, follows nothing, believes no body before it is whole.

A server is asked only if OAI_BASE_URLS names it and its address is public; it gets one request in
OAI_INTERVAL_SECONDS, and an answer has OAI_ANSWER_SECONDS to arrive, head and body.
"""

import ipaddress
import socket
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Self
from urllib.parse import urlsplit

import httpx
from django.conf import settings

from archive.dates import read_mail_date
from archive.oai_formats import Answer, MalformedAnswer, parse_answer
from archive.oai_salvage import salvage_answer
from archive.turns import put_off, take_turn

USER_AGENT = "Antigravity-QA harvester"
TIMEOUT = httpx.Timeout(120, connect=15)
TRIES = 5
MAX_WAIT_SECONDS = 900.0  # the longest that a server's Retry-After is waited for
MAX_PAUSE_SECONDS = 86_400.0  # of a Retry-After: nobody means years
MAX_BYTES = 25_000_000  # of an answer, sent and unpacked; arXiv's page of 1,000 records has 2 MB
BUSY = {429, 503}
UNPACKERS = {"gzip": 31, "x-gzip": 31, "deflate": 15}  # by Content-Encoding: zlib's wbits


class HarvestError(Exception):
    """The harvest can't go on; the message says why in words."""


class Refused(HarvestError):
    """The server answered, and will not go on with what it was asked for."""


class ComeBackLater(HarvestError):
    """The server asks for a longer pause, in `seconds`, than the caller would wait for."""

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds


class Busy(Exception):
    """The server asked to come back later; `seconds` is when, or None where it didn't say."""

    def __init__(self, response: httpx.Response) -> None:
        super().__init__(f"HTTP {response.status_code}")
        self.seconds = read_retry_after(response.headers.get("Retry-After", ""))


class Server:
    """One server, asked by one connection to the one address that was found and checked at first.

    `patience` is the longest pause, in seconds, that is slept through between two tries. Raises HarvestError.
    """

    def __init__(self, base_url: str, *, patience: float = MAX_WAIT_SECONDS) -> None:
        if base_url not in settings.OAI_BASE_URLS:
            raise HarvestError(f"{base_url} is none of OAI_BASE_URLS: {', '.join(settings.OAI_BASE_URLS)}")
        parts = urlsplit(base_url)
        self.host = parts.hostname or ""
        self.place = parts.netloc
        self.patience = patience
        port = parts.port or (443 if parts.scheme == "https" else 80)
        address = find_address(self.host, port)
        literal = f"[{address}]" if ":" in address else address
        self.url = f"{parts.scheme}://{literal}:{port}{parts.path}"
        self.headers = {
            "Host": parts.netloc,
            "Accept-Encoding": "gzip",
            "User-Agent": f"{USER_AGENT} ({settings.CONTACT_EMAIL or settings.SITE_URL})",
        }
        self.client = httpx.Client(timeout=TIMEOUT, follow_redirects=False, trust_env=False)
        self.socket: socket.socket | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def ask(self, arguments: dict[str, str]) -> Answer:
        """An answer, asked for again where the server is busy or the answer broken. Raises HarvestError.

        Of a page of records that is broken in the same way twice, those that can be read are taken.
        """
        problem = ""
        for attempt in range(TRIES):
            self.wait()
            body, pause = b"", settings.OAI_INTERVAL_SECONDS * 2 ** (attempt + 1)
            try:
                body = self.fetch(arguments)
                answer = parse_answer(body)
                if not answer.error_code and answer.verb != arguments["verb"]:
                    raise MalformedAnswer(f"the answer is one to {answer.verb}, not to {arguments['verb']}")
                return answer
            except Busy as busy:
                problem = str(busy)
                self.rest(pause if busy.seconds is None else busy.seconds)
            except (httpx.HTTPError, httpx.InvalidURL, MalformedAnswer) as error:
                last, problem = problem, f"{type(error).__name__}: {error}"
                if problem == last and arguments["verb"] == "ListRecords" and (rest := salvage_answer(body)):
                    return rest
                self.rest(pause)
        raise HarvestError(
            f"{self.host} gave no answer that can be used in {TRIES} tries. The last: {problem}"
        )

    def fetch(self, arguments: dict[str, str]) -> bytes:
        """An answer's body. Raises Busy, HarvestError, MalformedAnswer and httpx.HTTPError."""
        extensions: dict[str, Any] = {"sni_hostname": self.host, "trace": self.note_socket}
        request = self.client.build_request(
            "GET", self.url, params=arguments, headers=self.headers, extensions=extensions
        )
        with self.deadline(), self.streamed(request) as response:
            if response.status_code in BUSY:
                raise Busy(response)
            if response.status_code >= 500:
                raise MalformedAnswer(f"HTTP {response.status_code}")
            if response.status_code != 200:
                raise Refused(f"{self.host} answered HTTP {response.status_code}")
            return read_body(response)

    @contextmanager
    def streamed(self, request: httpx.Request) -> Iterator[httpx.Response]:
        response = self.client.send(request, stream=True)
        try:
            yield response
        finally:
            response.close()

    @contextmanager
    def deadline(self) -> Iterator[None]:
        """Cuts the connection when an answer takes too long: byte by byte it could take for ever."""
        timer = threading.Timer(settings.OAI_ANSWER_SECONDS, self.cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def note_socket(self, event: str, info: dict[str, Any]) -> None:
        """Remembers the connection's socket, as httpcore tells of it."""
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self.socket = info["return_value"].get_extra_info("socket")

    def cut(self) -> None:
        """Called by the timer's thread: the reader finds the connection ended."""
        if self.socket:
            try:
                socket.socket.shutdown(self.socket, socket.SHUT_RDWR)
            except OSError:
                return  # it had ended by itself

    def wait(self) -> None:
        """Until this process may ask the server. Raises ComeBackLater for more than the caller's patience."""
        while pause := take_turn(self.place, settings.OAI_INTERVAL_SECONDS):
            if pause > self.patience:
                raise ComeBackLater(f"{self.host} asks for a pause of {pause:.0f} s: come back later", pause)
            time.sleep(pause)

    def rest(self, seconds: float) -> None:
        """Lets no process ask the server for so long."""
        put_off(self.place, max(min(seconds, MAX_PAUSE_SECONDS), settings.OAI_INTERVAL_SECONDS))


def read_retry_after(text: str) -> float | None:
    """Seconds from either form of the header: a number of them, or a date. None for neither."""
    if text.strip().isascii() and text.strip().isdigit():
        return float(text.strip()[:9])
    try:
        return max(0.0, (read_mail_date(text) - datetime.now(UTC)).total_seconds())
    except ValueError:
        return None


def read_body(response: httpx.Response) -> bytes:
    """A whole body within all limits, unpacked here: httpx would unpack a chunk however much it becomes.

    Raises MalformedAnswer and httpx.HTTPError.
    """
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    unpack = Unpacker(encoding) if encoding not in ("", "identity") else None
    body, size = bytearray(), 0
    for chunk in response.iter_raw():
        size += len(chunk)
        body += unpack.feed(chunk, MAX_BYTES + 1 - len(body)) if unpack else chunk
        if size > MAX_BYTES or len(body) > MAX_BYTES:
            raise MalformedAnswer("the answer is larger than any page of records")
    if unpack and not unpack.is_at_end:
        raise MalformedAnswer("the answer's compression is broken: it ends in the middle")
    return bytes(body)


class Unpacker:
    """One layer of gzip or deflate, never unpacked further than asked for."""

    def __init__(self, encoding: str) -> None:
        if encoding not in UNPACKERS:
            raise MalformedAnswer(f"the answer is packed as {encoding[:40]!r}, which was not asked for")
        self.encoding = encoding
        self.inner = zlib.decompressobj(UNPACKERS[encoding])
        self.is_begun = False

    def feed(self, data: bytes, most: int) -> bytes:
        """At most so many bytes of what the data become. Raises MalformedAnswer."""
        try:
            try:
                return self.inner.decompress(data, most)
            except zlib.error:
                if self.is_begun or self.encoding != "deflate":
                    raise
                self.inner = zlib.decompressobj(-15)  # some servers send deflate without its frame
                return self.inner.decompress(data, most)
        except zlib.error as error:
            raise MalformedAnswer(f"the answer's compression is broken: {error}") from error
        finally:
            self.is_begun = True

    @property
    def is_at_end(self) -> bool:
        return self.inner.eof


def find_address(host: str, port: int) -> str:
    """The first address of a host, all of whose addresses must be public. Raises HarvestError."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise HarvestError(f"{host} can't be found: {error}") from error
    addresses = [str(entry[4][0]) for entry in found]
    private = [address for address in addresses if not is_public(address)]
    if private and not settings.OAI_ALLOW_PRIVATE:
        raise HarvestError(f"{host} has the address {private[0]}, which is not public")
    return addresses[0]


def is_public(address: str) -> bool:
    parsed = ipaddress.ip_address(address.partition("%")[0])
    return parsed.is_global and not parsed.is_multicast
