"""304 for what a client holds already, at most two queries, and the names by which a proxy drops it."""

import itertools
import json
from datetime import date

import pytest
from django.http import HttpResponse
from django.middleware.csrf import get_token

from archive.made import make_once
from qa import publishing
from qa.models import Answer, FollowUp, Opinion, Spend
from qa.views import exports
from tests.factories import EmbeddingFactory, PreprintFactory
from tests.qa.factories import QuestionFactory, make_answer, make_published_question

pytestmark = pytest.mark.django_db


def addresses(question, preprint) -> list[str]:
    slug, identifier = question.slug, preprint.identifier
    return [
        f"/ask/{slug}", f"/ask/{slug}.md", f"/ask/{slug}.json", f"/ask/{slug}.bib", f"/ask/{slug}/v1.ris",
        f"/ask/{slug}/v1.png", f"/abs/{identifier}", f"/abs/{identifier}.csl.json", "/questions",
        "/sitemap.xml", "/sitemap-questions.xml", "/api/v1/export/answers.jsonl",
        "/api/v1/export/preprints.jsonl", "/recent", "/list/quant-ph/2024-01", "/search?q=noise",
        "/search?author=Ada+Lovelace", "/api/v1/preprints/", f"/api/v1/preprints/{identifier}/",
        f"/api/v1/preprints/{identifier}/similar/", f"/api/v1/preprints/{identifier}/questions/",
        "/api/v1/search/?q=noise", "/api/v1/questions/", f"/api/v1/questions/{slug}/",
        f"/api/v1/questions/{slug}/answers/", f"/api/v1/questions/{slug}/answers/1/",
    ]  # fmt: skip


def test_unchanged_costs_two_queries_at_most(client, django_assert_max_num_queries):
    preprint = EmbeddingFactory().preprint
    question = make_published_question(preprints=[preprint], cited=1)
    for address in addresses(question, preprint):
        first = client.get(address)
        assert first.status_code == 200
        assert first["Cache-Control"] == "public, max-age=0, s-maxage=60, stale-while-revalidate=30", address
        with django_assert_max_num_queries(2):
            again = client.get(address, headers={"If-None-Match": first["ETag"]})
        assert (again.status_code, again.content) == (304, b""), address
        assert again["Cache-Control"] == first["Cache-Control"]
        assert again["ETag"] == first["ETag"]
        since = client.get(address, headers={"If-Modified-Since": first["Last-Modified"]})
        assert since.status_code == 304, address


@pytest.mark.parametrize("change", ["withdrawn", "answered again", "retracted"])
def test_changed_is_sent_anew(client, change):
    preprint = PreprintFactory()
    question = make_published_question(preprints=[preprint], cited=1)
    page, api = f"/ask/{question.slug}", f"/api/v1/questions/{question.slug}/"
    held = {address: client.get(address)["ETag"] for address in (page, f"{page}.md", f"{page}.bib", api)}
    if change == "withdrawn":
        preprint.withdrawn_on = date(2026, 5, 9)
        preprint.save()
    elif change == "answered again":
        publishing.publish(make_answer(question, state=Answer.State.HELD))
    else:
        publishing.retract(question, "It names a person.")

    for address, etag in held.items():
        again = client.get(address, headers={"If-None-Match": etag})
        assert again.status_code == (410 if change == "retracted" else 200), address


def test_search_that_lacked_a_part_is_not_kept(client, settings):
    PreprintFactory()
    settings.EMBEDDING_MODEL = "local/other"

    for address in ("/search?q=noise", "/api/v1/search/?q=noise"):
        response = client.get(address)
        assert response.status_code == 200, address
        assert response["Cache-Control"] == "no-store", address


def test_newcomer_changes_what_lists_and_searches_answer(client):
    EmbeddingFactory()
    held = {
        address: client.get(address)["ETag"]
        for address in ("/recent", "/search?q=noise", "/api/v1/search/?q=noise", "/api/v1/preprints/")
    }

    newcomer = EmbeddingFactory().preprint

    for address, etag in held.items():
        again = client.get(address, headers={"If-None-Match": etag})
        assert again.status_code == 200, address
        assert newcomer.identifier in again.content.decode(), address


def test_numbers_of_the_archive_are_counted_once_until_it_changes(client, django_assert_max_num_queries):
    preprint = PreprintFactory()
    assert "1 preprint of the archive can be found" in " ".join(client.get("/").content.decode().split())
    with django_assert_max_num_queries(3):
        client.get("/")

    EmbeddingFactory(preprint=preprint)

    assert "can be found by full-text" not in client.get("/").content.decode()


def test_responses_are_tagged_with_what_they_show(client):
    cited, other = PreprintFactory(), PreprintFactory()
    question = make_published_question(preprints=[cited, other], cited=1)

    for address in (f"/ask/{question.slug}", f"/ask/{question.slug}.bib"):
        names = client.get(address)["Cache-Tag"].split(",")
        assert names == [
            f"question-{question.slug}",
            f"preprint-{cited.identifier}",
            f"preprint-{other.identifier}",
        ]
        assert client.get(address)["Surrogate-Key"].split(" ") == names
    tags = client.get(f"/abs/{cited.identifier}")["Cache-Tag"].split(",")
    assert tags == [f"question-{question.slug}", f"preprint-{cited.identifier}"]


def test_exports_hold_exactly_what_is_public(client):
    preprints = PreprintFactory.create_batch(2)
    question = make_published_question(preprints=preprints)
    PreprintFactory(withdrawn_on=date(2026, 5, 9))

    answers = b"".join(client.get("/api/v1/export/answers.jsonl").streaming_content).splitlines()
    lines = b"".join(client.get("/api/v1/export/preprints.jsonl").streaming_content).splitlines()

    assert [json.loads(line)["slug"] for line in answers] == [question.slug]
    api = client.get(f"/api/v1/questions/{question.slug}/").json()
    assert json.loads(answers[0])["answer"] == api["answer"]
    assert [json.loads(line)["identifier"] for line in lines] == [one.identifier for one in preprints]
    detail = client.get(f"/api/v1/preprints/{preprints[0].identifier}/").json()
    assert json.loads(lines[0]) == detail


def test_exports_read_page_after_page(client, monkeypatch):
    monkeypatch.setattr(exports, "ROWS_A_PAGE", 2)
    preprints = PreprintFactory.create_batch(5)

    pieces = list(client.get("/api/v1/export/preprints.jsonl").streaming_content)

    assert [piece.count(b"\n") for piece in pieces] == [2, 2, 1]
    assert b"".join(pieces).count(preprints[4].identifier.encode()) >= 1


def test_page_is_made_once_for_everybody(client, django_assert_max_num_queries):
    question = make_published_question()
    first = client.get(f"/ask/{question.slug}")

    with django_assert_max_num_queries(2):
        again = client.get(f"/ask/{question.slug}")

    assert again.content == first.content
    assert dict(again.headers) == dict(first.headers)


def test_second_opinion_reaches_a_page_that_was_made_before(client):
    question = make_published_question()
    page = f"/ask/{question.slug}"
    first = client.get(page)
    spend = Spend.objects.create(purpose=Spend.Purpose.CHECK, model="m", reserved_usd=0)
    opinion = Opinion.objects.create(
        key="k", model="m", model_named="Second Reader", verdict=Opinion.Verdict.ENTAILED, spend=spend
    )
    opinion.citations.add(question.published_answer.citations.first())

    again = client.get(page, headers={"If-None-Match": first["ETag"]})

    assert again.status_code == 200
    assert "Second Reader" in again.content.decode()


def test_rejected_question_leaves_a_page_that_was_made_before(client):
    question, other = make_published_question(), QuestionFactory(text="Who is John Roe of Berlin?")
    FollowUp.objects.create(answer=question.published_answer, position=9, text=other.text, target=other)
    page = f"/ask/{question.slug}"
    first = client.get(page)
    assert "John Roe" in first.content.decode()
    publishing.reject(other, "It names a person.")

    again = client.get(page, headers={"If-None-Match": first["ETag"]})

    assert "John Roe" not in again.content.decode()
    assert again.status_code == 200


@pytest.mark.parametrize("own", ["session", "csrf", "cookie"])
def test_what_is_one_visitors_own_is_made_anew(client, own, rf):
    request = rf.get("/")
    request.session = client.session

    def make():
        response = HttpResponse(f"{next(numbers)}")
        if own == "session":
            request.session.get("name")
        elif own == "csrf":
            get_token(request)
        else:
            response.set_cookie("name", "value")
        return response

    numbers = itertools.count()
    request.session.accessed = False
    assert [make_once(request, f'"{own}"', make).content for _ in range(2)] == [b"0", b"1"]
