"""The one form in which every source hands its records to the harvester. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, NamedTuple


class RecordAuthor(NamedTuple):
    """One name of an author list, as the authors gave it."""

    name: str
    affiliation: str = ""
    orcid: str = ""


class RecordVersion(NamedTuple):
    """One version of a preprint at its source and the day it was submitted there."""

    version: int
    submitted_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What a source says of one preprint, its texts as sent: archive/harvesting.py cleans and checks them.

    `identified_on` is the day whose month the identifier bears, where that isn't `submitted_on`'s: a source
    that knows only a listing date leaves the month to the arXiv id. `raw` is the source's own record.
    """

    source_id: str
    title: str = ""
    abstract: str = ""
    source: str = "arxiv"
    version: int = 1
    versions: tuple[RecordVersion, ...] = ()
    authors: tuple[RecordAuthor, ...] = ()
    categories: tuple[str, ...] = ()
    submitted_on: date | None = None
    identified_on: date | None = None
    revised_on: date | None = None
    comments: str = ""
    journal_ref: str = ""
    doi: str = ""
    licence: str = ""
    datestamp: date | None = None
    is_deleted: bool = False
    withdrawal_reason: str = ""
    identifier: str = ""
    abstract_kind: Literal["abstract", "summary"] = "abstract"
    language: str = "en"
    raw: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class BadRecord:
    """A record that its source's parser could not read: what it was, and why, in words."""

    reason: str
    raw: str
    source_id: str = ""


@dataclass(frozen=True, slots=True)
class Header:
    """What a source says of a record without its text: which it is, when it changed, if it is deleted."""

    source: str
    source_id: str
    datestamp: date | None = None
    is_deleted: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """Records that are taken in together, and where to go on after them: a token or a number of lines.

    `announced` is how many records the source says it has in all, `listed_at` its clock at this page.
    """

    records: tuple[Record | BadRecord, ...]
    position: str = ""
    announced: int | None = None
    listed_at: datetime | None = None


def order_versions(versions: Iterable[RecordVersion]) -> tuple[RecordVersion, ...]:
    """Versions by their numbers, each once: sources send them in any order."""
    return tuple(sorted({version.version: version for version in versions}.values()))
