"""Records -> preprints, page by page: the only writer of preprint metadata, postings and raw records.

A page is one transaction under the archive's write lock, so that harvesters side by side wait for each other,
and a run that is killed goes on after its last page. A record that can't be kept is set aside and stops
nothing: where the database refuses a page, its halves are tried, down to the record that it is about.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import reduce

import structlog
from django.db import DataError, IntegrityError, connection, transaction
from django.db.models import Max, Min
from django.utils import timezone

from archive.cleaning import Refusal, clean_record
from archive.identifiers import mint_many, note_all_minted
from archive.models import Deletion, HarvestRun, Preprint, SetAsideRecord
from archive.postings import BLOCK_SIZE, index_preprints, unindex_preprints, unindexed_in
from archive.records import BadRecord, Page, Record
from archive.revising import (
    apply_deletion,
    apply_record,
    choose_record,
    is_news,
    is_older,
    is_only_dated,
)
from archive.writing import (
    change_preprints,
    create_preprints,
    storable,
    write_authors,
    write_categories,
    write_deletions,
    write_raw_records,
)

WRITE_LOCK = 0x41470001  # "AG" and a number: pg_advisory_xact_lock's key of whoever writes preprints
INDEXED_AT_ONCE = 4_096  # a second or two, and few enough rewritings of a common word's list
UNKEEPABLE = (DataError, IntegrityError, UnicodeError)  # what a record can be to the database and its driver
PAGE_TIMEOUT = "120s"  # a page waits for another harvester's page

RUN_FIELDS = [
    "created",
    "updated",
    "unchanged",
    "withdrawn",
    "set_aside",
    "position",
    "listed",
    "refusals",
    "announced",
    "listed_at",
]

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Taken:
    """What became of some records."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    withdrawn: int = 0
    set_aside: tuple[BadRecord, ...] = ()

    def __add__(self, other: "Taken") -> "Taken":
        return Taken(*(getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__))


@dataclass
class PageWork:
    """What one page comes to: the rows to write and the records that can't be kept."""

    today: date
    present: dict[tuple[str, str], Preprint] = field(default_factory=dict)
    created: list[tuple[Preprint, Record]] = field(default_factory=list)
    changed: list[tuple[Preprint, Record]] = field(default_factory=list)
    retexted: list[int] = field(default_factory=list)
    deleted: dict[tuple[str, str], date | None] = field(default_factory=dict)  # before the archive had them
    deletions: list[Record] = field(default_factory=list)
    redated: list[Preprint] = field(default_factory=list)  # nothing new but the day of the source's record
    withdrawn: int = 0
    unchanged: int = 0
    set_aside: list[BadRecord] = field(default_factory=list)

    @property
    def taken(self) -> Taken:
        return Taken(
            len(self.created), len(self.changed), self.unchanged, self.withdrawn, tuple(self.set_aside)
        )


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
        note_page(run, page, take_records(page.records, is_indexed=is_indexed))


def take_records(records: Sequence[Record | BadRecord], *, is_indexed: bool) -> Taken:
    """Takes records in, all together where that can be; sets aside the ones that the database refuses."""
    try:
        with transaction.atomic():
            work = prepare(records)
            write(work, is_indexed=is_indexed)
            return work.taken
    except UNKEEPABLE as error:
        if len(records) == 1:
            (refused,) = records
            return Taken(set_aside=(BadRecord(f"it can't be kept: {error}", refused.raw, refused.source_id),))
        log.warning("page_refused", records=len(records), reason=str(error))
    middle = len(records) // 2
    halves = (take_records(half, is_indexed=is_indexed) for half in (records[:middle], records[middle:]))
    return reduce(Taken.__add__, halves)


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


def prepare(given: Iterable[Record | BadRecord]) -> PageWork:
    """Sorts a page's records into created, changed, unchanged and set aside, and mints identifiers."""
    work = PageWork(today=timezone.now().date())
    records: dict[tuple[str, str], Record] = {}
    for record in given:
        cleaned = clean_or_set_aside(record, work)
        if cleaned is None:
            continue
        key = (cleaned.source, cleaned.source_id)
        work.unchanged += key in records
        records[key] = choose_record(records[key], cleaned) if key in records else cleaned
    work.present = find_present(records)
    work.deleted = find_deleted(key for key in records if key not in work.present)
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
    return {
        (preprint.source, preprint.source_id): preprint
        for source, source_ids in by_source(keys).items()
        for preprint in Preprint.objects.filter(source=source, source_id__in=source_ids).defer(
            "search_vector"
        )
    }


def find_deleted(keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], date | None]:
    """Which of some records their source deleted before the archive had them, and when."""
    return {
        (deletion.source, deletion.source_id): deletion.datestamp
        for source, source_ids in by_source(keys).items()
        for deletion in Deletion.objects.filter(source=source, source_id__in=source_ids)
    }


def by_source(keys: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for source, source_id in keys:
        grouped.setdefault(source, []).append(source_id)
    return grouped


def sort_record(record: Record, present: Preprint | None, work: PageWork) -> None:
    """Decides what a record is to the archive: new, a change, or nothing new."""
    if present is None and not record.is_deleted:
        work.created.append((make_preprint(record, work), record))
    elif present is None:
        work.deletions.append(record)
        work.unchanged += 1
    elif says_something(record, present):
        old = (present.text_hash, present.is_withdrawn)
        (apply_deletion if record.is_deleted else apply_record)(record, present, today=work.today)
        if old != (present.text_hash, present.is_withdrawn):
            work.retexted.append(present.pk)
        work.withdrawn += present.is_withdrawn and not old[1]
        work.changed.append((present, record))
    else:
        work.unchanged += 1
        if is_only_dated(record, present):
            present.datestamp = record.datestamp
            work.redated.append(present)


def make_preprint(record: Record, work: PageWork) -> Preprint:
    """A new record's preprint; withdrawn where its source has deleted that record since."""
    preprint = Preprint(source=record.source, source_id=record.source_id, identifier=record.identifier)
    apply_record(record, preprint, today=work.today)
    key = (record.source, record.source_id)
    if key in work.deleted:
        deletion = Record(source_id=record.source_id, is_deleted=True, datestamp=work.deleted[key])
        if not is_older(deletion, record):
            apply_deletion(deletion, preprint, today=work.today)
    work.withdrawn += preprint.is_withdrawn
    return preprint


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
    write_deletions(work.deletions)
    Preprint.objects.bulk_update(work.redated, ["datestamp"])  # not updated_at: nobody notices this


def note_page(run: HarvestRun, page: Page, taken: Taken) -> None:
    """Adds a page to its run: the counts, where to go on, and what was set aside."""
    set_aside_records(taken.set_aside, run=run)
    run.created += taken.created
    run.updated += taken.updated
    run.unchanged += taken.unchanged
    run.withdrawn += taken.withdrawn
    run.set_aside += len(taken.set_aside)
    run.listed += len(page.records)
    if page.position != run.position:
        run.refusals = 0
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
