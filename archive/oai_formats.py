"""Pure: an OAI-PMH answer -> its records, headers, sets or self-description, and its token or error.

Records in the formats arXivRaw, arXiv and oai_dc.

XML from outside: no entity is resolved, no DTD loaded, nothing mended, so that a cut or hostile answer is an
error.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from lxml import etree

from archive.categories import category_code
from archive.cleaning import DOI_PREFIX
from archive.dates import read_day, read_mail_date, read_moment
from archive.identifiers import parse_arxiv
from archive.names import decode_tex, split_authors, turn_name
from archive.records import BadRecord, Header, Record, RecordAuthor, RecordVersion, order_versions
from archive.withdrawals import find_withdrawal

OAI = "{http://www.openarchives.org/OAI/2.0/}"
DC = "{http://purl.org/dc/elements/1.1/}"
MAX_TOKEN = 4_000  # characters: it goes into an address
MAX_MARKS = (
    1_000_000  # of "<" and "=" in an answer, which become nodes of 100 bytes; arXiv's pages have 40,000
)
ARXIV_IDENTIFIER = re.compile(r"oai:arxiv\.org:(.+)", re.IGNORECASE)


class MalformedAnswer(Exception):
    """An answer that is no whole and harmless OAI-PMH document."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What a server says of itself.

    `counts_seconds`: it takes moments in from and until, not only days. `deleted` is no, transient or
    persistent: whether it tells of deletions.
    """

    name: str
    earliest: str
    counts_seconds: bool
    deleted: str


@dataclass(frozen=True, slots=True)
class ListedSet:
    """A set that a server offers: what to ask for, and its name in words."""

    spec: str
    name: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered: to which verb, with which items, and the token of the next page ("" after the
    last); or an error of the protocol. `responded_at` is the server's clock.
    """

    items: tuple[Record | BadRecord | Header | ListedSet | Identity, ...] = ()
    verb: str = ""
    token: str = ""
    complete_size: int | None = None
    error_code: str = ""
    error_text: str = ""
    responded_at: datetime | None = None

    @property
    def records(self) -> tuple[Record | BadRecord, ...]:
        return tuple(item for item in self.items if isinstance(item, Record | BadRecord))


def parse_answer(body: bytes) -> Answer:
    """A whole answer to any verb of VERBS. Raises MalformedAnswer."""
    root = parse_xml(body)
    if root.tag != f"{OAI}OAI-PMH":
        raise MalformedAnswer(f"the answer is no OAI-PMH document but <{etree.QName(root).localname}>")
    listings = [(verb, element) for verb in VERBS for element in root.findall(f"{OAI}{verb}")]
    error = root.find(f"{OAI}error")
    if len(listings) + (error is not None) != 1:
        raise MalformedAnswer("the answer has not one thing: an error, or what was asked for")
    if error is not None:
        return Answer(error_code=error.get("code", "unknown"), error_text=text_in(error)[:500])
    verb, listing = listings[0]
    return read_listing(verb, listing, responded_at=read_moment(text_in(root.find(f"{OAI}responseDate"))))


def read_listing(verb: str, listing: etree._Element, *, responded_at: datetime | None) -> Answer:
    """Raises MalformedAnswer."""
    name, reader = VERBS[verb]
    elements = listing.findall(f"{OAI}{name}") if name else [listing]
    token = listing.find(f"{OAI}resumptionToken")
    size = token.get("completeListSize", "") if token is not None else ""
    if len(text_in(token)) > MAX_TOKEN:
        raise MalformedAnswer(f"the resumption token is longer than {MAX_TOKEN:,} characters")
    return Answer(
        tuple(map(reader, elements)),
        verb=verb,
        token=text_in(token),
        complete_size=int(size) if re.fullmatch(r"[0-9]{1,9}", size) else None,
        responded_at=responded_at,
    )


def parse_xml(body: bytes) -> etree._Element:
    """A document's root. Raises MalformedAnswer, also for any DTD: OAI-PMH has none."""
    if body.count(b"<") + body.count(b"=") > MAX_MARKS:
        raise MalformedAnswer("the answer has more elements than any page of records")
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


def read_identity(element: etree._Element) -> Identity:
    field = fields_of(element)
    return Identity(
        name=field("repositoryName"),
        earliest=field("earliestDatestamp"),
        counts_seconds="ss" in field("granularity"),
        deleted=field("deletedRecord"),
    )


def read_set(element: etree._Element) -> ListedSet:
    field = fields_of(element)
    return ListedSet(field("setSpec"), field("setName"))


def parse_header(element: etree._Element) -> Header | BadRecord:
    """One record's header, as ListIdentifiers has it."""
    identifier = text_in(element.find(f"{OAI}identifier"))
    try:
        source, source_id = name_source(identifier)
        datestamp = read_day(text_in(element.find(f"{OAI}datestamp")))
    except ValueError as error:
        return BadRecord(str(error), etree.tostring(element, encoding="unicode"), identifier[:255])
    return Header(source, source_id, datestamp, element.get("status") == "deleted")


def parse_raw_record(raw: str) -> Record | BadRecord:
    """A record from its own XML, as `Record.raw` and `BadRecord.raw` keep it."""
    try:
        return parse_record(parse_xml(raw.encode()))
    except MalformedAnswer as error:
        return BadRecord(str(error), raw)


def parse_record(element: etree._Element) -> Record | BadRecord:
    """One record, in whichever format it is."""
    raw = etree.tostring(element, encoding="unicode", with_tail=False)
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
    versions = order_versions(read_versions(element))
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
            day = read_mail_date(text_in(version.find("{*}date"))).date()
        except ValueError as error:
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
    dois = [bare for text in values["identifier"] if (bare := DOI_PREFIX.sub("", text)).startswith("10.")]
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
        doi=dois[0] if dois else "",
        licence=values["rights"][0] if values["rights"] else "",
        datestamp=common.datestamp,
        withdrawal_reason=find_withdrawal(comments, abstract),
        raw=common.raw,
    )


def fields_of(element: etree._Element) -> Callable[[str], str]:
    """A reader of an element's fields by their names; an absent one is ""."""
    return lambda name: text_in(element.find(f"{{*}}{name}"))


def text_in(element: etree._Element | None) -> str:
    """All text of an element, its ends trimmed; "" for none."""
    return "".join(str(part) for part in element.itertext()).strip() if element is not None else ""


READERS: dict[str, Callable[[etree._Element, Common], Record]] = {
    "arXivRaw": read_arxiv_raw,
    "arXiv": read_arxiv,
    "dc": read_oai_dc,
}

# By verb: the elements that its answer lists ("" for the answer itself) and what reads one of them.
VERBS: dict[
    str, tuple[str, Callable[[etree._Element], Record | BadRecord | Header | ListedSet | Identity]]
] = {
    "ListRecords": ("record", parse_record),
    "GetRecord": ("record", parse_record),
    "ListIdentifiers": ("header", parse_header),
    "ListSets": ("set", read_set),
    "Identify": ("", read_identity),
}
