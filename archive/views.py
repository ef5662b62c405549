"""Listings of preprints by date. A preprint's own page shows questions too: see qa/views/preprint.py."""

from datetime import date

from django.core.paginator import Paginator
from django.db.models import Count, QuerySet
from django.db.models.functions import TruncMonth
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from archive.conditions import archive_validators, conditional
from archive.models import Category, Preprint

PREPRINTS_A_PAGE = 25


def _page_canonical(address: str, number: int) -> str:
    return f"{address}?page={number}" if number > 1 else address


@require_safe
@conditional(archive_validators)
def recent(request: HttpRequest) -> HttpResponse:
    """Preprints by the day of their submission, newest first."""
    rows = Preprint.objects.available().prefetch_related("authors")
    page = Paginator(rows, PREPRINTS_A_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "canonical": _page_canonical(reverse("archive:recent"), page.number)}
    return render(request, "archive/recent.html", context)


def _in_category(code: str) -> QuerySet[Preprint]:
    return Preprint.objects.available().filter(primary_category=code)


def months_of(code: str) -> list[tuple[date, int]]:
    """The months in which a category has preprints, newest first, each with its number."""
    rows = _in_category(code).order_by().annotate(month=TruncMonth("submitted_on")).values("month")
    return [(row["month"], row["count"]) for row in rows.annotate(count=Count("pk")).order_by("-month")]


@require_safe
def newest_month(request: HttpRequest, category: str) -> HttpResponse:
    """A category without a month goes to its newest one."""
    newest = _in_category(category).order_by("-submitted_on").first()
    if newest is None:
        raise Http404
    return redirect("archive:list", category=category, month=f"{newest.submitted_on:%Y-%m}")


@require_safe
@conditional(archive_validators)
def listing(request: HttpRequest, category: str, month: str) -> HttpResponse:
    """One month of one category, with the months before and after that have any."""
    first_day = date(int(month[:4]), int(month[5:]), 1)
    months = months_of(category)
    if first_day not in dict(months):
        raise Http404
    place = [day for day, _ in months].index(first_day)
    rows = _in_category(category).filter(
        submitted_on__year=first_day.year, submitted_on__month=first_day.month
    )
    page = Paginator(rows.prefetch_related("authors"), PREPRINTS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "category": category,
        "category_name": Category.objects.filter(code=category).values_list("name", flat=True).first() or "",
        "month": first_day,
        "later": months[place - 1][0] if place else None,
        "earlier": months[place + 1][0] if place + 1 < len(months) else None,
        "months": months,
        "page": page,
        "canonical": _page_canonical(request.path, page.number),
    }
    return render(request, "archive/listing.html", context)
