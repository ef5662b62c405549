"""304 for what a client holds already, at most two queries, and the names by which a proxy drops it."""

import itertools
import json
from datetime import UTC, date, datetime, timedelta

import pytest
from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.utils import timezone

from archive import conditions
from archive.indexing import embed_preprints
from archive.made import make_once
from archive.models import EmbeddingModel, HarvestRun, Preprint
from qa import publishing
from qa.models import Answer, AnswerRun, FollowUp, Mark, Opinion, Question, Spend
from qa.views import exports
from tests.factories import EmbeddingFactory, PreprintFactory
from tests.qa.factories import (
    AnswerRunFactory,
    make_answer,
    make_published_question,
    make_unanswerable_question,
)

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
        "/oai?verb=ListRecords&metadataPrefix=oai_dc",
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


@pytest.mark.parametrize("name", ["SITE_NAME", "CONTACT_EMAIL"])
def test_setting_that_pages_show_changes_their_tags(client, settings, name):
    question = make_published_question()
    held = {one: client.get(one)["ETag"] for one in (f"/ask/{question.slug}", "/recent", "/questions")}

    setattr(settings, name, "other@example.org")

    for address, etag in held.items():
        again = client.get(address, headers={"If-None-Match": etag})
        assert (again.status_code, "other@example.org" in again.content.decode()) == (200, True), address


@pytest.fixture
def dated_page(client, monkeypatch):
    """A published question with a follow-up that another one answers, and the page's date a moment ago."""
    monkeypatch.setattr(conditions, "RELEASED_AT", datetime(2020, 1, 1, tzinfo=UTC))
    long_ago = datetime(2024, 1, 1, tzinfo=UTC)
    question, other = make_published_question(), make_published_question(text="Who is John Roe of Berlin?")
    FollowUp.objects.create(answer=question.published_answer, position=9, text=other.text, target=other)
    Answer.objects.update(published_at=long_ago)
    Question.objects.update(published_at=long_ago)
    Preprint.objects.update(updated_at=long_ago)
    since = client.get(f"/ask/{question.slug}")["Last-Modified"]
    assert since == "Mon, 01 Jan 2024 00:00:00 GMT"
    return question, other, since


@pytest.mark.parametrize("change", ["opinion", "retracted", "merged", "held"])
def test_client_that_asks_by_date_alone_is_told_of_every_change(client, dated_page, change):
    question, other, since = dated_page
    if change == "opinion":
        spend = Spend.objects.create(purpose=Spend.Purpose.CHECK, model="m", reserved_usd=0)
        opinion = Opinion.objects.create(
            key="k", model="m", model_named="Second", verdict=Opinion.Verdict.ENTAILED, spend=spend
        )
        opinion.citations.add(question.published_answer.citations.first())
    elif change == "retracted":
        publishing.retract(other, "It names a person.")
    elif change == "merged":
        publishing.merge(other, make_published_question())
    else:
        publishing.hold(other.published_answer, "A reader doubts it.")

    again = client.get(f"/ask/{question.slug}", headers={"If-Modified-Since": since})

    assert again.status_code == 200
    assert ("John Roe" in again.content.decode()) == (change in ("opinion", "merged"))


@pytest.mark.parametrize("by", ["etag", "date"])
def test_feed_and_versions_say_when_a_withdrawal_is_taken_back(client, by):
    question = make_published_question()
    mark = Mark.objects.create(
        answer=question.published_answer,
        preprint=question.published_answer.sources.first().preprint,
        kind=Mark.Kind.WITHDRAWN,
        preprint_version=1,
    )
    Mark.objects.update(since=timezone.now() - timedelta(minutes=1))
    held = {
        one: client.get(one)
        for one in (f"/feeds/question/{question.slug}.atom", f"/api/v1/questions/{question.slug}/answers/")
    }
    assert all("was withdrawn" in response.content.decode() for response in held.values())

    mark.resolved_at = timezone.now() + timedelta(seconds=2)
    mark.save()

    for address, first in held.items():
        asked = {"If-None-Match": first["ETag"]}
        if by == "date":
            asked = {"If-Modified-Since": first["Last-Modified"]}
        assert client.get(address, headers=asked).status_code == 200, address


def test_mark_on_an_earlier_version_changes_the_list_of_versions(client):
    question = make_published_question()
    old = question.published_answer
    publishing.publish(make_answer(question, state=Answer.State.HELD))
    address = f"/api/v1/questions/{question.slug}/answers/"
    first = client.get(address)

    Mark.objects.create(
        answer=old, preprint=old.sources.first().preprint, kind=Mark.Kind.WITHDRAWN, preprint_version=1
    )

    assert client.get(address, headers={"If-None-Match": first["ETag"]}).status_code == 200


@pytest.mark.parametrize("change", ["older run", "new vector", "other model"])
def test_archive_that_changed_in_any_way_is_sent_anew(client, change):
    embedding = EmbeddingFactory()
    identifier = embedding.preprint.identifier
    older, _ = (HarvestRun.objects.create(source=source) for source in ("first", "second"))
    HarvestRun.objects.update(state="done", finished_at=timezone.now())
    addresses = [
        f"/api/v1/preprints/{identifier}/",
        "/recent",
        "/api/v1/search/?q=noise",
        f"/abs/{identifier}",
    ]
    held = {address: client.get(address)["ETag"] for address in addresses}

    if change == "older run":
        HarvestRun.objects.filter(pk=older.pk).update(updated=1)
    elif change == "new vector":
        embed_preprints([embedding.preprint])
    else:
        EmbeddingModel.objects.create(name="other/model", dimensions=3, completed_at=timezone.now())

    for address, etag in held.items():
        assert client.get(address, headers={"If-None-Match": etag}).status_code == 200, address


def test_archive_that_is_being_harvested_has_no_date(client):
    PreprintFactory()
    before = client.get("/recent")["Last-Modified"]
    run = HarvestRun.objects.create(source="first")

    assert "Last-Modified" not in client.get("/recent")
    assert client.get("/recent", headers={"If-Modified-Since": before}).status_code == 200

    HarvestRun.objects.filter(pk=run.pk).update(state="done", finished_at=timezone.now())
    assert "Last-Modified" in client.get("/recent")


def test_purge_by_a_questions_name_reaches_everything_that_shows_it(client):
    question = make_published_question()
    publishing.publish(make_answer(question, state=Answer.State.HELD))
    slug, api = question.slug, "/api/v1/questions"
    preprint = question.answers.first().sources.first().preprint.identifier

    for address in (
        f"/ask/{slug}", f"/ask/{slug}/v1", f"/ask/{slug}/history", f"/abs/{preprint}", "/questions",
        f"{api}/", f"{api}/{slug}/", f"{api}/{slug}/answers/", f"{api}/{slug}/answers/1/",
        f"/api/v1/preprints/{preprint}/questions/", "/feeds/answers.atom", f"/feeds/question/{slug}.atom",
    ):  # fmt: skip
        assert f"question-{slug}" in client.get(address)["Cache-Tag"].split(","), address


def test_pages_about_the_site_cost_little_when_unchanged(client, django_assert_max_num_queries):
    question = make_published_question()
    for address in (
        "/about", "/method", "/privacy", "/terms", "/accessibility", "/gaps", "/corrections",
        f"/ask/{question.slug}/history",
    ):  # fmt: skip
        etag = client.get(address)["ETag"]
        with django_assert_max_num_queries(2):
            assert client.get(address, headers={"If-None-Match": etag}).status_code == 304, address


def test_gaps_change_when_a_curator_lists_one(client):
    question = make_unanswerable_question()
    etag = client.get("/gaps")["ETag"]

    publishing.list_gap(question, is_listed=True)

    again = client.get("/gaps", headers={"If-None-Match": etag})
    assert (again.status_code, question.text in again.content.decode()) == (200, True)


def test_gaps_change_when_as_many_others_are_listed(client):
    first, second, third, fourth = [make_unanswerable_question().pk for _ in range(4)]
    etags = set()
    for listed in ([first, fourth], [second, third]):  # the sums of their numbers are the same
        Question.objects.update(is_listed=False)
        Question.objects.filter(pk__in=listed).update(is_listed=True)
        etags.add(client.get("/gaps")["ETag"])

    assert len(etags) == 2


def test_waiting_page_asks_at_the_price_of_one_query(client, django_assert_num_queries):
    run = AnswerRunFactory()
    address = f"/ask/{run.question.slug}/status"
    first = client.get(address)
    assert first["Cache-Control"] == "private, no-cache"

    with django_assert_num_queries(1):
        again = client.get(address, headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 304

    AnswerRun.objects.update(step="searching")
    changed = client.get(address, headers={"If-None-Match": first["ETag"]})
    assert changed.status_code == 200
    assert "Searching the archive" in changed.json()["html"]
