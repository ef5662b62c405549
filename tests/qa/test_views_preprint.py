"""A preprint's page: its record, its abstract, the questions that cite it, and its one address."""

from datetime import date

import pytest
from bs4 import BeautifulSoup

from qa.models import Answer, Citation, Question
from qa.views import preprint as preprint_views
from tests.factories import PreprintFactory
from tests.qa.factories import (
    EVIDENCE,
    QuestionFactory,
    make_answer,
    make_closed_question,
    make_held_question,
    make_published_question,
)

pytestmark = pytest.mark.django_db


def get_page(client, address):
    page = BeautifulSoup(client.get(address).content, "html.parser")
    return page, " ".join(page.get_text(" ").split())


def test_shows_the_whole_record(client):
    preprint = PreprintFactory(
        identifier="AG-2024.01-1576", source_id="2401.07049", version=2,
        title=r"Noise of order $\sqrt{n}$ in Schr\"odinger's cat",
        authors=["Ada Lovelace", "Emmy Noether"], categories=["quant-ph", "cs.LG"],
        submitted_on=date(2024, 1, 13), revised_on=date(2024, 5, 9), doi="10.1000/xyz(1)",
        journal_ref="Ann. Phys. 1, 1-2", comments="12 pages",
        licence="http://creativecommons.org/licenses/by/4.0/", abstract=r"We reach $\alpha \geq 0.5$.",
    )  # fmt: skip

    page, text = get_page(client, preprint.get_absolute_url())

    assert page.h1.math
    assert "Schrödinger's cat" in page.h1.get_text()
    assert page.title.get_text().startswith("Noise of order √n in Schrödinger's cat · AG-2024.01-1576")
    assert [author.get_text() for author in page.select(".authors a")] == ["Ada Lovelace", "Emmy Noether"]
    assert page.select_one(".abstract math mo").get_text() == "≥"
    for fact in (
        "quant-ph cs.LG",
        "13 January 2024",
        "9 May 2024",
        "Version 2",
        "Ann. Phys. 1, 1-2",
        "12 pages",
    ):
        assert fact in text
    links = [link["href"] for link in page.select(".facts a:not(.formats a)")]
    assert links == [
        "https://arxiv.org/abs/2401.07049", "https://doi.org/10.1000/xyz%281%29",
        "http://creativecommons.org/licenses/by/4.0/",
    ]  # fmt: skip
    assert "Ada Lovelace, Emmy Noether (2024)." in page.select_one("#citation").get_text()
    assert "Abstract" in text
    assert "Summary by this site" not in text


def test_summary_is_marked_as_such(client):
    preprint = PreprintFactory(abstract_kind="summary", source_id="2401.07049")

    page, text = get_page(client, preprint.get_absolute_url())

    assert "Summary by this site; the authors' abstract is at arXiv" in text
    assert page.select_one(".answer .note a")["href"] == "https://arxiv.org/abs/2401.07049"
    assert page.select_one("#abstract").get_text() == "Summary"


def test_withdrawn_preprint_says_so(client):
    preprint = PreprintFactory(withdrawn_on=date(2026, 5, 9), withdrawal_reason="An error in <Lemma 2>.")

    page, text = get_page(client, preprint.get_absolute_url())

    assert "Withdrawn on 9 May 2026" in " ".join(page.select_one(".banner").get_text(" ").split())
    assert "An error in <Lemma 2>." in text
    assert "Similar preprints" not in text


def test_long_author_lists_are_folded(client):
    preprint = PreprintFactory(authors=[f"Author {number}" for number in range(40)])

    page, _ = get_page(client, preprint.get_absolute_url())

    assert page.select_one("details.authors summary").get_text() == "Author 0 and 39 others"
    assert len(page.select("details.authors li")) == 40


def test_lists_the_questions_that_cite_it_with_their_sentences(client):
    preprint, other = PreprintFactory.create_batch(2)
    question = make_published_question(preprints=[preprint, other], statements=3, cited=1)
    make_published_question(preprints=[other, preprint], cited=1)

    page, _ = get_page(client, preprint.get_absolute_url())

    items = page.select("#citing ~ ol > li")
    assert [item.h3.get_text() for item in items] == [question.text]
    assert items[0].h3.a["href"] == f"/ask/{question.slug}"
    assert [quote.get_text(strip=True) for quote in items[0].select("blockquote")] == [EVIDENCE]


def test_unpublished_questions_are_not_listed(client):
    preprint = PreprintFactory()
    make_held_question(preprints=[preprint], cited=1)
    make_closed_question(Question.State.RETRACTED)
    make_answer(QuestionFactory(), state=Answer.State.DISCARDED, preprints=[preprint], cited=1)
    newer = make_published_question(preprints=PreprintFactory.create_batch(2))
    make_answer(newer, state=Answer.State.SUPERSEDED, preprints=[preprint], cited=1)

    page, _ = get_page(client, preprint.get_absolute_url())

    assert page.select("#citing ~ ol > li") == []


def test_evidence_is_highlighted_in_the_abstract(client):
    preprint = PreprintFactory()
    make_published_question(preprints=[preprint], statements=1, cited=1)

    page, _ = get_page(client, f"{preprint.get_absolute_url()}?highlight={Citation.objects.get().pk}")

    assert [mark.get_text() for mark in page.select(".abstract mark")] == [EVIDENCE]
    assert page.select_one('link[rel="canonical"]')["href"].endswith(preprint.get_absolute_url())


def test_evidence_is_found_again_when_the_abstract_moved_it(client):
    preprint = PreprintFactory()
    make_published_question(preprints=[preprint], statements=1, cited=1)
    preprint.abstract = f"A new first sentence. {preprint.abstract}"
    preprint.save()

    page, _ = get_page(client, f"{preprint.get_absolute_url()}?highlight={Citation.objects.get().pk}")

    assert [mark.get_text() for mark in page.select(".abstract mark")] == [EVIDENCE]


@pytest.mark.parametrize("value", ["", "x", "999999999", "9" * 40, "-1", "1 OR 1=1", "\x00"])
def test_strange_highlights_are_ignored(client, value):
    preprint = PreprintFactory()

    response = client.get(preprint.get_absolute_url(), {"highlight": value})

    assert response.status_code == 200
    assert b"<mark>" not in response.content


def test_highlight_of_a_held_answer_shows_nothing(client):
    preprint = PreprintFactory()
    make_held_question(preprints=[preprint], statements=1, cited=1)

    response = client.get(preprint.get_absolute_url(), {"highlight": Citation.objects.get().pk})

    assert b"<mark>" not in response.content


@pytest.mark.parametrize(
    "name",
    [
        "ag-2024.01-1576", "AG-2024.01-1576/", "2401.07049", "2401.07049v3", "arXiv:2401.07049",
        "10.1000/XYZ", "10.48550/arXiv.2401.07049",
    ],
)  # fmt: skip
def test_every_other_name_redirects_for_good(client, name):
    PreprintFactory(identifier="AG-2024.01-1576", source_id="2401.07049", doi="10.1000/xyz")

    response = client.get(f"/abs/{name}")

    assert (response.status_code, response["Location"]) == (301, "/abs/AG-2024.01-1576")


def test_old_arxiv_ids_have_a_slash(client):
    PreprintFactory(identifier="AG-1997.05-001", source_id="quant-ph/9705052")

    assert client.get("/abs/quant-ph/9705052v1")["Location"] == "/abs/AG-1997.05-001"


@pytest.mark.parametrize(
    "name", ["AG-2024.01-999", "2401.99999", "10.1000/none", "nonsense", "a/b/c", "%00", "x" * 2000]
)
def test_unknown_names_are_404(client, name):
    assert client.get(f"/abs/{name}").status_code == 404


@pytest.mark.parametrize("questions", [1, 4])
def test_makes_the_same_queries_however_often_it_is_cited(client, django_assert_num_queries, questions):
    preprint = PreprintFactory(identifier="AG-2024.01-1576")
    client.get(preprint.get_absolute_url())  # what is read once in a process
    for _ in range(questions):
        make_published_question(preprints=[preprint], statements=4, cited=1)

    with django_assert_num_queries(10):
        client.get(preprint.get_absolute_url())


def test_sentence_that_is_gone_is_said_to_be(client):
    question = make_published_question(statements=1)
    citation = Citation.objects.get()
    preprint = citation.source.preprint
    preprint.abstract, preprint.version = "All of it is new.", 2
    preprint.save()

    page, text = get_page(client, f"{preprint.get_absolute_url()}?highlight={citation.pk}")

    assert "stood in version 1 and is no longer in this abstract, which is that of version 2" in text
    assert EVIDENCE in page.select_one(".banner blockquote").get_text()
    assert not page.select("mark")
    assert question.text in text


def test_evidence_of_an_earlier_version_is_highlighted_too(client):
    question = make_published_question(statements=1)
    citation = Citation.objects.get()
    Answer.objects.update(state=Answer.State.SUPERSEDED)
    question.published_answer = make_answer(question)
    question.save()

    page, _ = get_page(client, f"{citation.source.preprint.get_absolute_url()}?highlight={citation.pk}")

    assert page.select_one(".abstract mark").get_text() == EVIDENCE


def test_withdrawn_one_has_no_link_to_a_category_that_has_nothing_else(client):
    preprint = PreprintFactory(withdrawn_on="2026-05-09", primary_category="math.AG")

    page = BeautifulSoup(client.get(f"/abs/{preprint.identifier}").content, "html.parser")

    assert page.select_one(".kicker .chip").get_text() == "math.AG"
    assert page.select_one('a[href="/list/math.AG"]') is None


def test_words_in_another_language_say_so(client):
    PreprintFactory(title="English title", categories=["math.AG"], primary_category="math.AG")
    preprint = PreprintFactory(language="fr", title="Sur les bruits", primary_category="math.AG")

    page = BeautifulSoup(client.get(f"/abs/{preprint.identifier}").content, "html.parser")
    listed = BeautifulSoup(client.get("/recent").content, "html.parser")

    assert (page.h1["lang"], page.h1["dir"]) == ("fr", "auto")
    assert page.select_one(".abstract")["lang"] == "fr"
    languages = {item.get_text(): item.get("lang") for item in listed.select(".preprint-item h3")}
    assert languages == {"English title": None, "Sur les bruits": "fr"}


def test_more_questions_than_are_shown_are_led_to(client, monkeypatch):
    monkeypatch.setattr(preprint_views, "CITING_QUESTIONS", 2)
    preprint = PreprintFactory()
    slugs = {make_published_question(preprints=[preprint], cited=1, statements=1).slug for _ in range(3)}
    make_published_question(statements=1)

    page = BeautifulSoup(client.get(f"/abs/{preprint.identifier}").content, "html.parser")

    assert len(page.select("#citing ~ ol > li")) == 2
    [more] = page.select("#citing ~ .more a")
    found = BeautifulSoup(client.get(more["href"]).content, "html.parser")
    assert {link["href"].split("/")[2] for link in found.select(".question-item h3 a")} == slugs
    assert preprint.identifier in found.select_one(".facets .chosen").get_text()
