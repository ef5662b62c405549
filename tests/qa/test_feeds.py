"""Feeds as readers' programs read them: feedparser for Atom, the specification's rules for JSON Feed."""

import re
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import feedparser
import pytest
from lxml import etree

from archive.models import Preprint
from qa import publishing
from qa.freshness import sweep
from qa.models import Answer, Question
from tests.factories import EmbeddingFactory, PreprintFactory
from tests.qa.factories import (
    QuestionFactory,
    make_answer,
    make_closed_question,
    make_held_question,
    make_merged_question,
    make_published_question,
    make_unanswerable_question,
)

pytestmark = pytest.mark.django_db

SITE = "http://127.0.0.1:8000"
ATOM = etree.RelaxNG(file=Path(__file__).parents[1] / "data" / "atom.rng")
HOSTILE = '<script>alert(1)</script> & "quotes" ]]> \x0b\ufffe</title>'


def read_atom(client, address):
    response = client.get(address)
    assert response.status_code == 200
    assert response["Content-Type"] == "application/atom+xml; charset=utf-8"
    ATOM.assertValid(etree.fromstring(response.content))
    read = feedparser.parse(response.content, sanitize_html=False)
    assert not read.bozo, read.get("bozo_exception")
    return read


def read_json(client, address):
    response = client.get(address)
    assert response["Content-Type"] == "application/feed+json; charset=utf-8"
    return response.json()


def every_feed(question, preprint):
    return [
        "/feeds/answers", "/feeds/corrections", f"/feeds/category/{preprint.primary_category}",
        "/feeds/search", f"/feeds/question/{question.slug}",
    ]  # fmt: skip


def address_of(feed, ending):
    return f"{feed}.{ending}" + ("?q=noise+lowers+accuracy" if feed.endswith("/search") else "")


def make_archive():
    """A question that was answered twice, whose source was then withdrawn, and one that was retracted."""
    preprints = PreprintFactory.create_batch(2)
    question = make_published_question(text=f"How does noise {HOSTILE} lower accuracy?", preprints=preprints)
    again = make_answer(question, state=Answer.State.HELD, preprints=preprints, change_reason=HOSTILE)
    publishing.publish(again)
    question.refresh_from_db()
    preprints[0].withdrawn_on = datetime(2026, 5, 9, tzinfo=UTC).date()
    preprints[0].save()
    sweep()
    publishing.retract(make_published_question(preprints=preprints), "It names a private person.")
    return question, preprints[1]


class TestEveryFeed:
    def test_is_valid_atom(self, client):
        question, preprint = make_archive()
        for feed in every_feed(question, preprint):
            read = read_atom(client, address_of(feed, "atom"))

            assert read.feed.id.startswith("tag:127.0.0.1,2026:feed/")
            assert read.feed.author_detail.name == "Antigravity Q&A"
            links = {link.rel: link.href for link in read.feed.links}
            assert links["self"] == SITE + address_of(feed, "atom")
            assert links["alternate"].startswith(f"{SITE}/")
            assert read.entries
            ids = [entry.id for entry in read.entries]
            assert len(set(ids)) == len(ids)
            for entry in read.entries:
                assert entry.id.startswith("tag:127.0.0.1,2026:")
                assert entry.link.startswith(f"{SITE}/")
                assert entry.title
                for moment in (entry.updated, entry.published):
                    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?([+-]\d\d:\d\d|Z)", moment)
                [content] = entry.content
                assert content.type == "text/html"
                assert not re.search(r'(?:href|src)="(?!https?://)', content.value)
                assert "<script" not in content.value
            assert read.feed.updated == max(entry.updated for entry in read.entries)

    @pytest.mark.parametrize("sign", ["\ufffe", "\uffff", "\x0b", "\x1f"])
    def test_no_sign_that_xml_forbids_makes_it_unreadable(self, client, sign):
        preprint = PreprintFactory(
            title=f"On {sign} noise", abstract=f"Noise {sign} lowers it.", authors=[f"A{sign}da"],
            primary_category="cs.CV",
        )  # fmt: skip
        make_published_question(text=f"Does noise {sign} lower it?", preprints=[preprint], cited=1)

        for address in (
            "/feeds/category/cs.CV.atom",
            "/feeds/answers.atom",
            f"/feeds/search.atom?q=noise{quote(sign)}",
        ):
            assert read_atom(client, address).entries

    def test_every_author_has_a_name_of_their_own(self, client):
        PreprintFactory(authors=["Ada Lovelace", "Alan Turing"], primary_category="cs.CV")

        [entry] = read_atom(client, "/feeds/category/cs.CV.atom").entries

        assert [author.name for author in entry.authors] == ["Ada Lovelace", "Alan Turing"]

    def test_ids_stay_when_the_site_moves(self, client, settings):
        question = make_published_question()
        before = read_atom(client, "/feeds/answers.atom")

        settings.SITE_URL = "https://moved.example.org"

        after = read_atom(client, "/feeds/answers.atom")
        assert after.entries[0].link == f"https://moved.example.org/ask/{question.slug}"
        assert (after.feed.id, after.entries[0].id) == (before.feed.id, before.entries[0].id)

    def test_is_valid_json_feed_with_the_same_entries(self, client):
        question, preprint = make_archive()
        for feed in every_feed(question, preprint):
            atom = read_atom(client, address_of(feed, "atom"))
            read = read_json(client, address_of(feed, "json"))

            assert read["version"] == "https://jsonfeed.org/version/1.1"
            assert read["feed_url"] == SITE + address_of(feed, "json")
            assert [item["id"] for item in read["items"]] == [entry.id for entry in atom.entries]
            assert [item["title"] for item in read["items"]] == [entry.title for entry in atom.entries]
            for item in read["items"]:
                assert datetime.fromisoformat(item["date_modified"]).tzinfo
                assert item["content_html"]
                assert item["url"].startswith(f"{SITE}/")

    def test_unchanged_one_is_answered_304_with_two_queries(self, client, django_assert_max_num_queries):
        question, preprint = make_archive()
        for one in Preprint.objects.available():  # what a search finds without its vectors is not kept
            EmbeddingFactory(preprint=one)
        for feed in every_feed(question, preprint):
            for ending in ("atom", "json"):
                address = address_of(feed, ending)
                first = client.get(address)
                with django_assert_max_num_queries(2):
                    again = client.get(address, headers={"If-None-Match": first["ETag"]})
                assert again.status_code == 304
                since = client.get(address, headers={"If-Modified-Since": first["Last-Modified"]})
                assert since.status_code == 304
                assert "public" in again["Cache-Control"]

    def test_queries_do_not_grow_with_the_entries(self, client, django_assert_num_queries):
        preprints = PreprintFactory.create_batch(3)
        make_published_question(preprints=preprints)
        with django_assert_num_queries(4):
            client.get("/feeds/answers.atom")
        for _ in range(3):
            make_published_question(preprints=preprints)
        with django_assert_num_queries(4):
            client.get("/feeds/answers.atom")


class TestAnswers:
    def test_question_that_is_answered_again_is_the_same_entry_updated(self, client):
        question = make_published_question(text="What limits circuits?")
        [before] = read_atom(client, "/feeds/answers.atom").entries
        publishing.publish(make_answer(question, state=Answer.State.HELD))

        [after] = read_atom(client, "/feeds/answers.atom").entries

        assert after.id == before.id == f"tag:127.0.0.1,2026:question/{question.slug}"
        assert after.published == before.published
        assert after.updated > before.updated

    def test_only_what_is_published_is_in_it(self, client):
        shown = make_published_question()
        make_answer(shown, state=Answer.State.HELD, limits="Held words.")
        for hidden in (
            make_held_question(),
            QuestionFactory(),
            make_closed_question(Question.State.RETRACTED),
        ):
            assert hidden.text not in client.get("/feeds/answers.atom").content.decode()

        [entry] = read_json(client, "/feeds/answers.json")["items"]
        assert entry["title"] == shown.text
        assert "Held words." not in entry["content_html"]


class TestCorrections:
    def test_tells_of_each_kind_and_repeats_no_retracted_words(self, client):
        question, _ = make_archive()
        retracted = Question.objects.get(state=Question.State.RETRACTED)

        entries = read_atom(client, "/feeds/corrections.atom").entries

        titles = [entry.title.split(":")[0] for entry in entries]
        assert sorted(titles) == ["Outdated", "Reanswered", "Retracted"]
        notice = next(entry for entry in entries if entry.title == "Retracted: A retracted question")
        assert "It names a private person." in notice.content[0].value
        assert notice.link == f"{SITE}/ask/{retracted.slug}"
        assert retracted.text not in str(entries)
        assert "was withdrawn on 9 May 2026." in str(entries)
        assert question.slug in str(entries)


class TestQuestion:
    def test_follows_a_question_from_pending_to_its_retraction(self, client):
        question = QuestionFactory()
        address = f"/feeds/question/{question.slug}.json"
        assert read_json(client, address)["items"] == []

        publishing.publish(make_answer(question, state=Answer.State.HELD))
        assert [one["title"] for one in read_json(client, address)["items"]] == [
            f"Version 1: {question.text}"
        ]

        publishing.publish(make_answer(question, state=Answer.State.HELD, change_reason="A newer preprint."))
        second, first = read_json(client, address)["items"]
        assert second["title"] == f"Version 2: {question.text}"
        assert "A newer preprint." in second["content_html"]
        assert first["url"] == f"{SITE}/ask/{question.slug}/v1"

        publishing.retract(question, "It names a private person.")
        feed = read_json(client, address)
        assert [one["title"] for one in feed["items"]] == ["Retracted: A retracted question"]
        assert question.text not in str(feed)

    def test_of_what_is_not_public_is_not_kept(self, client):
        for question in (QuestionFactory(), make_held_question(), make_unanswerable_question()):
            response = client.get(f"/feeds/question/{question.slug}.atom")
            assert response.status_code == 200
            assert "private" in response["Cache-Control"]
            assert "public" not in response["Cache-Control"]
        target = make_published_question()
        merged = client.get(f"/feeds/question/{make_merged_question(target).slug}.atom")
        assert (merged.status_code, merged["Location"]) == (301, f"/feeds/question/{target.slug}.atom")
        rejected = make_closed_question(Question.State.REJECTED)
        assert client.get(f"/feeds/question/{rejected.slug}.atom").status_code == 404


class TestCategoryAndSearch:
    def test_category_has_its_preprints_and_the_answers_that_cite_them(self, client):
        vision, other = PreprintFactory(primary_category="cs.CV"), PreprintFactory()
        question = make_published_question(preprints=[vision], cited=1)
        make_published_question(preprints=[other], cited=1)

        items = read_json(client, "/feeds/category/cs.CV.json")["items"]

        assert {item["url"] for item in items} == {
            f"{SITE}/abs/{vision.identifier}",
            f"{SITE}/ask/{question.slug}",
        }
        preprint = next(item for item in items if "/abs/" in item["url"])
        assert [author["name"] for author in preprint["authors"]] == ["Ada Lovelace", "Emmy Noether"]
        assert client.get("/feeds/category/nothing.XX.json").status_code == 404

    def test_search_has_what_the_search_finds(self, client):
        found = PreprintFactory(title="Superconducting tunnel junctions")
        PreprintFactory(title="Withdrawn superconducting tunnel", withdrawn_on="2026-05-09")

        items = read_json(client, "/feeds/search.json?q=superconducting+tunnel")["items"]

        assert f"{SITE}/abs/{found.identifier}" in [item["url"] for item in items]
        assert "Withdrawn" not in str(items)
        assert client.get("/feeds/search.json").status_code == 404
        assert client.get("/feeds/search.json?q=%00").status_code == 404

    def test_pages_offer_their_feeds(self, client):
        preprint = PreprintFactory(primary_category="cs.CV", authors=())
        question = make_published_question(preprints=[preprint], cited=1)
        month = f"{preprint.submitted_on:%Y-%m}"

        assert 'href="/feeds/answers.atom"' in client.get("/about").content.decode()
        assert (
            f'href="/feeds/question/{question.slug}.atom"'
            in client.get(f"/ask/{question.slug}").content.decode()
        )
        assert 'href="/feeds/category/cs.CV.atom"' in client.get(f"/list/cs.CV/{month}").content.decode()
        assert 'href="/feeds/search.atom?q=noise"' in client.get("/search?q=noise").content.decode()
