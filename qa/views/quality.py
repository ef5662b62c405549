"""/quality: the site's own figures, counted at most once a minute."""

from typing import Any

import redis
import structlog
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from qa.quality import read_figures
from qa.views.caching import keep_public

KEY = "quality-figures-1"
KEPT_SECONDS = 60


@require_safe
def quality(request: HttpRequest) -> HttpResponse:
    """Citations by verdict, what the gate held, freshness and costs."""
    context: dict[str, Any] = {"canonical": reverse("qa:quality"), **kept_figures()}
    return keep_public(render(request, "qa/quality.html", context))


def kept_figures() -> dict[str, Any]:
    """The figures of the last minute; counted anew where there are none, or while the cache is away."""
    try:
        return cache.get_or_set(KEY, read_figures, KEPT_SECONDS) or {}
    except redis.RedisError as error:
        structlog.get_logger(__name__).warning("cache_away", detail=str(error))
        return read_figures()
