"""Records -> preprints, page by page: the only writer of preprint metadata, postings and raw records.

A page is one transaction under the archive's write lock, so that harvesters side by side wait for each other,
and a run that is killed goes on after its last page. A record that can't be kept is set aside and stops
nothing.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date

from django.db import connection, transaction
from django.db.models import Max, Min
from django.utils import timezone

from archive.cleaning import Refusal, clean_record
from archive.identifiers import mint_many, note_all_minted
from archive.models import HarvestRun, Preprint, SetAsideRecord
from archive.postings import BLOCK_SIZE, index_preprints, unindex_preprints, unindexed_in
from archive.records import BadRecord, Page, Record
from archive.revising import apply_deletion, apply_record, is_news, is_older
from archive.writing import (
    change_preprints,
    create_preprints,
    storable,
    write_authors,
    write_categories,
    write_raw_records,
)

WRITE_LOCK = 0x41470001  # "AG" and a number: pg_advisory_xact_lock's key of whoever writes preprints
INDEXED_AT_ONCE = 4_096  # a second or two, and few enough rewritings of a common word's list
PAGE_TIMEOUT = "120s"  # a page waits for another harvester's page

RUN_FIELDS = [
    "created",
    "updated",
    "unchanged",
    "withdrawn",
    "set_aside",
    "position",
    "announced",
    "listed_at",
]


@dataclass
class PageWork:
    """What one page comes to: the rows to write and the records that can't be kept."""

    today: date
    present: dict[tuple[str, str], Preprint] = field(default_factory=dict)
    created: list[tuple[Preprint, Record]] = field(default_factory=list)
    changed: list[tuple[Preprint, Record]] = field(default_factory=list)
    retexted: list[int] = field(default_factory=list)
    withdrawn: int = 0
    unchanged: int = 0
    set_aside: list[BadRecord] = field(default_factory=list)


def harvest(
    pages: Iterable[Page],
    *,
    run: HarvestRun,
    on_page: Callable[[HarvestRun], object] | None = None,
    is_enough: Callable[[], bool] | None = None,
    index: Callable[[], object] | None = None,
) -> HarvestRun:
    """Takes in pages until they end, and closes the run; or leaves it open where `is_enough` says so.

    With `index`, new preprints are left out of full-text search until all pages are in; then it is called, to
    do index_pending. A large load so writes the lists of common words anew less often. What a page's source
    raises leaves the run as failed.
    """
    try:
        for page in pages:
            take_in(page, run=run, is_indexed=index is None)
            if on_page:
                on_page(run)
            if page.position and is_enough and is_enough():
                return run
        if index:
            index()
    except BaseException as error:
        close_run(run, HarvestRun.State.FAILED, error=f"{type(error).__name__}: {error}"[:2_000])
        raise
    close_run(run, HarvestRun.State.DONE)
    return run


def close_run(run: HarvestRun, state: HarvestRun.State, *, error: str = "") -> None:
    run.state, run.error, run.finished_at = state, error, timezone.now()
    run.save(update_fields=["state", "error", "finished_at"])


def take_in(page: Page, *, run: HarvestRun, is_indexed: bool = True) -> None:
    """One page, in one transaction with the run's place after it."""
    with transaction.atomic():
        take_write_lock()
        work = prepare(page)
        write(work, is_indexed=is_indexed)
        note_page(run, page, work)


def index_pending(on_step: Callable[[int], object] | None = None) -> int:
    """Lets full-text search find the preprints that it can't yet; how many they were.

    What is missing is seen from the lists themselves: a stop at any moment leaves the rest for the next time.
    `on_step` hears how many are done.
    """
    done = 0
    for block in blocks():
        while step := index_step(block):
            done += step
            if on_step:
                on_step(done)
    return done


def count_unindexed() -> int:
    """Preprints that full-text search can't find yet."""
    return sum(len(unindexed_in(block)) for block in blocks())


def blocks() -> range:
    """The blocks of ids that the archive's preprints are in."""
    edges = Preprint.objects.aggregate(first=Min("pk"), last=Max("pk"))
    if edges["last"] is None:
        return range(0)
    return range(edges["first"] // BLOCK_SIZE, edges["last"] // BLOCK_SIZE + 1)


def index_step(block: int) -> int:
    """Some of a block's preprints, in one transaction."""
    with transaction.atomic():
        take_write_lock()
        ids = unindexed_in(block)[:INDEXED_AT_ONCE]
        index_preprints(ids)
    return len(ids)


def take_write_lock() -> None:
    """Waits until no other transaction writes preprints; held until this one ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('lock_timeout', %s, true), set_config('statement_timeout', %s, true)",
            [PAGE_TIMEOUT, PAGE_TIMEOUT],
        )
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [WRITE_LOCK])


def prepare(page: Page) -> PageWork:
    """Sorts a page's records into created, changed, unchanged and set aside, and mints identifiers."""
    work = PageWork(today=timezone.now().date())
    records: dict[tuple[str, str], Record] = {}
    for record in page.records:
        cleaned = clean_or_set_aside(record, work)
        if cleaned is None:
            continue
        key = (cleaned.source, cleaned.source_id)
        work.unchanged += key in records  # a page's later record of the same preprint counts
        records[key] = cleaned
    work.present = find_present(records)
    for key, record in records.items():
        sort_record(record, work.present.get(key), work)
    give_identifiers(work)
    return work


def clean_or_set_aside(record: Record | BadRecord, work: PageWork) -> Record | None:
    if isinstance(record, BadRecord):
        work.set_aside.append(record)
        return None
    try:
        return clean_record(record, today=work.today)
    except Refusal as refusal:
        work.set_aside.append(BadRecord(str(refusal), record.raw, record.source_id))
        return None


def find_present(keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Preprint]:
    """The preprints that a page's records are about, by source and source id."""
    by_source: dict[str, list[str]] = {}
    for source, source_id in keys:
        by_source.setdefault(source, []).append(source_id)
    return {
        (preprint.source, preprint.source_id): preprint
        for source, source_ids in by_source.items()
        for preprint in Preprint.objects.filter(source=source, source_id__in=source_ids).defer(
            "search_vector"
        )
    }


def sort_record(record: Record, present: Preprint | None, work: PageWork) -> None:
    """Decides what a record is to the archive: new, a change, or nothing new."""
    if present is None and not record.is_deleted:
        preprint = Preprint(source=record.source, source_id=record.source_id, identifier=record.identifier)
        apply_record(record, preprint, today=work.today)
        work.withdrawn += preprint.is_withdrawn
        work.created.append((preprint, record))
    elif present is not None and says_something(record, present):
        old = (present.text_hash, present.is_withdrawn)
        (apply_deletion if record.is_deleted else apply_record)(record, present, today=work.today)
        if old != (present.text_hash, present.is_withdrawn):
            work.retexted.append(present.pk)
        work.withdrawn += present.is_withdrawn and not old[1]
        work.changed.append((present, record))
    else:
        work.unchanged += 1


def says_something(record: Record, present: Preprint) -> bool:
    """Whether a record changes a preprint; a deletion changes what is not withdrawn yet."""
    if record.is_deleted:
        return not present.is_withdrawn and not is_older(record, present)
    return is_news(record, present)


def give_identifiers(work: PageWork) -> None:
    """Notes the identifiers that came with new records, sets aside those that are taken, and mints the
    others.
    """
    wanted = [preprint.identifier for preprint, _ in work.created if preprint.identifier]
    taken = set(Preprint.objects.filter(identifier__in=wanted).values_list("identifier", flat=True))
    kept: list[tuple[Preprint, Record]] = []
    for preprint, record in work.created:
        if preprint.identifier and preprint.identifier in taken:
            reason = f"{preprint.identifier} belongs to another preprint"
            work.set_aside.append(BadRecord(reason, record.raw, record.source_id))
            continue
        taken.add(preprint.identifier)
        kept.append((preprint, record))
    work.created = kept
    note_all_minted(preprint.identifier for preprint, _ in kept if preprint.identifier)
    nameless = [(preprint, record) for preprint, record in kept if not preprint.identifier]
    minted = mint_many([record.identified_on or preprint.submitted_on for preprint, record in nameless])
    for (preprint, _), identifier in zip(nameless, minted, strict=True):
        preprint.identifier = identifier


def write(work: PageWork, *, is_indexed: bool) -> None:
    """A page's rows. Old postings go first, while the old text is still there."""
    unindex_preprints(work.retexted)
    create_preprints([preprint for preprint, _ in work.created])
    change_preprints([preprint for preprint, _ in work.changed])
    write_categories(preprint for preprint, _ in work.created + work.changed)
    told = [pair for pair in work.changed if not pair[1].is_deleted]  # a deletion tells nothing of authors
    write_authors(work.created, told)
    write_raw_records(work.created, told)
    index_preprints([preprint.pk for preprint, _ in work.created if is_indexed] + work.retexted)


def note_page(run: HarvestRun, page: Page, work: PageWork) -> None:
    """Adds a page to its run: the counts, where to go on, and what was set aside."""
    set_aside_records(work.set_aside, run=run)
    run.created += len(work.created)
    run.updated += len(work.changed)
    run.unchanged += work.unchanged
    run.withdrawn += work.withdrawn
    run.set_aside += len(work.set_aside)
    run.position = page.position
    run.announced = run.announced or page.announced
    run.listed_at = run.listed_at or page.listed_at
    run.save(update_fields=RUN_FIELDS)


def set_aside_records(records: Iterable[BadRecord], *, run: HarvestRun) -> None:
    """Keeps what could not be taken in, each record once, under the run that met it last."""
    rows: dict[tuple[str, str], SetAsideRecord] = {}
    for bad in records:
        raw, source_id = storable(bad.raw), storable(bad.source_id)[:255]
        raw_hash = hashlib.sha256(raw.encode()).hexdigest()
        rows[source_id, raw_hash] = SetAsideRecord(
            run=run, source_id=source_id, reason=storable(bad.reason), raw=raw, raw_hash=raw_hash
        )
    SetAsideRecord.objects.bulk_create(
        rows.values(),
        update_conflicts=True,
        unique_fields=["source_id", "raw_hash"],
        update_fields=["run", "reason"],
    )
