"""Answers and their evidence: statements, sources, citations, follow-ups."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from archive.models import Preprint
from qa.models.questions import AnswerRun, Question

MAX_SOURCES = 8


class AnswerQuerySet(models.QuerySet["Answer"]):
    """Which answers: `readable()` is the one definition of what the public may read of them."""

    def readable(self) -> "AnswerQuerySet":
        """Present and earlier versions of questions that are published now."""
        versions = [Answer.State.PUBLISHED, Answer.State.SUPERSEDED]
        return self.filter(state__in=versions, question__state=Question.State.PUBLISHED)


class Answer(models.Model):
    """One version of a question's answer, with its whole provenance. Its text never changes once recorded."""

    class State(models.TextChoices):
        HELD = "held", "held"
        PUBLISHED = "published", "published"
        SUPERSEDED = "superseded", "superseded"
        DISCARDED = "discarded", "discarded"

    class Verdict(models.TextChoices):
        ANSWERED = "answered", "answered"
        PARTIAL = "partial", "partly answered"

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="answers")
    run = models.OneToOneField(AnswerRun, on_delete=models.PROTECT, related_name="answer")
    version = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.HELD)
    verdict = models.CharField(max_length=8, choices=Verdict)
    is_quotation = models.BooleanField(
        default=False, help_text="Quoted from the sources, not written by a model."
    )
    gap = models.TextField(blank=True, help_text="What a partial answer leaves open, said first.")
    limits = models.TextField(blank=True, help_text="What the sources do not say.")
    hold_reasons = ArrayField(models.TextField(), default=list, blank=True)
    html = models.TextField(
        blank=True, editable=False, help_text="The rendered body, made once when it is recorded."
    )
    # Provenance
    model_requested = models.CharField(max_length=128)
    model_named = models.CharField(max_length=128, help_text="As the provider named it.")
    prompt_version = models.CharField(max_length=32)
    embedding_model = models.CharField(max_length=128)
    retrieval = models.JSONField(
        default=dict, help_text="Settings of the search, and the whole retrieved list."
    )
    tokens_in = models.PositiveIntegerField(default=0)
    tokens_out = models.PositiveIntegerField(default=0)
    cost_usd = models.DecimalField(max_digits=12, decimal_places=6, default=0)
    seconds = models.JSONField(default=dict, help_text="Seconds by step.")
    created_at = models.DateTimeField(auto_now_add=True)
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        help_text="Empty: the gate.",
    )
    change_reason = models.CharField(max_length=500, blank=True, help_text="Why this version was made.")

    objects = AnswerQuerySet.as_manager()

    class Meta:
        ordering = ["question", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["question", "version"], name="answer_one_per_version"),
            models.UniqueConstraint(
                fields=["question"], condition=Q(state="published"), name="answer_one_published_a_question"
            ),
            models.CheckConstraint(condition=Q(version__gte=1), name="answer_version_positive"),
            models.CheckConstraint(
                condition=~Q(state__in=["published", "superseded"]) | Q(published_at__isnull=False),
                name="answer_published_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(state="held") | ~Q(hold_reasons=[]), name="answer_held_has_reasons"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.question_id} v{self.version} ({self.state})"


class Statement(models.Model):
    """One claim of an answer, in plain text with inline emphasis, code and $maths$ only."""

    answer = models.ForeignKey(Answer, on_delete=models.CASCADE, related_name="statements")
    position = models.PositiveSmallIntegerField()
    section = models.PositiveSmallIntegerField(default=0)
    heading = models.CharField(max_length=200, blank=True, help_text="Of its section.")
    text = models.TextField()
    is_bullet = models.BooleanField(default=False)
    is_dropped = models.BooleanField(default=False, help_text="Kept in the record, not on the page.")
    reasons = ArrayField(models.TextField(), default=list, blank=True)

    class Meta:
        ordering = ["answer", "position"]
        constraints = [
            models.UniqueConstraint(fields=["answer", "position"], name="statement_one_per_position"),
            models.UniqueConstraint(fields=["id", "answer"], name="statement_of_answer"),
            models.CheckConstraint(
                condition=Q(is_dropped=False) | ~Q(reasons=[]), name="statement_dropped_has_reasons"
            ),
        ]

    def __str__(self) -> str:
        return self.text[:80]


class Source(models.Model):
    """A preprint retrieved for an answer, under the number that the model knew it by."""

    answer = models.ForeignKey(Answer, on_delete=models.CASCADE, related_name="sources")
    preprint = models.ForeignKey(Preprint, on_delete=models.PROTECT, related_name="cited_as")
    number = models.PositiveSmallIntegerField()
    similarity = models.FloatField(
        null=True, blank=True, help_text="Calibrated, 0 to 1; empty where no calibration exists."
    )
    is_cited = models.BooleanField(default=False)
    preprint_version = models.PositiveSmallIntegerField()
    text_hash = models.CharField(max_length=64, help_text="Of the preprint's text when the answer was made.")

    class Meta:
        ordering = ["answer", "-is_cited", "number"]
        constraints = [
            models.UniqueConstraint(fields=["answer", "number"], name="source_one_per_number"),
            models.UniqueConstraint(fields=["answer", "preprint"], name="source_one_per_preprint"),
            models.UniqueConstraint(fields=["id", "answer"], name="source_of_answer"),
            models.CheckConstraint(
                condition=Q(number__gte=1, number__lte=MAX_SOURCES), name="source_number_in_range"
            ),
            models.CheckConstraint(
                condition=Q(similarity__isnull=True) | Q(similarity__gte=0, similarity__lte=1),
                name="source_similarity_in_range",
            ),
        ]

    def __str__(self) -> str:
        return f"[{self.number}] {self.preprint_id}"


class Citation(models.Model):
    """That a statement rests on a source: the verdict of the checks, and the sentence that it rests on.

    The pair of foreign keys (statement, answer) and (source, answer) is composite in the database: a citation
    can't point at a source of another answer.
    """

    class Verdict(models.TextChoices):
        SUPPORTED = "supported", "supported"
        WEAK = "weak", "weakly supported"
        UNSUPPORTED = "unsupported", "not supported"
        CONTRADICTED = "contradicted", "contradicted"

    answer = models.ForeignKey(Answer, on_delete=models.CASCADE, related_name="citations")
    statement = models.ForeignKey(Statement, on_delete=models.CASCADE, related_name="citations")
    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="citations")
    position = models.PositiveSmallIntegerField()
    verdict = models.CharField(max_length=12, choices=Verdict)
    flags = ArrayField(models.CharField(max_length=32), default=list, blank=True)
    score = models.FloatField(help_text="Support, 0 to 1.")
    evidence = models.TextField(
        blank=True, help_text="The sentence of the source that the statement rests on, verbatim."
    )
    evidence_start = models.PositiveIntegerField(
        default=0, help_text="Offset in the abstract, in characters."
    )
    evidence_end = models.PositiveIntegerField(default=0)
    reasons = ArrayField(models.TextField(), default=list, blank=True)

    class Meta:
        ordering = ["statement", "position"]
        constraints = [
            models.UniqueConstraint(fields=["statement", "source"], name="citation_one_per_source"),
            models.CheckConstraint(condition=Q(score__gte=0, score__lte=1), name="citation_score_in_range"),
            models.CheckConstraint(
                condition=Q(evidence_end__gte=F("evidence_start")), name="citation_evidence_in_order"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.statement_id} -> {self.source_id}: {self.verdict}"


class FollowUpQuerySet(models.QuerySet["FollowUp"]):
    """Which follow-ups: those of a page, in their order."""

    def shown(self) -> "FollowUpQuerySet":
        """All but those whose question is not public now: its text must not live on elsewhere."""
        published = Question.State.PUBLISHED
        public = Q(target__state=published) | Q(target__merged_into__state=published)
        rows = self.filter(Q(target=None) | public)
        return rows.select_related("target__merged_into").order_by("position")


class FollowUp(models.Model):
    """A question to go on with: a link to its answered page, or to the ask form filled in."""

    answer = models.ForeignKey(Answer, on_delete=models.CASCADE, related_name="follow_ups")
    position = models.PositiveSmallIntegerField()
    text = models.CharField(max_length=500)
    target = models.ForeignKey(
        Question, on_delete=models.SET_NULL, null=True, blank=True, related_name="followed_from"
    )

    objects = FollowUpQuerySet.as_manager()

    class Meta:
        ordering = ["answer", "position"]
        constraints = [
            models.UniqueConstraint(fields=["answer", "position"], name="followup_one_per_position")
        ]

    def __str__(self) -> str:
        return self.text

    def answered_by(self) -> Question | None:
        """The published page that answers it, also where its question was merged into another one."""
        target = self.target and (self.target.merged_into or self.target)
        return target if target and target.state == Question.State.PUBLISHED else None
