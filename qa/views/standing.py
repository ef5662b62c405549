"""What the archive could not answer: the standing questions that curators have listed."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from archive.conditions import conditional
from qa.conditions import gap_validators
from qa.models import Question

PAGE_SIZE = 50


@require_safe
@conditional(gap_validators)
def gaps(request: HttpRequest) -> HttpResponse:
    """Standing questions that a curator has listed, newest first."""
    listed = Question.objects.gaps().order_by("-asked_at", "-pk")
    page = Paginator(listed, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "standing_count": Question.objects.standing().count(),
        "canonical": reverse("qa:gaps") + (f"?page={page.number}" if page.number > 1 else ""),
    }
    return render(request, "qa/gaps.html", context)
