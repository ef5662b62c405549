"""What a record does to the preprint that it is about: fields, versions, withdrawal. Touches no table."""

import hashlib
import json
from dataclasses import fields, replace
from datetime import date

from archive.cleaning import guess_versions
from archive.models import Preprint
from archive.records import Record
from archive.text import hash_text

SAID = [field.name for field in fields(Record) if field.name not in ("raw", "datestamp", "identifier")]
ABSTRACT = Preprint.AbstractKind.ABSTRACT
DELETED = "The source has deleted its record."


def is_news(record: Record, present: Preprint) -> bool:
    """Whether a record says something else than was last taken in."""
    if record.abstract_kind != present.abstract_kind:
        if present.abstract_kind == ABSTRACT:  # a summary never replaces an abstract
            return False
        if record.datestamp is None:  # the abstract at last, from whoever has it
            return True
    return not is_older(record, present) and hash_record(record) != present.record_hash


def is_only_dated(record: Record, present: Preprint) -> bool:
    """Whether a record says what was last taken in, and only its datestamp has moved on."""
    return (
        record.datestamp is not None
        and (present.datestamp is None or record.datestamp > present.datestamp)
        and (record.is_deleted or hash_record(record) == present.record_hash)
    )


def is_older(record: Record, present: Preprint | Record) -> bool:
    """Whether a record was superseded by the one that was last taken in.

    Datestamps decide. A record without one is older where its day of revision or its version is behind; where
    they are the same, it is older than one with a datestamp, whose source knows better.
    """
    if record.datestamp and present.datestamp:
        return record.datestamp < present.datestamp
    if record.datestamp or record.is_deleted:
        return False
    if record.revised_on and present.revised_on and record.revised_on != present.revised_on:
        return record.revised_on < present.revised_on
    if record.version != present.version:
        return record.version < present.version
    return present.datestamp is not None


def choose_record(first: Record, second: Record) -> Record:
    """Which of two records of one preprint counts: the abstract beside a summary, else the newer one, and the
    later in the list of equals. An identifier that came with either is kept.
    """
    if not (first.is_deleted or second.is_deleted) and first.abstract_kind != second.abstract_kind:
        chosen = first if first.abstract_kind == ABSTRACT else second
    else:
        chosen = first if is_older(second, first) else second
    return replace(chosen, identifier=chosen.identifier or first.identifier or second.identifier)


def hash_record(record: Record) -> str:
    """SHA-256 of what a record says, however its source wrote it down."""
    said = {name: getattr(record, name) for name in SAID}
    return hashlib.sha256(json.dumps(said, default=str, sort_keys=True).encode()).hexdigest()


def apply_record(record: Record, preprint: Preprint, *, today: date) -> None:
    """Sets a preprint's fields.

    What a source doesn't tell (a DOI, a licence) doesn't erase what another told.
    """
    preprint.title, preprint.abstract = record.title, record.abstract
    preprint.abstract_kind = record.abstract_kind
    preprint.categories, preprint.primary_category = list(record.categories), record.categories[0]
    if preprint.pk is None or record.identified_on is None:  # a listing date is worse than the date we have
        assert record.submitted_on is not None  # clean_record has seen to it
        preprint.submitted_on = record.submitted_on
    for name in ("comments", "journal_ref", "doi", "licence", "revised_on", "datestamp"):
        setattr(preprint, name, getattr(record, name) or getattr(preprint, name))
    preprint.language = record.language
    if record.withdrawal_reason or record.datestamp:  # what isn't dated takes no withdrawal back
        apply_withdrawal(record.withdrawal_reason, preprint, record.datestamp or record.revised_on or today)
    preprint.text_hash = hash_text(preprint.title, preprint.abstract)
    apply_versions(record, preprint)
    preprint.record_hash = hash_record(record)


def apply_versions(record: Record, preprint: Preprint) -> None:
    """Sets the version and adds to the history; a source that counts no versions takes none back.

    Each version keeps the hash of the text that it was seen with: where two differ, the text was revised.
    """
    hashes = {entry["version"]: entry.get("text_hash") for entry in preprint.versions}
    known = {entry["version"]: entry["submitted_on"] for entry in preprint.versions}
    told = {number: day.isoformat() for number, day in record.versions}
    if record.version >= preprint.version or not known:
        preprint.version = record.version
    is_guess = record.versions == guess_versions(record)  # which fills gaps, and corrects nothing
    history = dict(sorted((told | known if is_guess else known | told).items()))
    hashes[preprint.version] = preprint.text_hash
    preprint.versions = [
        {"version": number, "submitted_on": day}
        | ({"text_hash": hashes[number]} if hashes.get(number) else {})
        for number, day in history.items()
    ]


def apply_withdrawal(reason: str, preprint: Preprint, day: date) -> None:
    """Withdraws a preprint for a reason, or takes it back in for none. The day of a withdrawal stays."""
    preprint.withdrawn_on = (preprint.withdrawn_on or day) if reason else None
    preprint.withdrawal_reason = reason


def apply_deletion(record: Record, preprint: Preprint, *, today: date) -> None:
    """Withdraws a preprint whose record its source deleted; it stays, with all that is known of it."""
    apply_withdrawal(DELETED, preprint, record.datestamp or today)
    preprint.datestamp = record.datestamp or preprint.datestamp
    preprint.record_hash = hash_record(record)
