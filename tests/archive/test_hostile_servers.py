"""Servers that lie, loop, drip, bomb and cut: nothing that was known is lost, and nothing is invented."""

import gzip
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

import pytest

from archive.harvesting import harvest
from archive.models import HarvestRun, Preprint, SetAsideRecord
from archive.oai import Selection
from archive.oai_server import HarvestError
from archive.records import Page, Record, RecordAuthor
from archive.retrying import retry_records
from archive.server_harvest import harvest_set
from tests.archive.oai_server import ENVELOPE, OaiServer, Response, delete, error, make_records, zip_bomb

pytestmark = pytest.mark.django_db

GOOD = make_records(10)
KNOWN = "2312.00001"


@pytest.fixture
def server(settings) -> Iterator[OaiServer]:
    with OaiServer(GOOD, page_size=5) as running:
        settings.OAI_BASE_URLS = [running.url]
        settings.OAI_ALLOW_PRIVATE = True
        settings.OAI_INTERVAL_SECONDS = 0
        settings.OAI_ANSWER_SECONDS = 30
        yield running


@pytest.fixture(autouse=True)
def known() -> Preprint:
    """A preprint that the archive had before any of these servers spoke."""
    record = Record(
        source_id=KNOWN,
        title="Known before",
        abstract="It stays.",
        authors=(RecordAuthor("Emmy Noether"),),
        categories=("quant-ph",),
        submitted_on=date(2023, 12, 1),
        datestamp=date(2023, 12, 5),
    )
    harvest([Page((record,), position="1")], run=HarvestRun.objects.create(source="test"))
    return Preprint.objects.get()


def listing(*records: str, token: str = "") -> bytes:
    more = f"<resumptionToken>{token}</resumptionToken>" if token else ""
    return ENVELOPE.format(f"<ListRecords>{''.join(records)}{more}</ListRecords>").encode()


def bomb(levels: int) -> bytes:
    entities = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(levels))
    return f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY e0 "ha">{entities}]><a>&e{levels};</a>'.encode()


def external_entity(target: str) -> bytes:
    head = f'<?xml version="1.0"?><!DOCTYPE OAI-PMH [<!ENTITY x SYSTEM "{target}">]>'
    return head.encode() + listing(GOOD[0].replace("Ada Lovelace", "&x;")).partition(b"?>")[2]


def zipped(body: bytes) -> Response:
    return Response(headers={"Content-Encoding": "gzip"}, body=gzip.compress(body))


def at(number: int, response: Response) -> Callable[[OaiServer], None]:
    """Only the n-th request is answered so; before and after the server is a good one."""
    return lambda server: server.faults.update({number: response})


def always(response: Response) -> Callable[[OaiServer], None]:
    return lambda server: server.faults.update(dict.fromkeys(range(60), response))


def turning_tokens(server: OaiServer) -> None:
    """The same page under ever new tokens."""
    server.faults = {n: Response(body=listing(*GOOD[:5], token=f"t{n}")) for n in range(60)}


def empty_pages(server: OaiServer) -> None:
    server.faults = {n: Response(body=listing(token=f"t{n}")) for n in range(60)}


def circling_tokens(server: OaiServer) -> None:
    tokens = ("a", "b", "a", "b")
    server.faults = {n: Response(body=listing(GOOD[n], token=token)) for n, token in enumerate(tokens)}


def in_encoding(name: str) -> bytes:
    text = listing(*(record.replace("Ada Lovelace", "Adèle Müller") for record in GOOD)).decode()
    return text.replace('encoding="UTF-8"', f'encoding="{name}"').encode(name)


@dataclass(frozen=True)
class Hostile:
    """A server's tricks, and what must come of it: `taken` of its ten good records, or an error's words."""

    name: str
    play: Callable[[OaiServer], None]
    taken: int = 10
    error: str = ""
    set_aside: int = 0


REDIRECT = Response(status=302, headers={"Location": "http://169.254.169.254/latest/meta-data/"})
LYING = GOOD[0].replace("2024-01-09", "9999-12-31")
SAME = Response(body=listing(*GOOD[:5], token="5"))
HOSTILE = [
    Hostile("redirect to the cloud's own address", at(1, REDIRECT), 5, "HTTP 302"),
    Hostile("redirect at once", always(REDIRECT), 0, "HTTP 302"),
    Hostile("entities that grow", at(1, Response(body=bomb(9)))),
    Hostile("entities that grow, always", always(Response(body=bomb(9))), 0, "declaration|well-formed"),
    Hostile("entity that reads a file", always(Response(
        body=external_entity("file:///etc/passwd"))), 0, "declaration"),
    Hostile("entity that asks the network", at(0, Response(body=external_entity("http://127.0.0.1:1/")))),
    Hostile("same token twice", at(1, Response(body=listing(*GOOD[5:], token="5"))), 10, "twice"),
    Hostile("tokens in a circle", circling_tokens, 3, "twice"),
    Hostile("new tokens for the same page", turning_tokens, 5, "circles"),
    Hostile("empty pages without end", empty_pages, 0, "without a record"),
    Hostile("empty list", at(0, Response(body=listing())), 0),
    Hostile("no records match, in the middle", at(1, Response(body=ENVELOPE.format(
        '<error code="noRecordsMatch">none</error>').encode())), 5, "noRecordsMatch"),
    Hostile("error beside the records", at(0, Response(body=listing(*GOOD).replace(
        b"<ListRecords>", b'<error code="noRecordsMatch"/><ListRecords>')))),
    Hostile("body that is cut", at(1, Response(body=listing(*GOOD[5:]), cut=True))),
    Hostile("body that is cut, always", always(Response(body=listing(*GOOD), cut=True)), 0, "5 tries"),
    Hostile("gzip that ends in the middle", at(1, Response(
        headers={"Content-Encoding": "gzip"}, body=gzip.compress(listing(*GOOD[5:]))[:-20]))),
    Hostile("gzip that is none", at(0, Response(headers={"Content-Encoding": "gzip"}, body=listing(*GOOD)))),
    Hostile("gzip bomb", at(1, Response(
        headers={"Content-Encoding": "gzip"}, body=zip_bomb(101)))),
    Hostile("gzip in gzip", at(1, zipped(gzip.compress(listing(*GOOD[5:]))))),
    Hostile("gzip in gzip, told", at(1, Response(
        headers={"Content-Encoding": "gzip, gzip"}, body=gzip.compress(gzip.compress(listing(*GOOD[5:])))))),
    Hostile("another packing than was asked for", always(Response(
        headers={"Content-Encoding": "br"}, body=b"x")), 0, "not asked for"),
    Hostile("elements without end", at(1, Response(body=b"<a>" + b"<b/>" * 1_000_001 + b"</a>"))),
    Hostile("deflate", at(0, Response(headers={"Content-Encoding": "deflate"},
                                      body=zlib.compress(listing(*GOOD))))),
    Hostile("deflate without its frame", at(0, Response(
        headers={"Content-Encoding": "deflate"}, body=zlib.compress(listing(*GOOD), wbits=-15)))),
    Hostile("larger than any page", at(1, Response(body=b"<a>" + b" " * 25_100_000 + b"</a>"))),
    Hostile("nested without end", at(1, Response(body=b"<a>" * 200_000))),
    Hostile("wrong root", always(Response(body=b"<rss><channel/></rss>")), 0, "no OAI-PMH document"),
    Hostile("answer to another verb", at(0, Response(body=ENVELOPE.format(
        "<ListIdentifiers><header><identifier>oai:arXiv.org:2401.00099</identifier></header></ListIdentifiers>"
    ).encode()))),
    Hostile("page of HTML", at(1, Response(headers={"Content-Type": "text/html"}, body=b"<html/>"))),
    Hostile("wrong content type, right content", at(0, Response(
        headers={"Content-Type": "image/png"}, body=listing(*GOOD)))),
    Hostile("latin-1", at(0, Response(body=in_encoding("ISO-8859-1")))),
    Hostile("utf-16", at(0, Response(body=in_encoding("UTF-16")))),
    Hostile("bytes that are no UTF-8", at(1, Response(body=listing(*GOOD[5:]).replace(b"Ada", b"\xff\xfe")))),
    Hostile("a control character in one record, always", always(Response(body=listing(
        *GOOD[:9], GOOD[9].replace("Title", "Title \x0c")))), 9, set_aside=1),
    Hostile("a byte that is no UTF-8 in one record, always", always(Response(body=listing(*GOOD).replace(
        b"Abstract of 2401.00004", b"Abstract \xff"))), 9, set_aside=1),
    Hostile("a record that is not closed, always", always(Response(body=listing(
        *GOOD[:3], GOOD[3].removesuffix("</record>"), *GOOD[4:]))), 9, set_aside=1),
    Hostile("an hour that no clock has", at(0, Response(body=listing(
        *GOOD, GOOD[0].replace("2401.00000", "2401.00077").replace("12:00:00", "9" * 20 + ":00:00")))),
        set_aside=1),
    Hostile("every record three times", at(0, Response(body=listing(*GOOD * 3)))),
    Hostile("records of another format", at(0, Response(body=listing(
        *GOOD, '<record><header><identifier>oai:x:1</identifier></header><metadata><m/></metadata></record>',
        ))),
        set_aside=1),
    Hostile("deletion older than what is known", at(0, Response(body=listing(
        *GOOD, delete(KNOWN, day="2020-01-01"))))),
    Hostile("datestamp far in the future", at(0, Response(body=listing(LYING, *GOOD[1:])))),
    Hostile("submission in the future", at(0, Response(body=listing(
        *GOOD, make_records(11)[10].replace("2024 12:00", "9998 12:00")))), set_aside=1),
    Hostile("identifiers that climb", at(0, Response(body=listing(
        *GOOD, GOOD[0].replace("oai:arXiv.org:2401.00000", "oai:arXiv.org:../../admin")))), set_aside=1),
    Hostile("a token too long", at(0, Response(body=listing(*GOOD, token="t" * 5_000)))),
    Hostile("busy for a week", at(1, Response(status=503, headers={"Retry-After": "604800"})), 5, "later"),
]  # fmt: skip


@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda hostile: hostile.name)
def test_hostile_server_loses_and_invents_nothing(
    server: OaiServer, known: Preprint, hostile: Hostile
) -> None:
    hostile.play(server)
    if hostile.error:
        with pytest.raises(HarvestError, match=hostile.error):
            harvest_set(server.url, Selection())
    else:
        harvest_set(server.url, Selection())
    run = HarvestRun.objects.get(source=server.url)
    assert run.state == (HarvestRun.State.FAILED if hostile.error else HarvestRun.State.DONE)
    held = set(Preprint.objects.values_list("source_id", flat=True)) - {KNOWN}
    assert held <= {f"2401.{n:05d}" for n in range(10)}
    assert len(held) == hostile.taken
    assert SetAsideRecord.objects.count() == hostile.set_aside
    untouched = Preprint.objects.get(source_id=KNOWN)
    assert (untouched.identifier, untouched.updated_at) == (known.identifier, known.updated_at)
    assert not untouched.is_withdrawn


def test_lying_datestamp_does_not_keep_later_records_out(server: OaiServer) -> None:
    server.records = [LYING]
    harvest_set(server.url, Selection())
    server.records = [GOOD[0].replace("Title", "Later title")]
    harvest_set(server.url, Selection())
    assert Preprint.objects.get(source_id="2401.00000").title == "Later title 2401.00000"


@pytest.mark.parametrize("drips", ["head", "body"])
def test_answer_that_drips_is_cut_and_asked_for_again(server: OaiServer, settings, drips: str) -> None:
    settings.OAI_ANSWER_SECONDS = 0.3
    server.faults = {1: Response(body=listing(*GOOD[5:]), drips=drips)}
    run = harvest_set(server.url, Selection())
    assert (run.state, run.created) == (HarvestRun.State.DONE, 10)
    assert len(server.requests) == 3


def test_list_that_ends_too_early_is_told_and_asked_for_whole_again(server: OaiServer) -> None:
    token = '<resumptionToken completeListSize="5000"></resumptionToken>'
    body = ENVELOPE.format(f"<ListRecords>{''.join(GOOD)}{token}</ListRecords>").encode()
    server.faults = {0: Response(body=body)}
    run = harvest_set(server.url, Selection())
    assert run.error == "The server announced 5,000 records and sent 10."
    harvest_set(server.url, Selection())
    assert "from" not in server.requests[1]


def test_record_that_is_no_xml_is_set_aside_as_it_came(server: OaiServer) -> None:
    server.records = [GOOD[0], GOOD[1].replace("Title", "Title \x0c")]
    run = harvest_set(server.url, Selection())
    assert (run.created, run.set_aside, run.listed) == (1, 1, 2)
    row = SetAsideRecord.objects.get()
    assert row.source_id == "oai:arXiv.org:2401.00001"
    assert "no well-formed XML" in row.reason
    assert "<title>Title \x0c 2401.00001</title>" in row.raw
    SetAsideRecord.objects.update(raw=row.raw.replace("\x0c", ""))
    retry_records([row.pk])
    assert Preprint.objects.get(source_id="2401.00001").title == "Title 2401.00001"


@pytest.mark.parametrize("refusal", [Response(status=404), Response(status=400), error("badArgument"), SAME])
def test_list_is_begun_again_where_a_server_goes_on_refusing_its_token(
    server: OaiServer, refusal: Response
) -> None:
    server.faults = {1: refusal, 2: refusal, 3: refusal}
    for _ in range(3):
        with pytest.raises(HarvestError):
            harvest_set(server.url, Selection())
    run = harvest_set(server.url, Selection())
    assert (run.state, run.created, run.error) == (HarvestRun.State.DONE, 10, "")
    assert [request.get("resumptionToken") for request in server.requests] == [None, "5", "5", "5", None, "5"]


def test_second_list_that_is_cut_does_not_count_as_whole(server: OaiServer) -> None:
    whole = '<resumptionToken completeListSize="20">5</resumptionToken>'
    first = ENVELOPE.format(f"<ListRecords>{''.join(GOOD[:5])}{whole}</ListRecords>").encode()
    server.faults = {0: Response(body=first), 2: error("badResumptionToken"), 3: Response(body=first)}
    server.faults |= {1: Response(body=first.replace(b">5<", b">10<").replace(b"2401.0000", b"2401.0001"))}
    run = harvest_set(server.url, Selection())
    assert run.seen == 20
    assert run.error == "The server announced 20 records and sent 10."


def test_server_that_always_forgets_is_left_after_some_tries(server: OaiServer) -> None:
    forgets = ENVELOPE.format('<error code="badResumptionToken">gone</error>').encode()
    server.faults = {n: Response(body=forgets) for n in range(1, 60, 2)}
    with pytest.raises(HarvestError, match="no longer knows"):
        harvest_set(server.url, Selection())
    assert Preprint.objects.count() == 6
    assert len(server.requests) < 20
