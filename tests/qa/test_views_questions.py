"""The list of answered questions, narrowed and sorted by its address."""

from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from django.utils import timezone

from qa.models import Question
from tests.factories import PreprintFactory
from tests.qa.factories import make_held_question, make_published_question

pytestmark = pytest.mark.django_db


def get_page(client, **parameters):
    response = client.get("/questions", parameters)
    assert response.status_code == 200
    return BeautifulSoup(response.content, "html.parser")


def texts(page):
    return [link.get_text() for link in page.select(".question-item h3 a")]


@pytest.fixture
def questions():
    """Three, of rising age: partial and on vision, answered and on both, answered and on quanta."""
    vision, quanta = (PreprintFactory(primary_category=code) for code in ("cs.CV", "quant-ph"))
    made = [
        make_published_question(text="What sees?", preprints=[vision], cited=1, verdict="partial"),
        make_published_question(text="What entangles and sees?", preprints=[quanta, vision], cited=2),
        make_published_question(text="What entangles?", preprints=[quanta, vision], cited=1),
    ]
    for days, question in enumerate(made):
        question.published_at = timezone.now() - timedelta(days=days)
        question.save()
    return made


@pytest.mark.parametrize(
    ("parameters", "shown"),
    [
        ({}, [0, 1, 2]),
        ({"sort": "oldest"}, [2, 1, 0]),
        ({"sort": "sources"}, [1, 0, 2]),
        ({"verdict": "answered"}, [1, 2]),
        ({"category": "cs.CV"}, [0, 1]),
        ({"category": "quant-ph", "verdict": "answered", "sort": "oldest"}, [2, 1]),
        ({"category": "math.AG"}, []),
        ({"sort": "nonsense", "verdict": "<b>", "category": "\x00", "page": "x"}, [0, 1, 2]),
    ],
)
def test_address_narrows_and_sorts(client, questions, parameters, shown):
    page = get_page(client, **parameters)

    assert texts(page) == [questions[place].text for place in shown]
    assert len(page.select("h1")) == 1


def test_filters_say_how_many_they_leave(client, questions):
    links = {link.get_text(" ", strip=True): link["href"] for link in get_page(client).select(".facets a")}

    assert links["Answered 2"] == "?verdict=answered"
    assert links["Partly answered 1"] == "?verdict=partial"
    assert links["cs.CV 2"] == "?category=cs.CV"
    assert links["quant-ph 2"] == "?category=quant-ph"


def test_a_chosen_filter_can_be_taken_away(client, questions):
    page = get_page(client, verdict="answered", sort="oldest", page="1")

    chosen = page.select_one(".facets .chosen")
    assert chosen["href"] == "?verdict=&sort=oldest".replace("verdict=&", "")
    assert "Answered" in chosen.get_text()


def test_only_the_plain_list_is_for_search_engines(client, questions):
    assert get_page(client).select_one("link[rel=canonical]")["href"].endswith("/questions")
    assert get_page(client, sort="oldest").select_one("link[rel=canonical]") is None
    assert get_page(client, sort="oldest").select_one("meta[name=robots]")["content"] == "noindex"


def test_counts_and_list_hold_published_questions_only(client, questions):
    make_held_question()
    Question.objects.filter(pk=questions[0].pk).update(
        state="retracted", published_answer=None, closed_at=timezone.now(), reason="Wrong."
    )

    page = get_page(client)

    assert texts(page) == [question.text for question in questions[1:]]
    assert "2 questions" in page.select_one(".lead").get_text()
