"""Pages about the site itself, error pages, and the one shape of every address."""

import sys
import uuid
from typing import Any

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from archive.caching import keep_public
from archive.growth import kept_numbers

RETRY_SECONDS = 10  # in which a restarted database is usually back


@require_safe
def about(request: HttpRequest) -> HttpResponse:
    """What this is, for whom, what it is not, and a picture of the archive."""
    context = {"canonical": reverse("qa:about"), "archive": kept_numbers()}
    return keep_public(render(request, "qa/about.html", context))


@require_safe
def method(request: HttpRequest) -> HttpResponse:
    """How answers are made and checked."""
    context = {"canonical": reverse("qa:method"), "answer_model": settings.ANSWER_MODEL}
    return keep_public(render(request, "qa/method.html", context))


@require_safe
def without_slash(request: HttpRequest, **_: Any) -> HttpResponse:
    """An address with a slash at its end goes to the one without."""
    path = request.path.rstrip("/")
    query = request.META.get("QUERY_STRING", "")
    return HttpResponsePermanentRedirect(f"{path}?{query}" if query else path)


def server_error(request: HttpRequest) -> HttpResponse:
    """500 with the id that the log has, or 503 while the database is away. Needs no database."""
    error_id = structlog.contextvars.get_contextvars().get("request_id") or uuid.uuid4().hex
    structlog.get_logger(__name__).error("page_failed", error_id=error_id, path=request.path)
    if isinstance(sys.exception(), OperationalError | InterfaceError):
        response = render(request, "503.html", status=503)
        response["Retry-After"] = str(RETRY_SECONDS)
        return response
    return render(request, "500.html", {"error_id": error_id}, status=500)
