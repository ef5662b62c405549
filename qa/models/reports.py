"""What readers tell the curators."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from qa.models.answers import Answer, Citation
from qa.models.questions import Question

MAX_REPORT = 2_000  # characters


class ReportQuerySet(models.QuerySet["Report"]):
    """Which reports: the curators' queue."""

    def open(self) -> "ReportQuerySet":
        """Those that wait for a curator."""
        return self.filter(state=Report.State.OPEN)


class Report(models.Model):
    """Something a reader, or the site itself, says about a question's page. Who said it is not kept."""

    class Kind(models.TextChoices):
        CITATION = "citation", "A citation does not carry its claim"
        CLAIM = "claim", "A claim is wrong or misleading"
        PRIVACY = "privacy", "It holds personal data"
        RIGHTS = "rights", "It uses my work in a way I object to"
        OTHER = "other", "Something else"
        HELPFUL = "helpful", "This was helpful"
        UNHELPFUL = "unhelpful", "This was not helpful"
        SITE = "site", "A notice of the site itself"

    class State(models.TextChoices):
        OPEN = "open", "open"
        RESOLVED = "resolved", "resolved"

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="reports")
    answer = models.ForeignKey(
        Answer,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="reports",
        help_text="The version that was on the page.",
    )
    citation = models.ForeignKey(
        Citation, on_delete=models.CASCADE, null=True, blank=True, related_name="reports"
    )
    kind = models.CharField(max_length=9, choices=Kind)
    text = models.TextField(blank=True, max_length=MAX_REPORT)
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    note = models.TextField(blank=True, help_text="What a curator did about it.")
    created_at = models.DateTimeField(auto_now_add=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = ReportQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["-created_at"], name="report_open", condition=Q(state="open"))]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="open", resolved_at__isnull=True)
                | Q(state="resolved", resolved_at__isnull=False),
                name="report_resolved_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(state="resolved") | Q(kind__in=["helpful", "unhelpful"]) | ~Q(note=""),
                name="report_resolved_has_note",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.text[:60]}" if self.text else self.get_kind_display()
