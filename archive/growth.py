"""How the archive grew and what it is made of, in numbers that pages draw."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Count
from django.db.models.functions import ExtractYear

from archive.caching import kept
from archive.conditions import archive_row
from archive.models import Category, HarvestRun, Preprint

TOP_CATEGORIES = 14
CHART_HEIGHT = 100
KEPT_SECONDS = 60


@dataclass(frozen=True)
class YearBar:
    """The preprints submitted in one year: a bar at `left`, 10 a bar, from `top` down to the chart's foot."""

    year: int
    count: int
    left: int
    top: float
    height: float


@dataclass(frozen=True)
class Share:
    """A primary category: its code, its name, its number, and its length beside the largest (0..100)."""

    code: str
    name: str
    count: int
    length: float


@dataclass(frozen=True)
class Growth:
    """Preprints by the year of submission, every year from first to last; `width` is the chart's."""

    bars: list[YearBar]
    width: int
    largest: YearBar


@dataclass(frozen=True)
class Numbers:
    """What pages say of the whole archive: `unembedded` preprints have no vector of the present model yet."""

    preprints: int
    unembedded: int
    harvested_at: datetime | None
    shares: list[Share]
    growth: Growth | None


def growth_by_year() -> Growth | None:
    """None for an empty archive."""
    years = Preprint.objects.available().order_by().annotate(year=ExtractYear("submitted_on"))
    counts = dict(years.values_list("year").annotate(count=Count("pk")))
    if not counts:
        return None
    most = max(counts.values())
    bars = []
    for place, year in enumerate(range(min(counts), max(counts) + 1)):
        height = round(counts.get(year, 0) / most * CHART_HEIGHT, 1)
        bars.append(YearBar(year, counts.get(year, 0), place * 10, round(CHART_HEIGHT - height, 1), height))
    return Growth(bars, len(bars) * 10, max(bars, key=lambda bar: bar.count))


def category_shares() -> list[Share]:
    """The largest primary categories among available preprints, largest first."""
    rows = Preprint.objects.available().order_by().values_list("primary_category")
    counts = list(rows.annotate(count=Count("pk")).order_by("-count", "primary_category")[:TOP_CATEGORIES])
    names = dict(Category.objects.filter(code__in=[code for code, _ in counts]).values_list("code", "name"))
    return [
        Share(code, names.get(code, ""), count, round(100 * count / counts[0][1], 1))
        for code, count in counts
    ]


def count_archive() -> Numbers:
    """Reads the whole archive: pages take kept_numbers()."""
    harvests = HarvestRun.objects.filter(state=HarvestRun.State.DONE).order_by("-finished_at")
    return Numbers(
        preprints=Preprint.objects.available().count(),
        unembedded=Preprint.objects.needs_embedding(settings.EMBEDDING_MODEL).count(),
        harvested_at=harvests.values_list("finished_at", flat=True).first(),
        shares=category_shares(),
        growth=growth_by_year(),
    )


def kept_numbers() -> Numbers:
    """The numbers as they were when the archive changed last, counted again after a minute."""
    state = repr((settings.EMBEDDING_MODEL, archive_row()))
    key = f"archive-numbers-1:{hashlib.blake2b(state.encode(), digest_size=12).hexdigest()}"
    return kept(key, count_archive, seconds=KEPT_SECONDS)
