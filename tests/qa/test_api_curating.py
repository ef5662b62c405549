"""Curators' decisions over the REST API: the rules of admin, kept in the name of the token's owner."""

import json

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client

from qa.models import Answer, AnswerRun, Question, Token
from qa.tokens import equip_token
from tests.qa.factories import (
    make_answer,
    make_closed_question,
    make_failed_question,
    make_held_question,
    make_published_question,
)

pytestmark = pytest.mark.django_db

PROBLEM = "application/problem+json"
MAY_CURATE = ["change_answer", "change_question"]


@pytest.fixture
def make_token(django_user_model):
    """Makes a token of a new staff account with these permissions."""

    def make(*scopes: str, may=MAY_CURATE, is_staff: bool = True) -> Token:
        owner = django_user_model.objects.create_user(f"curator{Token.objects.count()}", is_staff=is_staff)
        owner.user_permissions.set(Permission.objects.filter(codename__in=may))
        token = Token(label="night shift", owner=owner, scopes=list(scopes))
        equip_token(token)
        token.save()
        return token

    return make


@pytest.fixture
def token(make_token) -> Token:
    return make_token("curate")


def decide(token: Token | None, question: Question | str, action: str, **body: object):
    slug = getattr(question, "slug", question)
    return Client(enforce_csrf_checks=True).post(
        f"/api/v1/questions/{slug}/{action}/",
        json.dumps(body),
        content_type="application/json",
        headers={"Authorization": f"Bearer {token.secret}"} if token else {},
    )


def assert_problem(response, status: int, code: str) -> None:
    assert (response.status_code, response["Content-Type"]) == (status, PROBLEM), response.content
    assert response.json()["code"] == code


def test_held_answer_is_published_in_the_name_of_the_tokens_owner(token):
    question = make_held_question()
    response = decide(token, question, "publish")
    assert (response.status_code, response.json()["state"]) == (200, "published")
    question.refresh_from_db()
    answer = question.published_answer
    assert answer.published_by == token.owner
    entry = LogEntry.objects.get()
    assert (entry.user, entry.object_id) == (token.owner, str(answer.pk))
    assert entry.change_message == "Publish (API token “night shift”)"
    assert entry.content_type.model == "answer"
    assert_problem(decide(token, question, "publish"), 409, "not_allowed")
    assert_problem(decide(token, question, "publish", version=1), 409, "not_allowed")
    assert_problem(decide(token, question, "publish", version=7), 404, "not_found")


def test_which_of_two_held_versions_is_published_must_be_said(token):
    question = make_held_question()
    make_answer(question, state=Answer.State.HELD)
    refused = decide(token, question, "publish")
    assert_problem(refused, 409, "not_allowed")
    assert refused.json()["detail"] == "The versions 1 and 2 are held: say which, as `version`."
    assert decide(token, question, "publish", version=2).status_code == 200
    question.refresh_from_db()
    assert question.published_answer.version == 2


def test_published_question_is_retracted_with_its_reason(token, client):
    question = make_published_question()
    response = decide(token, question, "retract", reason="Its main source was withdrawn.")
    assert (response.status_code, response.json()["state"]) == (200, "retracted")
    page = client.get(f"/ask/{question.slug}")
    assert page.status_code == 410
    assert "Its main source was withdrawn." in page.content.decode()
    entry = LogEntry.objects.get()
    assert entry.change_message == "Retract: Its main source was withdrawn. (API token “night shift”)"
    assert_problem(decide(token, question, "retract", reason="Again."), 409, "not_allowed")


def test_question_is_answered_again_with_its_reason(token):
    question = make_published_question()
    response = decide(token, question, "reanswer", reason="A source was revised.")
    assert (response.status_code, response.json()["state"]) == (202, "published")
    run = AnswerRun.objects.open().get()
    assert (run.question, run.reason, run.change_reason) == (question, "reanswer", "A source was revised.")
    again = decide(token, question, "reanswer", reason="Again.")
    assert_problem(again, 409, "not_allowed")
    assert again.json()["detail"] == "It is being answered again already."
    assert LogEntry.objects.count() == 1


def test_question_is_merged_into_another_one(token, client):
    question, target = make_failed_question(), make_published_question()
    response = decide(token, question, "merge", into=target.slug)
    assert (response.status_code, response.json()["state"]) == (200, "merged")
    assert client.get(f"/ask/{question.slug}")["Location"] == f"/ask/{target.slug}"
    assert LogEntry.objects.get().change_message == f"Merge: {target.slug} (API token “night shift”)"
    assert_problem(decide(token, target, "merge", into=target.slug), 409, "not_allowed")
    assert_problem(decide(token, target, "merge", into=question.slug), 409, "not_allowed")


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("retract", {}),
        ("retract", {"reason": "  "}),
        ("retract", {"reason": "x" * 251}),
        ("retract", {"reason": "a\x00b"}),
        ("retract", {"reason": ["a"]}),
        ("reanswer", {"reason": "\ud800"}),
        ("merge", {}),
        ("merge", {"into": "abcdefghij"}),
        ("merge", {"into": "a\x00"}),
        ("merge", {"into": {"slug": 1}}),
        ("publish", {"version": 0}),
        ("publish", {"version": "9" * 30}),
    ],
)
def test_body_that_cannot_be_used_changes_nothing(token, action, body):
    question = make_published_question()
    response = decide(token, question, action, **body)
    assert_problem(response, 400, "invalid")
    question.refresh_from_db()
    assert question.state == Question.State.PUBLISHED
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize("action", ["publish", "retract", "reanswer", "merge"])
def test_who_may_decide_nothing_in_admin_may_not_here(make_token, action):
    question, target = make_published_question(), make_published_question()
    body = {"reason": "No.", "into": target.slug, "version": 1}
    assert_problem(decide(None, question, action, **body), 401, "not_authenticated")
    refused = {
        "insufficient_scope": [make_token("read", "ask")],
        "owner_may_not": [
            make_token("curate", may=["view_question", "change_report"]),
            make_token("curate", is_staff=False),
            make_token("curate", may=["change_question" if action == "publish" else "change_answer"]),
        ],
    }
    for code, tokens in refused.items():
        for token in tokens:
            assert_problem(decide(token, question, action, **body), 403, code)
    question.refresh_from_db()
    assert question.state == Question.State.PUBLISHED
    assert not AnswerRun.objects.open().exists()


def test_only_curators_learn_of_a_question_that_was_rejected(token):
    question = make_closed_question("rejected")
    assert_problem(decide(None, question, "reanswer", reason="No."), 401, "not_authenticated")
    assert_problem(decide(token, question, "reanswer", reason="No."), 409, "not_allowed")
    assert_problem(decide(token, "aaaaaaaaaa", "reanswer", reason="No."), 404, "not_found")


@pytest.mark.parametrize("action", ["publish", "retract", "reanswer", "merge"])
def test_decision_cannot_be_read(client, action):
    address = f"/api/v1/questions/{make_published_question().slug}/{action}/"
    assert client.get(address).status_code in (401, 405)
