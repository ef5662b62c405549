"""What models cost: the ledger by day and model, beside the caps and what an answer cost. Reads only."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db.models import Avg, Count, Max, Q, Sum
from django.db.models.functions import Coalesce, TruncDate
from django.utils import timezone

from qa.budget import spent_since
from qa.models import Answer, Spend


@dataclass(frozen=True)
class DayLine:
    """The calls of one model on one day (UTC). `usd` counts what is reserved and not yet settled as spent."""

    day: date
    model: str
    calls: int
    failed: int
    tokens_in: int
    tokens_out: int
    usd: Decimal


@dataclass(frozen=True)
class AnswerLine:
    """What the answers of one model cost, repairs and failed calls included, in USD."""

    model: str
    answers: int
    mean_usd: Decimal
    highest_usd: Decimal
    tokens_in: int
    tokens_out: int


@dataclass(frozen=True)
class Cap:
    """A budget, and what is spent or reserved of it."""

    name: str
    spent: Decimal
    cap: Decimal

    @property
    def share(self) -> float:
        """0 to 1; 1 for a budget of nothing."""
        return min(float(self.spent / self.cap), 1.0) if self.cap else 1.0


def midnight(days_ago: int = 0) -> datetime:
    """The beginning of a day in UTC, as the caps count days."""
    return timezone.now().replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=days_ago)


def read_caps() -> list[Cap]:
    """Today's and this month's, and what of today's a check model may use."""
    today = midnight()
    caps = [
        Cap("today", spent_since(today), settings.DAILY_BUDGET_USD),
        Cap("this month", spent_since(today.replace(day=1)), settings.MONTHLY_BUDGET_USD),
    ]
    if settings.CHECK_MODEL:
        checks = Spend.objects.filter(purpose=Spend.Purpose.CHECK)
        caps.append(Cap("today, for checks", spent_since(today, of=checks), settings.CHECK_DAILY_BUDGET_USD))
    return caps


def list_days(*, days: int) -> list[DayLine]:
    """The last so many days, today included, newest and dearest first; days without a call are left out."""
    rows = (
        Spend.objects.filter(created_at__gte=midnight(days - 1))
        .order_by()
        .values("model", day=TruncDate("created_at"))
        .annotate(
            calls=Count("pk"),
            failed=Count("pk", filter=~Q(error_code="")),
            in_all=Sum("tokens_in"),
            out_all=Sum("tokens_out"),
            usd=Sum(Coalesce("cost_usd", "reserved_usd")),
        )
        .order_by("-day", "-usd", "model")
    )
    return [
        DayLine(
            row["day"],
            row["model"],
            row["calls"],
            row["failed"],
            row["in_all"],
            row["out_all"],
            row["usd"],
        )
        for row in rows
    ]


def list_answers(*, days: int) -> list[AnswerLine]:
    """The answers recorded in the last so many days, by the model that wrote them, the dearest first."""
    rows = (
        Answer.objects.filter(created_at__gte=midnight(days - 1))
        .order_by()
        .values("model_requested")
        .annotate(
            answers=Count("pk"),
            mean_usd=Avg("cost_usd"),
            highest_usd=Max("cost_usd"),
            in_all=Sum("tokens_in"),
            out_all=Sum("tokens_out"),
        )
        .order_by("-mean_usd", "model_requested")
    )
    return [
        AnswerLine(
            row["model_requested"],
            row["answers"],
            row["mean_usd"],
            row["highest_usd"],
            row["in_all"],
            row["out_all"],
        )
        for row in rows
    ]


def spent_by_day(lines: Iterable[DayLine], *, days: int) -> list[tuple[date, Decimal]]:
    """USD of each of the last so many days, the oldest first, days without a call included."""
    first = midnight(days - 1).date()
    sums = {first + timedelta(days=offset): Decimal(0) for offset in range(days)}
    for line in lines:
        sums[line.day] += line.usd
    return list(sums.items())
