"""Money: the caps hold whatever happens at once, and the ledger forgets nothing."""

import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import connection, transaction
from django.utils import timezone

from qa import budget
from qa.budget import BudgetUsed, reserve, settle, settle_abandoned, settle_failure, settle_forgotten
from qa.failures import ProviderError
from qa.llm import Completion
from qa.models import AnswerRun, Spend
from qa.runs import open_run
from tests.fakes import Reply
from tests.qa.asking import ask, run_once, scripted

pytestmark = pytest.mark.django_db(transaction=True)

MODEL = "openai/gpt-4.1-mini"
CENT = Decimal("0.01")


@pytest.fixture
def run(settings) -> AnswerRun:
    settings.DAILY_BUDGET_USD = 10 * CENT
    settings.MONTHLY_BUDGET_USD = 15 * CENT
    return ask("What limits the coherence time of transmon qubits?").runs.get()


def completion(usd: Decimal | None) -> Completion:
    return Completion("{}", MODEL, 10, 20, usd, "stop", 0.1)


def test_hundred_at_once_reserve_no_more_than_the_cap(run) -> None:
    barrier = threading.Barrier(20)
    waits = []

    def work() -> None:
        barrier.wait()
        for _ in range(5):
            try:
                reserve(run, model=MODEL, usd=CENT)
            except BudgetUsed as used:
                waits.append(used.seconds)
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Spend.objects.count() == 10
    assert len(waits) == 90
    assert set(waits) == {budget.RESERVED_WAIT_SECONDS}  # reserved, not spent: some may come back soon


def test_spent_budget_waits_for_tomorrow_then_for_next_month(run) -> None:
    with time_machine.travel(datetime(2026, 5, 9, 18, 0, tzinfo=UTC)) as clock:
        spend(run, times=10)
        with pytest.raises(BudgetUsed) as used:
            reserve(run, model=MODEL, usd=CENT)
        assert used.value.waits_for == "today's budget is used"
        assert used.value.seconds == pytest.approx(6 * 3600, abs=60)
        clock.shift(timedelta(days=1))
        spend(run, times=5)
        with pytest.raises(BudgetUsed) as used:
            reserve(run, model=MODEL, usd=CENT)
        assert used.value.waits_for == "this month's budget is used"
        assert used.value.seconds == pytest.approx((21 * 24 + 6) * 3600, abs=60)
        clock.shift(timedelta(days=22))
        spend(run, times=1)


def spend(run: AnswerRun, *, times: int) -> None:
    for _ in range(times):
        row = reserve(run, model=MODEL, usd=CENT)
        Spend.objects.filter(pk=row.pk).update(created_at=timezone.now())
        settle(row, completion(CENT))


def test_cheaper_than_reserved_leaves_room(run) -> None:
    for _ in range(40):
        settle(reserve(run, model=MODEL, usd=4 * CENT), completion(Decimal("0.001")))
    assert budget.spent_since(timezone.now() - timedelta(hours=1)) == 4 * CENT


def test_what_is_settled_and_what_is_not(run) -> None:
    settle(reserve(run, model=MODEL, usd=CENT), completion(None))
    settle_failure(reserve(run, model=MODEL, usd=CENT), ProviderError("busy", "Busy."))
    settle_failure(reserve(run, model=MODEL, usd=CENT), ProviderError("too_slow", "Slow.", was_paid=True))
    lost = reserve(run, model=MODEL, usd=CENT)
    assert Spend.objects.filter(cost_usd=None).get() == lost
    settle_abandoned(AnswerRun.objects.filter(pk=run.pk))
    costs = Spend.objects.order_by("pk").values_list("cost_usd", "error_code")
    assert list(costs) == [(CENT, ""), (0, "busy"), (CENT, "too_slow"), (CENT, "worker_lost")]
    settle(lost, completion(Decimal("0.001")))  # by the worker that came back after all
    lost.refresh_from_db()
    assert lost.cost_usd == CENT


def test_budget_smaller_than_one_call_is_said_at_once(run, settings) -> None:
    settings.DAILY_BUDGET_USD = Decimal("0.001")
    with pytest.raises(ProviderError) as raised:
        reserve(run, model=MODEL, usd=CENT)
    assert raised.value.is_lasting
    assert "budget" in raised.value.message


@pytest.mark.usefixtures("imaging_archive")
def test_question_over_the_budget_waits_and_is_answered_later(provider, settings) -> None:
    settings.DAILY_BUDGET_USD = Decimal("0.02")
    first, *others = [
        ask(f"How do quantum diffusion models generate images, in case {n}?") for n in range(12)
    ]
    for question in (first, *others):
        run_once(question)
    paid = [question for question in (first, *others) if question.state == "published"]
    waiting = [question for question in others if question.state == "pending"]
    assert len(paid) + len(waiting) == 12
    assert 1 <= len(paid) == len(provider.calls)
    assert (
        budget.spent_since(timezone.now() - timedelta(days=1))
        == len(paid) * Decimal("0.0016")
        <= Decimal("0.02")
    )
    run = waiting[0].runs.get()
    assert (run.waits_for, run.attempts, run.retries) == ("today's budget is used", 0, 0)
    assert (run.next_try_at.hour, run.next_try_at.minute) == (0, 0)  # of the next day, in UTC
    settings.DAILY_BUDGET_USD = Decimal(1)
    AnswerRun.objects.update(next_try_at=timezone.now())
    run_once(waiting[0])
    assert waiting[0].state == "published"


@pytest.mark.usefixtures("imaging_archive")
def test_what_the_budget_cannot_pay_for_the_next_model_answers(provider, settings) -> None:
    settings.DAILY_BUDGET_USD = Decimal("0.02")
    settings.ANSWER_FALLBACK_MODELS = ["antigravity/extractive-1"]
    provider.answer = scripted(Reply(status=401))
    other = ask("How do quantum diffusion models generate images?").runs.get()
    spend = reserve(other, model=MODEL, usd=Decimal("0.0199"))

    question = ask("How do quantum diffusion models compare with classical ones?")
    run = run_once(question)
    assert (question.state, run.waits_for) == ("pending", "today's budget is in use")  # it may come back soon

    settle(spend, completion(Decimal("0.0199")))
    AnswerRun.objects.update(next_try_at=timezone.now())
    run_once(question)
    assert question.published_answer.model_requested == "antigravity/extractive-1"
    assert provider.calls == []

    with transaction.atomic():
        again = open_run(question, AnswerRun.Reason.ASKED)
    run_once(question)
    again.refresh_from_db()
    assert (again.state, again.waits_for) == ("queued", "today's budget is used")  # it has its answer


@pytest.mark.usefixtures("imaging_archive")
def test_trouble_of_a_cheap_model_is_tried_again_before_the_budget_is_there(
    provider, settings, monkeypatch
) -> None:
    settings.DAILY_BUDGET_USD = Decimal("0.02")
    settings.ANSWER_FALLBACK_MODELS = ["openai/gpt-4.1-nano"]
    monkeypatch.setenv("OPENAI_API_BASE", provider.openai_base)
    monkeypatch.setenv("OPENAI_BASE_URL", provider.openai_base)
    provider.answer = scripted(Reply(status=503))
    other = ask("How do quantum diffusion models generate images?").runs.get()
    settle(reserve(other, model=MODEL, usd=Decimal("0.016")), completion(Decimal("0.016")))

    question = ask("How do quantum diffusion models compare with classical ones?")
    run = run_once(question)

    assert [call.model for call in provider.calls] == ["gpt-4.1-nano"]
    assert (run.state, run.attempts, run.waits_for) == ("queued", 0, "today's budget is used")
    assert run.next_try_at - timezone.now() <= timedelta(seconds=300)


def test_breaker_opens_on_five_failures_in_a_minute_only(run) -> None:
    def fail(seconds_ago: int, code: str = "provider_down") -> None:
        moment = timezone.now() - timedelta(seconds=seconds_ago)
        Spend.objects.create(
            run=run, model=MODEL, reserved_usd=0, cost_usd=0, settled_at=moment, error_code=code
        )

    for seconds_ago in (300, 40, 30, 20, 10):
        fail(seconds_ago)
        budget.check_breaker(MODEL)
    fail(5)
    with pytest.raises(ProviderError) as raised:
        budget.check_breaker(MODEL)
    assert 30 < raised.value.retry_after <= 60
    assert not raised.value.was_paid
    budget.check_breaker("openai/gpt-5-mini")
    for _ in range(5):
        fail(0, code="worker_lost")  # says nothing about the provider
    with pytest.raises(ProviderError):
        budget.check_breaker(MODEL)
    fail(0, code="")  # a success
    budget.check_breaker(MODEL)


def test_what_says_nothing_of_the_provider_does_not_open_the_breaker(run) -> None:
    for code, purpose in (("refused_by_model", "answer"), ("empty_answer", "answer"), ("too_slow", "check")):
        for _ in range(6):
            spend = reserve(run, model=MODEL, usd=Decimal(0), purpose=purpose)
            settle_failure(spend, ProviderError(code, "The model declined the question."))
        budget.check_breaker(MODEL)
    with pytest.raises(ProviderError):
        budget.check_breaker(MODEL, purpose="check")


def test_call_that_nobody_waits_for_any_more_is_booked_in_full(run) -> None:
    reserve(None, model=MODEL, usd=4 * CENT, purpose="comparison")  # whose command was killed
    fresh = reserve(run, model=MODEL, usd=3 * CENT)
    assert settle_forgotten() == 0
    Spend.objects.exclude(pk=fresh.pk).update(created_at=timezone.now() - timedelta(minutes=4))
    assert settle_forgotten() == 1
    forgotten = Spend.objects.exclude(pk=fresh.pk).get()
    assert (forgotten.cost_usd, forgotten.error_code) == (4 * CENT, "worker_lost")


def test_workers_that_were_lost_do_not_open_the_breaker(run) -> None:
    for _ in range(8):
        reserve(run, model=MODEL, usd=CENT)
    settle_abandoned(AnswerRun.objects.all())
    budget.check_breaker(MODEL)
