"""The archive's desk in admin: what a curator finds there, and that nothing can be edited."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from archive.harvesting import set_aside_records
from archive.models import Category, HarvestRun, IdentifierCounter, RawRecord
from archive.records import BadRecord
from tests.factories import EmbeddingFactory, PreprintFactory

pytestmark = pytest.mark.django_db

PREPRINTS = "/admin/archive/preprint/"


def make_set_aside_record() -> None:
    run = HarvestRun.objects.create(
        source="https://oaipmh.arxiv.org/oai",
        set_spec="physics:quant-ph",
        set_aside=1,
        finished_at=timezone.now(),
        state="done",
    )
    set_aside_records([BadRecord("It has no title.", f"<record>{run.pk}</record>", "2401.07049")], run=run)


def shown(admin_client, query: str) -> list[str]:
    response = admin_client.get(f"{PREPRINTS}?{query}")
    assert response.status_code == 200
    return [preprint.identifier for preprint in response.context["cl"].result_list]


@pytest.mark.parametrize(
    ("make", "address"),
    [
        (PreprintFactory, PREPRINTS),
        (PreprintFactory, "/admin/archive/author/"),
        (make_set_aside_record, "/admin/archive/harvestrun/"),
        (make_set_aside_record, "/admin/archive/setasiderecord/"),
        (lambda: Category.objects.create(code=f"cs.{Category.objects.count()}"), "/admin/archive/category/"),
        (
            lambda: IdentifierCounter.objects.create(month=f"20{10 + IdentifierCounter.objects.count()}.01"),
            "/admin/archive/identifiercounter/",
        ),
    ],
)
def test_list_costs_the_same_queries_for_one_row_and_for_three(admin_client, make, address):
    make()
    with CaptureQueriesContext(connection) as one:
        assert admin_client.get(address).status_code == 200
    make()
    make()
    with CaptureQueriesContext(connection) as three:
        assert admin_client.get(address).status_code == 200
    assert len(one) == len(three)


@pytest.mark.parametrize(
    "term",
    [
        "AG-2024.01-1576",
        "ag-2024.01-1576",
        "2401.07049",
        "arXiv:2401.07049v2",
        "10.1000/Xyz",
        "denoising diffusion",
    ],
)
def test_preprint_is_found_by_identifier_arxiv_id_doi_and_words(admin_client, term):
    PreprintFactory.create_batch(2)
    PreprintFactory(
        identifier="AG-2024.01-1576",
        source_id="2401.07049",
        doi="10.1000/xyz",
        title="Quantum Denoising Diffusion Models",
    )
    assert shown(admin_client, f"q={term}") == ["AG-2024.01-1576"]


@pytest.mark.parametrize("term", ["%00", "%27%20OR%201=1", "((((", "nothing-like-this", "%F0%9F%99%82"])
def test_search_takes_any_text(admin_client, term):
    PreprintFactory()
    assert admin_client.get(f"{PREPRINTS}?q={term}").status_code == 200


def test_preprints_are_filtered_by_withdrawal_embedding_and_category(admin_client):
    Category.objects.create(code="gr-qc")
    embedded = EmbeddingFactory().preprint
    waiting = PreprintFactory(primary_category="gr-qc")
    withdrawn = PreprintFactory(withdrawn_on=date(2026, 5, 9))
    assert shown(admin_client, "embedding=done") == [embedded.identifier]
    assert shown(admin_client, "embedding=waiting") == [waiting.identifier]
    assert shown(admin_client, "withdrawn=yes") == [withdrawn.identifier]
    assert set(shown(admin_client, "withdrawn=no")) == {embedded.identifier, waiting.identifier}
    assert shown(admin_client, "category=gr-qc") == [waiting.identifier]


def test_preprint_is_shown_whole_and_cannot_be_edited(admin_client):
    preprint = EmbeddingFactory().preprint
    RawRecord.objects.create(preprint=preprint, text="<record>as it came</record>")
    address = f"{PREPRINTS}{preprint.pk}/change/"
    page = admin_client.get(address).content.decode()
    for expected in (preprint.abstract, "Ada Lovelace", "local/all-MiniLM-L6-v2", "as it came"):
        assert expected in page
    assert admin_client.post(address, {"title": "Another"}).status_code == 403
    assert admin_client.get(f"{PREPRINTS}add/").status_code == 403
    assert admin_client.post(f"{PREPRINTS}{preprint.pk}/delete/", {"post": "yes"}).status_code == 403
    preprint.refresh_from_db()
    assert preprint.title != "Another"


def test_harvest_run_leads_to_its_set_aside_records(admin_client):
    make_set_aside_record()
    make_set_aside_record()
    run = HarvestRun.objects.first()
    page = admin_client.get("/admin/archive/harvestrun/").content.decode()
    link = f"/admin/archive/setasiderecord/?run__id__exact={run.pk}"
    assert f'href="{link}"' in page
    records = admin_client.get(link).context["cl"].result_list
    assert [(record.run_id, record.reason) for record in records] == [(run.pk, "It has no title.")]


def test_category_can_be_named_but_keeps_its_code(admin_client):
    Category.objects.create(code="gr-qc")
    admin_client.post(
        "/admin/archive/category/gr-qc/change/", {"code": "hep-th", "name": "General relativity"}
    )
    assert list(Category.objects.values_list("code", "name")) == [("gr-qc", "General relativity")]
