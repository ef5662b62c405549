"""What was found about an answer's citations beside its own checks: a model's opinions, and later re-checks.

Answers are immutable: a re-check is a new row beside the answer (docs/decisions/0001-states.md).
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from qa.models.answers import Answer, Citation
from qa.models.ledger import Spend


class Opinion(models.Model):
    """What CHECK_MODEL says of one statement beside one cited text. Kept, so that it is asked only once."""

    class Verdict(models.TextChoices):
        ENTAILED = "entailed", "follows from the cited text"
        NEUTRAL = "neutral", "is not settled by the cited text"
        CONTRADICTED = "contradicted", "is contradicted by the cited text"

    key = models.CharField(max_length=64, unique=True, help_text="Of model, prompt, statement and text.")
    model = models.CharField(max_length=128)
    model_named = models.CharField(max_length=128, help_text="As the provider named it.")
    verdict = models.CharField(max_length=12, choices=Verdict)
    spend = models.ForeignKey(Spend, on_delete=models.PROTECT, related_name="opinions")
    created_at = models.DateTimeField(auto_now_add=True)
    citations = models.ManyToManyField(Citation, related_name="opinions", blank=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.model}: {self.verdict}"


class Recheck(models.Model):
    """An answer looked at again with the checks and the gate of a later day: what they would decide now.

    qa/rechecking.py writes it; it changes neither the answer nor its state.
    """

    answer = models.ForeignKey(Answer, on_delete=models.CASCADE, related_name="rechecks")
    would_publish = models.BooleanField()
    reasons = ArrayField(models.TextField(), default=list, blank=True, help_text="Against publication.")
    dropped = ArrayField(
        models.PositiveSmallIntegerField(), default=list, blank=True, help_text="Positions of statements."
    )
    has_new_text = models.BooleanField(
        default=False, help_text="A source's text is another one than when the answer was made."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(would_publish=True, reasons=[]) | (Q(would_publish=False) & ~Q(reasons=[])),
                name="recheck_against_has_reasons",
            )
        ]

    def __str__(self) -> str:
        return f"{self.answer_id}: {'publish' if self.would_publish else 'hold'}"


class CitationRecheck(models.Model):
    """What the later checks say of one citation."""

    recheck = models.ForeignKey(Recheck, on_delete=models.CASCADE, related_name="citations")
    citation = models.ForeignKey(Citation, on_delete=models.CASCADE, related_name="rechecks")
    verdict = models.CharField(max_length=12, choices=Citation.Verdict)
    flags = ArrayField(models.CharField(max_length=32), default=list, blank=True)
    score = models.FloatField(help_text="Support, 0 to 1.")
    evidence = models.TextField(blank=True)
    evidence_start = models.PositiveIntegerField(
        default=0, help_text="Offset in the abstract, in characters."
    )
    evidence_end = models.PositiveIntegerField(default=0)
    preprint_version = models.PositiveSmallIntegerField(
        null=True, help_text="The version whose abstract the offsets count in; empty in rows from before."
    )
    reasons = ArrayField(models.TextField(), default=list, blank=True)

    class Meta:
        ordering = ["recheck", "citation"]
        constraints = [
            models.UniqueConstraint(fields=["recheck", "citation"], name="citationrecheck_one_a_citation"),
            models.CheckConstraint(
                condition=Q(score__gte=0, score__lte=1), name="citationrecheck_score_in_range"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.citation_id}: {self.verdict}"
