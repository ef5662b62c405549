"""One preprint under 21 published answers is withdrawn, or revised: after one sweep every page, feed and
export of every answer says so, in the same words.
"""

import json
from datetime import UTC, date, datetime

import pytest

from archive.models import Preprint
from archive.text import hash_text
from qa.freshness import sweep
from qa.models import Answer
from tests.factories import PreprintFactory
from tests.qa.factories import make_published_question

pytestmark = pytest.mark.django_db

ANSWERS = 21
LONG_AGO = datetime(2026, 1, 2, tzinfo=UTC)
KINDS = ("withdrawn", "evidence_gone")
WORDS = {
    "withdrawn": "withdrawn on 9 May 2026",
    "evidence_gone": "was revised on 1 June 2026: a sentence that this answer rests on is no longer in its "
    "abstract",
}
FILES = ("md", "bib", "ris", "csl.json", "json")


def change(preprint, kind):
    """As the harvester leaves a preprint that was withdrawn, or of which another version came in."""
    if kind == "withdrawn":
        preprint.withdrawn_on, preprint.withdrawal_reason = date(2026, 5, 9), "By the authors."
    else:
        preprint.version, preprint.revised_on = 2, date(2026, 6, 1)
        preprint.abstract = "We study circuits. Noise raises it to 97.0%."
        preprint.text_hash = hash_text(preprint.title, preprint.abstract)
    preprint.save()


@pytest.fixture(params=KINDS)
def marked(request):
    """The kind of change, the changed preprint and the questions whose answers cite it."""
    preprint, *others = PreprintFactory.create_batch(3)
    questions = [make_published_question(preprints=[preprint, *others]) for _ in range(ANSWERS)]
    untouched = make_published_question(preprints=others)
    change(preprint, request.param)
    sweep()
    return request.param, preprint, questions, untouched


def text_of(client, address):
    """A response's text on one line, without the signs by which its format escapes others."""
    response = client.get(address)
    assert response.status_code == 200, address
    content = b"".join(response.streaming_content) if response.streaming else response.content
    return " ".join(content.decode().split()).replace("\\", "")


def marks_of(answer):
    return [(mark["kind"], mark["identifier"]) for mark in answer["outdated"]]


def test_page_file_and_feed_of_every_answer_say_so(client, marked):
    kind, preprint, questions, untouched = marked
    for question in questions:
        page, api = f"/ask/{question.slug}", f"/api/v1/questions/{question.slug}/"
        files = [f"{page}.{ending}" for ending in FILES]
        for address in (page, *files, f"/feeds/question/{question.slug}.atom", api):
            text = text_of(client, address)
            assert preprint.identifier in text
            assert WORDS[kind] in text, address
        [mark] = json.loads(text)["answer"]["outdated"]
        assert (mark["kind"], mark["identifier"]) == (kind, preprint.identifier)
    for ending in FILES:
        assert WORDS[kind] in text_of(client, f"/ask/{questions[0].slug}/v1.{ending}")
    for address in (f"/ask/{untouched.slug}", f"/ask/{untouched.slug}.md"):
        assert WORDS[kind] not in text_of(client, address)


def test_lists_and_exports_say_so_under_every_answer(client, marked):
    kind, preprint, questions, untouched = marked
    slugs = {question.slug for question in questions}
    expected = [(kind, preprint.identifier)]

    response = client.get("/api/v1/export/answers.jsonl")
    lines = [json.loads(line) for line in b"".join(response.streaming_content).splitlines()]
    listed = client.get("/api/v1/questions/?page_size=100").json()["results"]
    for rows in (lines, listed):
        marks = {row["slug"]: marks_of(row["answer"]) for row in rows}
        assert {slug for slug, found in marks.items() if found == expected} == slugs
        assert marks[untouched.slug] == []
    for line in lines:
        source = next(
            (one for one in line["answer"]["sources"] if one["identifier"] == preprint.identifier), None
        )
        if source:
            assert source["is_withdrawn"] == (kind == "withdrawn")
            assert source["present_version"] == (1 if kind == "withdrawn" else 2)

    for feed in ("answers", f"category/{preprint.primary_category}"):
        entries = client.get(f"/feeds/{feed}.json").json()["items"]
        told = {one["url"].rpartition("/")[2] for one in entries if WORDS[kind] in one["content_html"]}
        assert told == slugs, feed
        assert text_of(client, f"/feeds/{feed}.atom").count(WORDS[kind]) == ANSWERS
    entries = client.get("/feeds/corrections.json").json()["items"]
    assert {one["url"].rpartition("/")[2] for one in entries if WORDS[kind] in one["content_html"]} == slugs


def test_feeds_entry_is_updated_when_its_answer_is_marked(client):
    preprint = PreprintFactory()
    question = make_published_question(preprints=[preprint], cited=1)
    Preprint.objects.update(created_at=LONG_AGO)
    Answer.objects.update(published_at=LONG_AGO)
    first = client.get("/feeds/answers.json")
    [before] = first.json()["items"]
    change(preprint, "withdrawn")
    sweep()

    # A reader that knows the date alone is told as well.
    second = client.get("/feeds/answers.json", headers={"If-Modified-Since": first["Last-Modified"]})
    [after] = second.json()["items"]

    assert after["id"] == before["id"]
    assert after["date_published"] == before["date_published"]
    assert after["date_modified"] > before["date_modified"]
    assert after["content_html"].startswith("<p><strong>Outdated:</strong>")
    assert question.text == after["title"]
