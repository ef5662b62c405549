"""Which run a harvest belongs to: a new one, or the one that was broken off; and what a run came to, in
words.
"""

from dataclasses import replace
from datetime import timedelta

from archive.models import HarvestRun
from archive.oai import Selection


def open_file_run(source: str, *, is_resumable: bool = True) -> HarvestRun:
    """A run over a file: the last one, where it was broken off, else a new one."""
    last = HarvestRun.objects.filter(source=source).first()
    if not is_resumable or last is None or last.state == HarvestRun.State.DONE:
        return HarvestRun.objects.create(source=source)
    return reopen(last)


def open_oai_run(url: str, selection: Selection, *, is_anew: bool = False) -> tuple[HarvestRun, Selection]:
    """A run over a server's set, and what to ask for: the last run, where it was broken off, else a new one.

    A new run without a span of days begins the day before the last one that came to its end began. `is_anew`
    gives a broken run its first page again.
    """
    runs = HarvestRun.objects.filter(source=url, set_spec=selection.set_spec)
    last = runs.first()
    if last and last.state != HarvestRun.State.DONE and (is_anew or fits(last, selection)):
        run = reopen(last, position="" if is_anew else last.position)
    else:
        done = runs.filter(state=HarvestRun.State.DONE, harvested_until=None).first()
        since = selection.since or (done.started_at.date() - timedelta(days=1) if done else None)
        run = HarvestRun.objects.create(
            source=url, set_spec=selection.set_spec, harvested_from=since, harvested_until=selection.until
        )
    return run, replace(selection, since=run.harvested_from, until=run.harvested_until)


def fits(run: HarvestRun, selection: Selection) -> bool:
    """Whether a run is of a selection's span; one without a span takes up any."""
    has_span = selection.since is not None or selection.until is not None
    return not has_span or (run.harvested_from, run.harvested_until) == (selection.since, selection.until)


def reopen(run: HarvestRun, *, position: str | None = None) -> HarvestRun:
    run.state, run.error, run.finished_at = HarvestRun.State.RUNNING, "", None
    run.position = run.position if position is None else position
    run.save(update_fields=["state", "error", "finished_at", "position"])
    return run


def describe_run(run: HarvestRun) -> str:
    """What a run came to, in a line or two."""
    if not (run.created or run.updated or run.set_aside):
        return f"{run.seen:,} records read: the archive has them all, nothing changed."
    summary = (
        f"{run.seen:,} records read: {run.created:,} new, {run.updated:,} changed, "
        f"{run.unchanged:,} unchanged; {run.withdrawn:,} of them withdrawn."
    )
    if run.set_aside:
        summary += f"\n{run.set_aside:,} records could not be taken in: see Set aside records in the admin."
    return summary
