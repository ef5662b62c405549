"""What happened to an answer's sources since it was made: marks beside it, and the sweeps that set them."""

from django.db import models
from django.db.models import F, Func, Prefetch, Q, Value
from django.utils.formats import date_format
from django.utils.timezone import localtime

from archive.models import Preprint
from qa.models.answers import Answer


class MarkQuerySet(models.QuerySet["Mark"]):
    """Which marks: `standing()` is the one definition of what makes an answer outdated."""

    def standing(self) -> "MarkQuerySet":
        """Those that still hold, the gravest first, with the preprints that their words name."""
        graveness = Func(Value(Mark.Kind.values), F("kind"), function="array_position")
        standing = self.filter(resolved_at=None).select_related("preprint")
        return standing.order_by("answer", graveness, "pk")


class Mark(models.Model):
    """One reason why a published answer is outdated. The answer itself never changes.

    qa/freshness.py sets and resolves marks; page, API, feeds and exports show `Mark.objects.standing()`.
    """

    class Kind(models.TextChoices):
        WITHDRAWN = "withdrawn", "a cited preprint was withdrawn"
        EVIDENCE_GONE = "evidence_gone", "a sentence it rests on is gone"
        REVISED = "revised", "a cited preprint was revised"
        NEWER = "newer", "a newer preprint bears on the question"

    answer = models.ForeignKey(Answer, on_delete=models.CASCADE, related_name="marks")
    preprint = models.ForeignKey(Preprint, on_delete=models.PROTECT, related_name="marks")
    kind = models.CharField(max_length=13, choices=Kind)
    preprint_version = models.PositiveSmallIntegerField(help_text="Of the preprint, when the mark was set.")
    since = models.DateTimeField(auto_now_add=True)
    resolved_at = models.DateTimeField(
        null=True, blank=True, help_text="When it held no longer, or another version took the answer's place."
    )

    objects = MarkQuerySet.as_manager()

    class Meta:
        ordering = ["answer", "pk"]
        indexes = [models.Index(fields=["kind", "-since"], name="mark_newest")]
        constraints = [
            models.UniqueConstraint(
                fields=["answer", "preprint"],
                condition=Q(resolved_at=None),
                name="mark_one_standing_a_preprint",
            ),
        ]

    def __str__(self) -> str:
        return self.words

    @property
    def words(self) -> str:
        """The reason as one plain sentence."""
        return f"{self.preprint.identifier} {self.predicate}"

    @property
    def predicate(self) -> str:
        """The same without the preprint's identifier, for pages that make a link of that."""
        preprint = self.preprint
        if self.kind == self.Kind.WITHDRAWN:
            day = preprint.withdrawn_on or localtime(self.since)
            return f"was withdrawn on {date_format(day, 'j F Y')}."
        if self.kind == self.Kind.NEWER:
            day = preprint.submitted_on
            return f"of {date_format(day, 'j F Y')} is not among the sources, and bears on the question."
        day = preprint.revised_on or localtime(self.since)
        revised = f"was revised on {date_format(day, 'j F Y')}"
        if self.kind == self.Kind.EVIDENCE_GONE:
            return f"{revised}: a sentence that this answer rests on is no longer in its abstract."
        return f"{revised}: its title or abstract changed. What this answer rests on is still in it."


def standing_marks(of: str = "") -> Prefetch:
    """For prefetch_related(): a list as `answer.standing_marks`, in one query for all of them.

    `of` is the way to the answers: "published_answer__" from questions.
    """
    return Prefetch(f"{of}marks", Mark.objects.standing(), to_attr="standing_marks")


class Sweep(models.Model):
    """One look at every published answer. A row that found nothing stands for all like it that followed."""

    finished_at = models.DateTimeField()
    marked = models.PositiveIntegerField(default=0)
    resolved = models.PositiveIntegerField(default=0)
    embeddings_until = models.BigIntegerField(
        default=0, help_text="The last vector that was compared with the questions."
    )

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.finished_at:%Y-%m-%d %H:%M}: {self.marked} marked, {self.resolved} resolved"
