"""Money: reserved before a call, settled after it, never over the caps. The only writer of Spend.

The ledger is also the memory of the circuit breaker: a model whose last calls all failed is left alone for a
while.
"""

from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, QuerySet, Sum
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from qa.failures import ProviderError, Usage
from qa.llm import Completion
from qa.models import AnswerRun, Spend
from qa.runs import LOST_WORKER

LEDGER_LOCK = 7_202  # of pg_advisory_xact_lock: comparing with the caps and reserving are one step
RESERVED_WAIT_SECONDS = 10  # what is reserved by calls under way may come back when they are settled
BREAKER_FAILURES = 5
BREAKER_SECONDS = 60
ANSWERED = ("", "refused_by_model", "bad_request", "too_much_text", "empty_answer")  # the provider is there


class BudgetUsed(Exception):
    """No call can be paid for now; `waits_for` is what the asker reads, `seconds` how long to wait.

    `is_spent`: it is gone, and not only set aside by calls under way.
    """

    def __init__(self, waits_for: str, *, seconds: float, is_spent: bool = True) -> None:
        super().__init__(waits_for)
        self.waits_for = waits_for
        self.seconds = seconds
        self.is_spent = is_spent


class Resting(ProviderError):
    """The model is left alone for some seconds, and was not asked: it uses up no try."""

    def __init__(self, *, seconds: float) -> None:
        super().__init__("provider_down", "The model's provider has trouble.", retry_after=seconds)


def reserve(run: AnswerRun | None, *, model: str, usd: Decimal, purpose: str = Spend.Purpose.ANSWER) -> Spend:
    """Sets aside what a call can cost at most. Raises BudgetUsed; ProviderError where no wait would help."""
    if usd > min(settings.DAILY_BUDGET_USD, settings.MONTHLY_BUDGET_USD):
        raise ProviderError("no_budget", "This site's budget is too small for the model.", is_lasting=True)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LEDGER_LOCK])
        _check_caps(usd)
        return Spend.objects.create(run=run, model=model, reserved_usd=usd, purpose=purpose)


def reserve_check(run: AnswerRun, *, model: str, usd: Decimal) -> Spend | None:
    """The same for CHECK_MODEL, which has a cap of its own under the site's; None where either is used."""
    today = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    try:
        with transaction.atomic():
            spend = reserve(run, model=model, usd=usd, purpose=Spend.Purpose.CHECK)
            checks = Spend.objects.filter(purpose=Spend.Purpose.CHECK)
            if spent_since(today, of=checks) > settings.CHECK_DAILY_BUDGET_USD:
                raise BudgetUsed("the check model's budget is used", seconds=0)
            return spend
    except (BudgetUsed, ProviderError):
        return None


def settle(spend: Spend, used: Completion | Usage, **changes: object) -> None:
    """Books what a call cost: by its usage, or all that was reserved where the provider named none."""
    cost = spend.reserved_usd if used.cost_usd is None else used.cost_usd
    _close(spend, cost_usd=cost, tokens_in=used.tokens_in, tokens_out=used.tokens_out, **changes)


def settle_failure(spend: Spend, error: ProviderError) -> None:
    """Books a call that failed: nothing, or as any other where it may have been charged."""
    if error.was_paid:
        settle(spend, error.usage or Usage(0, 0, None), error_code=error.code)
    else:
        _close(spend, cost_usd=Decimal(0), error_code=error.code)


def settle_abandoned(runs: QuerySet[AnswerRun]) -> None:
    """Books in full the calls of workers that died over these runs."""
    _settle_lost(Spend.objects.filter(run__in=runs))


def settle_forgotten() -> int:
    """Books in full every call that no process can still be waiting for; returns how many."""
    oldest = Now() - timedelta(seconds=settings.CELERY_TASK_TIME_LIMIT + RESERVED_WAIT_SECONDS)
    return _settle_lost(Spend.objects.filter(created_at__lt=oldest))


def _settle_lost(spends: QuerySet[Spend]) -> int:
    return spends.filter(cost_usd=None).update(
        cost_usd=F("reserved_usd"), settled_at=Now(), error_code=LOST_WORKER
    )


def check_breaker(model: str, *, purpose: str = Spend.Purpose.ANSWER) -> None:
    """Raises Resting, and saves the call, where this model's last five for it failed within a minute."""
    settled = Spend.objects.filter(model=model, purpose=purpose).exclude(settled_at=None)
    calls = list(settled.exclude(error_code=LOST_WORKER).order_by("-settled_at")[:BREAKER_FAILURES])
    moments = [one.settled_at for one in calls if one.settled_at and one.error_code not in ANSWERED]
    if len(moments) < BREAKER_FAILURES:
        return
    while_closed = timedelta(seconds=BREAKER_SECONDS)
    wait = (moments[0] + while_closed - timezone.now()).total_seconds()
    if moments[0] - moments[-1] <= while_closed and wait > 0:
        raise Resting(seconds=wait)


def spent_since(moment: datetime, *, of: QuerySet[Spend] | None = None) -> Decimal:
    """USD spent or reserved since then, in all or by these calls."""
    rows = Spend.objects.all() if of is None else of
    since = rows.filter(created_at__gte=moment)
    return since.aggregate(usd=Sum(Coalesce("cost_usd", "reserved_usd")))["usd"] or Decimal(0)


def _check_caps(usd: Decimal) -> None:
    today = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    month = today.replace(day=1)
    next_month = (month + timedelta(days=32)).replace(day=1)
    for start, end, cap, name in (
        (month, next_month, settings.MONTHLY_BUDGET_USD, "this month's"),
        (today, today + timedelta(days=1), settings.DAILY_BUDGET_USD, "today's"),
    ):
        if spent_since(start) + usd <= cap:
            continue
        if spent_since(start, of=Spend.objects.exclude(cost_usd=None)) + usd <= cap:
            raise BudgetUsed(f"{name} budget is in use", seconds=RESERVED_WAIT_SECONDS, is_spent=False)
        raise BudgetUsed(f"{name} budget is used", seconds=(end - timezone.now()).total_seconds())


def _close(spend: Spend, **changes: object) -> None:
    """A row that was settled meanwhile, as abandoned, stays as it is."""
    Spend.objects.filter(pk=spend.pk, cost_usd=None).update(settled_at=Now(), **changes)
