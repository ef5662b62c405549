"""Pure: a Record as a source sent it -> a Record that may be kept, or a Refusal that says in words why it may
not.
"""

import re
from dataclasses import replace
from datetime import date, timedelta

from archive.identifiers import OWN, parse_arxiv
from archive.records import Record, RecordAuthor, RecordVersion
from archive.text import RefusedText, clean_line

FIRST_DAY = date(1986, 1, 1)  # arXiv began in 1991; its oldest records are dated 1986
LEEWAY = timedelta(days=2)  # for time zones, and clocks that are wrong
MAX_TITLE = 2_000
MAX_ABSTRACT = 50_000
MAX_AUTHORS = 20_000
MAX_NAME = 255
MAX_FIELD = 10_000
MAX_SERIAL = 9_999_999  # that may come with a record: what is minted after it fits its column
# As arXiv's, which MSC and ACM classes are not; at most 32 characters, as its column has.
CATEGORY = re.compile(r"(?=.{1,32}$)[a-z]+(?:-[a-z]+)?(?:\.[A-Za-z-]{1,20})?")
SOURCE = re.compile(r"[a-z0-9][a-z0-9._-]{0,15}")
DOI = re.compile(r"10\.[0-9]{4,9}/\S{1,240}")
DOI_PREFIX = re.compile(r"^\s*(?:doi:\s*|https?://(?:dx\.)?doi\.org/)", re.IGNORECASE)
ORCID = re.compile(r"[0-9]{4}-[0-9]{4}-[0-9]{4}-[0-9]{3}[0-9X]")


class Refusal(ValueError):
    """A record that can't be kept; the message says why."""


def clean_record(record: Record, *, today: date) -> Record:
    """The record under the text policy, with plausible dates and known categories. Raises Refusal."""
    try:
        cleaned = clean_texts(record)
        if record.datestamp and record.datestamp > today + LEEWAY:
            cleaned = replace(
                cleaned, datestamp=None
            )  # believed, it would make every later record an old one
    except RefusedText as error:
        raise Refusal(str(error)) from error
    if not cleaned.is_deleted:
        check_texts(cleaned)
        check_dates(cleaned, today=today)
    return cleaned


def clean_texts(record: Record) -> Record:
    """Every text of a record cleaned, and what is no category, DOI or ORCID left out."""
    categories = tuple(dict.fromkeys(code for code in record.categories if CATEGORY.fullmatch(code)))
    doi = DOI.match(DOI_PREFIX.sub("", clean_line(record.doi)))
    source = clean_source(record.source)
    return replace(
        record,
        source=source,
        source_id=clean_source_id(source, record.source_id),
        identifier=record.identifier.strip().upper(),
        title=clean_line(record.title),
        abstract=clean_line(record.abstract),
        authors=tuple(author for author in map(clean_author, record.authors) if author.name),
        categories=categories,
        comments=clean_line(record.comments)[:MAX_FIELD],
        journal_ref=clean_line(record.journal_ref)[:MAX_FIELD],
        doi=doi.group() if doi else "",
        licence=clean_line(record.licence)[:MAX_NAME],
        withdrawal_reason=clean_line(record.withdrawal_reason)[:MAX_FIELD],
        language=clean_line(record.language)[:8] or "en",
        versions=record.versions or guess_versions(record),
    )


def clean_author(author: RecordAuthor) -> RecordAuthor:
    orcid = clean_line(author.orcid).removeprefix("https://orcid.org/")
    return RecordAuthor(
        clean_line(author.name)[:MAX_NAME],
        clean_line(author.affiliation)[:MAX_FIELD],
        orcid if ORCID.fullmatch(orcid) else "",
    )


def clean_source(text: str) -> str:
    """A source's short name. Raises Refusal."""
    source = text.strip().lower()
    if not SOURCE.fullmatch(source):
        raise Refusal(f"{text[:40]!r} is no name of a source: at most 16 letters, digits, dots and dashes")
    return source


def clean_source_id(source: str, text: str) -> str:
    """A source's id in its canonical form. Raises Refusal where it is none."""
    if source == "arxiv":
        parsed = parse_arxiv(text.strip())
        if parsed is None:
            raise Refusal(f"{text[:80]!r} is no arXiv id")
        return parsed.value
    source_id = clean_line(text)
    if not source_id or len(source_id) > MAX_NAME:
        raise Refusal("the record has no id of at most 255 characters")
    return source_id


def guess_versions(record: Record) -> tuple[RecordVersion, ...]:
    """The first version and the last, where a source tells no more than their dates."""
    if record.submitted_on is None:
        return ()
    first = RecordVersion(1, record.submitted_on)
    if record.version > 1 and record.revised_on:
        return (first, RecordVersion(record.version, record.revised_on))
    return (first,)


def check_texts(record: Record) -> None:
    """Raises Refusal for a record that lacks what every preprint has, or has it beyond all measure."""
    problems = {
        "the record has no title": not record.title,
        f"the title is longer than {MAX_TITLE:,} characters": len(record.title) > MAX_TITLE,
        "the record has no abstract": not record.abstract,
        f"the abstract is longer than {MAX_ABSTRACT:,} characters": len(record.abstract) > MAX_ABSTRACT,
        "the record has no authors": not record.authors,
        f"the record has more than {MAX_AUTHORS:,} authors": len(record.authors) > MAX_AUTHORS,
        "the record has no category": not record.categories,
        f"{record.identifier[:40]!r} is no identifier of this archive": not is_identifier(record.identifier),
    }
    for reason, is_so in problems.items():
        if is_so:
            raise Refusal(reason)


def is_identifier(text: str) -> bool:
    """Whether a text is none, or an identifier that this site could go on from."""
    match = OWN.fullmatch(text)
    return not text or bool(match and int(match["serial"]) <= MAX_SERIAL)


def check_dates(record: Record, *, today: date) -> None:
    """Raises Refusal for a record without a day of submission, or with one that can't be."""
    if record.submitted_on is None:
        raise Refusal("the record has no date of submission")
    for day in (record.submitted_on, record.identified_on, record.revised_on):
        if day and not FIRST_DAY <= day <= today + LEEWAY:
            raise Refusal(f"{day} can't be a day of submission")
