"""The sitemap: what is public and meant to be found. Questions are those of `published()`."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Max, QuerySet
from django.urls import reverse

from archive.sitemaps import CanonicalSitemap, ListingSitemap, PreprintSitemap
from qa.models import Question

PAGES = (
    "qa:home", "qa:questions", "qa:corrections", "qa:map", "qa:about", "qa:method", "qa:quality",
    "qa:privacy", "qa:terms", "qa:accessibility", "archive:recent", "api-docs",
)  # fmt: skip


class PageSitemap(CanonicalSitemap):
    """Pages that are there whatever the archive holds."""

    def items(self) -> Sequence[str]:
        return PAGES

    def location(self, item: str) -> str:
        return reverse(item)


class QuestionSitemap(CanonicalSitemap):
    def items(self) -> QuerySet[Question]:
        rows = Question.objects.published().select_related("published_answer").order_by("pk")
        return rows.only("slug", "published_answer__published_at")

    def lastmod(self, question: Question) -> datetime | None:
        return question.published_answer.published_at if question.published_answer else None

    def get_latest_lastmod(self) -> datetime | None:
        return Question.objects.published().aggregate(at=Max("published_answer__published_at"))["at"]


SECTIONS: dict[str, type[CanonicalSitemap]] = {
    "pages": PageSitemap,
    "questions": QuestionSitemap,
    "preprints": PreprintSitemap,
    "listings": ListingSitemap,
}
