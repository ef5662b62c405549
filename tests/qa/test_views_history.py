"""The versions of an answer, side by side, as a reader's browser gets them."""

from datetime import UTC, datetime

import pytest
from bs4 import BeautifulSoup
from django.db import connection
from django.test.utils import CaptureQueriesContext

from qa.models import Answer, Mark, Question
from tests.factories import PreprintFactory
from tests.qa.factories import make_answer, make_held_question, make_published_question

pytestmark = pytest.mark.django_db


def replace_version(question: Question, **fields) -> Answer:
    """As publishing leaves it when a further version takes the place of the present one."""
    Answer.objects.filter(pk=question.published_answer_id).update(state=Answer.State.SUPERSEDED)
    answer = make_answer(question, **fields)
    question.published_answer = answer
    question.save()
    return answer


def words(node) -> str:
    return " ".join(node.get_text(" ").split())


def read(client, question: Question) -> BeautifulSoup:
    return BeautifulSoup(client.get(f"/ask/{question.slug}/history").content, "html.parser")


@pytest.fixture
def preprints():
    return PreprintFactory.create_batch(3)


@pytest.fixture
def question(preprints) -> Question:
    """Two versions: one claim reworded, one added, one source for another, another model, a reason."""
    question = make_published_question(preprints=preprints[:2], statements=2)
    Mark.objects.create(
        answer=question.published_answer, preprint=preprints[1], kind="revised", preprint_version=2
    )
    answer = replace_version(
        question,
        preprints=[preprints[0], preprints[2]],
        statements=3,
        verdict="partial",
        model_named="claude-next",
        change_reason="A source was revised.",
    )
    answer.statements.filter(position=1).update(text="Noise lowers the accuracy of circuit 1 to 71.5%.")
    Answer.objects.update(published_at=datetime(2026, 5, 9, 12, tzinfo=UTC))
    return question


def test_tells_what_is_different_with_its_reason(client, question, preprints):
    page = read(client, question)

    newest = page.select_one("#v2").find_parent("section")
    text = words(newest)
    assert "9 May 2026 · Partly answered · claude-next" in text
    assert "verdict before: answered" in text
    assert "model before: claude-haiku-4-5-20251001" in text
    assert "Made because: A source was revised." in text
    assert f"{preprints[1].identifier} was revised on" in text
    assert [words(one) for one in newest.select(".changes del")] == [
        "removed: 84.0%.",
        f"{preprints[1].identifier} {preprints[1].title}",
    ]
    assert [words(one) for one in newest.select(".changes ins")] == [
        "added: 71.5%.",
        "Noise lowers the accuracy of circuit 2 to 84.0%.",
        f"{preprints[2].identifier} {preprints[2].title}",
    ]
    assert "The first version." in words(page.select_one("#v1").find_parent("section"))


def test_is_kept_from_indexes_and_reached_from_every_version(client, question):
    response = client.get(f"/ask/{question.slug}/history")
    assert response["X-Robots-Tag"] == "noindex"
    assert b'<meta name="robots" content="noindex">' in response.content
    link = f'href="/ask/{question.slug}/history"'.encode()
    assert link in client.get(f"/ask/{question.slug}").content
    old = client.get(f"/ask/{question.slug}/v1")
    assert link in old.content
    assert b'<meta name="robots" content="noindex">' in old.content
    assert "This is version 1 of 9 May 2026" in words(BeautifulSoup(old.content, "html.parser"))


def test_only_version_has_nothing_to_compare(client):
    question = make_published_question()
    assert "The first version." in words(read(client, question))
    assert b"/history" not in client.get(f"/ask/{question.slug}").content


def test_foreign_text_stays_text(client):
    question = make_published_question(statements=1)
    evil = "<img src=x onerror=alert(1)> & <b>bold</b> **strong**"
    answer = replace_version(question, statements=1)
    answer.statements.update(text=evil)
    page = client.get(f"/ask/{question.slug}/history").content.decode()
    assert "<img src=x" not in page
    assert "&lt;img src=x" in page


def test_unpublished_versions_are_not_compared(client):
    question = make_published_question()
    make_answer(question, state=Answer.State.HELD)
    assert words(read(client, question)).count("Version ") == 1
    assert client.get(f"/ask/{make_held_question().slug}/history").status_code == 404


def test_slash_at_the_end_is_led_back(client, question):
    response = client.get(f"/ask/{question.slug}/history/")
    assert (response.status_code, response["Location"]) == (301, f"/ask/{question.slug}/history")


def test_costs_the_same_queries_for_two_versions_and_for_five(client, question):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get(f"/ask/{question.slug}/history")
        return len(captured)

    two = queries()
    for _ in range(3):
        replace_version(question)
    assert queries() == two
