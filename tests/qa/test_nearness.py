"""Questions in other words: offered before anything is spent, asked anyway, suggested while typing."""

import json

import pytest
from bs4 import BeautifulSoup
from django.test import Client

from qa import publishing
from qa.models import AnswerRun, AskQuota, Question, QuestionEmbedding
from qa.nearness import embed_missing, embed_question, keep_vector
from tests.qa.factories import QuestionFactory, make_held_question, make_published_question

pytestmark = pytest.mark.django_db(transaction=True)

ANSWERED = "How do barren plateaus affect variational circuits?"
REPEATED = "What is the effect of barren plateaus on variational circuits?"
OPPOSITE = "What is the effect of variational circuits on barren plateaus?"


@pytest.fixture
def answered() -> Question:
    question = make_published_question(text=ANSWERED)
    keep_vector(question, embed_question(ANSWERED))
    return question


def post(client: Client, text: str, **more: object):
    body = json.dumps({"text": text, **more})
    return client.post("/api/v1/questions/", body, content_type="application/json")


def suggestions(client: Client, text: str) -> list[str]:
    return [one["text"] for one in client.get("/api/v1/questions/suggestions/", {"q": text}).json()]


def test_question_in_other_words_is_offered_the_answer_and_costs_nothing(client, answered):
    response = post(client, REPEATED)

    assert response.status_code == 409
    problem = response.json()
    assert problem["code"] == "near_duplicate"
    assert [(one["slug"], one["text"]) for one in problem["candidates"]] == [(answered.slug, ANSWERED)]
    assert (Question.objects.count(), AskQuota.objects.count()) == (1, 0)


def test_question_in_other_words_is_asked_with_force(client, answered):
    response = post(client, REPEATED, force=True)

    assert response.status_code == 202
    assert Question.objects.get(slug=response.json()["slug"]).text == REPEATED
    assert AnswerRun.objects.open().count() == 1
    assert post(client, REPEATED).status_code == 200


def test_turned_question_is_a_new_one(client, answered):
    assert post(client, OPPOSITE).status_code == 202


def test_held_question_is_never_offered(client):
    held = make_held_question()
    Question.objects.filter(pk=held.pk).update(text=ANSWERED)
    keep_vector(held, embed_question(ANSWERED))

    assert post(client, REPEATED).status_code == 202
    assert suggestions(client, REPEATED) == []


def test_form_offers_the_page_and_keeps_what_was_typed(client, answered):
    response = client.post("/ask/", {"question": REPEATED})

    assert response.status_code == 409
    page = BeautifulSoup(response.content, "html.parser")
    assert page.select_one("#answered-already a")["href"] == f"/ask/{answered.slug}"
    assert page.textarea.get_text().strip() == REPEATED
    button = page.select_one(".ask button")
    assert button.get_text() == "Ask anyway"

    forced = client.post("/ask/", {"question": REPEATED, button["name"]: button["value"]})
    assert forced.status_code == 303
    assert Question.objects.filter(text=REPEATED).exists()


def test_form_filled_in_lists_related_questions_without_a_script(client, answered):
    page = BeautifulSoup(
        client.get("/ask/", {"q": "barren plateaus in variational circuits"}).content, "html.parser"
    )

    assert [link["href"] for link in page.select(".related a")] == [f"/ask/{answered.slug}"]


def test_suggestions_are_near_published_questions_and_may_be_kept(client, answered):
    other = make_published_question(text="Why do neutrinos have mass?")
    keep_vector(other, embed_question(other.text))

    response = client.get("/api/v1/questions/suggestions/", {"q": "barren plateaus in circuits"})

    assert [one["slug"] for one in response.json()] == [answered.slug]
    assert response.json()[0]["verdict"] == "answered"
    assert "max-age=300" in response["Cache-Control"]


@pytest.mark.parametrize("text", ["", "bar", "x" * 10_000, "barren\x00 plateaus in circuits \ud800"])
def test_suggestions_take_any_text(client, answered, text):
    query = {"q": text.encode("utf-8", "surrogatepass")}
    assert client.get("/api/v1/questions/suggestions/", query).status_code == 200


def test_retracted_question_is_suggested_no_more(client, answered):
    publishing.retract(answered, "Its source was withdrawn.")

    assert suggestions(client, REPEATED) == []
    assert post(client, REPEATED).status_code == 202


def test_erased_question_leaves_no_vector(answered):
    publishing.retract(answered, "It names a private person.")
    publishing.erase(answered)

    assert embed_missing(10) == 0
    assert not QuestionEmbedding.objects.exists()


def test_text_that_is_no_question_by_its_meaning_is_refused(client):
    response = post(client, "Can you recommend a good restaurant in Geneva?")

    assert (response.status_code, response.json()["code"]) == (422, "personal")
    assert not Question.objects.exists()


def test_new_question_gets_its_vector_at_once_and_old_ones_later(client):
    post(client, ANSWERED)
    old = QuestionFactory.create_batch(3)

    assert QuestionEmbedding.objects.get().question.text == ANSWERED
    assert (embed_missing(2), embed_missing(2), embed_missing(2)) == (2, 1, 0)
    assert QuestionEmbedding.objects.filter(question__in=old).count() == 3


def test_curator_sees_what_a_question_could_be_merged_into(admin_client, answered):
    question = QuestionFactory(text=REPEATED)

    page = admin_client.get(f"/admin/qa/question/{question.pk}/change/")

    assert ANSWERED in page.content.decode()
