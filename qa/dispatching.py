"""Messages that wake workers.

A message may get lost at any time: the dispatcher sends what the runs table still owes. Nothing here is the
truth about a run, and nothing here raises when Valkey is away.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

import structlog
from celery import current_app
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from kombu.exceptions import KombuError, OperationalError
from redis.exceptions import RedisError

from qa.models import AnswerRun
from qa.runs import due

log = structlog.get_logger()

TASK = "qa.tasks.answer_question"
QUEUE = "answers"
BATCH = 100
RESEND_SECONDS = 5  # after which a message that is in no queue counts as lost
RESEND_ANYWAY_SECONDS = 60  # after which one is sent again whatever waits: a claim makes doubles harmless
APPLICATION_NAME = "antigravity-dispatcher"

# kombu tries a connection again for 6 s unless it is told all of these.
PROMPT = {
    "socket_timeout": 0.2,
    "socket_connect_timeout": 0.2,
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0,
    "interval_max": 0,
    "connect_retries_timeout": 0.2,
}
UNREACHABLE = (OperationalError, KombuError, RedisError, OSError)


def wake(run: AnswerRun) -> None:
    """Sends a message about one run, unless the dispatcher was faster. Takes half a second at most."""
    if AnswerRun.objects.filter(pk=run.pk, woken_at=None).update(woken_at=Now()):
        send([run.pk])


def wake_due() -> int:
    """Sends a message for each run that is due and has none under way; returns how many."""
    with transaction.atomic():
        unsent = Q(woken_at=None) | Q(
            woken_at__lt=F("lease_until")
        )  # never sent, or not since the lease lapsed
        if seconds := resend_after():
            unsent |= Q(woken_at__lt=Now() - timedelta(seconds=seconds))
        rows = due().filter(unsent, attempts__lt=settings.RUN_MAX_ATTEMPTS).order_by("next_try_at", "pk")
        run_ids = list(rows.select_for_update(skip_locked=True).values_list("pk", flat=True)[:BATCH])
        AnswerRun.objects.filter(pk__in=run_ids).update(woken_at=Now())
    return send(run_ids)


def send(run_ids: Sequence[int]) -> int:
    """Sends the messages; those that could not be sent are marked as unsent again. Returns how many were."""
    sent = 0
    try:
        if run_ids:
            with current_app.connection_for_write(transport_options=PROMPT) as broker:
                for run_id in run_ids:
                    current_app.send_task(TASK, args=[run_id], queue=QUEUE, connection=broker, retry=False)
                    sent += 1
    except UNREACHABLE as error:
        log.warning("wake_failed", error=str(error), unsent=len(run_ids) - sent)
        AnswerRun.objects.filter(pk__in=run_ids[sent:]).update(woken_at=None)
    return sent


def resend_after() -> int | None:
    """Seconds after which a run that still waits is taken to have lost its message.

    None for never, where the broker can't be asked, or holds so many that no worker seems to take any.
    """
    with suppress(*UNREACHABLE), current_app.connection_for_read(transport_options=PROMPT) as broker:
        waiting = broker.default_channel.client.llen(QUEUE)
        if waiting <= 2 * settings.MAX_OPEN_RUNS:
            return RESEND_ANYWAY_SECONDS if waiting else RESEND_SECONDS
    return None


def seen_at() -> datetime | None:
    """When a dispatcher last did something, from its connection to the database; None: none is connected."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT max(state_change) FROM pg_stat_activity WHERE application_name = %s", [APPLICATION_NAME]
        )
        return cursor.fetchone()[0]
