"""What models cost, as the command and the curators' desk say it."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.contrib.auth.models import Permission
from django.core.management import CommandError, call_command
from django.utils import timezone

from qa.accounting import list_answers, list_days, read_caps, spent_by_day
from qa.models import Spend
from tests.qa.factories import AnswerRunFactory, make_published_question

pytestmark = pytest.mark.django_db

HAIKU, MINI = "anthropic/claude-haiku-4-5", "openai/gpt-4.1-mini"
NOON = datetime(2026, 5, 9, 12, 0, tzinfo=UTC)


@pytest.fixture
def ledger():
    """Two days of two models at noon on 9 May 2026: settled, failed, and one that is still under way."""
    run = AnswerRunFactory()

    def call(days_ago: int, model: str, usd: str | None, error: str = "") -> None:
        moment = NOON - timedelta(days=days_ago)
        settled = {} if usd is None else {"cost_usd": usd, "settled_at": moment}
        row = Spend.objects.create(
            run=run,
            model=model,
            reserved_usd="0.02",
            tokens_in=0 if error or usd is None else 2000,
            tokens_out=0 if error or usd is None else 500,
            error_code=error,
            **settled,
        )
        Spend.objects.filter(pk=row.pk).update(created_at=moment)

    with time_machine.travel(NOON, tick=False):
        call(0, HAIKU, "0.0045")
        call(0, HAIKU, "0.0045")
        call(0, MINI, "0", "busy")
        call(0, MINI, None)
        call(3, MINI, "0.0016")
        call(40, MINI, "1.00")
        yield


def test_days_and_models_add_up(ledger) -> None:
    today, before = NOON.date(), NOON.date() - timedelta(days=3)
    lines = [
        (line.day, line.model, line.calls, line.failed, line.tokens_in, line.usd)
        for line in list_days(days=30)
    ]
    assert lines == [
        (today, MINI, 2, 1, 0, Decimal("0.02")),  # under way: all that is reserved
        (today, HAIKU, 2, 0, 4000, Decimal("0.009")),
        (before, MINI, 1, 0, 2000, Decimal("0.0016")),
    ]
    by_day = dict(spent_by_day(list_days(days=4), days=4))
    assert by_day == {
        before: Decimal("0.0016"),
        before + timedelta(days=1): 0,
        before + timedelta(days=2): 0,
        today: Decimal("0.029"),
    }


def test_caps_count_what_is_reserved(ledger, settings) -> None:
    settings.DAILY_BUDGET_USD, settings.MONTHLY_BUDGET_USD = Decimal("0.058"), Decimal(0)
    today, month = read_caps()
    assert (today.spent, today.share) == (Decimal("0.029"), 0.5)
    assert (month.spent, month.share) == (Decimal("0.0306"), 1.0)


def test_answers_are_summed_by_the_model_that_wrote_them() -> None:
    make_published_question(cost_usd="0.004", tokens_in=1000)
    make_published_question(cost_usd="0.008", tokens_in=3000)
    make_published_question(cost_usd="0", model_requested="antigravity/extractive-1", is_quotation=True)
    haiku, quoted = list_answers(days=1)
    assert (haiku.model, haiku.answers, haiku.tokens_in) == (HAIKU, 2, 4000)
    assert (haiku.mean_usd, haiku.highest_usd) == (Decimal("0.006"), Decimal("0.008"))
    assert (quoted.model, quoted.mean_usd) == ("antigravity/extractive-1", 0)


def test_report_says_it_in_words_and_in_json(ledger, settings, capsys) -> None:
    settings.DAILY_BUDGET_USD = Decimal(5)
    call_command("spend_report")
    text = capsys.readouterr().out
    assert "Budget today          0.0290 of 5 USD" in text
    assert f"2026-05-09  {HAIKU:<36}      2 calls, 4,000 in, 1,000 out, 0.0090 USD" in text
    assert f"2026-05-09  {MINI:<36}      2 calls, 1 failed, 0 in" in text
    assert "Total       0.0306 USD for 5 calls" in text
    call_command("spend_report", "--days", "1", "--json")
    report = json.loads(capsys.readouterr().out)
    assert [(line["model"], line["usd"]) for line in report["days"]] == [
        (MINI, "0.020000"),
        (HAIKU, "0.009000"),
    ]
    assert report["budgets"][0] == {"name": "today", "spent": "0.029000", "cap": "5"}


def test_empty_ledger_has_a_report_too(capsys) -> None:
    call_command("spend_report")
    assert "Total       0.0000 USD for 0 calls" in capsys.readouterr().out
    with pytest.raises(CommandError, match="--days"):
        call_command("spend_report", "--days", "0")


def test_desk_shows_days_models_and_answers(ledger, admin_client) -> None:
    make_published_question(cost_usd="0.0055")
    page = BeautifulSoup(admin_client.get("/admin/qa/spend/report/").content, "html.parser")
    rows = [" ".join(row.get_text(" ").split()) for row in page.select("#days tbody tr")]
    assert rows[1] == f"9 May 2026 {HAIKU} 2 0 4,000 1,000 0.0090"
    assert len(rows) == 3
    assert len(page.select("svg rect.day")) == 30
    assert f"{HAIKU} 1 0.0055 0.0055" in " ".join(page.select_one("#answers").get_text(" ").split())
    changelist = BeautifulSoup(admin_client.get("/admin/qa/spend/").content, "html.parser")
    assert changelist.select_one('a[href="/admin/qa/spend/report/"]')


def test_desk_shows_it_to_those_who_may_see_the_ledger(client, django_user_model) -> None:
    curator = django_user_model.objects.create_user("grace", password="x", is_staff=True)
    client.force_login(curator)
    assert client.get("/admin/qa/spend/report/").status_code == 403
    curator.user_permissions.add(Permission.objects.get(codename="view_spend"))
    assert client.get("/admin/qa/spend/report/").status_code == 200


def test_comparison_in_the_ledger_has_no_question(admin_client) -> None:
    Spend.objects.create(
        run=None,
        purpose="comparison",
        model=MINI,
        reserved_usd="0.02",
        cost_usd="0.0016",
        settled_at=timezone.now(),
    )
    page = admin_client.get("/admin/qa/spend/")
    assert page.status_code == 200
    assert b"a comparison of prompts" in page.content
