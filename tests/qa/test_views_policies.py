"""Privacy, terms, accessibility, and the list of what was corrected."""

from datetime import date

import pytest
from bs4 import BeautifulSoup
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from qa import publishing
from qa.freshness import sweep
from qa.models import Citation, Mark
from tests.factories import PreprintFactory
from tests.qa.factories import make_answer, make_closed_question, make_published_question

pytestmark = pytest.mark.django_db


def text_of(client, address: str) -> str:
    page = BeautifulSoup(client.get(address).content, "html.parser")
    return " ".join(page.main.get_text(" ").split())


@pytest.mark.parametrize("address", ["/privacy", "/terms", "/accessibility", "/corrections"])
def test_page_is_public_canonical_and_in_the_footer(client, address):
    response = client.get(address)
    page = BeautifulSoup(response.content, "html.parser")
    assert response.status_code == 200
    assert page.select_one('link[rel="canonical"]')["href"].endswith(address)
    assert page.select_one(f'footer a[href="{address}"]')
    assert client.get(f"{address}/")["Location"] == address


def test_contact_is_a_setting_or_a_way_without_one(client, settings):
    settings.CONTACT_EMAIL = "desk@example.org"
    assert "desk@example.org" in text_of(client, "/privacy")
    settings.CONTACT_EMAIL = ""
    assert "Report a problem with this page" in text_of(client, "/privacy")


def test_privacy_names_whom_questions_are_sent_to(client, settings):
    settings.ANSWER_MODEL = "anthropic/claude-haiku-4-5"
    assert "anthropic/claude-haiku-4-5" in text_of(client, "/privacy")
    settings.ANSWER_MODEL = "antigravity/extractive-1"
    assert "sent to no provider" in text_of(client, "/privacy")


class TestCorrections:
    def test_empty_list_says_so(self, client):
        assert "Nothing had to be corrected so far." in text_of(client, "/corrections")

    def test_lists_what_was_retracted_answered_again_and_overtaken(self, client):
        retracted = make_closed_question("retracted", reason="It named a private person.")
        again = make_published_question(text="Does noise matter at depth ten?")
        new = make_answer(again, state="held", hold_reasons=["x"], change_reason="A number was wrong.")
        publishing.publish(new)
        overtaken = make_published_question(text="Do ancillas help at depth ten?", statements=1)
        preprint = Citation.objects.filter(answer=overtaken.published_answer).get().source.preprint
        preprint.withdrawn_on = date(2026, 5, 9)
        preprint.save()
        sweep()

        page = BeautifulSoup(client.get("/corrections").content, "html.parser")
        entries = [
            (item.h3.get_text(), item.a["href"], item.p.get_text()) for item in page.select(".question-item")
        ]

        assert entries == [
            (
                overtaken.text,
                f"/ask/{overtaken.slug}",
                f"A source has changed: {preprint.identifier} was withdrawn on 9 May 2026.",
            ),
            (again.text, f"/ask/{again.slug}", "Answered again, version 2: A number was wrong."),
            (
                "A retracted question",
                f"/ask/{retracted.slug}",
                "A question and its answer were retracted: It named a private person.",
            ),
        ]
        assert retracted.text not in page.get_text()

    def test_first_publication_and_lesser_changes_are_no_corrections(self, client):
        question = make_published_question()
        discarded = make_published_question()
        publishing.hold(discarded.published_answer, "Look again.")
        discarded.answers.update(state="discarded")
        publishing.publish(make_answer(discarded, state="held"))
        Mark.objects.create(
            answer=question.published_answer, preprint=PreprintFactory(), kind="newer", preprint_version=1
        )
        assert "Nothing had to be corrected so far." in text_of(client, "/corrections")

    def test_comes_in_pages_in_a_number_of_queries_that_stays(self, client):
        def queries(address: str) -> int:
            with CaptureQueriesContext(connection) as captured:
                assert client.get(address).status_code == 200
            return len(captured)

        make_closed_question("retracted")
        one = queries("/corrections")
        for _ in range(51):
            make_closed_question("retracted")
        assert queries("/corrections") == one
        assert "Page 2 of 2" in text_of(client, "/corrections?page=2")
        for wrong in ("3", "0", "x", "-1", "9" * 40, "0000000010"):
            assert client.get(f"/corrections?page={wrong}").status_code == 404, wrong


def test_times_of_entries_are_those_of_the_events(client):
    question = make_closed_question("retracted")
    question.closed_at = timezone.datetime(2026, 3, 4, tzinfo=timezone.get_default_timezone())
    question.save()
    assert "4 March 2026" in text_of(client, "/corrections")
