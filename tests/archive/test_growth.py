"""The archive's growth and its categories, as numbers that pages draw."""

from datetime import date

import pytest

from archive.growth import category_shares, growth_by_year
from archive.models import Category
from tests.factories import PreprintFactory

pytestmark = pytest.mark.django_db


def test_empty_archive_has_no_picture():
    assert growth_by_year() is None
    assert category_shares() == []


def test_every_year_has_a_bar_as_high_as_its_share_of_the_best():
    for day in (date(2021, 3, 1), date(2023, 1, 1), date(2023, 12, 31)):
        PreprintFactory(submitted_on=day)
    PreprintFactory(submitted_on=date(2023, 5, 5), withdrawn_on=date(2024, 1, 1))

    growth = growth_by_year()

    assert [(bar.year, bar.count, bar.height) for bar in growth.bars] == [
        (2021, 1, 50.0),
        (2022, 0, 0.0),
        (2023, 2, 100.0),
    ]
    assert growth.largest.year == 2023
    assert all(bar.top + bar.height == 100 for bar in growth.bars)
    assert growth.width == 30


def test_categories_come_largest_first_with_their_length_beside_the_largest():
    Category.objects.update_or_create(code="cs.CV", defaults={"name": "Computer Vision"})
    PreprintFactory.create_batch(4, primary_category="cs.CV")
    PreprintFactory(primary_category="none.X")

    shares = category_shares()

    assert [(one.code, one.name, one.count, one.length) for one in shares] == [
        ("cs.CV", "Computer Vision", 4, 100.0),
        ("none.X", "", 1, 25.0),
    ]


def test_about_page_draws_the_archive(client):
    PreprintFactory(primary_category="cs.CV", submitted_on=date(2022, 2, 2))

    text = client.get("/about").content.decode()

    assert "1 preprint by the year of its submission" in " ".join(text.split())
    assert "<title>2022: 1</title>" in text
    assert 'href="/list/cs.CV"' in text
