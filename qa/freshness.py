"""Which published answers the archive's changes touch: the sweep that sets and resolves their marks.

It compares all published answers with the archive as it is, so it may run at any time, twice, or late, and
comes to the same. What a mark means is in qa/models/marks.py; why it is so, docs/decisions/0012.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import StrIndex
from django.utils import timezone

from archive.embeddings import EmbedderUnavailable
from qa.models import Answer, Citation, Mark, Question, Source, Sweep
from qa.newcomers import Newcomers, find_newcomers

SWEEP_LOCK = 7_210  # of pg_try_advisory_lock: two sweeps at once would do the same work
SWEEP_TIMEOUT = "120s"  # of one statement: it reads every source of every published answer
BATCH = 1_000
LONGEST_SWEEP = timedelta(minutes=5)  # what was published while the last one ran is looked at again

Key = tuple[int, int, str]  # answer, preprint, kind


@dataclass
class Findings:
    """What a sweep would change: marks to set, and the ids of marks that hold no longer."""

    marks: list[Mark] = field(default_factory=list)
    resolved: list[int] = field(default_factory=list)
    newcomers: Newcomers = field(default_factory=Newcomers)

    @property
    def has_news(self) -> bool:
        return bool(self.marks or self.resolved)

    def count(self, kind: Mark.Kind) -> int:
        """How many marks of a kind are to be set."""
        return sum(mark.kind == kind for mark in self.marks)


def sweep(*, dry_run: bool = False) -> Findings | None:
    """Brings the marks of every published answer up to date; None where another sweep is at it.

    A dry run writes nothing. Raises nothing where no vectors can be had: newer preprints are then looked at
    by the next sweep.
    """
    with alone() as is_alone:
        if not is_alone:
            return None
        findings = find_all()
        if not dry_run:
            record(findings)
        return findings


@contextmanager
def alone() -> Iterator[bool]:
    """Whether this session has the sweep's lock, for as long as the block takes."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [SWEEP_LOCK])
        is_alone = cursor.fetchone()[0]
    try:
        yield is_alone
    finally:
        if is_alone:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [SWEEP_LOCK])


def find_all() -> Findings:
    """Every difference between the marks that stand and those that should."""
    findings = Findings()
    compare_sources(findings)
    with suppress(EmbedderUnavailable):
        last = Sweep.objects.order_by("-pk").first()
        findings.newcomers = find_newcomers(
            after=last.embeddings_until if last else 0,
            published_since=last.finished_at - LONGEST_SWEEP if last else None,
        )
        findings.marks += findings.newcomers.marks.values()
    return findings


def compare_sources(findings: Findings) -> None:
    """What became of the sources that published answers cite."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [SWEEP_TIMEOUT])
        wanted = {(source.answer_id, source.preprint_id, source.kind): source for source in changed_sources()}  # type: ignore[attr-defined]
        standing = {key_of(mark): mark.pk for mark in of_changed_sources()}
        findings.resolved = [pk for key, pk in standing.items() if key not in wanted]
        findings.resolved += list(outlived_newcomers().values_list("pk", flat=True))
    findings.marks = [
        Mark(
            answer_id=source.answer_id,
            preprint_id=source.preprint_id,
            kind=source.kind,  # type: ignore[attr-defined]
            preprint_version=source.preprint.version,
        )
        for key, source in wanted.items()
        if key not in standing
    ]


def changed_sources() -> QuerySet[Source]:
    """The sources that published answers cite and that are not what they were, each with its `kind`.

    One kind a source, the gravest: of a withdrawn preprint nobody needs to hear that its abstract changed.
    """
    is_withdrawn = Q(preprint__withdrawn_on__isnull=False)
    lost = (
        Citation.objects.filter(source=OuterRef("pk"), statement__is_dropped=False)
        .exclude(evidence="")
        .alias(place=StrIndex("source__preprint__abstract", F("evidence")))
        .filter(place=0)
    )
    return (
        Source.objects.filter(is_cited=True, answer__state=Answer.State.PUBLISHED)
        .filter(is_withdrawn | ~Q(preprint__text_hash=F("text_hash")))
        .annotate(
            kind=Case(
                When(is_withdrawn, then=Value(Mark.Kind.WITHDRAWN)),
                When(Exists(lost), then=Value(Mark.Kind.EVIDENCE_GONE)),
                default=Value(Mark.Kind.REVISED),
            )
        )
        .select_related("preprint")
        .only("answer_id", "preprint__version")
        .order_by("pk")
    )


def of_changed_sources() -> QuerySet[Mark]:
    """The marks that stand because of what became of a source."""
    return Mark.objects.filter(resolved_at=None).exclude(kind=Mark.Kind.NEWER)


def outlived_newcomers() -> QuerySet[Mark]:
    """Marks of newer preprints that were withdrawn themselves, or whose answer is no longer the page."""
    return Mark.objects.filter(resolved_at=None, kind=Mark.Kind.NEWER).filter(
        ~Q(answer__state=Answer.State.PUBLISHED) | Q(preprint__withdrawn_on__isnull=False)
    )


def key_of(mark: Mark) -> Key:
    return mark.answer_id, mark.preprint_id, mark.kind


@transaction.atomic
def record(findings: Findings) -> None:
    """Writes what a sweep found. A mark that another process set meanwhile stays as it is."""
    now = timezone.now()
    Mark.objects.filter(pk__in=findings.resolved).update(resolved_at=now)
    Mark.objects.bulk_create(findings.marks, ignore_conflicts=True, batch_size=BATCH)
    note_changes(findings, now)
    last = Sweep.objects.order_by("-pk").first()
    found_nothing = not findings.has_news and last and not last.marked and not last.resolved
    row = last if last and found_nothing else Sweep()
    row.finished_at = now
    row.marked, row.resolved = len(findings.marks), len(findings.resolved)
    row.embeddings_until = max(findings.newcomers.until, last.embeddings_until if last else 0)
    row.save()


def note_changes(findings: Findings, now: datetime) -> None:
    """Dates the questions whose answers got a mark or lost one, in the order in which all lock them."""
    answers = {mark.answer_id for mark in findings.marks}
    answers |= set(Mark.objects.filter(pk__in=findings.resolved).values_list("answer_id", flat=True))
    changed = Question.objects.published().filter(published_answer__in=answers).order_by("pk")
    locked = list(changed.select_for_update(no_key=True).values_list("pk", flat=True))
    Question.objects.filter(pk__in=locked).update(changed_at=now)
