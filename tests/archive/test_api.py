"""The REST API's preprints and search, as a program meets them."""

from datetime import date

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.factories import EmbeddingFactory, PreprintFactory

pytestmark = pytest.mark.django_db

LIST = "/api/v1/preprints/"


def identifiers(client: Client, query: str = "") -> list[str]:
    response = client.get(LIST + query)
    assert response.status_code == 200, response.content
    return [row["identifier"] for row in response.json()["results"]]


def test_preprint_is_shown_in_full(client):
    preprint = PreprintFactory(
        title="Quantum Denoising Diffusion Models",
        source_id="2401.07049",
        identifier="AG-2024.01-1576",
        submitted_on=date(2024, 1, 13),
        authors=["Michael Kölle", "Gerhard Stenzel"],
        doi="10.1109/QSW62656.2024.00023",
        primary_category="quant-ph",
        categories=["quant-ph", "cs.AI"],
    )
    shown = client.get("/api/v1/preprints/AG-2024.01-1576/").json()
    assert shown["url"] == "http://127.0.0.1:8000/api/v1/preprints/AG-2024.01-1576/"
    assert shown["page_url"] == "http://127.0.0.1:8000/abs/AG-2024.01-1576"
    assert [author["name"] for author in shown["authors"]] == ["Michael Kölle", "Gerhard Stenzel"]
    assert shown["abstract"] == preprint.abstract
    assert shown["abstract_kind"] == "abstract"
    assert shown["categories"] == ["quant-ph", "cs.AI"]
    assert shown["submitted_on"] == "2024-01-13"
    assert shown["arxiv_url"] == "https://arxiv.org/abs/2401.07049"
    assert shown["doi"] == "10.1109/QSW62656.2024.00023"
    assert shown["withdrawal"] is None


def test_withdrawn_preprint_says_when_and_why(client):
    PreprintFactory(
        identifier="AG-2024.01-900", withdrawn_on=date(2026, 5, 9), withdrawal_reason="An error in Lemma 2."
    )
    shown = client.get("/api/v1/preprints/AG-2024.01-900/").json()
    assert shown["withdrawal"] == {"withdrawn_on": "2026-05-09", "reason": "An error in Lemma 2."}


@pytest.mark.parametrize("form", ["ag-2024.01-1576", "2401.07049", "2401.07049v2", "arXiv:2401.07049"])
def test_other_forms_of_an_identifier_go_to_the_one_address(client, form):
    PreprintFactory(source_id="2401.07049", identifier="AG-2024.01-1576")
    response = client.get(f"/api/v1/preprints/{form}/")
    assert response.status_code == 301
    assert response["Location"].endswith("/api/v1/preprints/AG-2024.01-1576/")


def test_arxiv_id_with_a_slash_goes_to_the_one_address(client):
    PreprintFactory(source_id="quant-ph/9705052", identifier="AG-1997.05-001")
    response = client.get("/api/v1/preprints/quant-ph/9705052/")
    assert response["Location"].endswith("/api/v1/preprints/AG-1997.05-001/")


@pytest.mark.parametrize(
    "unknown", ["AG-2024.01-999", "2401.99999", "nonsense", "%00", "10.1000/xyz", "%ED%A0%80"]
)
def test_unknown_preprint_is_a_404_problem(client, unknown):
    response = client.get(f"/api/v1/preprints/{unknown}/")
    assert response.status_code == 404
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["code"] == "not_found"


def test_list_is_filtered_by_category_dates_and_withdrawal(client):
    old = PreprintFactory(submitted_on=date(2023, 12, 31), categories=["quant-ph", "cs.CV"])
    new = PreprintFactory(submitted_on=date(2024, 2, 1), primary_category="gr-qc")
    gone = PreprintFactory(submitted_on=date(2024, 3, 1), withdrawn_on=date(2026, 1, 1))
    assert identifiers(client) == [gone.identifier, new.identifier, old.identifier]
    assert identifiers(client, "?category=cs.CV") == [old.identifier]
    assert identifiers(client, "?submitted_from=2024-02-01&submitted_to=2024-02-28") == [new.identifier]
    assert identifiers(client, "?withdrawn=true") == [gone.identifier]
    assert identifiers(client, "?withdrawn=false") == [new.identifier, old.identifier]


def test_list_is_filtered_by_the_words_of_title_and_abstract(client):
    wanted = PreprintFactory(title="Surface codes beyond break-even")
    PreprintFactory()
    assert identifiers(client, "?text=surface+code") == [wanted.identifier]
    assert identifiers(client, '?text="break-even surface"') == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("submitted_from=yesterday", "submitted_from"),
        ("withdrawn=perhaps", "withdrawn"),
        ("text=%00", "text"),
        ("category=%00", "category"),
        (f"text={'a' * 100_000}", "text"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=99999999999999999999", "limit"),
        ("limit=%D9%A1", "limit"),  # a digit, in Arabic
        ("limit=-1", "limit"),
        ("cursor=", "cursor"),
        ("cursor=nonsense", "cursor"),
        ("cursor=%00", "cursor"),
        ("cursor=cD0lMDA=", "cursor"),  # p=%00
        ("cursor=bz05OTk5OTk5OTk5OTk5OTk5OTk5OQ==", "cursor"),  # o=99999999999999999999
    ],
)
def test_parameter_that_cannot_be_used_is_named(client, query, field):
    PreprintFactory()
    response = client.get(f"{LIST}?{query}")
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
    assert [error["field"] for error in response.json()["errors"]] == [field]


def test_pages_hold_every_preprint_once_in_both_directions(client):
    made = sorted((PreprintFactory().identifier for _ in range(7)), reverse=True)
    pages, address = [], f"{LIST}?limit=3"
    while address:
        page = client.get(address).json()
        pages.append([row["identifier"] for row in page["results"]])
        back, address = page["previous"], page["next"]
    assert pages == [made[:3], made[3:6], made[6:]]
    assert [row["identifier"] for row in client.get(back).json()["results"]] == made[3:6]


def test_list_costs_the_same_queries_for_one_row_and_for_three(client):
    PreprintFactory()
    with CaptureQueriesContext(
        connection,
    ) as one:
        identifiers(client)
    PreprintFactory.create_batch(2)
    with CaptureQueriesContext(connection) as three:
        assert len(identifiers(client)) == 3
    assert len(one) == len(three) == 3


def test_search_ranks_preprints_with_similarity(client):
    wanted = EmbeddingFactory(preprint__title="Surface codes for fault-tolerant memories").preprint
    EmbeddingFactory(preprint__title="Dark energy after the third data release")
    found = client.get("/api/v1/search/", {"q": "How do surface codes protect a memory?"}).json()
    assert found["mode"] == "hybrid"
    best = found["results"][0]
    assert best["rank"] == 1
    assert best["preprint"]["identifier"] == wanted.identifier
    assert [author["name"] for author in best["preprint"]["authors"]] == ["Ada Lovelace", "Emmy Noether"]
    assert 0 <= best["similarity"] <= 1


def test_search_says_which_words_it_was_asked_with_and_takes_filters(client):
    EmbeddingFactory(preprint__primary_category="gr-qc")
    found = client.get("/api/v1/search/?q=variational+circuits&mode=text&category=quant-ph&limit=5").json()
    assert (found["query"], found["mode"], found["results"]) == ("variational circuits", "text", [])


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("", "q"),
        ("q=", "q"),
        ("q=%00", "q"),
        (f"q={'a' * 100_000}", "q"),
        ("q=circuits&mode=telepathy", "mode"),
        ("q=circuits&limit=99999999999999999999", "limit"),
        ("q=circuits&submitted_from=9999-99-99", "submitted_from"),
    ],
)
def test_search_names_the_parameter_that_cannot_be_used(client, query, field):
    response = client.get(f"/api/v1/search/?{query}")
    assert response.status_code == 400
    assert [error["field"] for error in response.json()["errors"]] == [field]


@pytest.mark.parametrize("query", ["' | & ! <-> :*", "((((", "%%", "\\", "🙂" * 10, "a" * 500, "-", '"'])
@pytest.mark.parametrize("mode", ["hybrid", "text", "vector"])
def test_search_takes_any_text(client, query, mode):
    PreprintFactory()
    assert client.get("/api/v1/search/", {"q": query, "mode": mode}).status_code == 200


def test_similar_preprints_leave_out_the_preprint_itself(client):
    first = EmbeddingFactory(preprint__title="Surface codes for memories").preprint
    second = EmbeddingFactory(preprint__title="Surface codes for logical gates").preprint
    results = client.get(f"/api/v1/preprints/{first.identifier}/similar/").json()["results"]
    assert [hit["preprint"]["identifier"] for hit in results] == [second.identifier]
