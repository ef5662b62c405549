"""The site's quality in figures, for /quality: a few aggregate queries over what is public and the gate.

Quotations are counted apart: their citations are true by construction, and would flatter the rest.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from django.db.models import Avg, Count, Max, Q
from django.db.models.functions import TruncWeek
from django.utils import timezone

from archive.models import HarvestRun
from qa.models import Answer, AnswerRun, Citation, Mark, Question, Sweep

WEEKS = 26


@dataclass(frozen=True)
class Part:
    """One part of a whole: how many, and where it lies in a bar, as percentages of its length."""

    name: str
    label: str
    count: int
    start: float
    share: float

    @property
    def percent(self) -> str:
        """The share as people read it: never 0% for something, never 100% for less than all."""
        if 0 < self.share < 1:
            return "<1%"
        return ">99%" if 99 < self.share < 100 else f"{self.share:.0f}%"


@dataclass(frozen=True)
class Whole:
    """Parts that add up, in the order of a bar."""

    parts: list[Part]

    @property
    def count(self) -> int:
        return sum(part.count for part in self.parts)

    @classmethod
    def of(cls, counts: Iterable[tuple[str, str, int]]) -> "Whole":
        """From (name, label, count); parts of nothing are left out."""
        kept = [one for one in counts if one[2]]
        total = sum(count for _, _, count in kept) or 1
        ends = [0.0]
        for _, _, count in kept:
            ends.append(ends[-1] + 100 * count / total)
        return cls(
            [
                Part(name, label, count, round(start, 3), round(end - start, 3))
                for (name, label, count), (start, end) in zip(kept, pairwise(ends), strict=True)
            ]
        )


@dataclass(frozen=True)
class Cost:
    """The published answers of one model: USD and seconds of writing are means."""

    model: str
    answers: int
    usd: Decimal
    highest_usd: Decimal


@dataclass(frozen=True)
class Week:
    """Answers published in a week, and how high its column is, 0 to 100."""

    begins_on: datetime
    count: int
    height: float


def count_citations(*, is_quotation: bool) -> Whole:
    """Citations of published answers by verdict, without those of dropped statements."""
    rows = (
        Citation.objects.filter(
            answer__state=Answer.State.PUBLISHED,
            answer__is_quotation=is_quotation,
            statement__is_dropped=False,
        )
        .order_by()
        .values_list("verdict")
        .annotate(count=Count("pk"))
    )
    counts = dict(rows)
    return Whole.of((verdict, verdict.label, counts.get(verdict, 0)) for verdict in Citation.Verdict)


def count_answers() -> Whole:
    """Questions that have an outcome now: published ones by their verdict, and standing ones."""
    counts = Question.objects.aggregate(
        answered=Count("pk", filter=Q(state="published", published_answer__verdict="answered")),
        partial=Count("pk", filter=Q(state="published", published_answer__verdict="partial")),
        unanswerable=Count("pk", filter=Q(state="unanswerable")),
    )
    labels = {"answered": "answered", "partial": "partly answered", "unanswerable": "not in this archive"}
    return Whole.of((name, label, counts[name]) for name, label in labels.items())


def count_gate() -> Whole:
    """What the gate did with every answer that was ever recorded, whatever a curator decided later."""
    counts = dict(
        AnswerRun.objects.filter(outcome__in=["published", "held"])
        .order_by()
        .values_list("outcome")
        .annotate(count=Count("pk"))
    )
    return Whole.of(
        [
            ("published", "published by the gate", counts.get("published", 0)),
            ("held", "held for a curator", counts.get("held", 0)),
        ]
    )


def count_outdated() -> Whole:
    """Published answers: those whose sources stand as they were, and those with a standing mark."""
    published = Answer.objects.filter(state=Answer.State.PUBLISHED).count()
    marked = Mark.objects.filter(resolved_at=None, answer__state=Answer.State.PUBLISHED)
    outdated = marked.aggregate(count=Count("answer", distinct=True))["count"]
    return Whole.of(
        [("current", "current", published - outdated), ("outdated", "marked as outdated", outdated)]
    )


def list_costs() -> list[Cost]:
    """Published answers by model, the most used first."""
    rows = (
        Answer.objects.filter(state=Answer.State.PUBLISHED)
        .order_by()
        .values("model_named")
        .annotate(answers=Count("pk"), usd=Avg("cost_usd"), highest=Max("cost_usd"))
        .order_by("-answers", "model_named")
    )
    return [Cost(row["model_named"], row["answers"], row["usd"], row["highest"]) for row in rows]


def list_weeks() -> list[Week]:
    """Answers first published in each of the last 26 weeks, Monday to Sunday, the oldest first."""
    now = timezone.now()
    monday = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=now.weekday())
    first = monday - timedelta(weeks=WEEKS - 1)
    readable = Answer.objects.readable().filter(published_at__gte=first)
    counts = dict(readable.order_by().values_list(TruncWeek("published_at")).annotate(count=Count("pk")))
    highest = max(counts.values(), default=0) or 1
    mondays = [first + timedelta(weeks=offset) for offset in range(WEEKS)]
    return [Week(day, counts.get(day, 0), round(100 * counts.get(day, 0) / highest, 2)) for day in mondays]


def read_figures() -> dict[str, object]:
    """Everything on the page, in eleven queries."""
    weeks = list_weeks()
    return {
        "written": count_citations(is_quotation=False),
        "quoted": count_citations(is_quotation=True),
        "answers": count_answers(),
        "gate": count_gate(),
        "outdated": count_outdated(),
        "costs": list_costs(),
        "weeks": weeks,
        "most_a_week": max(week.count for week in weeks),
        "retracted_count": Question.objects.filter(state=Question.State.RETRACTED).count(),
        "last_sweep": Sweep.objects.aggregate(at=Max("finished_at"))["at"],
        "last_harvest": HarvestRun.objects.filter(state="done").aggregate(at=Max("finished_at"))["at"],
        "counted_at": timezone.now(),
    }
