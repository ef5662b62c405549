"""Listings of preprints by day and by month."""

from datetime import date

import pytest
from bs4 import BeautifulSoup

from archive.models import Category
from tests.factories import PreprintFactory

pytestmark = pytest.mark.django_db


def get_page(client, address):
    return BeautifulSoup(client.get(address).content, "html.parser")


def titles(page):
    return [link.get_text() for link in page.select(".preprint-item h3 a")]


def test_recent_lists_by_day_newest_first(client):
    older = PreprintFactory(submitted_on=date(2024, 1, 5), title="An older one")
    newer = PreprintFactory(
        submitted_on=date(2024, 5, 9), title="A newer one", authors=[f"A{n}" for n in range(9)]
    )

    page = get_page(client, "/recent")

    assert titles(page) == [newer.title, older.title]
    assert [heading.get_text() for heading in page.select("h2")] == ["9 May 2024", "5 January 2024"]
    assert page.select_one("h2 time")["datetime"] == "2024-05-09"
    assert page.select_one(".authors").get_text() == "A0, A1, A2, A3 and 5 others"
    assert "2 preprints" in page.select_one(".lead").get_text()


def test_recent_leaves_out_withdrawn_preprints(client):
    PreprintFactory(withdrawn_on=date(2026, 5, 9))

    assert titles(get_page(client, "/recent")) == []


def test_recent_is_paged(client):
    PreprintFactory.create_batch(26, authors=())

    assert len(titles(get_page(client, "/recent"))) == 25
    assert len(titles(get_page(client, "/recent?page=2"))) == 1
    assert len(titles(get_page(client, "/recent?page=strange"))) == 25


@pytest.mark.parametrize("count", [1, 20])
def test_recent_makes_the_same_queries_for_any_number(client, django_assert_num_queries, count):
    PreprintFactory.create_batch(count)

    with django_assert_num_queries(4):
        client.get("/recent")


def test_category_goes_to_its_newest_month(client):
    PreprintFactory(primary_category="cs.CV", submitted_on=date(2024, 1, 5))
    PreprintFactory(primary_category="cs.CV", submitted_on=date(2024, 5, 9))

    assert client.get("/list/cs.CV")["Location"] == "/list/cs.CV/2024-05"


def test_month_lists_its_category_and_knows_its_neighbours(client):
    Category.objects.update_or_create(code="cs.CV", defaults={"name": "Computer Vision"})
    for day in (date(2024, 1, 5), date(2024, 3, 5), date(2024, 3, 6), date(2024, 7, 1)):
        PreprintFactory(primary_category="cs.CV", submitted_on=day, title=f"Of {day}")
    PreprintFactory(primary_category="quant-ph", submitted_on=date(2024, 3, 5))

    page = get_page(client, "/list/cs.CV/2024-03")

    assert titles(page) == ["Of 2024-03-06", "Of 2024-03-05"]
    assert page.h1.get_text() == "March 2024"
    assert "Computer Vision" in page.get_text()
    assert [link["href"] for link in page.select('nav[aria-label="Months"] a')] == [
        "/list/cs.CV/2024-01",
        "/list/cs.CV/2024-07",
    ]
    assert page.select_one('link[rel="canonical"]')["href"].endswith("/list/cs.CV/2024-03")


@pytest.mark.parametrize(
    "address", ["/list/none", "/list/cs.CV/2024-02", "/list/cs.CV/2024-13", "/list/cs.CV/0000-01"]
)
def test_months_without_preprints_are_404(client, address):
    PreprintFactory(primary_category="cs.CV", submitted_on=date(2024, 1, 5))

    assert client.get(address).status_code == 404
