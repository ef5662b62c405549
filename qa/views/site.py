"""Pages about the site itself, error pages, and the one shape of every address."""

import sys
import uuid
from typing import Any

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from archive.caching import keep_public
from archive.conditions import archive_validators, conditional, release_validators
from archive.growth import kept_numbers
from archive.outages import OUTAGES
from qa.caching import keep_private
from qa.forms import AskForm

RETRY_SECONDS = 10  # in which a restarted database is usually back


@require_safe
@conditional(archive_validators)
def about(request: HttpRequest) -> HttpResponse:
    """What this is, for whom, what it is not, and a picture of the archive."""
    context = {"canonical": reverse("qa:about"), "archive": kept_numbers()}
    return keep_public(render(request, "qa/about.html", context))


@require_safe
@conditional(release_validators)
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


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that had gone stale, with what was typed: the ask form anew, or the words to copy."""
    typed = request.POST.get("question") or request.POST.get("text") or ""
    context: dict[str, Any] = {"typed": typed}
    if request.path == reverse("qa:ask"):
        context["form"] = AskForm(initial={"question": typed})
    return keep_private(render(request, "403_csrf.html", context, status=403))


def server_error(request: HttpRequest) -> HttpResponse:
    """500 with the id that the log has, or 503 while the database is away. Needs no database."""
    error_id = structlog.contextvars.get_contextvars().get("request_id") or uuid.uuid4().hex
    structlog.get_logger(__name__).error("page_failed", error_id=error_id, path=request.path)
    if isinstance(sys.exception(), OUTAGES):
        response = render(request, "503.html", {"error_id": error_id}, status=503)
        response["Retry-After"] = str(RETRY_SECONDS)
        return response
    return render(request, "500.html", {"error_id": error_id}, status=500)
