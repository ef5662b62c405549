"""The archive's part of the sitemap: preprints that are not withdrawn, and the months of each category."""

from collections.abc import Sequence
from datetime import date, datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.sitemaps import Sitemap
from django.db.models import Max, QuerySet
from django.db.models.functions import TruncMonth
from django.urls import reverse

from archive.models import Preprint

ADDRESSES_A_PAGE = 10_000  # the protocol allows 50,000; a page of these is about 1.2 MB


class CanonicalSitemap(Sitemap):
    """A sitemap whose addresses are on the site's own canonical host, whatever host was asked."""

    limit = ADDRESSES_A_PAGE

    def get_domain(self, site: object = None) -> str:
        return urlsplit(settings.SITE_URL).netloc

    def get_protocol(self, protocol: str | None = None) -> str:
        return urlsplit(settings.SITE_URL).scheme


class PreprintSitemap(CanonicalSitemap):
    def items(self) -> QuerySet[Preprint]:
        return Preprint.objects.available().only("identifier", "updated_at").order_by("pk")

    def lastmod(self, preprint: Preprint) -> datetime:
        return preprint.updated_at

    def get_latest_lastmod(self) -> datetime | None:
        return Preprint.objects.available().aggregate(at=Max("updated_at"))["at"]


class ListingSitemap(CanonicalSitemap):
    def items(self) -> Sequence[tuple[str, date]]:
        months = Preprint.objects.available().annotate(month=TruncMonth("submitted_on"))
        rows = months.order_by("primary_category", "month").values_list("primary_category", "month")
        return list(rows.distinct())

    def location(self, item: tuple[str, date]) -> str:
        return reverse("archive:list", args=[item[0], f"{item[1]:%Y-%m}"])
