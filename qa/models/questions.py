"""Questions, and the runs that answer them: the address that people keep, and the attempts behind it."""

import secrets
import string

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.urls import reverse
from pgvector.django import HalfVectorField

SLUG_ALPHABET = string.ascii_lowercase + string.digits


def new_slug() -> str:
    """A permanent, unguessable address: 10 characters of a-z0-9, about 52 bits."""
    return "".join(secrets.choice(SLUG_ALPHABET) for _ in range(10))


class QuestionQuerySet(models.QuerySet["Question"]):
    """Which questions: `published()` is the one definition of public, of page, API, feed and sitemap."""

    def published(self) -> "QuestionQuerySet":
        """Questions whose answer anybody may list, search and index."""
        return self.filter(state=Question.State.PUBLISHED)

    def ever_published(self) -> "QuestionQuerySet":
        """Questions that the public could read once, whatever became of them: harvesters hear of both."""
        return self.filter(published_at__isnull=False)

    def standing(self) -> "QuestionQuerySet":
        """Questions that this archive could not answer, waiting for new preprints."""
        return self.filter(state=Question.State.UNANSWERABLE)

    def retracted(self) -> "QuestionQuerySet":
        """Tombstones: the day and the reason are public, the question's words no longer are."""
        return self.filter(state=Question.State.RETRACTED)

    def gaps(self) -> "QuestionQuerySet":
        """Standing questions that a curator has read and listed (docs/decisions/0011)."""
        return self.standing().filter(is_listed=True)


class Question(models.Model):
    """A question and what became of it. Its address is permanent; its state says what the page shows."""

    class State(models.TextChoices):
        PENDING = "pending", "being answered"
        PUBLISHED = "published", "published"
        HELD = "held", "being checked by a curator"
        UNANSWERABLE = "unanswerable", "not in this archive"
        FAILED = "failed", "failed"
        REJECTED = "rejected", "rejected"
        RETRACTED = "retracted", "retracted"
        MERGED = "merged", "merged"

    slug = models.CharField(max_length=10, unique=True, default=new_slug, editable=False)
    text = models.CharField(max_length=500)
    text_key = models.CharField(
        max_length=64, unique=True, editable=False, help_text="SHA-256 of the normalised text."
    )
    language = models.CharField(max_length=8, default="en")
    state = models.CharField(max_length=12, choices=State, default=State.PENDING)
    published_answer = models.OneToOneField(
        "Answer",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="published_for",
        editable=False,
    )
    published_at = models.DateTimeField(null=True, blank=True, help_text="First publication.")
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="merged_from"
    )
    reason = models.TextField(
        blank=True, help_text="Why it was rejected or retracted, as the public reads it."
    )
    closed_at = models.DateTimeField(
        null=True, blank=True, help_text="When it was rejected, retracted or merged."
    )
    asked_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(
        db_default=Now(),
        editable=False,
        help_text="When its answer was last published, taken down or marked: harvesters ask by it.",
    )
    searched_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When new preprints were last looked through for a standing question.",
    )
    is_listed = models.BooleanField(
        default=False, help_text="A curator lets it be shown among the archive's gaps while it is standing."
    )

    objects = QuestionQuerySet.as_manager()

    class Meta:
        ordering = ["-asked_at"]
        indexes = [
            models.Index(fields=["-published_at"], name="question_newest", condition=Q(state="published")),
            models.Index(fields=["state", "-asked_at"], name="question_state"),
            models.Index(
                fields=["changed_at", "id"], name="question_changed", condition=Q(published_at__isnull=False)
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="published", published_answer__isnull=False, published_at__isnull=False)
                | (~Q(state="published") & Q(published_answer__isnull=True)),
                name="question_published_has_answer",
            ),
            models.CheckConstraint(
                condition=Q(state="merged", merged_into__isnull=False)
                | (~Q(state="merged") & Q(merged_into__isnull=True)),
                name="question_merged_has_target",
            ),
            models.CheckConstraint(condition=~Q(merged_into=F("id")), name="question_not_merged_into_itself"),
            models.CheckConstraint(
                condition=Q(state__in=["rejected", "retracted", "merged"], closed_at__isnull=False)
                | (~Q(state__in=["rejected", "retracted", "merged"]) & Q(closed_at__isnull=True)),
                name="question_closed_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["rejected", "retracted"]) | ~Q(reason=""),
                name="question_closed_has_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.text

    def get_absolute_url(self) -> str:
        return reverse("qa:question", args=[self.slug])


class QuestionEmbedding(models.Model):
    """A question's vector under one model, of length 1: what is asked the same, and what is near it."""

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="embeddings")
    model = models.CharField(max_length=128)
    vector = HalfVectorField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["question", "model"], name="questionembedding_one_per_model")
        ]

    def __str__(self) -> str:
        return f"{self.question_id} {self.model}"


class AnswerRunQuerySet(models.QuerySet["AnswerRun"]):
    """Which runs: the queue of record."""

    def open(self) -> "AnswerRunQuerySet":
        """Runs that still owe their question an outcome."""
        return self.filter(state__in=[AnswerRun.State.QUEUED, AnswerRun.State.RUNNING])


class AnswerRun(models.Model):
    """One attempt to answer a question. This table is the queue of record; qa/runs.py is its only writer."""

    class State(models.TextChoices):
        QUEUED = "queued", "queued"
        RUNNING = "running", "running"
        DONE = "done", "done"
        FAILED = "failed", "failed"

    class Step(models.TextChoices):
        QUEUED = "queued", "waiting for a worker"
        SEARCHING = "searching", "searching the archive"
        READING = "reading", "reading preprints"
        WRITING = "writing", "writing the answer"
        CHECKING = "checking", "checking the citations"
        FINISHED = "finished", "finished"

    class Reason(models.TextChoices):
        ASKED = "asked", "asked"
        ASKED_AGAIN = "asked_again", "asked again"
        RETRIED = "retried", "tried again for new preprints"
        REANSWER = "reanswer", "answered again by a curator"
        FRESHNESS = "freshness", "answered again because its sources changed"

    class Outcome(models.TextChoices):
        PUBLISHED = "published", "published"
        HELD = "held", "held"
        UNANSWERABLE = "unanswerable", "not in this archive"

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="runs")
    reason = models.CharField(max_length=12, choices=Reason, default=Reason.ASKED)
    change_reason = models.CharField(
        max_length=500, blank=True, help_text="Why a further version is made, in a curator's words."
    )
    state = models.CharField(max_length=8, choices=State, default=State.QUEUED)
    step = models.CharField(max_length=10, choices=Step, default=Step.QUEUED)
    step_detail = models.PositiveSmallIntegerField(
        default=0, help_text="Preprints read, or citations checked."
    )
    attempts = models.PositiveSmallIntegerField(
        default=0, help_text="Claims that may have cost something: a worker lost, a paid call."
    )
    retries = models.PositiveSmallIntegerField(
        default=0, help_text="Passing troubles in a row that cost nothing, such as a busy provider."
    )
    woken_at = models.DateTimeField(
        null=True, blank=True, help_text="When a message for a worker was last sent; empty: to be sent."
    )
    next_try_at = models.DateTimeField(db_default=Now())
    waits_for = models.CharField(
        max_length=120, blank=True, help_text="Why it is not tried yet, as the asker reads it."
    )
    lease_token = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    retrieved = models.JSONField(
        default=list, blank=True, help_text='[{"identifier", "rank", "similarity", "score"}], best first.'
    )
    outcome = models.CharField(max_length=12, choices=Outcome, blank=True)
    error_code = models.CharField(max_length=40, blank=True)
    error = models.TextField(blank=True, help_text="What went wrong, in words for the asker.")
    seconds = models.JSONField(default=dict, blank=True, help_text="Seconds by step.")
    queued_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = AnswerRunQuerySet.as_manager()

    class Meta:
        ordering = ["-queued_at"]
        indexes = [
            models.Index(fields=["next_try_at"], name="answerrun_queued", condition=Q(state="queued")),
            models.Index(fields=["lease_until"], name="answerrun_running", condition=Q(state="running")),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["question"],
                condition=Q(state__in=["queued", "running"]),
                name="answerrun_one_open_a_question",
            ),
            models.CheckConstraint(
                condition=Q(state="running", lease_token__isnull=False, lease_until__isnull=False)
                | (~Q(state="running") & Q(lease_token__isnull=True, lease_until__isnull=True)),
                name="answerrun_running_has_lease",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["done", "failed"], finished_at__isnull=False)
                | Q(state__in=["queued", "running"], finished_at__isnull=True),
                name="answerrun_finished_has_time",
            ),
            models.CheckConstraint(
                condition=(Q(state="done") & ~Q(outcome="")) | (~Q(state="done") & Q(outcome="")),
                name="answerrun_done_has_outcome",
            ),
            models.CheckConstraint(
                condition=~Q(state="failed") | ~Q(error=""), name="answerrun_failed_has_error"
            ),
        ]

    def __str__(self) -> str:
        return f"run {self.pk} of {self.question_id}: {self.state}"
