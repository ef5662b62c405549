"""/quality: what it counts, what it leaves out, and what it says where there is nothing to count."""

from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from django.core.cache import cache
from django.utils import timezone

from qa.models import Citation, Mark, Question
from qa.quality import Whole, list_weeks
from tests.factories import PreprintFactory
from tests.qa.factories import (
    make_closed_question,
    make_held_question,
    make_published_question,
    make_unanswerable_question,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_kept(settings, request):
    """A cache of each test's own: figures are kept for a minute, and others' tests read the page too."""
    backend = "django.core.cache.backends.locmem.LocMemCache"
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": request.node.name}}
    yield
    cache.clear()


def read_page(client) -> BeautifulSoup:
    return BeautifulSoup(client.get("/quality").content, "html.parser")


def words(element) -> str:
    return " ".join(element.get_text(" ").split())


def figures(page: BeautifulSoup) -> dict[str, str]:
    """What stands under each bar, by its label."""
    return {words(one.figcaption.strong): words(one.ul) for one in page.select(".whole:has(ul)")}


def test_empty_site_says_so(client) -> None:
    page = read_page(client)
    said = [words(one) for one in page.select(".empty")]
    assert said[0] == "No answer by a language model is published yet."
    assert "No answer is published yet, so none has cost anything." in said
    assert not page.select(".shares")
    assert "none yet" in words(page.select_one("#freshness").parent)


def test_citations_are_counted_by_verdict_and_quotations_apart(client) -> None:
    written = make_published_question(statements=4).published_answer
    written.citations.filter(statement__position=1).update(verdict="weak")
    dropped = written.statements.filter(position=3)
    Citation.objects.filter(statement__in=dropped).update(verdict="contradicted")
    dropped.update(is_dropped=True, reasons=["A number differs."])
    make_published_question(statements=2, is_quotation=True)
    make_held_question(statements=5)  # not published, not counted

    shown = figures(read_page(client))

    assert shown["Written by language models"] == "Supported 67% · 2 Weakly supported 33% · 1"
    assert shown["Quoted by the embedded answerer"] == "Supported 100% · 2"


def test_questions_and_the_gate(client) -> None:
    make_published_question()
    make_published_question(verdict="partial", gap="How many are needed stays open.")
    make_unanswerable_question()
    make_held_question()
    make_closed_question(Question.State.RETRACTED)

    page = read_page(client)

    shown = figures(page)
    assert shown["What became of them"] == (
        "Answered 33% · 1 Partly answered 33% · 1 Not in this archive 33% · 1"
    )
    assert shown["Published at once, or held"].endswith("Held for a curator 25% · 1")
    assert "Retracted questions 1" in words(page.select_one("#freshness").parent)


def test_outdated_answers_count_once_however_many_marks_they_have(client) -> None:
    answer = make_published_question().published_answer
    for preprint in PreprintFactory.create_batch(2):
        Mark.objects.create(answer=answer, preprint=preprint, kind="revised", preprint_version=2)
    fresh = make_published_question().published_answer
    Mark.objects.create(
        answer=fresh,
        preprint=PreprintFactory(),
        kind="newer",
        preprint_version=1,
        resolved_at=timezone.now(),
    )

    assert figures(read_page(client))["Answers on a page"] == "Current 50% · 1 Marked as outdated 50% · 1"


def test_costs_are_by_model(client) -> None:
    make_published_question(cost_usd="0.004")
    make_published_question(cost_usd="0.008")
    make_published_question(model_named="antigravity/extractive-1", cost_usd=0, is_quotation=True)
    rows = [words(row) for row in read_page(client).select("#costs ~ div tbody tr")]
    assert rows == [
        "claude-haiku-4-5-20251001 2 $0.0060 $0.0080",
        "antigravity/extractive-1 1 $0.0000 $0.0000",
    ]


def test_weeks_hold_what_was_published_in_them() -> None:
    now = timezone.now()
    for weeks in (0, 0, 3, 40):
        make_published_question(statements=1, published_at=now - timedelta(weeks=weeks))
    counts = [week.count for week in list_weeks()]
    assert (len(counts), counts[-1], counts[-4], sum(counts)) == (26, 2, 1, 3)
    assert [week.height for week in list_weeks() if week.count] == [50, 100]


@pytest.mark.parametrize(
    ("counts", "shown"),
    [((1, 999), ["<1%", ">99%"]), ((1, 2), ["33%", "67%"]), ((0, 5), ["100%"]), ((0, 0), [])],
)
def test_something_is_never_shown_as_nothing_or_all(counts: tuple[int, int], shown: list[str]) -> None:
    whole = Whole.of([("a", "a", counts[0]), ("b", "b", counts[1])])
    assert [part.percent for part in whole.parts] == shown
    assert sum(part.share for part in whole.parts) == pytest.approx(100 if shown else 0)


@pytest.mark.parametrize("questions", [1, 3])
def test_makes_the_same_few_queries_for_any_number(client, django_assert_num_queries, questions) -> None:
    for _ in range(questions):
        make_published_question(statements=2)
    with django_assert_num_queries(11):
        client.get("/quality")
    with django_assert_num_queries(0):  # kept for a minute
        client.get("/quality")


def test_page_is_there_while_the_cache_is_away(client, settings) -> None:
    settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": "redis://127.0.0.1:1/0"}}
    make_published_question()
    response = client.get("/quality")
    assert response.status_code == 200
    assert b"Supported" in response.content


def test_it_is_linked_and_indexed(client) -> None:
    page = BeautifulSoup(client.get("/about").content, "html.parser")
    assert len(page.select('a[href="/quality"]')) == 2
    quality = read_page(client)
    assert quality.select_one('link[rel="canonical"]')["href"].endswith("/quality")
    assert not quality.select_one('meta[name="robots"]')
    assert client.get("/quality/").url == "/quality"
