"""Set-aside records, tried again: by a better parser, or after the archive's rules have changed."""

from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from archive.bulk import parse_line
from archive.harvesting import close_run, take_in
from archive.models import HarvestRun, SetAsideRecord
from archive.oai_formats import parse_raw_record
from archive.records import BadRecord, Page, Record

SOURCE = "set-aside records"


def retry_records(keys: Iterable[int]) -> HarvestRun:
    """Takes set-aside records in where that can be done now; the others stay, with the reason of today.

    Each is its own transaction, so that a stop in the middle loses none. The run that comes back counts them.
    """
    run = HarvestRun.objects.create(source=SOURCE)
    try:
        for key in keys:
            retry_record(key, run=run)
    except BaseException as error:
        close_run(run, HarvestRun.State.FAILED, error=f"{type(error).__name__}: {error}"[:2_000])
        raise
    close_run(run, HarvestRun.State.DONE)
    return run


def retry_record(key: int, *, run: HarvestRun) -> None:
    """One of them. Where it can't be taken in, it is set aside anew under the run that tried."""
    with transaction.atomic():
        row = SetAsideRecord.objects.select_for_update().filter(pk=key).first()
        if row is None:  # somebody else has just tried it
            return
        row.delete()
        take_in(Page((parse_again(row.raw),)), run=run)
        SetAsideRecord.objects.filter(run=run, raw_hash=row.raw_hash).update(
            created_at=row.created_at, tried_at=timezone.now()
        )


def parse_again(raw: str) -> Record | BadRecord:
    """A record from the text that is kept of it, whichever source it came from."""
    return parse_raw_record(raw) if raw.startswith("<") else parse_line(raw.encode())
