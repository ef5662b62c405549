"""Identifiers of preprints: this site's own AG-YYYY.MM-NNN, minted here alone, and what people type.

Minting is one statement on IdentifierCounter, so that harvesters side by side never get the same number.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from django.db import connection

OWN = re.compile(r"AG-(?P<month>[0-9]{4}\.(?:0[1-9]|1[0-2]))-(?P<serial>[0-9]{3,9})", re.IGNORECASE)
ARXIV_NEW = re.compile(
    r"(?P<id>[0-9]{2}(?:0[1-9]|1[0-2])\.[0-9]{4,5})(?:v(?P<version>[1-9][0-9]?))?", re.IGNORECASE
)
ARXIV_OLD = re.compile(
    r"(?P<archive>[a-z]+(?:-[a-z]+)?)(?:\.[a-z]{2})?/(?P<number>[0-9]{2}(?:0[1-9]|1[0-2])[0-9]{3})"
    r"(?:v(?P<version>[1-9][0-9]?))?",
    re.IGNORECASE,
)
DOI = re.compile(r"10\.[0-9]{4,9}/[^\s\"<>\x00-\x1f\x7f]{1,200}")
ARXIV_DOI = "10.48550/arxiv."
ADDRESS = re.compile(r"https?://[^/\s]+/(?:abs/|pdf/)?", re.IGNORECASE)
PREFIX = re.compile(r"(?:arxiv|doi):\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Identifier:
    """What a reader names: `own` AG-2024.01-1576, `arxiv` 2401.07049 or hep-th/9705052, `doi` lower-case."""

    kind: Literal["own", "arxiv", "doi"]
    value: str
    version: int | None = None


def mint(month_of: date) -> str:
    """A new identifier in the month of a first submission. Call it inside the transaction that uses it."""
    return mint_many([month_of])[0]


def mint_many(months_of: Sequence[date]) -> list[str]:
    """New identifiers, one for each date and in its month, in the dates' order."""
    wanted = Counter(month_of.strftime("%Y.%m") for month_of in months_of)
    if not wanted:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            # Rows are locked in the order of their months: two harvesters wait and never deadlock.
            """
            INSERT INTO archive_identifiercounter AS counter (month, last_serial)
            SELECT month, amount FROM unnest(%s::text[], %s::int[]) AS wanted (month, amount) ORDER BY month
            ON CONFLICT (month) DO UPDATE SET last_serial = counter.last_serial + excluded.last_serial
            RETURNING month, last_serial
            """,
            [list(wanted), list(wanted.values())],
        )
        next_serial = {month: last - wanted[month] + 1 for month, last in cursor.fetchall()}
    minted = []
    for month_of in months_of:
        month = month_of.strftime("%Y.%m")
        minted.append(f"AG-{month}-{next_serial[month]:03d}")
        next_serial[month] += 1
    return minted


def note_minted(identifier: str) -> None:
    """Moves a month's counter past an identifier that came with its record. Raises ValueError on others."""
    note_all_minted([identifier])


def note_all_minted(identifiers: Iterable[str]) -> None:
    """The same for many, in one statement."""
    highest: dict[str, int] = {}
    for identifier in identifiers:
        match = OWN.fullmatch(identifier)
        if not match:
            raise ValueError(f"{identifier!r} is no identifier of this archive (AG-2024.01-1576 is one)")
        highest[match["month"]] = max(highest.get(match["month"], 0), int(match["serial"]))
    if not highest:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO archive_identifiercounter AS counter (month, last_serial)
            SELECT month, serial FROM unnest(%s::text[], %s::int[]) AS noted (month, serial) ORDER BY month
            ON CONFLICT (month) DO UPDATE
            SET last_serial = greatest(counter.last_serial, excluded.last_serial)
            """,
            [list(highest), list(highest.values())],
        )


def parse(text: str) -> Identifier | None:
    """The identifier that the whole of a text is: AG-…, an arXiv id, a DOI or an address; else None."""
    text = text.strip()
    if len(text) > 300:
        return None
    text = PREFIX.sub("", ADDRESS.sub("", text, count=1), count=1).removesuffix(".pdf")
    if OWN.fullmatch(text):
        return Identifier("own", text.upper())
    if text.lower().startswith(ARXIV_DOI):
        text = text[len(ARXIV_DOI) :]
    return parse_arxiv(text) or parse_doi(text)


def parse_arxiv(text: str) -> Identifier | None:
    """The arXiv id that a text is. The subject class is dropped: math.GT/0309136 is math/0309136."""
    if match := ARXIV_NEW.fullmatch(text):
        value = match["id"]
    elif match := ARXIV_OLD.fullmatch(text):
        value = f"{match['archive'].lower()}/{match['number']}"
    else:
        return None
    return Identifier("arxiv", value, int(match["version"]) if match["version"] else None)


def parse_doi(text: str) -> Identifier | None:
    """The DOI that a text is, in lower case: DOIs are compared without regard to case."""
    return Identifier("doi", text.lower()) if DOI.fullmatch(text) else None
