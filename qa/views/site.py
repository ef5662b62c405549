"""Pages about the site itself, error pages, and the one shape of every address."""

import uuid
from typing import Any

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from qa.views.caching import keep_public


@require_safe
def about(request: HttpRequest) -> HttpResponse:
    """What this is, for whom, and what it is not."""
    return keep_public(render(request, "qa/about.html", {"canonical": reverse("qa:about")}))


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


def too_many_requests(request: HttpRequest, *, message: str, retry_after: int) -> HttpResponse:
    """429 for whoever asked or read too much, with the seconds to wait."""
    response = render(request, "429.html", {"message": message}, status=429)
    response["Retry-After"] = str(retry_after)
    return response


def server_error(request: HttpRequest) -> HttpResponse:
    """500 with an id that the log has too. Needs neither the database nor the cache."""
    error_id = structlog.contextvars.get_contextvars().get("request_id") or uuid.uuid4().hex
    structlog.get_logger(__name__).error("page_failed", error_id=error_id, path=request.path)
    return render(request, "500.html", {"error_id": error_id}, status=500)
