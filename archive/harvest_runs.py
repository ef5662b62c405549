"""Which run a harvest belongs to: a new one, or the one that was broken off; and what a run came to, in
words.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

from django.db.models import QuerySet

from archive.models import HarvestRun
from archive.oai import Selection

# How far before the last harvest the next one begins: servers show some records after their datestamp.
OVERLAP_OF_DAYS = timedelta(days=1)
OVERLAP_OF_MOMENTS = timedelta(hours=1)
SHORT_LIST = 0.9  # the protocol allows estimates of a list's size; less than this share of it is a cut list


def open_file_run(source: str, *, is_resumable: bool = True) -> HarvestRun:
    """A run over a file: the last one, where it was broken off, else a new one."""
    last = HarvestRun.objects.filter(source=source).first()
    if not is_resumable or last is None or last.state == HarvestRun.State.DONE:
        return HarvestRun.objects.create(source=source)
    return reopen(last)


def open_oai_run(
    url: str, selection: Selection, *, counts_seconds: Callable[[], bool]
) -> tuple[HarvestRun, Selection]:
    """A run over a server's set, and what to ask for: the last run, where it was broken off, else a new one.

    A new run without a span begins shortly before the last whole one began. `counts_seconds` asks the server
    whether it takes moments; it is called only where that matters.
    """
    runs = HarvestRun.objects.filter(source=url, set_spec=selection.set_spec)
    last = runs.first()
    if last and last.state != HarvestRun.State.DONE and fits(last, selection):
        run = reopen(last)
    else:
        since = selection.since
        if not (selection.since or selection.until):
            since = begin_after(runs, counts_seconds)
        run = HarvestRun.objects.create(
            source=url, set_spec=selection.set_spec, harvested_from=since, harvested_until=selection.until
        )
    return run, replace(selection, since=run.harvested_from, until=run.harvested_until)


def begin_after(runs: QuerySet[HarvestRun], counts_seconds: Callable[[], bool]) -> str:
    """Where a harvest begins that takes up after the last whole one, as the server counts; "" after none."""
    done = runs.filter(state=HarvestRun.State.DONE, harvested_until="", error="").first()
    if done is None:
        return ""
    begun = min(done.listed_at or done.started_at, done.started_at)
    if counts_seconds():
        return stamp(begun - OVERLAP_OF_MOMENTS)
    return stamp((begun - OVERLAP_OF_DAYS).date())


def stamp(moment: date | datetime) -> str:
    """A day or a moment of UTC as the protocol writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(moment, datetime) else moment.isoformat()


def fits(run: HarvestRun, selection: Selection) -> bool:
    """Whether a run is of a selection's span; one without a span takes up any."""
    if not (selection.since or selection.until):
        return True
    return (run.harvested_from, run.harvested_until) == (selection.since, selection.until)


def reopen(run: HarvestRun, **changes: str) -> HarvestRun:
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


def note_short_list(run: HarvestRun) -> None:
    """Says in a whole run that its list was cut, so that the next harvest asks for all of it again."""
    if run.announced and run.seen < SHORT_LIST * run.announced:
        run.error = f"The server announced {run.announced:,} records and sent {run.seen:,}."
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
