"""Which run a harvest belongs to: a new one, or the one that was broken off; and what a run came to, in
words.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from archive.models import HarvestRun
from archive.oai import Selection

# How far before the last harvest the next one begins: servers show some records after their datestamp.
OVERLAP_OF_DAYS = timedelta(days=1)
OVERLAP_OF_MOMENTS = timedelta(hours=1)
SHORT_LIST = 0.9  # the protocol allows estimates of a list's size; less than this share of it is a cut list
UNENDING = Q(harvested_until="")
MAX_REFUSALS = 3  # in a row at one place of a list, before it is begun again
FROM_THE_TOP = {
    "position": "",
    "listed": 0,
    "announced": None,
    "refusals": 0,
}  # a run whose list begins again


def open_file_run(source: str, *, is_resumable: bool = True) -> HarvestRun:
    """A run over a file: the last one, where it was broken off, else a new one."""
    last = HarvestRun.objects.filter(source=source).first()
    if not is_resumable or last is None or last.state == HarvestRun.State.DONE:
        return HarvestRun.objects.create(source=source)
    return reopen(last)


def open_oai_run(
    url: str, selection: Selection, *, counts_seconds: Callable[[], bool]
) -> tuple[HarvestRun, Selection]:
    """A run over a server's set, and what to ask for: one that was broken off, else a new one.

    A new run without a span begins shortly before the last one began that leaves no gap. `counts_seconds`
    asks the server whether it takes moments; it is called only where that matters.
    """
    runs = HarvestRun.objects.filter(source=url, set_spec=selection.set_spec)
    is_spanned = bool(selection.since or selection.until)
    broken_off = find_spanned(runs, selection) if is_spanned else find_broken_off(runs)
    if broken_off:
        run = reopen(broken_off)
    else:
        run = HarvestRun.objects.create(
            source=url,
            set_spec=selection.set_spec,
            harvested_from=selection.since if is_spanned else begin_after(find_base(runs), counts_seconds),
            harvested_until=selection.until,
        )
    return run, replace(selection, since=run.harvested_from, until=run.harvested_until)


def find_spanned(runs: QuerySet[HarvestRun], selection: Selection) -> HarvestRun | None:
    """The last run over just this span, where it was broken off."""
    run = runs.filter(harvested_from=selection.since, harvested_until=selection.until).first()
    return run if run and run.state != HarvestRun.State.DONE else None


def find_broken_off(runs: QuerySet[HarvestRun]) -> HarvestRun | None:
    """The run that a harvest without a span goes on with: the newest that was broken off, a whole one first.

    One with a beginning of its own is gone on with where that leaves no gap after what is covered.
    """
    base = find_base(runs)
    whole = runs.filter(UNENDING, state=HarvestRun.State.DONE, error="", harvested_from="").first()
    broken_off = runs.filter(UNENDING).exclude(state=HarvestRun.State.DONE)
    for run in broken_off.filter(harvested_from=""):
        if whole is None or run.started_at > whole.started_at:
            return run
    for run in broken_off.exclude(harvested_from=""):
        if base is None or (run.started_at > base.started_at and leaves_no_gap(run, base)):
            return run
    return None


def find_base(runs: QuerySet[HarvestRun]) -> HarvestRun | None:
    """The last run that went through to its own day and leaves no gap before it: all that changed until then
    has been taken in, since the day with which the set's first harvest began.
    """
    base = None
    for run in runs.filter(UNENDING, state=HarvestRun.State.DONE, error="").order_by("started_at"):
        if base is None or leaves_no_gap(run, base):
            base = run
    return base


def leaves_no_gap(run: HarvestRun, base: HarvestRun) -> bool:
    """Whether a run begins at or before the point that another one covers."""
    if not run.harvested_from:
        return True
    since = datetime.fromisoformat(run.harvested_from)
    return (since if since.tzinfo else since.replace(tzinfo=UTC)) <= covered_until(base)


def covered_until(run: HarvestRun) -> datetime:
    """The moment, by the server's clock or ours, up to which a run has taken in what changed."""
    return min(run.listed_at or run.started_at, run.started_at)


def begin_after(base: HarvestRun | None, counts_seconds: Callable[[], bool]) -> str:
    """Where a harvest begins that takes up after a base, as the server counts; "" after none."""
    if base is None:
        return ""
    if counts_seconds():
        return stamp(covered_until(base) - OVERLAP_OF_MOMENTS)
    return stamp((covered_until(base) - OVERLAP_OF_DAYS).date())


def stamp(moment: date | datetime) -> str:
    """A day or a moment of UTC as the protocol writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(moment, datetime) else moment.isoformat()


def reopen(run: HarvestRun, **changes: Any) -> HarvestRun:
    """A run that was broken off, running again; `changes` are other fields to set."""
    changed = {
        "state": HarvestRun.State.RUNNING,
        "error": "",
        "finished_at": None,
        "resume_at": None,
        **changes,
    }
    for name, value in changed.items():
        setattr(run, name, value)
    run.save(update_fields=list(changed))
    return run


def note_refusal(run: HarvestRun) -> None:
    """Counts that a server would not go on with its list; after some times the list is begun again, since a
    token may be dead however the server puts it.
    """
    if not run.position:
        return
    run.refusals += 1
    if run.refusals >= MAX_REFUSALS:
        for name, value in FROM_THE_TOP.items():
            setattr(run, name, value)
    run.save(update_fields=["refusals", *FROM_THE_TOP])


def note_short_list(run: HarvestRun) -> None:
    """Says in a whole run that its list was cut, so that the next harvest asks for all of it again."""
    if run.announced and run.listed < SHORT_LIST * run.announced:
        run.error = f"The server announced {run.announced:,} records and sent {run.listed:,}."
        run.save(update_fields=["error"])


def describe_run(run: HarvestRun) -> str:
    """What a run came to, in a few lines."""
    if run.created or run.updated or run.set_aside:
        summary = (
            f"{count_records(run.seen)} read: {run.created:,} new, {run.updated:,} changed, "
            f"{run.unchanged:,} unchanged; {run.withdrawn:,} of them withdrawn."
        )
    else:
        summary = f"{count_records(run.seen)} read: the archive has them all, nothing changed."
    if run.set_aside:
        summary += (
            f"\n{count_records(run.set_aside)} could not be taken in: see Set aside records in the admin."
        )
    if run.error:
        summary += f"\n{run.error}"
    return summary


def count_records(number: int) -> str:
    return f"{number:,} record{'' if number == 1 else 's'}"
