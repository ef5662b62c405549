"""The curators' desk in Django admin: what waits for them, with the evidence beside it. No field is edited.

What curators decide goes through the actions of qa/curating.py, and by them through qa/publishing.py.
"""

from django.conf import settings
from django.contrib import admin
from django.db.models import Case, Prefetch, QuerySet, Value, When
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from archive.admin import ReadOnlyMixin
from qa import ledger_admin, tokens_admin  # noqa: F401  # these register their pages
from qa.checks_admin import RecheckInline
from qa.curating import ANSWER_DECISIONS, QUESTION_DECISIONS, REPORT_DECISIONS, DecidingAdmin
from qa.models import (
    Answer,
    AnswerRun,
    AskQuota,
    Citation,
    FollowUp,
    Mark,
    Question,
    Report,
    Source,
    Spend,
    Statement,
)
from qa.nearness import find_mergeable
from qa.rendering import render_stored

admin.site.site_header = settings.SITE_NAME
admin.site.enable_nav_sidebar = False  # it would push the columns of the lists off a common screen
admin.site.site_title = settings.SITE_NAME
admin.site.index_title = "Curators' desk"


class AnswerInline(ReadOnlyMixin, admin.TabularInline):
    model = Answer
    fields = ["version", "state", "verdict", "model_named", "created_at", "published_at", "change_reason"]
    show_change_link = True


class AnswerRunInline(ReadOnlyMixin, admin.TabularInline):
    model = AnswerRun
    fields = ["reason", "state", "step", "attempts", "outcome", "error_code", "queued_at", "finished_at"]
    show_change_link = True


@admin.register(Question)
class QuestionAdmin(ReadOnlyMixin, DecidingAdmin):
    decisions = QUESTION_DECISIONS
    list_display = ["short_text", "state", "verdict", "asked_at", "published_at", "slug"]
    list_select_related = ["published_answer"]
    list_filter = ["state", "is_listed", "published_answer__verdict", "language"]
    search_fields = ["text", "=slug"]
    search_help_text = "Words of the question, or the ten characters of its address."
    date_hierarchy = "asked_at"
    fields = [
        "text",
        "state",
        "reason",
        "merged_into",
        "published_answer",
        "slug",
        "language",
        "asked_at",
        "published_at",
        "closed_at",
        "is_listed",
        "near_questions",
    ]
    readonly_fields = ["near_questions"]
    inlines = [AnswerInline, AnswerRunInline]

    @admin.display(description="question", ordering="text")
    def short_text(self, question: Question) -> str:
        return Truncator(question.text).chars(140)

    @admin.display(description="near it, for merging")
    def near_questions(self, question: Question) -> str:
        """Questions that are open to be merged into, nearest first, with their cosine and state."""
        rows = [
            (
                reverse("admin:qa_question_change", args=[near.question.pk]),
                near.question.text,
                near.question.get_state_display(),
                f"{near.cosine:.2f}",
            )
            for near in find_mergeable(question)
        ]
        return format_html_join("", '<p><a href="{}">{}</a> ({}, {})</p>', rows) or "none"

    @admin.display(ordering="published_answer__verdict")
    def verdict(self, question: Question) -> str:
        return question.published_answer.get_verdict_display() if question.published_answer else ""


class StatementInline(ReadOnlyMixin, admin.TabularInline):
    model = Statement
    fields = ["position", "text", "evidence", "is_dropped", "reasons"]
    readonly_fields = ["evidence"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Statement]:
        citations = Citation.objects.select_related("source__preprint").order_by("position")
        citations = citations.prefetch_related("opinions")
        return super().get_queryset(request).prefetch_related(Prefetch("citations", citations))

    @admin.display(description="rests on")
    def evidence(self, statement: Statement) -> SafeString:
        """Each citation: the verdict of the checks with its reasons, and the sentence of the source."""
        return format_html(
            '<ul class="evidence">{}</ul>',
            format_html_join(
                "",
                "<li><b>{}</b> {} ({}){} <q>{}</q></li>",
                (
                    (
                        citation.get_verdict_display(),
                        citation.source.preprint.identifier,
                        f"{citation.score:.2f}",
                        "".join(
                            f" · {reason}"
                            for reason in [*citation.flags, *citation.reasons, *citation.opinions.all()]
                        ),
                        citation.evidence,
                    )
                    for citation in statement.citations.all()
                ),
            ),
        )


class SourceInline(ReadOnlyMixin, admin.TabularInline):
    model = Source
    fields = ["number", "preprint", "percent", "is_cited", "preprint_version"]
    readonly_fields = ["percent"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Source]:
        return super().get_queryset(request).select_related("preprint").order_by("-is_cited", "number")

    @admin.display(description="similarity")
    def percent(self, source: Source) -> str:
        return "" if source.similarity is None else f"{source.similarity:.0%}"


class FollowUpInline(ReadOnlyMixin, admin.TabularInline):
    model = FollowUp
    fields = ["position", "text", "target"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[FollowUp]:
        return super().get_queryset(request).select_related("target")


@admin.register(Answer)
class AnswerAdmin(ReadOnlyMixin, DecidingAdmin):
    """The queue of what waits for a curator: held answers first, each with the reasons of the gate."""

    decisions = ANSWER_DECISIONS
    list_display = [
        "short_text",
        "why_held",
        "state",
        "verdict",
        "version",
        "model_named",
        "cost_usd",
        "created_at",
    ]
    list_select_related = ["question"]
    list_filter = ["state", "verdict", "is_quotation", "model_named"]
    search_fields = ["question__text", "=question__slug"]
    search_help_text = "Words of the question, or the ten characters of its address."
    date_hierarchy = "created_at"
    ordering = [Case(When(state=Answer.State.HELD, then=Value(0)), default=Value(1)), "-created_at"]
    readonly_fields = ["why_held", "preview"]
    fieldsets = [
        (
            None,
            {"fields": ["question", ("version", "state", "verdict"), "why_held", "change_reason", "preview"]},
        ),
        ("What it leaves open", {"fields": ["gap", "limits"]}),
        (
            "How it was made",
            {
                "classes": ["collapse"],
                "fields": [
                    "model_requested",
                    "model_named",
                    "is_quotation",
                    "prompt_version",
                    "embedding_model",
                    "retrieval",
                    ("tokens_in", "tokens_out", "cost_usd"),
                    "seconds",
                    "run",
                    "created_at",
                    "published_at",
                    "published_by",
                ],
            },
        ),
    ]
    inlines = [StatementInline, SourceInline, FollowUpInline, RecheckInline]

    @admin.display(description="question", ordering="question__text")
    def short_text(self, answer: Answer) -> str:
        return Truncator(answer.question.text).chars(140)

    @admin.display(description="held because")
    def why_held(self, answer: Answer) -> str:
        return " · ".join(answer.hold_reasons)

    @admin.display(description="as readers see it")
    def preview(self, answer: Answer) -> SafeString:
        return format_html('<div class="answer-preview">{}</div>', render_stored(answer.html))


class SpendInline(ReadOnlyMixin, admin.TabularInline):
    model = Spend
    fields = ["model", "reserved_usd", "cost_usd", "tokens_in", "tokens_out", "created_at", "settled_at"]


@admin.register(AnswerRun)
class AnswerRunAdmin(ReadOnlyMixin, admin.ModelAdmin):
    """The queue: what is being answered first, then what waits, then what is done."""

    list_display = [
        "short_text",
        "state",
        "step",
        "attempts",
        "next_try_at",
        "waits_for",
        "outcome",
        "error_code",
        "queued_at",
        "finished_at",
    ]
    list_select_related = ["question"]
    list_filter = ["state", "step", "outcome", "error_code", "reason"]
    search_fields = ["question__text", "=question__slug", "error"]
    date_hierarchy = "queued_at"
    ordering = [
        Case(
            When(state=AnswerRun.State.RUNNING, then=Value(0)),
            When(state=AnswerRun.State.QUEUED, then=Value(1)),
            default=Value(2),
        ),
        "-queued_at",
    ]
    inlines = [SpendInline]

    @admin.display(description="question", ordering="question__text")
    def short_text(self, run: AnswerRun) -> str:
        return Truncator(run.question.text).chars(100)


@admin.register(Citation)
class CitationAdmin(ReadOnlyMixin, admin.ModelAdmin):
    """Every citation with the verdict of its checks: where to look for what the checks get wrong."""

    list_display = ["short_statement", "preprint", "verdict", "score", "flags", "short_evidence"]
    list_select_related = ["statement", "source__preprint"]
    list_filter = ["verdict", "answer__state", "answer__is_quotation"]
    search_fields = ["evidence", "statement__text", "=source__preprint__identifier"]
    show_full_result_count = False

    @admin.display(description="statement")
    def short_statement(self, citation: Citation) -> str:
        return Truncator(citation.statement.text).chars(140)

    @admin.display(ordering="source__preprint__identifier")
    def preprint(self, citation: Citation) -> str:
        return citation.source.preprint.identifier

    @admin.display(description="evidence")
    def short_evidence(self, citation: Citation) -> str:
        return Truncator(citation.evidence).chars(140)


@admin.register(Report)
class ReportAdmin(ReadOnlyMixin, DecidingAdmin):
    """What readers, and the site itself, say about pages: what waits for a curator first."""

    decisions = REPORT_DECISIONS
    list_display = ["short_question", "kind", "short_text", "state", "created_at", "page"]
    list_select_related = ["question"]
    list_filter = ["state", "kind"]
    search_fields = ["text", "question__text", "=question__slug"]
    date_hierarchy = "created_at"
    ordering = [Case(When(state=Report.State.OPEN, then=Value(0)), default=Value(1)), "-created_at"]
    readonly_fields = ["page", "claim"]
    fields = [
        "question",
        "page",
        "kind",
        "text",
        "claim",
        "answer",
        "state",
        "note",
        "created_at",
        "resolved_at",
        "resolved_by",
    ]

    @admin.display(description="question", ordering="question__text")
    def short_question(self, report: Report) -> str:
        return Truncator(report.question.text).chars(100)

    @admin.display(description="text")
    def short_text(self, report: Report) -> str:
        return Truncator(report.text).chars(140)

    @admin.display(description="page")
    def page(self, report: Report) -> SafeString:
        return format_html('<a href="{}">{}</a>', report.question.get_absolute_url(), report.question.slug)

    @admin.display(description="the claim, and the sentence it rests on")
    def claim(self, report: Report) -> SafeString | str:
        citation = report.citation
        if citation is None:
            return ""
        return format_html(
            "{}<br><q>{}</q> ({})",
            citation.statement.text,
            citation.evidence,
            citation.source.preprint.identifier,
        )


@admin.register(Mark)
class MarkAdmin(ReadOnlyMixin, admin.ModelAdmin):
    """Which answers are outdated and why: what stands first."""

    list_display = ["short_question", "kind", "preprint", "since", "resolved_at"]
    list_select_related = ["preprint", "answer__question"]
    list_filter = ["kind", ("resolved_at", admin.EmptyFieldListFilter)]
    search_fields = ["=preprint__identifier", "answer__question__text", "=answer__question__slug"]
    date_hierarchy = "since"
    ordering = [Case(When(resolved_at=None, then=Value(0)), default=Value(1)), "-since"]

    @admin.display(description="question")
    def short_question(self, mark: Mark) -> str:
        return Truncator(mark.answer.question.text).chars(100)


@admin.register(AskQuota)
class AskQuotaAdmin(ReadOnlyMixin, admin.ModelAdmin):
    list_display = ["window", "asker", "asked"]
    search_fields = ["=asker", "window"]
    ordering = ["-window", "-asked"]
