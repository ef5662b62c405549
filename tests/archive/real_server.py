"""An OAI-PMH server with real records: lists them by set and datestamp, and fails often, as servers do."""

import random
import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from xml.sax.saxutils import escape

from archive.bulk import open_lines, read_pages
from archive.identifiers import parse_arxiv
from archive.records import Record
from tests.archive.oai_server import ENVELOPE, OaiServer, Response, delete, error

FIRST_DAY = date(2024, 1, 1)
CLOCK = "2025-01-15T00:00:00Z"  # after all records, before what a test changes
RECORD = (
    "<record><header><identifier>oai:arXiv.org:{id}</identifier><datestamp>{day}</datestamp></header><metadata>"
    '<arXivRaw xmlns="http://arxiv.org/OAI/arXivRaw/"><id>{id}</id><version version="v1"><date>{date}</date>'
    "</version><title>{title}</title><authors>{authors}</authors><categories>{categories}</categories>"
    "<comments>{comments}</comments><doi>{doi}</doi><abstract>{abstract}</abstract></arXivRaw></metadata></record>"
)
DATESTAMP = re.compile(r"<datestamp>[^<]*</datestamp>")


def read_real_records(data: Path, count: int) -> dict[str, str]:
    """So many real records by their arXiv ids, as XML: arXiv's own page of 1,000, then the collections."""
    page = data / "oai" / "arxiv" / "raw" / "mispy+arxivsync" / "test" / "fixtures" / "47001"
    found = re.findall(r"<record>.*?</record>", page.read_text(encoding="utf-8"), re.DOTALL)
    records = {re.search(r"oai:arXiv.org:([^<]+)", xml)[1]: xml for xml in found[:count]}
    for record in read_collections(data):
        if len(records) >= count:
            break
        records.setdefault(record.source_id, to_xml(record))
    return records


def read_collections(data: Path) -> Iterator[Record]:
    """Five records are left out, since they have lost the archive of their ids: 0106016 was cs/0106016."""
    for name in ("demo_corpus", "arxiv_120k"):
        with open_lines(str(data / "demo" / f"{name}.jsonl.xz")) as lines:
            for page in read_pages(lines):
                yield from (
                    record
                    for record in page.records
                    if isinstance(record, Record) and parse_arxiv(record.source_id)
                )


def to_xml(record: Record, **changes: str) -> str:
    fields = {
        "id": record.source_id,
        "day": "2024-01-01",
        "date": f"{record.submitted_on:%a, %d %b %Y} 12:00:00 GMT",
        "title": record.title,
        "authors": ", ".join(author.name for author in record.authors),
        "categories": " ".join(record.categories),
        "comments": record.comments,
        "doi": record.doi,
        "abstract": record.abstract,
    }
    return RECORD.format(**{name: escape(value) for name, value in (fields | changes).items()})


class RealServer(OaiServer):
    """Lists records by their datestamps, a page at a time, under tokens that it forgets now and then.

    Of `fault_rate` of its requests it makes a fault, in turn: busy, broken, cut, forgotten, no XML. Each page
    has ten days of its own, so that a span of days is a part of the list.
    """

    KINDS = ("busy", "broken", "cut", "forgotten", "html")

    def __init__(self, records: dict[str, str], *, page_size: int, fault_rate: float, seed: int) -> None:
        super().__init__([], page_size)
        self.random = random.Random(seed)
        self.fault_rate = fault_rate
        self.made: dict[str, int] = dict.fromkeys(self.KINDS, 0)
        self.served = 0
        self.stamped: dict[str, tuple[str, str]] = {}
        for number, (source_id, xml) in enumerate(records.items()):
            self.put(source_id, xml, day=FIRST_DAY + timedelta(days=10 * (number // page_size) % 365))

    def put(self, source_id: str, xml: str, *, day: date) -> None:
        """Adds or replaces a record, changed on a day."""
        stamp = day.isoformat()
        self.stamped[source_id] = (stamp, DATESTAMP.sub(f"<datestamp>{stamp}</datestamp>", xml))

    def remove(self, source_id: str, *, day: date) -> None:
        self.put(source_id, delete(source_id), day=day)

    def answer(self, arguments: dict[str, str]) -> Response:
        if arguments["verb"] != "ListRecords":
            return super().answer(arguments)
        self.requests.append(arguments)
        fault = self.choose_fault(arguments)
        if fault and fault != "cut":
            return self.make_fault(fault)
        page = self.make_page(arguments)
        self.served += not fault
        return Response(body=page, cut=bool(fault))

    def choose_fault(self, arguments: dict[str, str]) -> str:
        if self.random.random() >= self.fault_rate:
            return ""
        kind = min(self.made, key=lambda kind: (self.made[kind], kind))
        if kind == "forgotten" and "resumptionToken" not in arguments:
            kind = "busy"
        self.made[kind] += 1
        return kind

    def make_fault(self, kind: str) -> Response:
        return {
            "busy": Response(status=503, headers={"Retry-After": "0"}),
            "broken": Response(status=500, body=b"oops"),
            "html": Response(body=b"<html><body>Maintenance</body></html>"),
            "forgotten": error("badResumptionToken"),
        }[kind]

    def make_page(self, arguments: dict[str, str]) -> bytes:
        since, offset = arguments.get("from", ""), 0
        if token := arguments.get("resumptionToken"):
            since, _, start = token.partition("|")
            offset = int(start)
        listed = [xml for stamp, xml in self.stamped.values() if stamp >= since]
        rows, end = listed[offset : offset + self.page_size], offset + self.page_size
        if not rows:
            return error("noRecordsMatch").body
        more = f"{since}|{end}" if end < len(listed) else ""
        token = f'<resumptionToken completeListSize="{len(listed)}">{more}</resumptionToken>'
        page = ENVELOPE.format(f"<ListRecords>{''.join(rows)}{token}</ListRecords>")
        return page.replace("2024-01-01T00:00:00Z", CLOCK, 1).encode()


def ids_of(records: dict[str, str], count: int, *, seed: int) -> list[str]:
    return random.Random(seed).sample(sorted(records), count)
