"""Harvests by the clock: which of HARVEST_SETS are due, and a slice of each.

A slice ends after some seconds and leaves its run open; the next one goes on after its last page. So a
harvest of hours keeps no worker from its other work, and dies with no worker.
"""

import time
from datetime import timedelta

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from archive.harvest_runs import UNENDING, find_broken_off
from archive.models import HarvestRun
from archive.oai import Selection
from archive.oai_server import ComeBackLater, HarvestError
from archive.server_harvest import AlreadyHarvesting, harvest_set
from archive.sets import full_set_spec

PATIENCE_SECONDS = 30.0  # a longer pause is left to a later slice
REST_AFTER_FAILURE = timedelta(minutes=15)
EVERYTHING = "*"

log = structlog.get_logger(__name__)


def harvest_due_sets(seconds: float) -> None:
    """Harvests every set that is due, for so many seconds in all and at least a page of each."""
    due = due_sets()
    for set_spec in due:
        harvest_slice(set_spec, seconds=seconds / len(due))


def due_sets() -> list[str]:
    """Sets whose harvest was broken off and may go on, or began longer ago than the interval."""
    specs = ["" if name == EVERYTHING else full_set_spec(name) for name in settings.HARVEST_SETS]
    return [spec for spec in specs if is_due(runs_of(spec))]


def is_due(runs: QuerySet[HarvestRun]) -> bool:
    now = timezone.now()
    if broken_off := find_broken_off(runs):
        return broken_off.resume_at is None or broken_off.resume_at <= now
    last = runs.filter(UNENDING, state=HarvestRun.State.DONE).first()
    return last is None or last.started_at <= now - timedelta(hours=settings.HARVEST_INTERVAL_HOURS)


def harvest_slice(set_spec: str, *, seconds: float) -> None:
    """Harvests one set for so many seconds; what stops it is noted in its run, with when to go on."""
    ends = time.monotonic() + seconds
    selection = Selection(prefix=settings.HARVEST_PREFIX, set_spec=set_spec)
    try:
        harvest_set(
            settings.OAI_BASE_URLS[0],
            selection,
            is_enough=lambda: time.monotonic() >= ends,
            patience=PATIENCE_SECONDS,
        )
    except AlreadyHarvesting:
        return
    except HarvestError as error:
        rest = timedelta(seconds=error.seconds) if isinstance(error, ComeBackLater) else REST_AFTER_FAILURE
        log.warning("harvest_broke_off", set=set_spec, reason=str(error), minutes=rest.total_seconds() / 60)
        leave_for(rest, set_spec)
    except Exception as error:
        log.exception("harvest_failed", set=set_spec)
        leave_for(REST_AFTER_FAILURE, set_spec)
        if isinstance(error, SoftTimeLimitExceeded):  # the whole slice is over, not only this set's
            raise


def leave_for(rest: timedelta, set_spec: str) -> None:
    """Notes in a set's broken-off run when it is gone on with."""
    if run := find_broken_off(runs_of(set_spec)):
        run.resume_at = timezone.now() + rest
        run.save(update_fields=["resume_at"])


def runs_of(set_spec: str) -> QuerySet[HarvestRun]:
    return HarvestRun.objects.filter(source=settings.OAI_BASE_URLS[0], set_spec=set_spec)
