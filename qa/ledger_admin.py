"""The ledger in Django admin: every paid call, and a page that sums them up by day, model and answer."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.text import Truncator

from archive.admin import ReadOnlyMixin
from qa.accounting import DayLine, list_answers, list_days, read_caps, spent_by_day
from qa.models import Spend
from qa.pricing import own_prices

REPORT_DAYS = 30


@admin.register(Spend)
class SpendAdmin(ReadOnlyMixin, admin.ModelAdmin):
    """The ledger of paid calls, with what is left of the budgets above it, and a page that sums it up."""

    list_display = [
        "created_at",
        "model",
        "purpose",
        "question",
        "reserved_usd",
        "cost_usd",
        "tokens_in",
        "tokens_out",
        "error_code",
    ]
    list_select_related = ["run__question"]
    list_filter = [("settled_at", admin.EmptyFieldListFilter), "model", "purpose", "error_code"]
    search_fields = ["model", "run__question__text", "=run__question__slug"]
    date_hierarchy = "created_at"

    @admin.display(ordering="run__question__text")
    def question(self, spend: Spend) -> str:
        return Truncator(spend.run.question.text).chars(100) if spend.run else ""

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        parts = [f"{cap.spent:.4f} of {cap.cap} USD {cap.name}" for cap in read_caps()]
        return super().changelist_view(request, {**(extra_context or {}), "subtitle": ", ".join(parts)})

    def get_urls(self) -> list[Any]:
        report = path("report/", self.admin_site.admin_view(self.report_view), name="qa_spend_report")
        return [report, *super().get_urls()]

    def report_view(self, request: HttpRequest) -> HttpResponse:
        """Calls by day and model, and what answers cost."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        lines = list_days(days=REPORT_DAYS)
        context = {
            **self.admin_site.each_context(request),
            "title": "What models cost",
            "caps": read_caps(),
            "days": REPORT_DAYS,
            "lines": lines,
            "bars": day_bars(lines),
            "answers": list_answers(days=REPORT_DAYS),
            "prices": own_prices(),
        }
        return TemplateResponse(request, "admin/qa/spend/report.html", context)


def day_bars(lines: list[DayLine]) -> list[dict[str, Any]]:
    """A bar for each of the days, as high as the dearest one allows, in a picture that is 20 high."""
    by_day = spent_by_day(lines, days=REPORT_DAYS)
    highest = max(usd for _, usd in by_day) or 1
    heights = [round(float(20 * usd / highest), 2) for _, usd in by_day]
    return [
        {"day": day, "usd": usd, "height": height, "top": round(20 - height, 2)}
        for (day, usd), height in zip(by_day, heights, strict=True)
    ]
