"""Gateway: files of JSON lines -> pages of Records, streamed. This site's own shape, and arXiv's metadata
dump.

Nothing that a file holds stops the reading: a line that can't be read becomes a BadRecord with the reason.
"""

import gzip
import io
import json
import lzma
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from itertools import islice
from pathlib import Path
from typing import IO, Any

import zstandard

from archive.dates import read_mail_date
from archive.identifiers import parse_arxiv
from archive.names import clean_name, split_authors
from archive.records import BadRecord, Page, Record, RecordAuthor, RecordVersion, order_versions
from archive.withdrawals import find_withdrawal

PAGE_SIZE = 1_000
MAX_LINE_BYTES = 4_000_000
MAX_VERSION = 32_767
STANDARD_INPUT = "-"
PACKINGS = {  # and how their files begin
    ".gz": b"\x1f\x8b",
    ".xz": b"\xfd7zXZ\x00",
    ".zst": b"\x28\xb5\x2f\xfd",
    ".zip": b"PK\x03\x04",
    ".bz2": b"BZh",
}
UNREAD = {".zip", ".bz2"}
Reader = Callable[[bytes], Record | BadRecord | None]


class Malformed(ValueError):
    """A record whose fields are not of the kind they must be; the message names the field."""


@contextmanager
def open_lines(name: str) -> Iterator[IO[bytes]]:
    """A file of JSON lines as bytes: plain, .gz, .xz or .zst. Raises OSError."""
    with Path(name).open("rb") as file:
        yield decompress(file, name)


def decompress(file: IO[bytes], name: str) -> IO[bytes]:
    """What an open file holds, by the ending of its name or its first bytes.

    Raises OSError for a packing that is not read.
    """
    openers: dict[str, Callable[[IO[bytes]], Any]] = {
        ".gz": gzip.open,
        ".xz": lzma.open,
        ".zst": lambda file: io.BufferedReader(ZstdFile(file)),
    }
    packing = Path(name).suffix
    if packing not in openers and isinstance(file, io.BufferedReader):
        head = file.peek(8)
        packing = next((known for known, begins in PACKINGS.items() if head.startswith(begins)), "")
    if packing in UNREAD:
        raise OSError(f"it is packed as {packing}: unpack it first, or pack it as .gz, .xz or .zst")
    opener = openers.get(packing)
    return opener(file) if opener else file


class ZstdFile(io.RawIOBase):
    """A file of zstd frames, read forward. Raises EOFError where the file ends within one."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.frame = zstandard.ZstdDecompressor().decompressobj()
        self.is_within, self.ready = False, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self.ready:
            data = (self.frame.unused_data if self.frame.eof else b"") or self.file.read(16_384)
            if not data:
                if self.is_within:
                    raise EOFError("it ends in the middle")
                return 0
            if self.frame.eof:
                self.frame = zstandard.ZstdDecompressor().decompressobj()
            self.ready = self.frame.decompress(data)
            self.is_within = not self.frame.eof
        size = min(len(buffer), len(self.ready))
        buffer[:size], self.ready = self.ready[:size], self.ready[size:]
        return size


def read_pages(
    stream: IO[bytes], *, skip: int = 0, size: int = PAGE_SIZE, reader: Reader | None = None
) -> Iterator[Page]:
    """A stream's records in pages. Raises OSError.

    `skip` is the number of lines that were taken in before, as in Page.position. `reader` makes a record of a
    line, or None of one that isn't wanted.
    """
    lines = read_lines(stream)
    done = sum(1 for _ in islice(lines, skip))
    while batch := list(islice(lines, size)):
        done += len(batch)
        records = map(reader or parse_line, filter(bytes.strip, batch))
        yield Page(tuple(record for record in records if record is not None), position=str(done))


def read_lines(stream: IO[bytes]) -> Iterator[bytes]:
    """A stream's lines, each at most 4 MB: of a longer one only the beginning, which parses as nothing.

    Raises OSError, also where the compression is damaged or cut.
    """
    try:
        while line := stream.readline(MAX_LINE_BYTES):
            rest = line
            while len(rest) == MAX_LINE_BYTES and not rest.endswith(b"\n"):
                rest = stream.readline(MAX_LINE_BYTES)
            yield line
    except (EOFError, lzma.LZMAError, zlib.error, zstandard.ZstdError) as error:
        raise OSError(f"the file is damaged or cut: {error}") from error


def parse_line(line: bytes) -> Record | BadRecord:
    """One line's record, whichever of the two shapes it has."""
    return read_line(
        line,
        lambda data, raw: (
            parse_dump(data, raw=raw)
            if "authors_parsed" in data or isinstance(data.get("categories"), str)
            else parse_own(data, raw=raw)
        ),
    )


def parse_dump_line(line: bytes) -> Record | BadRecord:
    """One line of arXiv's metadata dump."""
    return read_line(line, lambda data, raw: parse_dump(data, raw=raw))


def read_line(line: bytes, parse: Callable[[dict[str, Any], str], Record]) -> Record | BadRecord:
    """What `parse` makes of a line's object, or why it can't."""
    raw = line.decode("utf-8", errors="replace").strip()
    source_id = ""
    try:
        data = json.loads(line)
        if not isinstance(data, dict):
            raise Malformed("the line is no JSON object")
        source_id = str(data.get("id", ""))[:255]
        return parse(data, raw)
    except RecursionError:
        return BadRecord("the line is nested too deep to be read", raw, source_id)
    except UnicodeDecodeError:
        return BadRecord("the line is not UTF-8", raw, source_id)
    except Malformed as error:
        return BadRecord(str(error), raw, source_id)
    except ValueError as error:
        return BadRecord(f"the line is no JSON: {error}", raw, source_id)


def parse_own(data: dict[str, Any], *, raw: str) -> Record:
    """A record of this site's own shape: see docs/records.md. Raises Malformed."""
    submitted_on = read_date(data, "submitted")
    has_submission = text_of(data, "date_kind") in ("", "submitted")
    comments, abstract = text_of(data, "comments"), text_of(data, "abstract")
    is_withdrawn = data.get("withdrawn", False) is True
    return Record(
        source=text_of(data, "archive") or "arxiv",
        source_id=text_of(data, "id").removeprefix("arXiv:"),
        version=read_version(data.get("version")),
        title=text_of(data, "title"),
        abstract=abstract,
        abstract_kind="summary" if text_of(data, "abstract_kind") == "summary" else "abstract",
        authors=read_authors(data.get("authors", [])),
        categories=order_categories(read_texts(data, "categories"), text_of(data, "primary_category")),
        submitted_on=submitted_on,
        identified_on=None if has_submission else month_of_arxiv_id(text_of(data, "id")),
        revised_on=read_date(data, "updated"),
        comments=comments,
        journal_ref=text_of(data, "journal_ref"),
        doi=text_of(data, "doi"),
        licence=text_of(data, "licence"),
        datestamp=read_date(data, "datestamp"),
        withdrawal_reason=find_withdrawal(comments, abstract) or ("Withdrawn." if is_withdrawn else ""),
        identifier=text_of(data, "identifier"),
        language=text_of(data, "lang") or "en",
        raw=raw,
    )


def parse_dump(data: dict[str, Any], *, raw: str) -> Record:
    """A record of arXiv's metadata dump. Raises Malformed."""
    versions = read_dump_versions(data.get("versions") or [])
    comments, abstract = text_of(data, "comments"), text_of(data, "abstract")
    source_id = text_of(data, "id")
    return Record(
        source_id=source_id,
        version=max((version.version for version in versions), default=1),
        versions=versions,
        title=text_of(data, "title"),
        abstract=abstract,
        authors=read_parsed_authors(data.get("authors_parsed") or [])
        or split_authors(text_of(data, "authors")),
        categories=tuple(text_of(data, "categories").split()),
        submitted_on=versions[0].submitted_on if versions else month_of_arxiv_id(source_id),
        revised_on=versions[-1].submitted_on if len(versions) > 1 else None,
        comments=comments,
        journal_ref=text_of(data, "journal-ref"),
        doi=text_of(data, "doi"),
        licence=text_of(data, "license"),
        datestamp=read_date(data, "update_date"),
        withdrawal_reason=find_withdrawal(comments, abstract),
        raw=raw,
    )


def text_of(data: dict[str, Any], field: str) -> str:
    """A field's text; absent and null are "". Raises Malformed."""
    value = data.get(field)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Malformed(f"{field} is no text")
    return value


def read_texts(data: dict[str, Any], field: str) -> tuple[str, ...]:
    value = data.get(field, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise Malformed(f"{field} is no list of texts")
    return tuple(value)


def read_date(data: dict[str, Any], field: str) -> date | None:
    text = text_of(data, field)
    try:
        return date.fromisoformat(text[:10]) if text else None
    except ValueError as error:
        raise Malformed(f"{field} is no date: {text[:40]!r}") from error


def read_version(value: Any) -> int:
    """A version's number from 2, "2" or "v2"; absent is 1. Raises Malformed."""
    if value is None or value == "":
        return 1
    match = re.fullmatch(r"v?([1-9][0-9]{0,4})", str(value))
    if not match or int(match[1]) > MAX_VERSION:
        raise Malformed(f"version is no number: {str(value)[:40]!r}")
    return int(match[1])


def read_authors(value: Any) -> tuple[RecordAuthor, ...]:
    """Authors from names or from objects with name, affiliation and orcid. Raises Malformed."""
    if not isinstance(value, list):
        raise Malformed("authors is no list")
    authors = []
    for item in value:
        fields = {"name": item} if isinstance(item, str) else item
        if not isinstance(fields, dict):
            raise Malformed("authors has something that is no name")
        name, affiliation, orcid = (text_of(fields, field) for field in ("name", "affiliation", "orcid"))
        authors.append(RecordAuthor(clean_name(name), affiliation, orcid))
    return tuple(authors)


def read_parsed_authors(value: Any) -> tuple[RecordAuthor, ...]:
    """Authors from [family name, given names, suffix, affiliation …]. Raises Malformed."""
    if not isinstance(value, list) or not all(isinstance(item, list) and item for item in value):
        raise Malformed("authors_parsed is no list of names")
    authors = []
    for item in value:
        parts = ["" if part is None else str(part).strip() for part in item]
        family, given, suffix, *affiliations = [*parts, "", "", ""]
        name = clean_name(" ".join(part for part in (given, family, suffix) if part))
        authors.append(RecordAuthor(name, "; ".join(part for part in affiliations if part)))
    return tuple(authors)


def read_dump_versions(value: Any) -> tuple[RecordVersion, ...]:
    """Versions from [{"version": "v1", "created": "Mon, 2 Apr 2007 19:18:42 GMT"}, …]. Raises Malformed."""
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise Malformed("versions is no list of versions")
    try:
        return order_versions(
            RecordVersion(read_version(item.get("version")), read_mail_date(text_of(item, "created")).date())
            for item in value
        )
    except ValueError as error:
        raise Malformed(f"versions has no date that can be read: {error}") from error


def order_categories(categories: tuple[str, ...], primary: str) -> tuple[str, ...]:
    """The categories, the primary one first."""
    return tuple(dict.fromkeys([primary, *categories])) if primary else categories


def month_of_arxiv_id(source_id: str) -> date | None:
    """The first day of the month that an arXiv id names, or None: 2401.07049 and quant-ph/9705052 tell
    theirs.
    """
    parsed = parse_arxiv(source_id.removeprefix("arXiv:"))
    if parsed is None:
        return None
    digits = parsed.value.rpartition("/")[2][:4]
    year = int(digits[:2])
    return date(year + (1900 if year > 90 else 2000), int(digits[2:]), 1)
