"""The search page: preprints and answered questions on one page whose address is its state."""

from datetime import date

import pytest
from bs4 import BeautifulSoup
from django.core.management import call_command

from tests.factories import EmbeddingFactory, PreprintFactory
from tests.qa.factories import make_published_question

pytestmark = pytest.mark.django_db


@pytest.fixture
def preprints():
    """Two preprints that a search for error correction finds, and one that it does not."""
    return [
        PreprintFactory(
            title="Surface codes for quantum error correction",
            abstract="We build a surface code. The logical error rate of the correction falls to $10^{-6}$.",
            primary_category="quant-ph", submitted_on=date(2024, 1, 5), authors=["Ada Lovelace"],
        ),
        PreprintFactory(
            title="Learned decoders for error-correcting codes", primary_category="cs.LG",
            abstract="A network decodes errors of a code.", submitted_on=date(2023, 6, 5),
            authors=["Grace Hopper"],
        ),
        PreprintFactory(
            title="Galaxies at high redshift", abstract="We observe galaxies.", primary_category="astro-ph"
        ),
    ]  # fmt: skip


def get_page(client, **parameters):
    response = client.get("/search", parameters)
    return response, BeautifulSoup(response.content, "html.parser")


def titles(page):
    return [link.get_text() for link in page.select("#found-preprints ~ div .preprint-item h3 a")]


def test_words_find_preprints_and_questions(client, preprints):
    question = make_published_question(
        text="Which error correction is best?", preprints=preprints[:1], cited=1
    )

    response, page = get_page(client, q="quantum error correction")

    assert response.status_code == 200
    assert preprints[0].title in titles(page)
    assert [link.get_text() for link in page.select("#found-questions ~ ol h3 a")] == [question.text]
    assert page.select_one("#search")["value"] == "quantum error correction"
    assert response["X-Robots-Tag"] == "noindex"


def test_matches_are_marked_in_title_and_best_sentence(client, preprints):
    _, page = get_page(client, q="correcting errors")

    item = next(item for item in page.select(".preprint-item") if "Surface" in item.get_text())
    assert {mark.get_text() for mark in item.h3.select("mark")} == {"error", "correction"}
    assert item.select_one(".excerpt").get_text().startswith("The logical error rate of the correction")
    assert item.select_one(".excerpt math")


def test_degraded_search_says_so(client, preprints, settings):
    settings.EMBEDDING_MODEL = "local/no-such-model"

    _, page = get_page(client, q="error correction")

    assert len(page.select(".notice")) == 1
    assert preprints[0].title in titles(page)


@pytest.mark.parametrize(("parameter", "value"), [("category", "cs.LG"), ("year", "2023")])
def test_facets_narrow_the_preprints(client, preprints, parameter, value):
    _, page = get_page(client, q="error code")
    link = page.select_one(f'.facets a[href*="{parameter}={value}"]')

    _, narrowed = get_page(client, q="error code", **{parameter: value})

    assert link.get_text(" ", strip=True).endswith("1")
    assert titles(narrowed) == [preprints[1].title]
    assert narrowed.select_one(f'input[type="hidden"][name="{parameter}"]')["value"] == value
    assert narrowed.select_one(".facets a")["href"] == "?q=error+code"


def test_misspelled_search_offers_what_was_meant(client, preprints):
    _, page = get_page(client, q="Galxies redshfit", year="2024")

    link = page.select_one(".meant a")
    assert link.get_text() == "galaxies redshift"
    assert link["href"] == "?q=galaxies+redshift&year=2024"
    assert get_page(client, q="galaxies")[1].select_one(".meant") is None


def test_misspelled_search_offers_what_was_meant_where_all_that_it_finds_is_far(client):
    for number in range(6):
        PreprintFactory(title=f"Convolutional neural networks, part {number}", abstract="We train them.")
    call_command("embed_pending")

    _, page = get_page(client, q="convolutonal nueral networks")

    assert len(titles(page)) == 6
    assert page.select("details .similarity") == []  # none of them is further away than what is shown
    assert max(int(one.get_text()[:-1]) for one in page.select(".similarity .figure")) < 12
    assert page.select_one(".meant a").get_text() == "convolutional neural networks"


def test_verdict_narrows_the_questions_only(client, preprints):
    for verdict in ("answered", "partial", "partial"):
        make_published_question(preprints=preprints, cited=1, verdict=verdict)

    _, page = get_page(client, q="noise variational circuit error code")
    _, narrowed = get_page(client, q="noise variational circuit error code", verdict="answered")

    verdicts = {link.get_text(" ", strip=True) for link in page.select('.facets a[href*="verdict="]')}
    assert verdicts == {"Answered 1", "Partly answered 2"}
    assert [one.get_text() for one in narrowed.select(".question-item .verdict")] == ["Answered"]
    assert narrowed.select_one("#found-questions").get_text() == "Answered questions · 1"
    assert titles(narrowed) == titles(page)


def test_many_preprints_are_paged_and_counted_whole(client):
    PreprintFactory.create_batch(23, primary_category="quant-ph")
    PreprintFactory.create_batch(2, primary_category="cs.LG")

    _, first = get_page(client, q="variational circuits")
    _, second = get_page(client, q="variational circuits", page="2")

    assert first.select_one("#found-preprints").get_text() == "Preprints · 25"
    assert (len(titles(first)), len(titles(second))) == (20, 5)
    assert not set(titles(first)) & set(titles(second))
    assert first.select_one(".pager a[rel=next]")["href"] == "?q=variational+circuits&page=2"
    counts = [link.get_text(" ", strip=True) for link in second.select('.facets a[href*="category="]')]
    assert counts == ["quant-ph 23", "cs.LG 2"]
    assert second.select_one('.facets a[href*="category="]')["href"].count("page") == 0


def test_name_of_an_author_leads_to_what_they_wrote(client, preprints):
    _, page = get_page(client, q="ada lovelace")

    assert page.select_one(".meant a")["href"] == "/search?author=Ada%20Lovelace"


def test_search_makes_the_same_number_of_queries_however_much_is_found(
    client, preprints, django_assert_max_num_queries
):
    make_published_question(preprints=preprints, cited=1)
    PreprintFactory.create_batch(5)  # enough that no misspelling is thought of
    with django_assert_max_num_queries(26) as few:
        get_page(client, q="noise variational circuit")
    PreprintFactory.create_batch(12)
    for _ in range(3):
        make_published_question(preprints=preprints, cited=1)

    with django_assert_max_num_queries(len(few)):
        get_page(client, q="noise variational circuit")


@pytest.mark.parametrize(
    "query", ["AG-2024.01-1576", "ag-2024.01-1576", "2401.07049", "https://arxiv.org/abs/2401.07049v2"]
)
def test_identifiers_go_straight_to_the_page(client, query):
    PreprintFactory(identifier="AG-2024.01-1576", source_id="2401.07049")

    response, _ = get_page(client, q=query)

    assert (response.status_code, response["Location"]) == (302, "/abs/AG-2024.01-1576")


def test_author_finds_what_they_wrote(client, preprints):
    _, page = get_page(client, author="Ada Lovelace")

    assert preprints[0].title in page.get_text()
    assert preprints[1].title not in page.get_text()
    assert page.h1.get_text() == "Preprints by Ada Lovelace"


def test_what_is_far_from_every_preprint_is_folded_away(client):
    EmbeddingFactory.create_batch(3)

    _, page = get_page(client, q="medieval pottery of Wales")

    assert page.select_one("#found-preprints").get_text() == "Preprints · 0"
    assert "No preprint in this archive is near to this" in page.get_text()
    assert page.select_one("details summary").get_text() == "Further away · 3"
    assert not page.select(".facets")


def test_nothing_found_says_so_and_offers_to_ask(client):
    _, page = get_page(client, q="zebrafish neurogenesis")

    assert "No preprint in this archive is near to this" in page.get_text()
    assert page.select_one(".more a")["href"] == "/ask/?q=zebrafish%20neurogenesis"


@pytest.mark.parametrize(
    "parameters",
    [
        {}, {"q": ""}, {"q": "   "}, {"q": "a"}, {"q": "the of and"}, {"q": "\x00"}, {"q": "x" * 5_000},
        {"q": "' OR 1=1 --"}, {"q": "!!! & | ( <-> :*"}, {"q": "\U0001f600"},
        {"q": "<script>alert(1)</script>"}, {"q": "noise", "year": "99999"}, {"q": "noise", "year": "x"},
        {"q": "noise", "category": "<b>"}, {"q": "noise", "category": "\x00"}, {"author": "\x00"},
        {"author": "x" * 5_000}, {"q": "\u202enoise\u202c"},
    ],
)  # fmt: skip
def test_strange_searches_are_answered(client, preprints, parameters):
    response, page = get_page(client, **parameters)

    assert response.status_code == 200
    assert "<script>alert" not in response.content.decode()
    assert len(page.find_all("h1")) == 1


def test_search_by_meaning_works_once_vectors_are_there(client, preprints):
    call_command("embed_pending")

    _, page = get_page(client, q="protecting qubits against noise")

    assert titles(page)[0] == preprints[0].title
    assert page.select(".notice") == []
    assert page.select_one(".similarity .figure").get_text().endswith("%")


def test_search_that_is_too_long_says_so_and_keeps_the_words(client):
    words = "noise " * 83 + "abc"

    response = client.get("/search", {"q": words})

    page = BeautifulSoup(response.content, "html.parser")
    assert "500 characters at most; these are 501" in page.select_one("#search-trouble").get_text()
    assert page.select_one("#search")["value"] == words
    assert page.select_one("#search")["aria-describedby"] == "search-trouble"
    assert response["X-Robots-Tag"] == "noindex"


def test_facet_counts_what_its_link_finds(client):
    PreprintFactory.create_batch(2, primary_category="quant-ph", categories=["quant-ph", "cs.LG"])
    PreprintFactory(primary_category="cs.LG", categories=["cs.LG"])

    _, page = get_page(client, q="noise lowers")

    counts = {link.get_text(" ", strip=True) for link in page.select('.facets a[href*="category="]')}
    assert counts == {"cs.LG 3", "quant-ph 2"}
    assert len(titles(get_page(client, q="noise lowers", category="cs.LG")[1])) == 3
