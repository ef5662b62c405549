"""/quality: the site's own figures, counted at most once a minute."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from archive.caching import keep_public, kept
from qa.quality import read_figures

KEY = "quality-figures-1"
KEPT_SECONDS = 60


@require_safe
def quality(request: HttpRequest) -> HttpResponse:
    """Citations by verdict, what the gate held, freshness and costs."""
    context: dict[str, Any] = {"canonical": reverse("qa:quality"), **kept_figures()}
    return keep_public(render(request, "qa/quality.html", context))


def kept_figures() -> dict[str, Any]:
    """The figures of the last minute; counted anew where there are none, or while the cache is away."""
    return kept(KEY, read_figures, seconds=KEPT_SECONDS)
