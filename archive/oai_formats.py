"""Pure: an OAI-PMH answer -> its records, resumption token or error. Formats arXivRaw, arXiv and oai_dc.

XML from outside: no entity is resolved, no DTD loaded, nothing mended, so that a cut or hostile answer is an
error.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from email.utils import parsedate_to_datetime

from lxml import etree

from archive.categories import category_code
from archive.identifiers import parse_arxiv
from archive.names import decode_tex, split_authors
from archive.records import BadRecord, Record, RecordAuthor, RecordVersion
from archive.withdrawals import find_withdrawal

OAI = "{http://www.openarchives.org/OAI/2.0/}"
DC = "{http://purl.org/dc/elements/1.1/}"
ARXIV_IDENTIFIER = re.compile(r"oai:arxiv\.org:(.+)", re.IGNORECASE)


class MalformedAnswer(Exception):
    """An answer that is no whole and harmless OAI-PMH document."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered: records, the token of the next page ("" after the last), or an error of the
    protocol.
    """

    records: tuple[Record | BadRecord, ...]
    token: str = ""
    complete_size: int | None = None
    error_code: str = ""
    error_text: str = ""


def parse_answer(body: bytes) -> Answer:
    """A whole answer of ListRecords or GetRecord. Raises MalformedAnswer."""
    root = parse_xml(body)
    if root.tag != f"{OAI}OAI-PMH":
        raise MalformedAnswer(f"the answer is no OAI-PMH document but <{etree.QName(root).localname}>")
    if (error := root.find(f"{OAI}error")) is not None:
        return Answer((), error_code=error.get("code", "unknown"), error_text=text_in(error)[:500])
    listing = root.find(f"{OAI}ListRecords")
    if listing is None:
        listing = root.find(f"{OAI}GetRecord")
    if listing is None:
        raise MalformedAnswer("the answer has neither records nor an error")
    token = listing.find(f"{OAI}resumptionToken")
    size = token.get("completeListSize", "") if token is not None else ""
    return Answer(
        tuple(parse_record(element) for element in listing.findall(f"{OAI}record")),
        token=text_in(token),
        complete_size=int(size) if re.fullmatch(r"[0-9]{1,12}", size) else None,
    )


def parse_xml(body: bytes) -> etree._Element:
    """A document's root. Raises MalformedAnswer, also for any DTD: OAI-PMH has none."""
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        recover=False,
        remove_comments=True,
    )
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        raise MalformedAnswer(f"the answer is no well-formed XML: {error}") from error
    if root.getroottree().docinfo.doctype:  # type: ignore[union-attr]
        raise MalformedAnswer("the answer has a document type declaration")
    return root


def parse_record(element: etree._Element) -> Record | BadRecord:
    """One record, in whichever format it is."""
    raw = etree.tostring(element, encoding="unicode")
    identifier = text_in(element.find(f"{OAI}header/{OAI}identifier"))
    try:
        return read_record(element, identifier, raw)
    except ValueError as error:
        return BadRecord(str(error), raw, identifier[:255])


def read_record(element: etree._Element, identifier: str, raw: str) -> Record:
    """Raises ValueError, with the reason in words."""
    header = element.find(f"{OAI}header")
    if header is None or not identifier:
        raise ValueError("the record has no header with an identifier")
    source, source_id = name_source(identifier)
    datestamp = read_day(text_in(header.find(f"{OAI}datestamp")))
    if header.get("status") == "deleted":
        return Record(source=source, source_id=source_id, is_deleted=True, datestamp=datestamp, raw=raw)
    metadata = element.find(f"{OAI}metadata")
    if metadata is None or len(metadata) != 1:
        raise ValueError("the record has no metadata")
    name = etree.QName(metadata[0])
    reader = READERS.get(name.localname)
    if reader is None:
        raise ValueError(f"the record's format is not known: {name.text[:120]}")
    sets = [text_in(spec) for spec in header.findall(f"{OAI}setSpec")]
    return reader(metadata[0], Common(source, source_id, datestamp, sets, raw))


@dataclass(frozen=True, slots=True)
class Common:
    """What a record's header tells, for all formats alike."""

    source: str
    source_id: str
    datestamp: date | None
    sets: list[str]
    raw: str


def name_source(identifier: str) -> tuple[str, str]:
    """A record's source and its id there: oai:arXiv.org:2401.07049 is 2401.07049 of arXiv."""
    if match := ARXIV_IDENTIFIER.fullmatch(identifier):
        parsed = parse_arxiv(match[1])
        if parsed is None:
            raise ValueError(f"{match[1][:80]!r} is no arXiv id")
        return "arxiv", parsed.value
    return "oai", identifier


def read_arxiv_raw(element: etree._Element, common: Common) -> Record:
    """arXivRaw: versions with their dates; authors as one text."""
    field = fields_of(element)
    versions = tuple(read_versions(element))
    if not versions:
        raise ValueError("the record has no version")
    return Record(
        source=common.source,
        source_id=common.source_id,
        version=versions[-1].version,
        versions=versions,
        title=field("title"),
        abstract=field("abstract"),
        authors=split_authors(field("authors")),
        categories=tuple(field("categories").split()),
        submitted_on=versions[0].submitted_on,
        revised_on=versions[-1].submitted_on if len(versions) > 1 else None,
        comments=field("comments"),
        journal_ref=field("journal-ref"),
        doi=field("doi"),
        licence=field("license"),
        datestamp=common.datestamp,
        withdrawal_reason=find_withdrawal(field("comments"), field("abstract")),
        raw=common.raw,
    )


def read_versions(element: etree._Element) -> Iterator[RecordVersion]:
    for version in element.findall("{*}version"):
        number = re.fullmatch(r"v([1-9][0-9]{0,3})", version.get("version", ""))
        try:
            day = parsedate_to_datetime(text_in(version.find("{*}date"))).date()
        except (TypeError, ValueError, IndexError) as error:
            raise ValueError("a version's date can't be read") from error
        if number is None:
            raise ValueError(f"{version.get('version', '')[:20]!r} is no version")
        yield RecordVersion(int(number[1]), day)


def read_arxiv(element: etree._Element, common: Common) -> Record:
    """arXiv: authors in parts; the days of the first version and of the last."""
    field = fields_of(element)
    return Record(
        source=common.source,
        source_id=common.source_id,
        version=2 if field("updated") else 1,  # at least: this format doesn't count them
        title=field("title"),
        abstract=field("abstract"),
        authors=tuple(read_author(author) for author in element.iterfind("{*}authors/{*}author")),
        categories=tuple(field("categories").split()),
        submitted_on=read_day(field("created")),
        revised_on=read_day(field("updated")),
        comments=field("comments"),
        journal_ref=field("journal-ref"),
        doi=field("doi"),
        licence=field("license"),
        datestamp=common.datestamp,
        withdrawal_reason=find_withdrawal(field("comments"), field("abstract")),
        raw=common.raw,
    )


def read_author(author: etree._Element) -> RecordAuthor:
    """A name from its parts, as it is spoken; "Collaboration" may stand as a family name."""
    field = fields_of(author)
    parts = (field(name) for name in ("forenames", "keyname", "suffix"))
    places = [decode_tex(text_in(place)) for place in author.findall("{*}affiliation")]
    return RecordAuthor(decode_tex(" ".join(part for part in parts if part)), "; ".join(places))


def read_oai_dc(element: etree._Element, common: Common) -> Record:
    """oai_dc: fifteen fields without order. A second description is the comments, as arXiv has it."""
    values = {
        name: [text_in(found) for found in element.findall(f"{DC}{name}") if text_in(found)]
        for name in ("title", "creator", "subject", "description", "date", "identifier", "rights", "language")
    }
    abstract = next((text for text in values["description"] if not text.startswith("Comment:")), "")
    comments = next((text for text in values["description"] if text.startswith("Comment:")), "")
    days = [day for day in map(read_day, values["date"]) if day]
    codes = [code for code in map(category_code, values["subject"]) if code]
    dois = [text for text in values["identifier"] if re.match(r"(?:doi:)?10\.", text, re.IGNORECASE)]
    return Record(
        source=common.source,
        source_id=common.source_id,
        title=values["title"][0] if values["title"] else "",
        abstract=abstract,
        authors=tuple(RecordAuthor(turn_name(name)) for name in values["creator"]),
        categories=tuple(codes) or tuple(spec.rpartition(":")[2] for spec in common.sets),
        submitted_on=min(days, default=None),
        revised_on=max(days) if len(set(days)) > 1 else None,
        comments=comments.removeprefix("Comment:").strip(),
        doi=dois[0].removeprefix("doi:") if dois else "",
        licence=values["rights"][0] if values["rights"] else "",
        datestamp=common.datestamp,
        withdrawal_reason=find_withdrawal(comments, abstract),
        raw=common.raw,
    )


def turn_name(name: str) -> str:
    """ "Luger, Rodrigo" as it is spoken."""
    family, comma, given = decode_tex(name).partition(",")
    return f"{given.strip()} {family.strip()}".strip() if comma else family.strip()


def fields_of(element: etree._Element) -> Callable[[str], str]:
    """A reader of an element's fields by their names; an absent one is ""."""
    return lambda name: text_in(element.find(f"{{*}}{name}"))


def text_in(element: etree._Element | None) -> str:
    """All text of an element, its ends trimmed; "" for none."""
    return "".join(str(part) for part in element.itertext()).strip() if element is not None else ""


def read_day(text: str) -> date | None:
    """The day of a date or time, the first day of a bare month or year; None for none. Raises ValueError."""
    match = re.match(r"([0-9]{4})(?:-([0-9]{2}))?(?:-([0-9]{2}))?", text)
    if match is None:
        return None
    return date(int(match[1]), int(match[2] or 1), int(match[3] or 1))


READERS: dict[str, Callable[[etree._Element, Common], Record]] = {
    "arXivRaw": read_arxiv_raw,
    "arXiv": read_arxiv,
    "dc": read_oai_dc,
}
