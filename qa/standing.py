"""Standing questions: tried again once new preprints pass the floor for them, inside queue and budget.

A sweep is idempotent: what it looked through is noted on the question, and a run is opened under its lock.
"""

from datetime import datetime
from functools import partial

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from archive.models import Embedding
from archive.search import NO_VECTORS, search
from qa import dispatching, runs
from qa.models import MAX_SOURCES, AnswerRun, Question

SWEEP_LOCK = 7_211  # of pg_try_advisory_lock: two sweeps at once would do the same work
LOOKED_THROUGH = 100  # questions a sweep: some seconds of searching
QUEUE_SHARE = 0.5  # of the queue that retries may fill; askers come first


def sweep() -> int:
    """Opens runs for standing questions that new preprints may answer; how many. 0 beside another sweep."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [SWEEP_LOCK])
        if not cursor.fetchone()[0]:
            return 0
        try:
            return sum(retry(question) for question in list(due()[:LOOKED_THROUGH]))
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [SWEEP_LOCK])


def due() -> QuerySet[Question]:
    """Standing questions since whose last look some preprint became searchable, longest waiting first."""
    newest = Embedding.objects.filter(model=settings.EMBEDDING_MODEL).aggregate(newest=Max("created_at"))
    standing = Question.objects.standing().alias(last_run=Max("runs__started_at"))
    if newest["newest"] is None:
        return standing.none()
    looked = Coalesce("searched_at", "last_run", "asked_at")
    return standing.alias(looked=looked).filter(looked__lt=newest["newest"]).order_by("looked")


def retry(question: Question) -> bool:
    """Notes that a question was looked at, and opens a run where a source is newer than its last run."""
    now = timezone.now()
    since = question.runs.aggregate(at=Max("started_at"))["at"] or question.asked_at
    found = search(question.text, limit=MAX_SOURCES)
    if NO_VECTORS in found.notes:
        return False
    is_new = has_newer([hit.preprint.pk for hit in found.sources], since=since)
    if is_new and AnswerRun.objects.open().count() >= settings.MAX_OPEN_RUNS * QUEUE_SHARE:
        return False  # the next sweep will see to it
    with transaction.atomic():
        locked = Question.objects.select_for_update().get(pk=question.pk)
        if locked.state != Question.State.UNANSWERABLE or locked.runs.open().exists():
            return False
        locked.searched_at = now
        locked.save(update_fields=["searched_at"])
        if is_new:
            run = runs.open_run(locked, AnswerRun.Reason.RETRIED)
            transaction.on_commit(partial(dispatching.wake, run), robust=True)
    return is_new


def has_newer(preprint_ids: list[int], *, since: datetime) -> bool:
    """Whether one of these preprints came, was revised or became searchable after a time."""
    vectors = Embedding.objects.filter(preprint__in=preprint_ids, model=settings.EMBEDDING_MODEL)
    return vectors.filter(Q(created_at__gt=since) | Q(preprint__created_at__gt=since)).exists()
