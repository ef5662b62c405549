"""The curators' desk: what it lists and in which order, what it shows, and that no field can be edited."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from qa.models import AnswerRun, AskQuota, Spend
from tests.factories import PreprintFactory
from tests.qa.factories import (
    EVIDENCE,
    AnswerRunFactory,
    make_failed_question,
    make_held_question,
    make_published_question,
)

pytestmark = pytest.mark.django_db

ANSWERS, QUESTIONS, RUNS = "/admin/qa/answer/", "/admin/qa/question/", "/admin/qa/answerrun/"


def make_spend(**fields: object) -> Spend:
    return Spend.objects.create(
        run=AnswerRunFactory(), model="anthropic/claude-haiku-4-5", **{"reserved_usd": "0.02", **fields}
    )


def make_quota() -> None:
    AskQuota.objects.create(asker=f"asker {AskQuota.objects.count()}", window="day:20260509", asked=3)


@pytest.mark.parametrize(
    ("make", "address"),
    [
        (make_published_question, QUESTIONS),
        (make_published_question, ANSWERS),
        (make_held_question, ANSWERS),
        (make_failed_question, RUNS),
        (make_published_question, "/admin/qa/citation/"),
        (make_spend, "/admin/qa/spend/"),
        (make_quota, "/admin/qa/askquota/"),
    ],
)
def test_list_costs_the_same_queries_for_one_row_and_for_three(admin_client, make, address):
    make()
    with CaptureQueriesContext(connection) as one:
        assert admin_client.get(address).status_code == 200
    make()
    make()
    with CaptureQueriesContext(connection) as three:
        assert admin_client.get(address).status_code == 200
    assert len(one) == len(three)


def test_answer_costs_the_same_queries_for_few_statements_and_many(admin_client):
    few = make_held_question(statements=1, preprints=PreprintFactory.create_batch(1), cited=1).answers.get()
    many = make_held_question(statements=6, preprints=PreprintFactory.create_batch(6), cited=6).answers.get()
    counts = []
    for answer in (many, few, many):  # the first one also fills the cache of content types
        with CaptureQueriesContext(connection) as queries:
            assert admin_client.get(f"{ANSWERS}{answer.pk}/change/").status_code == 200
        counts.append(len(queries))
    assert counts[1] == counts[2]


def test_held_answers_come_first_with_their_reasons(admin_client):
    held = make_held_question(hold_reasons=["A number differs from its source."])
    make_published_question()
    response = admin_client.get(ANSWERS)
    assert [answer.state for answer in response.context["cl"].result_list] == ["held", "published"]
    assert response.context["cl"].result_list[0].question == held
    assert "A number differs from its source." in response.content.decode()


def test_open_runs_come_first(admin_client):
    make_failed_question()
    queued = AnswerRunFactory()
    AnswerRun.objects.filter(pk=AnswerRunFactory().pk).update(
        state="running", lease_token="0" * 32, lease_until=timezone.now()
    )
    make_published_question()
    rows = admin_client.get(RUNS).context["cl"].result_list
    assert [run.state for run in rows] == ["running", "queued", "done", "failed"]
    assert rows[1] == queued


def test_answer_is_shown_with_statement_verdict_and_evidence(admin_client):
    answer = make_held_question().answers.get()
    answer.statements.filter(position=1).update(is_dropped=True, reasons=["No source says so."])
    page = admin_client.get(f"{ANSWERS}{answer.pk}/change/").content.decode()
    for expected in (
        "Noise lowers the accuracy of circuit 1 to 84.0%.",
        "No source says so.",
        f"<q>{EVIDENCE}</q>",
        "<b>supported</b>",
        answer.sources.first().preprint.identifier,
        "claude-haiku-4-5-20251001",
        "Which noise matters most?",
    ):
        assert expected in page


def test_text_of_the_model_is_escaped(admin_client):
    answer = make_held_question(hold_reasons=["<script>alert(1)</script>"]).answers.get()
    answer.statements.update(text="<img src=x onerror=alert(2)>")
    answer.citations.update(evidence="<script>alert(3)</script>", reasons=["<b onclick=alert(4)>"])
    for address in (ANSWERS, f"{ANSWERS}{answer.pk}/change/", "/admin/qa/citation/"):
        page = admin_client.get(address).content.decode()
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "<b onclick" not in page


@pytest.mark.parametrize("model", ["question", "answer", "answerrun", "citation", "spend", "askquota"])
def test_nothing_can_be_added_edited_or_deleted(admin_client, model):
    question = make_published_question()
    rows = {
        "question": question,
        "answer": question.published_answer,
        "answerrun": question.published_answer.run,
        "citation": question.published_answer.citations.first(),
        "spend": make_spend(),
    }
    make_quota()
    row = rows.get(model) or AskQuota.objects.get()
    assert admin_client.get(f"/admin/qa/{model}/{row.pk}/change/").status_code == 200
    assert admin_client.post(f"/admin/qa/{model}/{row.pk}/change/", {"state": "held"}).status_code == 403
    assert admin_client.post(f"/admin/qa/{model}/{row.pk}/delete/", {"post": "yes"}).status_code == 403
    assert admin_client.get(f"/admin/qa/{model}/add/").status_code == 403


@pytest.mark.parametrize("address", [QUESTIONS, ANSWERS, RUNS])
def test_question_is_found_by_its_words_and_its_address(admin_client, address):
    wanted = make_published_question(text="How do surface codes protect a memory?")
    make_published_question()
    for term in ("surface codes", wanted.slug):
        rows = admin_client.get(address, {"q": term}).context["cl"].result_list
        assert [str(getattr(row, "question", row)) for row in rows] == [
            "How do surface codes protect a memory?"
        ]


def test_ledger_says_what_is_spent_of_the_budgets(admin_client, settings):
    settings.DAILY_BUDGET_USD, settings.MONTHLY_BUDGET_USD = Decimal(5), Decimal(50)
    make_spend(cost_usd="0.0042", settled_at=timezone.now())
    make_spend(reserved_usd="0.02")
    page = admin_client.get("/admin/qa/spend/").content.decode()
    assert "0.0242 of 5 USD today" in page
    assert "0.0242 of 50 USD this month" in page


def test_who_may_view_sees_no_decision(client: Client, django_user_model):
    user = django_user_model.objects.create_user("reader", password="a-long-password-9", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_answer"))
    client.force_login(user)
    answer = make_held_question().answers.get()
    page = client.get(f"{ANSWERS}{answer.pk}/change/").content.decode()
    assert "Noise lowers" in page
    assert "Discard" not in page
    assert client.get(QUESTIONS).status_code == 403


@pytest.mark.parametrize("address", ["/admin/", ANSWERS, QUESTIONS])
def test_strangers_are_asked_to_log_in(client, address):
    response = client.get(address)
    assert response.status_code == 302
    assert response["Location"].startswith("/admin/login/")
