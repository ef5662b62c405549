"""The curators' desk: what was found about citations beside their own checks. A part of qa/admin.py."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.text import Truncator

from archive.admin import ReadOnlyMixin
from qa.models import CitationRecheck, Opinion, Recheck


class RecheckInline(ReadOnlyMixin, admin.TabularInline):
    model = Recheck
    fields = ["created_at", "would_publish", "reasons", "dropped", "has_new_text"]
    show_change_link = True


class CitationRecheckInline(ReadOnlyMixin, admin.TabularInline):
    model = CitationRecheck
    fields = ["citation", "verdict", "score", "flags", "evidence", "preprint_version", "reasons"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[CitationRecheck]:
        return super().get_queryset(request).select_related("citation")


@admin.register(Recheck)
class RecheckAdmin(ReadOnlyMixin, admin.ModelAdmin):
    """What the checks and the gate of a later day would decide about answers that are there."""

    list_display = ["short_text", "state", "would_publish", "reasons", "has_new_text", "created_at"]
    list_select_related = ["answer__question"]
    list_filter = ["would_publish", "has_new_text", "answer__state"]
    search_fields = ["answer__question__text", "=answer__question__slug"]
    date_hierarchy = "created_at"
    inlines = [CitationRecheckInline]

    @admin.display(description="question", ordering="answer__question__text")
    def short_text(self, recheck: Recheck) -> str:
        return Truncator(recheck.answer.question.text).chars(100)

    @admin.display(ordering="answer__state")
    def state(self, recheck: Recheck) -> str:
        return recheck.answer.get_state_display()


@admin.register(Opinion)
class OpinionAdmin(ReadOnlyMixin, admin.ModelAdmin):
    """What CHECK_MODEL said, each with the citations that it stands beside."""

    list_display = ["model_named", "verdict", "created_at"]
    list_filter = ["verdict", "model"]
    date_hierarchy = "created_at"
    fields = ["model", "model_named", "verdict", "spend", "created_at"]
