"""What harvests put into the tables: preprints, authors, categories and raw records, by COPY where they are
new.

Only archive/harvesting.py calls it, under the archive's write lock.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection
from django.utils import timezone
from psycopg.types.json import Jsonb

from archive.categories import category_name
from archive.models import Author, Category, Deletion, Preprint, RawRecord
from archive.records import Record

MAX_RAW = 4_000_000  # characters: as much as a line of a file may have
WRITTEN_FIELDS = [
    "version",
    "versions",
    "title",
    "abstract",
    "abstract_kind",
    "primary_category",
    "categories",
    "submitted_on",
    "revised_on",
    "comments",
    "journal_ref",
    "doi",
    "licence",
    "language",
    "datestamp",
    "withdrawn_on",
    "withdrawal_reason",
    "text_hash",
    "record_hash",
    "updated_at",
]
COPIED_FIELDS = ["identifier", "source", "source_id", "created_at", *WRITTEN_FIELDS]
Written = Sequence[tuple[Preprint, Record]]


def create_preprints(preprints: Sequence[Preprint]) -> None:
    """New preprints, by COPY; each gets its primary key."""
    now = timezone.now()
    for preprint in preprints:
        preprint.created_at = preprint.updated_at = now
    copy_rows("archive_preprint", COPIED_FIELDS, map(row_of, preprints))
    keys = dict(
        Preprint.objects.filter(identifier__in=[preprint.identifier for preprint in preprints]).values_list(
            "identifier", "pk"
        )
    )
    for preprint in preprints:
        preprint.pk = keys[preprint.identifier]


def row_of(preprint: Preprint) -> list[Any]:
    values = {name: getattr(preprint, name) for name in COPIED_FIELDS}
    return [*(values | {"versions": Jsonb(preprint.versions)}).values()]


def change_preprints(preprints: Sequence[Preprint]) -> None:
    """Preprints that were there, with what is new in them."""
    Preprint.objects.bulk_create(
        preprints, update_conflicts=True, unique_fields=["source", "source_id"], update_fields=WRITTEN_FIELDS
    )


def write_categories(preprints: Iterable[Preprint]) -> None:
    codes = {code for preprint in preprints for code in preprint.categories}
    known = set(Category.objects.filter(code__in=codes).values_list("code", flat=True))
    Category.objects.bulk_create(
        [Category(code=code, name=category_name(code)) for code in sorted(codes - known)],
        ignore_conflicts=True,
    )


def write_authors(created: Written, changed: Written) -> None:
    """The author lists of new and changed preprints, replaced whole."""
    Author.objects.filter(preprint__in=[preprint for preprint, _ in changed]).delete()
    copy_rows(
        "archive_author",
        ["preprint_id", "position", "name", "affiliation", "orcid"],
        (
            (preprint.pk, position, author.name, author.affiliation, author.orcid)
            for preprint, record in [*created, *changed]
            for position, author in enumerate(record.authors)
        ),
    )


def write_raw_records(created: Written, changed: Written) -> None:
    RawRecord.objects.filter(preprint__in=[preprint for preprint, _ in changed]).delete()
    copy_rows(
        "archive_rawrecord",
        ["preprint_id", "text"],
        ((preprint.pk, storable(record.raw)) for preprint, record in [*created, *changed]),
    )


def write_deletions(records: Iterable[Record]) -> None:
    """Deletions of records that the archive doesn't have."""
    Deletion.objects.bulk_create(
        [
            Deletion(source=record.source, source_id=record.source_id, datestamp=record.datestamp)
            for record in records
        ],
        update_conflicts=True,
        unique_fields=["source", "source_id"],
        update_fields=["datestamp"],
    )


def copy_rows(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    with (
        connection.wrap_database_errors,  # a COPY's errors are the driver's own else
        connection.cursor() as cursor,
        cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row(row)


def storable(text: str) -> str:
    """Any text as one that Postgres can keep: without NUL and lone surrogates, and at most 4 million
    characters.
    """
    return text[:MAX_RAW].replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
