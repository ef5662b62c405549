"""What curators decide in admin: each asks first, acts through qa/publishing.py, and is logged."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client

from qa.models import Answer, AnswerRun, Question, Report
from tests.qa.factories import (
    AnswerRunFactory,
    make_answer,
    make_closed_question,
    make_failed_question,
    make_held_question,
    make_published_question,
    make_unanswerable_question,
)

pytestmark = pytest.mark.django_db

ANSWERS, QUESTIONS = "/admin/qa/answer/", "/admin/qa/question/"
REPORTS = "/admin/qa/report/"


def decide(client: Client, address: str, action: str, *rows, confirmed: bool = True, **given: object):
    selected = {"action": action, "_selected_action": [row.pk for row in rows]}
    return client.post(address, {**selected, **({"confirmed": "yes"} if confirmed else {}), **given})


def make_held_answer() -> Answer:
    return make_held_question().answers.get()


def words_of(response) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def test_nothing_happens_before_it_is_confirmed(admin_client):
    answer = make_held_answer()
    page = decide(admin_client, ANSWERS, "publish", answer, confirmed=False)
    assert page.status_code == 200
    assert "becomes its question" in page.content.decode()
    answer.refresh_from_db()
    assert answer.state == Answer.State.HELD


def test_held_answer_is_published_in_the_curators_name(admin_client, admin_user):
    question = make_held_question()
    answer = question.answers.get()
    response = decide(admin_client, ANSWERS, "publish", answer)
    assert words_of(response) == ["Publish: 1 answer."]
    question.refresh_from_db()
    assert (question.state, question.published_answer) == ("published", answer)
    assert question.published_answer.published_by == admin_user
    entry = LogEntry.objects.get()
    assert (entry.user, entry.object_id, entry.change_message) == (admin_user, str(answer.pk), "Publish")


def test_text_of_a_published_answer_is_what_was_held(admin_client):
    answer = make_held_answer()
    before = (answer.html, list(answer.statements.values_list("text", flat=True)))
    decide(admin_client, ANSWERS, "publish", answer)
    answer.refresh_from_db()
    assert (answer.html, list(answer.statements.values_list("text", flat=True))) == before


def test_held_answer_is_discarded(admin_client):
    question = make_held_question()
    decide(admin_client, ANSWERS, "discard", question.answers.get())
    question.refresh_from_db()
    assert question.answers.get().state == Answer.State.DISCARDED
    assert question.state == Question.State.FAILED


def test_published_answer_is_held_with_a_reason(admin_client):
    question = make_published_question()
    decide(
        admin_client, ANSWERS, "hold", question.published_answer, reason="The number in line 2 looks wrong."
    )
    question.refresh_from_db()
    assert question.state == Question.State.HELD
    assert question.answers.get().hold_reasons == ["The number in line 2 looks wrong."]


def test_published_question_is_retracted_with_its_reason(admin_client, client):
    question = make_published_question()
    decide(admin_client, QUESTIONS, "retract", question, reason="Its main source was withdrawn.")
    assert "Its main source was withdrawn." in client.get(f"/ask/{question.slug}").content.decode()
    assert client.get(f"/ask/{question.slug}").status_code == 410
    assert LogEntry.objects.get().change_message == "Retract: Its main source was withdrawn."


@pytest.mark.parametrize("reason", ["", "   ", "x" * 251])
def test_reason_is_asked_for_until_it_is_given(admin_client, reason):
    question = make_published_question()
    page = decide(admin_client, QUESTIONS, "retract", question, reason=reason)
    assert page.status_code == 200
    assert page.context["form"].errors
    question.refresh_from_db()
    assert question.state == Question.State.PUBLISHED
    assert not LogEntry.objects.exists()


def test_question_is_rejected_with_its_reason(admin_client):
    question = make_unanswerable_question()
    decide(admin_client, QUESTIONS, "reject", question, reason="It names a private person.")
    question.refresh_from_db()
    assert (question.state, question.reason) == ("rejected", "It names a private person.")


def test_question_is_merged_into_another(admin_client, client):
    question, target = make_held_question(), make_published_question()
    decide(admin_client, QUESTIONS, "merge", question, into=target.pk)
    response = client.get(f"/ask/{question.slug}")
    assert (response.status_code, response["Location"]) == (301, f"/ask/{target.slug}")


def test_question_is_answered_again_with_its_reason(admin_client):
    question = make_published_question()
    decide(admin_client, QUESTIONS, "reanswer", question, reason="A source was revised.")
    run = AnswerRun.objects.open().get()
    assert (run.question, run.reason, run.change_reason) == (question, "reanswer", "A source was revised.")
    question.refresh_from_db()
    assert question.state == Question.State.PUBLISHED


def test_several_are_decided_at_once_and_what_is_not_allowed_is_said(admin_client):
    held = [make_held_question().answers.get() for _ in range(2)]
    published = make_published_question().published_answer
    response = decide(admin_client, ANSWERS, "publish", *held, published)
    assert words_of(response) == [
        f"{published}: Version 1 is published, not held.",
        "Publish: 2 answers.",
    ]
    assert Answer.objects.filter(state=Answer.State.PUBLISHED).count() == 3
    assert LogEntry.objects.count() == 2


@pytest.mark.parametrize(
    ("make", "action", "given"),
    [
        (make_failed_question, "retract", {"reason": "No."}),
        (make_published_question, "reject", {"reason": "No."}),
        (lambda: make_closed_question("retracted"), "reanswer", {"reason": "No."}),
        (lambda: make_closed_question("rejected"), "reject", {"reason": "No."}),
    ],
)
def test_move_that_the_state_table_does_not_know_changes_nothing(admin_client, make, action, given):
    question = make()
    response = decide(admin_client, QUESTIONS, action, question, **given)
    assert response.status_code == 302
    assert len(words_of(response)) == 1
    before = question.state
    question.refresh_from_db()
    assert question.state == before
    assert not LogEntry.objects.exists()


def test_question_cannot_be_merged_into_itself(admin_client):
    question = make_published_question()
    response = decide(admin_client, QUESTIONS, "merge", question, into=question.pk)
    assert "merged into itself" in words_of(response)[0]


@pytest.mark.parametrize(
    ("make", "address", "offered"),
    [
        (make_held_answer, ANSWERS, ["publish", "discard"]),
        (lambda: make_published_question().published_answer, ANSWERS, ["hold"]),
        (make_published_question, QUESTIONS, ["reanswer", "retract", "merge"]),
        (make_failed_question, QUESTIONS, ["reanswer", "reject", "merge"]),
        (lambda: AnswerRunFactory().question, QUESTIONS, ["reject", "merge"]),
        (lambda: make_closed_question("retracted"), QUESTIONS, ["erase"]),
    ],
)
def test_page_of_a_row_offers_what_its_state_allows(admin_client, make, address, offered):
    response = admin_client.get(f"{address}{make().pk}/change/")
    assert [decision.name for decision in response.context["decisions"]] == offered


def test_who_may_only_view_cannot_decide(client: Client, django_user_model):
    user = django_user_model.objects.create_user("reader", password="a-long-password-9", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_answer", "view_question"]))
    client.force_login(user)
    answer = make_held_answer()
    decide(client, ANSWERS, "publish", answer)
    decide(client, QUESTIONS, "reject", answer.question, reason="No.")
    answer.refresh_from_db()
    assert (answer.state, answer.question.state) == ("held", "held")


def test_who_may_change_answers_can_decide_about_them_only(client: Client, django_user_model):
    user = django_user_model.objects.create_user("curator", password="a-long-password-9", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["change_answer", "view_question"]))
    client.force_login(user)
    question = make_held_question()
    decide(client, QUESTIONS, "reject", question, reason="No.")
    decide(client, ANSWERS, "publish", question.answers.get())
    question.refresh_from_db()
    assert question.state == Question.State.PUBLISHED
    assert question.published_answer.published_by == user


def test_newer_version_supersedes_the_one_before(admin_client):
    question = make_published_question()
    newer = make_answer(question, state=Answer.State.HELD)
    decide(admin_client, ANSWERS, "publish", newer)
    states = question.answers.order_by("version").values_list("state", flat=True)
    assert list(states) == ["superseded", "published"]


def test_erased_question_leaves_no_word_of_it_in_the_database(admin_client, client):
    secret = "What did Zebulon Quark do in Ghent?"
    question = make_published_question(text=secret)
    question.answers.get().statements.update(text="Zebulon Quark lowers the accuracy.")
    other = make_published_question()
    other.published_answer.follow_ups.filter(position=0).update(text=secret)
    report = Report.objects.create(question=question, kind="privacy", text="Zebulon Quark is my name.")
    decide(admin_client, REPORTS, "resolve", report, reason="Told Zebulon.")
    merged = make_published_question(text="What was Zebulon's work in Ghent?")
    decide(admin_client, QUESTIONS, "merge", merged, into=question.pk)

    refused = words_of(decide(admin_client, QUESTIONS, "erase", question))
    assert refused[-1] == f"{secret}: It is published; retract or reject it first."
    decide(admin_client, QUESTIONS, "retract", question, reason="It named a private person.")
    assert words_of(decide(admin_client, QUESTIONS, "erase", question))[-1] == "Erase: 1 question."

    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(
                f'SELECT count(*) FROM "{table}" AS t WHERE to_jsonb(t)::text LIKE %s', ["%Zebulon%"]
            )
            assert cursor.fetchone() == (0,), table
    tombstone = client.get(question.get_absolute_url())
    assert tombstone.status_code == 410
    assert "It named a private person." in tombstone.content.decode()
