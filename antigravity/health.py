"""/healthz says that this process is up; /readyz says what of the site works, and what is degraded."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis.exceptions import RedisError

from archive.models import Preprint
from qa import dispatching
from qa.models import AnswerRun

DISPATCHER_SILENT = timedelta(seconds=10)  # it asks the database every second
OVERDUE = timedelta(seconds=60)  # the dispatcher looks every second, a worker takes what it is sent at once


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """200 while this process answers. Asks nobody else: a restart would not mend a database."""
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8")


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """What works, as JSON: 200 while pages can be served, degraded or not; 503 without the database."""
    checks = {"database": check(check_database), "valkey": check(check_valkey)}
    if checks["database"]["ok"]:
        checks |= {
            "answering": check(check_answering),
            "dispatcher": check(check_dispatcher),
            "embeddings": check(check_embeddings),
        }
    degraded = sorted(name for name, result in checks.items() if not result["ok"])
    body = {"ready": checks["database"]["ok"], "degraded": degraded, "checks": checks}
    return JsonResponse(body, status=200 if body["ready"] else 503)


def check(ask: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """One check with its milliseconds; what goes wrong is named by its kind only, details are in the log."""
    begun = time.monotonic()
    try:
        result = ask()
    except (DatabaseError, RedisError) as error:
        result = {"ok": False, "error": type(error).__name__}
    return result | {"milliseconds": round((time.monotonic() - begun) * 1000, 1)}


def check_database() -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return {"ok": True}


def check_valkey() -> dict[str, Any]:
    """Without it questions are still taken and answered, a little later."""
    cache.get("readyz")
    return {"ok": True}


def check_answering() -> dict[str, Any]:
    """Whether due questions are picked up: none waits for a minute unless dispatcher or workers are away."""
    open_runs = AnswerRun.objects.open()
    overdue = open_runs.filter(state=AnswerRun.State.QUEUED, next_try_at__lt=timezone.now() - OVERDUE).count()
    return {"ok": not overdue, "open": open_runs.count(), "overdue": overdue}


def check_dispatcher() -> dict[str, Any]:
    """Whether one runs. Without it a question whose message gets lost is not answered."""
    seen_at = dispatching.seen_at()
    return {"ok": seen_at is not None and timezone.now() - seen_at < DISPATCHER_SILENT}


def check_embeddings() -> dict[str, Any]:
    """How far vector search reaches; full-text search covers the rest meanwhile."""
    total = Preprint.objects.available().count()
    waiting = Preprint.objects.needs_embedding(settings.EMBEDDING_MODEL).count()
    return {"ok": not waiting, "embedded": total - waiting, "preprints": total}
