"""The map: the archive as points on a plane, with the answered questions among the preprints they rest on."""

import json
from collections import Counter
from dataclasses import dataclass

import numpy as np
from django.db.models import Avg, Count, Max, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import condition, require_safe

from archive.caching import keep_public
from archive.growth import kept_numbers
from archive.mapping import MAX_POINTS, shown_projection
from archive.models import Category, MapPoint, Preprint, Projection
from archive.tex import plain_text
from qa.models import Question

HUES = 9  # categories with a colour of their own; the rest share one
MAX_QUESTIONS = 200
FIRST_YEAR = 1980  # months are counted from here; older preprints count as of it


@dataclass(frozen=True)
class LegendEntry:
    """A category on the map: its colour (1..HUES, 0 for the rest), its code and name, how many points."""

    hue: int
    code: str
    name: str
    count: int


def _points(projection: Projection) -> QuerySet[MapPoint]:
    return projection.points.filter(preprint__withdrawn_on__isnull=True)


def list_legend(projection: Projection) -> list[LegendEntry]:
    """The categories on the map, largest first; those with a colour of their own."""
    counts = Counter(_points(projection).values_list("preprint__primary_category", flat=True))
    first = sorted(counts.items(), key=lambda row: (-row[1], row[0]))[:HUES]
    names = dict(Category.objects.filter(code__in=[code for code, _ in first]).values_list("code", "name"))
    return [
        LegendEntry(hue, code, names.get(code, ""), count) for hue, (code, count) in enumerate(first, start=1)
    ]


def list_questions(projection: Projection) -> QuerySet[Question]:
    """The newest answered questions that the map can show: in the middle of the preprints they cite."""
    point = "published_answer__sources__preprint__map_points"
    placed = Question.objects.published().filter(
        published_answer__sources__is_cited=True, **{f"{point}__projection": projection}
    )
    return placed.annotate(x=Avg(f"{point}__x"), y=Avg(f"{point}__y")).order_by("-published_at")[
        :MAX_QUESTIONS
    ]


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The picture's frame, its legend, and the same as lists. The points come as one file."""
    projection = shown_projection()
    legend = list_legend(projection) if projection else []
    count = _points(projection).count() if projection else 0
    context = {
        "canonical": reverse("qa:map"),
        "projection": projection,
        "legend": legend,
        "point_count": count,
        "other_count": count - sum(entry.count for entry in legend),
        "questions": list_questions(projection) if projection else [],
        "preprint_count": kept_numbers().preprints,
        "version": _version(projection) if projection else "",
    }
    return keep_public(render(request, "qa/map.html", context))


def _version(projection: Projection) -> str:
    """Changes whenever the file of points does: a new picture, a point more, a preprint withdrawn."""
    shown = Count("pk", filter=Q(preprint__withdrawn_on__isnull=True))
    row = projection.points.aggregate(newest=Max("pk"), changed=Max("preprint__updated_at"), shown=shown)
    moment = f"{row['changed']:%s}" if row["changed"] else "0"
    return f"{projection.pk}-{row['newest'] or 0}-{row['shown']}-{moment}"


def _etag(request: HttpRequest) -> str | None:
    projection = shown_projection()
    return f'"{_version(projection)}"' if projection else None


def _month_and_serial(identifier: str) -> tuple[int, int]:
    """AG-2024.05-070 as months since FIRST_YEAR, and 70."""
    month, serial = identifier.removeprefix("AG-").split("-")
    year, number = month.split(".")
    return max((int(year) - FIRST_YEAR) * 12 + int(number) - 1, 0), int(serial)


def pack_points(projection: Projection) -> bytes:
    """The points as docs/pages.md describes: a line of JSON, then five columns, little-endian."""
    rows = list(
        _points(projection)
        .order_by("pk")
        .values_list("x", "y", "preprint__primary_category", "preprint__identifier")[:MAX_POINTS]
    )
    hues = {entry.code: entry.hue for entry in list_legend(projection)}
    names = [_month_and_serial(identifier) for *_, identifier in rows]
    columns = [
        np.array([x for x, *_ in rows], dtype="<u2"),
        np.array([y for _, y, *_ in rows], dtype="<u2"),
        np.array([month for month, _ in names], dtype="<u2"),
        np.array([serial for _, serial in names], dtype="<u4"),
        np.array([hues.get(code, 0) for _, _, code, _ in rows], dtype="u1"),
    ]
    head = {"count": len(rows), "first_year": FIRST_YEAR, "regions": projection.regions}
    return json.dumps(head).encode() + b"\n" + b"".join(column.tobytes() for column in columns)


@require_safe
@gzip_page
@condition(etag_func=_etag)
def points(request: HttpRequest) -> HttpResponse:
    """All points in one file that anybody may keep: its address changes with its content."""
    projection = shown_projection()
    if projection is None:
        raise Http404
    response = HttpResponse(pack_points(projection), content_type="application/octet-stream")
    response["Cache-Control"] = "public, max-age=3600"
    return response


@require_safe
def point(request: HttpRequest, identifier: str) -> JsonResponse:
    """What the map says of one preprint: its title in plain text."""
    found = get_object_or_404(Preprint.objects.available(), identifier=identifier)
    response = JsonResponse({
        "identifier": found.identifier,
        "title": plain_text(found.title),
        "category": found.primary_category,
    })  # fmt: skip
    response["Cache-Control"] = "public, max-age=3600"
    response["X-Robots-Tag"] = "noindex"
    return response
