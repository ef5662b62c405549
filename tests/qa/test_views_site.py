"""Home, the lists, the pages about the site, errors, and the frame around all of them."""

import re
from datetime import date

import pytest
from bs4 import BeautifulSoup
from django.db import OperationalError
from django.test import Client
from django.utils import timezone
from structlog.testing import capture_logs

from archive.models import Category, HarvestRun
from qa.models import Question
from qa.views import home
from tests.factories import PreprintFactory
from tests.qa.factories import (
    QuestionFactory,
    make_closed_question,
    make_held_question,
    make_published_question,
    make_unanswerable_question,
)

pytestmark = pytest.mark.django_db


def parsed(response):
    return BeautifulSoup(response.content, "html.parser")


def test_empty_home_page_says_so(client):
    text = parsed(client.get("/")).get_text()

    assert "No question has been answered yet" in text
    assert "The archive is empty" in text


def test_home_page_lists_what_was_answered(client):
    PreprintFactory.create_batch(2, primary_category="cs.CV")
    Category.objects.update_or_create(code="cs.CV", defaults={"name": "Computer Vision"})
    HarvestRun.objects.create(
        source="x",
        state="done",
        finished_at=timezone.datetime(2026, 5, 9, tzinfo=timezone.get_default_timezone()),
    )
    question = make_published_question(verdict="partial", cited=2)

    page = parsed(client.get("/"))

    item = page.select_one(".question-item")
    assert item.h3.get_text() == question.text
    assert item.select_one(".verdict").get_text() == "Partly answered"
    assert "2 preprints cited" in " ".join(item.get_text(" ").split())
    assert [number.get_text(" ", strip=True) for number in page.select(".numbers dd")] == [
        "6",
        "1",
        "9 May 2026",
    ]
    assert (
        page.select_one('.categories a[href="/list/cs.CV"]').get_text(" ", strip=True)
        == "cs.CV Computer Vision 2"
    )


def test_home_page_tells_of_preprints_without_vectors(client):
    PreprintFactory.create_batch(3)

    assert "3 preprints of the archive can be found by full-text" in " ".join(
        parsed(client.get("/")).get_text().split()
    )


def test_only_published_questions_are_listed(client):
    hidden = [
        QuestionFactory(),
        make_held_question(),
        make_unanswerable_question(),
        make_closed_question(Question.State.RETRACTED),
        make_closed_question(Question.State.REJECTED),
    ]
    shown = make_published_question(text="The published one?")

    for address in ("/", "/questions", "/search?q=noise+published"):
        text = parsed(client.get(address)).get_text()
        assert shown.text in text
        assert [question.text for question in hidden if question.text in text] == []


def test_questions_are_paged_newest_first(client):
    preprints = PreprintFactory.create_batch(2)
    questions = [make_published_question(preprints=preprints, statements=1) for _ in range(21)]

    first, second = parsed(client.get("/questions")), parsed(client.get("/questions?page=2"))

    assert first.select_one(".question-item h3").get_text() == questions[-1].text
    assert len(first.select(".question-item")) == 20
    assert [item.get_text() for item in second.select(".question-item h3")] == [questions[0].text]
    assert second.select_one('link[rel="canonical"]')["href"].endswith("/questions?page=2")
    assert first.select_one(".pager a")["href"] == "?page=2"


@pytest.mark.parametrize("address", ["/", "/ask/", "/questions", "/recent", "/about", "/method"])
def test_page_has_its_frame(client, address):
    page = parsed(client.get(address))

    assert page.html["lang"] == "en-GB"
    assert page.title.get_text().endswith("Antigravity Q&A") or "Antigravity Q&A" in page.title.get_text()
    assert page.select_one('meta[name="description"]')["content"]
    assert page.select_one('link[rel="canonical"]')["href"].endswith(address)
    assert page.select_one("a.skip")["href"] == "#main"
    assert page.select_one("main#main")
    assert len(page.find_all("h1")) == 1
    assert "research aid, not a peer review" in " ".join(page.footer.get_text().split())


def test_no_page_has_inline_script_or_style_or_asks_another_site(client):
    question = make_published_question()
    preprint = question.published_answer.sources.first().preprint
    for address in (
        "/",
        "/ask/",
        f"/ask/{question.slug}",
        preprint.get_absolute_url(),
        "/search?q=noise",
        "/nothing",
    ):
        page = parsed(client.get(address))
        assert page.find_all("style") == []
        assert [one for one in page.select("script:not([src])") if one["type"] != "application/ld+json"] == []
        assert [
            tag
            for tag in page.find_all(True)
            for name in tag.attrs
            if name == "style" or name.startswith("on")
        ] == []
        loaded = [
            tag.get("src") or tag.get("href")
            for tag in page.select("script[src], img, link:not([rel=canonical])")
        ]
        assert [one for one in loaded if not one.startswith("/")] == []


def test_policy_forbids_everything_else(client):
    policy = client.get("/")["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy


@pytest.mark.parametrize(
    ("address", "target"),
    [
        ("/recent/", "/recent"),
        ("/questions/?page=2", "/questions?page=2"),
        ("/ask/0123456789/", "/ask/0123456789"),
        ("/list/quant-ph/2024-01/", "/list/quant-ph/2024-01"),
        ("/ask", "/ask/"),
    ],
)
def test_every_other_shape_of_an_address_redirects(client, address, target):
    response = client.get(address)

    assert (response.status_code, response["Location"]) == (301, target)


@pytest.mark.parametrize(
    "address", ["/ask/0123456789/v0", "/list/cs.CV/2024-13", "/ask/SHOUTING00", "/recent/x"]
)
def test_no_address_is_sent_to_and_fro(client, address):
    assert client.get(address, follow=True).status_code == 404


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_pages_are_for_reading(client, method):
    assert getattr(client, method)("/questions").status_code == 405


def test_unknown_address_is_a_helpful_404(client):
    response = client.get("/nothing/here")

    page = parsed(response)
    assert response.status_code == 404
    assert page.h1.get_text() == "Nothing at this address"
    assert page.select_one('main a[href="/search"]')
    assert page.select_one('meta[name="robots"]')["content"] == "noindex"


def test_broken_page_says_sorry_with_the_id_that_the_log_has(monkeypatch):
    monkeypatch.setattr(home, "kept_numbers", lambda: 1 / 0)

    with capture_logs() as logged:
        response = Client(raise_request_exception=False).get("/")

    page = parsed(response)
    assert response.status_code == 500
    assert page.code.get_text() in [event["error_id"] for event in logged if event["event"] == "page_failed"]
    assert "ZeroDivisionError" not in page.get_text()


def test_page_without_a_database_says_when_to_come_back(monkeypatch):
    def fail():
        raise OperationalError("the server is gone")

    monkeypatch.setattr(home, "kept_numbers", fail)

    response = Client(raise_request_exception=False).get("/")

    assert response.status_code == 503
    assert response["Retry-After"] == "10"
    assert parsed(response).h1.get_text() == "Closed for a moment"
    assert len(parsed(response).code.get_text()) >= 32  # by which the log is searched
    assert "the server is gone" not in response.content.decode()


def test_password_guessing_ends_on_a_page(settings):
    settings.AXES_FAILURE_LIMIT = 2
    for _ in range(3):
        response = Client().post("/admin/login/", {"username": "somebody", "password": "guess"})

    assert response.status_code == 429
    assert parsed(response).h1.get_text() == "One moment, please"


def test_times_have_the_form_that_html_takes(client):
    question = make_published_question()

    for address in (question.get_absolute_url(), "/quality"):
        stamps = [time["datetime"] for time in parsed(client.get(address)).select("time")]

        assert stamps, address
        assert all(re.fullmatch(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d\+00:?00)?", stamp) for stamp in stamps)


@pytest.mark.parametrize("address", ["/", "/recent", "/questions", "/list/quant-ph/2024-01"])
def test_lists_have_a_preview(client, address):
    PreprintFactory(submitted_on=date(2024, 1, 13), primary_category="quant-ph")

    page = parsed(client.get(address))

    tags = {tag["property"]: tag["content"] for tag in page.select('meta[property^="og:"]')}
    assert tags["og:url"] == f"http://127.0.0.1:8000{address}"
    assert tags["og:site_name"] == "Antigravity Q&A"
    assert tags["og:title"]
    assert tags["og:description"]


@pytest.mark.parametrize(
    ("address", "feed"),
    [
        ("/questions", "/feeds/answers"),
        ("/corrections", "/feeds/corrections"),
        ("/list/quant-ph/2024-01", "/feeds/category/quant-ph"),
        ("/search?q=noise", "/feeds/search"),
    ],
)
def test_page_with_a_feed_links_it_for_people_and_programs(client, address, feed):
    PreprintFactory(submitted_on=date(2024, 1, 13), primary_category="quant-ph")
    query = "?q=noise" if "search" in address else ""

    page = parsed(client.get(address))

    for ending, kind in (("atom", "application/atom+xml"), ("json", "application/feed+json")):
        wanted = f"{feed}.{ending}{query}"
        assert page.select_one(f'head link[type="{kind}"][href="{wanted}"]'), wanted
        assert page.select_one(f'main a[type="{kind}"][href="{wanted}"]'), wanted
        assert client.get(wanted).status_code == 200
