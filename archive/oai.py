"""Gateway: an OAI-PMH server -> pages of Records. Asks slowly, believes nothing, and knows where to go on.

A server is asked only if OAI_BASE_URLS names it and its address is public; it gets one request in three
seconds.
"""

import ipaddress
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Self
from urllib.parse import urlsplit

import httpx
from django.conf import settings

from archive.oai_formats import Answer, MalformedAnswer, parse_answer
from archive.records import Page

USER_AGENT = "Antigravity-QA harvester"
TIMEOUT = httpx.Timeout(120, connect=15)
TRIES = 5
MAX_WAIT_SECONDS = 900  # the longest that a server's Retry-After is waited for
MAX_ANSWER_SECONDS = 600  # the longest that one answer may drip in
MAX_RAW_BYTES = 25_000_000
MAX_DECODED_BYTES = 100_000_000
BUSY = {429, 503}


class HarvestError(Exception):
    """The harvest can't go on; the message says why in words."""


class TokenExpired(HarvestError):
    """The server no longer knows the resumption token: the list must be asked for anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which records are wanted: a format, a set, and a span of datestamps, both days included."""

    prefix: str = "arXivRaw"
    set_spec: str = ""
    since: date | None = None
    until: date | None = None

    def arguments(self) -> dict[str, str]:
        wanted = {
            "metadataPrefix": self.prefix,
            "set": self.set_spec,
            "from": self.since.isoformat() if self.since else "",
            "until": self.until.isoformat() if self.until else "",
        }
        return {"verb": "ListRecords", **{name: value for name, value in wanted.items() if value}}


def list_records(base_url: str, selection: Selection, *, token: str = "") -> Iterator[Page]:
    """A server's records in pages, from a resumption token on where there is one. Raises HarvestError."""
    with Server(base_url) as server:
        seen = {token}
        while True:
            answer = server.ask(
                {"verb": "ListRecords", "resumptionToken": token} if token else selection.arguments()
            )
            if answer.error_code:
                raise_error(answer)
                return
            yield Page(answer.records, position=answer.token)
            token = answer.token
            if not token:
                return
            if token in seen:
                raise HarvestError(f"The server sent the resumption token {token[:80]!r} twice")
            seen.add(token)


def raise_error(answer: Answer) -> None:
    """Raises what an error of the protocol means; that no records match is none."""
    if answer.error_code == "noRecordsMatch":
        return
    if answer.error_code == "badResumptionToken":
        raise TokenExpired(f"The server no longer knows the resumption token: {answer.error_text}")
    raise HarvestError(f"The server answered {answer.error_code}: {answer.error_text}")


class Server:
    """One server, asked by one connection to the one address that was found and checked at first."""

    def __init__(self, base_url: str) -> None:
        if base_url not in settings.OAI_BASE_URLS:
            raise HarvestError(f"{base_url} is none of OAI_BASE_URLS: {', '.join(settings.OAI_BASE_URLS)}")
        parts = urlsplit(base_url)
        self.host = parts.hostname or ""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        address = find_address(self.host, port)
        literal = f"[{address}]" if ":" in address else address
        self.url = f"{parts.scheme}://{literal}:{port}{parts.path}"
        self.headers = {
            "Host": parts.netloc,
            "User-Agent": f"{USER_AGENT} ({settings.CONTACT_EMAIL or settings.SITE_URL})",
        }
        self.client = httpx.Client(timeout=TIMEOUT, follow_redirects=False, trust_env=False)
        self.next_request_at = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def ask(self, arguments: dict[str, str]) -> Answer:
        """An answer, asked for again where the server is busy or the answer broken. Raises HarvestError."""
        problem = ""
        for attempt in range(TRIES):
            self.wait()
            try:
                return parse_answer(self.fetch(arguments))
            except Busy as busy:
                problem = str(busy)
                self.rest(busy.seconds or settings.OAI_INTERVAL_SECONDS * 2 ** (attempt + 1))
            except (httpx.TransportError, MalformedAnswer) as error:
                problem = f"{type(error).__name__}: {error}"
                self.rest(settings.OAI_INTERVAL_SECONDS * 2 ** (attempt + 1))
        raise HarvestError(
            f"{self.host} gave no answer that can be used in {TRIES} tries. The last: {problem}"
        )

    def fetch(self, arguments: dict[str, str]) -> bytes:
        """An answer's body. Raises Busy, HarvestError, MalformedAnswer and httpx.TransportError."""
        extensions: dict[str, Any] = {"sni_hostname": self.host}
        with self.client.stream(
            "GET", self.url, params=arguments, headers=self.headers, extensions=extensions
        ) as response:
            if response.status_code in BUSY:
                raise Busy(response)
            if response.status_code >= 500:
                raise MalformedAnswer(f"HTTP {response.status_code}")
            if response.status_code != 200:
                raise HarvestError(f"{self.host} answered HTTP {response.status_code}")
            return read_body(response)

    def wait(self) -> None:
        """Until the server may be asked again."""
        time.sleep(max(0.0, self.next_request_at - time.monotonic()))
        self.rest(settings.OAI_INTERVAL_SECONDS)

    def rest(self, seconds: float) -> None:
        self.next_request_at = time.monotonic() + seconds


class Busy(Exception):
    """The server asked to come back later; `seconds` is when, or None where it didn't say.

    Raises HarvestError.
    """

    def __init__(self, response: httpx.Response) -> None:
        super().__init__(f"HTTP {response.status_code}")
        self.seconds = read_retry_after(response.headers.get("Retry-After", ""))
        if self.seconds and self.seconds > MAX_WAIT_SECONDS:
            raise HarvestError(f"The server asks for a pause of {self.seconds:.0f} s: come back later")


def read_retry_after(text: str) -> float | None:
    """Seconds from either form of the header: a number of them, or a date. None for neither."""
    if text.strip().isascii() and text.strip().isdigit():
        return float(text.strip()[:9])
    try:
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError, IndexError):
        return None


def read_body(response: httpx.Response) -> bytes:
    """A whole body within all limits. Raises MalformedAnswer."""
    begun = time.monotonic()
    body = bytearray()
    try:
        for chunk in response.iter_bytes():
            body += chunk
            if response.num_bytes_downloaded > MAX_RAW_BYTES or len(body) > MAX_DECODED_BYTES:
                raise MalformedAnswer("the answer is larger than any page of records")
            if time.monotonic() - begun > MAX_ANSWER_SECONDS:
                raise MalformedAnswer("the answer came too slowly")
    except httpx.DecodingError as error:
        raise MalformedAnswer(f"the answer's compression is broken: {error}") from error
    return bytes(body)


def find_address(host: str, port: int) -> str:
    """The first address of a host, all of whose addresses must be public. Raises HarvestError."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise HarvestError(f"{host} can't be found: {error}") from error
    addresses = [str(entry[4][0]) for entry in found]
    private = [address for address in addresses if not ipaddress.ip_address(address).is_global]
    if private and not settings.OAI_ALLOW_PRIVATE:
        raise HarvestError(f"{host} has the address {private[0]}, which is not public")
    return addresses[0]
