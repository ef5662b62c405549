"""An OAI-PMH server of one's own: serves records in pages over HTTP, and fails in the ways it is told to."""

import gzip
import re
import threading
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import parse_qs, urlsplit

ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8"?><OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">'
    "<responseDate>2024-01-01T00:00:00Z</responseDate><request>http://example.org/oai</request>{}</OAI-PMH>"
)
IDENTIFY = (
    "<Identify><repositoryName>Test server</repositoryName><earliestDatestamp>2005-09-16</earliestDatestamp>"
    "<deletedRecord>persistent</deletedRecord><granularity>{}</granularity></Identify>"
)
RECORD = (
    "<record><header><identifier>oai:arXiv.org:{id}</identifier><datestamp>{day}</datestamp></header><metadata>"
    '<arXivRaw xmlns="http://arxiv.org/OAI/arXivRaw/"><id>{id}</id><version version="v1">'
    "<date>Fri, 5 Jan 2024 12:00:00 GMT</date></version><title>Title {id}</title>"
    "<authors>Ada Lovelace</authors>"
    "<categories>quant-ph</categories><abstract>Abstract of {id}.</abstract></arXivRaw></metadata></record>"
)
SET = "<set><setSpec>physics:quant-ph</setSpec><setName>Quantum Physics</setName></set>"
HEADER = re.compile("<header.*?</header>")
DELETED = (
    '<record><header status="deleted"><identifier>oai:arXiv.org:{id}</identifier><datestamp>{day}</datestamp>'
    "</header></record>"
)


@dataclass
class Response:
    """What a request gets instead of its page."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    cut: bool = False  # the connection ends in the middle of the body
    drips: str = ""  # "head" or "body" comes byte by byte, for as long as anybody listens


def error(code: str) -> Response:
    return Response(body=ENVELOPE.format(f'<error code="{code}">no</error>').encode())


def zip_bomb(megabytes: int) -> bytes:
    """The beginning of a gzip file that becomes so many megabytes of blanks: a megabyte, over and over."""
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    megabyte = packer.compress(b" " * 1_000_000) + packer.flush(zlib.Z_FULL_FLUSH)
    return b"\x1f\x8b\x08" + b"\0" * 7 + megabyte * megabytes


class OaiServer:
    """Serves `records` (their XML) in pages of `page_size`.

    `faults` answers the n-th request, counted from 0.
    """

    def __init__(self, records: list[str], page_size: int = 10) -> None:
        self.records = records
        self.page_size = page_size
        self.faults: dict[int, Response] = {}
        self.requests: list[dict[str, str]] = []
        self.is_zipped = False
        self.granularity = "YYYY-MM-DD"
        handler: Callable[..., BaseHTTPRequestHandler] = partial(Handler, self)
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}/oai"
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.http.shutdown()
        self.http.server_close()

    def answer(self, arguments: dict[str, str]) -> Response:
        """A page of records, or of their headers alone; or what the server is, or its sets, of which it has
        one."""
        number = len(self.requests)
        self.requests.append(arguments)
        if number in self.faults:
            return self.faults[number]
        if arguments["verb"] == "Identify":
            return Response(body=ENVELOPE.format(IDENTIFY.format(self.granularity)).encode())
        if arguments["verb"] == "ListSets":
            return Response(body=ENVELOPE.format(f"<ListSets>{SET}</ListSets>").encode())
        start = int(arguments.get("resumptionToken", "0"))
        end = start + self.page_size
        token = f"<resumptionToken>{end}</resumptionToken>" if end < len(self.records) else ""
        listing = "".join(self.records[start:end])
        if arguments["verb"] == "ListIdentifiers":
            listing = "".join(HEADER.findall(listing))
        body = ENVELOPE.format(f"<{arguments['verb']}>{listing}{token}</{arguments['verb']}>").encode()
        if self.is_zipped:
            return Response(headers={"Content-Encoding": "gzip"}, body=gzip.compress(body))
        return Response(body=body)


class Handler(BaseHTTPRequestHandler):
    def __init__(self, server: OaiServer, *args: object) -> None:
        self.oai = server
        super().__init__(*args)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        response = self.oai.answer(query)
        if response.drips == "head":
            self.drip(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"a" * 100_000)
            return
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        if response.drips == "body":
            self.drip(response.body)
            return
        self.wfile.write(response.body[: len(response.body) // 2] if response.cut else response.body)

    def drip(self, data: bytes) -> None:
        self.close_connection = True
        try:
            for byte in data:
                self.wfile.write(bytes([byte]))
                time.sleep(0.02)
        except OSError:
            return  # the reader has had enough

    def log_message(self, *args: object) -> None:
        """Nothing: the tests read `requests`."""


def make_records(count: int, *, day: str = "2024-01-09") -> list[str]:
    return [RECORD.format(id=f"2401.{number:05d}", day=day) for number in range(count)]


def delete(source_id: str, *, day: str = "2024-02-01") -> str:
    return DELETED.format(id=source_id, day=day)
