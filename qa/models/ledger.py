"""What is counted: the money that calls cost, and how often an address asked."""

from django.db import models
from django.db.models import Q

from qa.models.questions import AnswerRun


class Spend(models.Model):
    """The ledger: one row a call, reserved before it and settled after. Missing usage is charged in full.

    A row that is never settled belongs to a call whose worker died: what was reserved counts as spent.
    """

    class Purpose(models.TextChoices):
        ANSWER = "answer", "an answer"
        CHECK = "check", "a check"
        COMPARISON = "comparison", "a comparison of prompts"

    run = models.ForeignKey(
        AnswerRun,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="spends",
        help_text="Empty: a comparison, which answers nobody.",
    )
    purpose = models.CharField(max_length=12, choices=Purpose, default=Purpose.ANSWER)
    model = models.CharField(max_length=128)
    reserved_usd = models.DecimalField(max_digits=12, decimal_places=6)
    cost_usd = models.DecimalField(
        max_digits=12, decimal_places=6, null=True, blank=True, help_text="Empty: not settled."
    )
    tokens_in = models.PositiveIntegerField(default=0)
    tokens_out = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    error_code = models.CharField(max_length=40, blank=True, help_text="What went wrong with the call.")

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["created_at"], name="spend_created"),
            models.Index(fields=["created_at"], name="spend_unsettled", condition=models.Q(cost_usd=None)),
            models.Index(fields=["model", "-settled_at"], name="spend_model_newest"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(cost_usd__isnull=True, settled_at__isnull=True)
                | Q(cost_usd__isnull=False, settled_at__isnull=False),
                name="spend_settled_has_time",
            ),
            models.CheckConstraint(
                condition=Q(run__isnull=False) | ~Q(purpose="answer"), name="spend_answer_has_run"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model}: {self.cost_usd or self.reserved_usd} USD"


class AskQuota(models.Model):
    """How often an address asked in a window of time; counted in one upsert, so that limits are exact."""

    asker = models.CharField(max_length=64, help_text="Keyed hash of the client address, or of a token.")
    window = models.CharField(max_length=16)  # "hour:2026112311", "day:20261123"
    asked = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["asker", "window"], name="askquota_one_per_window")]

    def __str__(self) -> str:
        return f"{self.window}: {self.asked}"
