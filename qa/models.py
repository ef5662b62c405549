"""Questions, runs, answers and their evidence: rows, QuerySets, and the constraints that hold the state table.

The table itself, with what each audience sees, is docs/decisions/0001-states.md; change it there first.
"""

import secrets
import string

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from archive.models import Preprint

SLUG_ALPHABET = string.ascii_lowercase + string.digits
MAX_SOURCES = 8


def new_slug() -> str:
    """A permanent, unguessable address: 10 characters of a-z0-9, about 52 bits."""
    return "".join(secrets.choice(SLUG_ALPHABET) for _ in range(10))


class QuestionQuerySet(models.QuerySet["Question"]):
    """Which questions: `published()` is the one definition of public, read by page, API, feed and sitemap alike."""

    def published(self) -> "QuestionQuerySet":
        """Questions whose answer anybody may list, search and index."""
        return self.filter(state=Question.State.PUBLISHED)

    def standing(self) -> "QuestionQuerySet":
        """Questions that this archive could not answer, waiting for new preprints."""
        return self.filter(state=Question.State.UNANSWERABLE)


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

    objects = QuestionQuerySet.as_manager()

    class Meta:
        ordering = ["-asked_at"]
        indexes = [
            models.Index(fields=["-published_at"], name="question_newest", condition=Q(state="published")),
            models.Index(fields=["state", "-asked_at"], name="question_state"),
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
        REANSWER = "reanswer", "answered again by a curator"

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
    next_try_at = models.DateTimeField(db_default=models.functions.Now())
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


class FollowUp(models.Model):
    """A question to go on with: a link to its answered page, or to the ask form filled in."""

    answer = models.ForeignKey(Answer, on_delete=models.CASCADE, related_name="follow_ups")
    position = models.PositiveSmallIntegerField()
    text = models.CharField(max_length=500)
    target = models.ForeignKey(
        Question, on_delete=models.SET_NULL, null=True, blank=True, related_name="followed_from"
    )

    class Meta:
        ordering = ["answer", "position"]
        constraints = [
            models.UniqueConstraint(fields=["answer", "position"], name="followup_one_per_position")
        ]

    def __str__(self) -> str:
        return self.text


class Spend(models.Model):
    """The ledger: one row a call, reserved before it is made and settled after. Missing usage is charged in full.

    A row that is never settled belongs to a call whose worker died: what was reserved counts as spent.
    """

    run = models.ForeignKey(AnswerRun, on_delete=models.PROTECT, related_name="spends")
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
            models.Index(fields=["model", "-settled_at"], name="spend_model_newest"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(cost_usd__isnull=True, settled_at__isnull=True)
                | Q(cost_usd__isnull=False, settled_at__isnull=False),
                name="spend_settled_has_time",
            )
        ]

    def __str__(self) -> str:
        return f"{self.model}: {self.cost_usd or self.reserved_usd} USD"


class AskQuota(models.Model):
    """How often an address asked in a window of time; counted in one upsert, so that a limit of 10 lets exactly 10 through."""

    asker = models.CharField(max_length=64, help_text="Keyed hash of the client address, or of a token.")
    window = models.CharField(max_length=16)  # "hour:2026112311", "day:20261123"
    asked = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["asker", "window"], name="askquota_one_per_window")]

    def __str__(self) -> str:
        return f"{self.window}: {self.asked}"
