"""What the site promises: privacy, terms, accessibility, and what it had to correct."""

from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from archive.caching import keep_public
from archive.conditions import conditional, release_validators
from qa.conditions import list_validators
from qa.corrections import corrections as all_corrections
from qa.corrections import read_corrections
from qa.quotas import KEPT_DAYS
from qa.views.asking import MAX_REMEMBERED

PAGE_SIZE = 50
EMBEDDED = "antigravity/"  # the prefix of answerers that ask nobody


@require_safe
@conditional(release_validators)
def privacy(request: HttpRequest) -> HttpResponse:
    """What is kept about people, how long, and how to have it deleted."""
    models = [settings.ANSWER_MODEL, *settings.ANSWER_FALLBACK_MODELS]
    context = {
        "canonical": reverse("qa:privacy"),
        "kept_days": KEPT_DAYS,
        "remembered": MAX_REMEMBERED,
        "hosted_models": [model for model in models if not model.startswith(EMBEDDED)],
    }
    return keep_public(render(request, "qa/privacy.html", context))


@require_safe
@conditional(release_validators)
def terms(request: HttpRequest) -> HttpResponse:
    """What people may do with what they read here, and what nobody promises."""
    return keep_public(render(request, "qa/terms.html", {"canonical": reverse("qa:terms")}))


@require_safe
@conditional(release_validators)
def accessibility(request: HttpRequest) -> HttpResponse:
    """How the pages can be used, and what is known not to work."""
    return keep_public(render(request, "qa/accessibility.html", {"canonical": reverse("qa:accessibility")}))


@require_safe
@conditional(list_validators)
def corrections(request: HttpRequest) -> HttpResponse:
    """The correction policy, and everything that was corrected under it."""
    paginator = Paginator(all_corrections(), PAGE_SIZE)
    wanted = request.GET.get("page", "1")
    number = int(wanted) if wanted.isdecimal() and len(wanted) <= 9 else 0
    if not 1 <= number <= paginator.num_pages:
        raise Http404
    page = paginator.page(number)
    context = {
        "canonical": reverse("qa:corrections") if page.number == 1 else "",
        "page": page,
        "corrections": read_corrections(list(page.object_list)),
    }
    return keep_public(render(request, "qa/corrections.html", context))
