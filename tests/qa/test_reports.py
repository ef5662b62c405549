"""Telling the curators: by form and by REST, within limits, and what curators do with it."""

import json

import pytest
from bs4 import BeautifulSoup
from django.test import Client

from qa.models import MAX_REPORT, Answer, AskQuota, Citation, Report
from tests.qa.factories import (
    make_answer,
    make_closed_question,
    make_held_question,
    make_merged_question,
    make_published_question,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def question():
    return make_published_question(statements=1)


def send(client, question, **given):
    return client.post(
        f"/ask/{question.slug}/report", {"kind": "claim", "text": "It says 84%, not 48%."} | given
    )


def post(client, question, body):
    return client.post(
        f"/api/v1/questions/{question.slug}/reports/", json.dumps(body), content_type="application/json"
    )


class TestForm:
    def test_page_leads_to_the_form_for_the_page_and_for_each_citation(self, client, question):
        page = BeautifulSoup(client.get(question.get_absolute_url()).content, "html.parser")
        hrefs = [link["href"] for link in page.select(f'a[href^="/ask/{question.slug}/report"]')]
        citation = Citation.objects.get()
        assert hrefs == [
            f"/ask/{question.slug}/report?citation={citation.pk}",
            f"/ask/{question.slug}/report?kind=helpful",
            f"/ask/{question.slug}/report?kind=unhelpful",
            f"/ask/{question.slug}/report",
        ]

    def test_form_is_filled_in_and_shows_the_citation(self, client, question):
        citation = Citation.objects.get()
        response = client.get(f"/ask/{question.slug}/report?citation={citation.pk}")
        page = BeautifulSoup(response.content, "html.parser")
        assert page.select_one("input[name=kind][checked]")["value"] == "citation"
        assert page.select_one("input[name=citation]")["value"] == str(citation.pk)
        assert citation.evidence in page.select_one("blockquote").get_text()
        assert "private" in response["Cache-Control"]
        assert response["X-Robots-Tag"] == "noindex"

    def test_report_reaches_the_queue(self, client, question):
        citation = Citation.objects.get()
        response = send(client, question, citation=citation.pk, text="  It says 84%.\r\nNot 48%.  ")
        assert (response.status_code, response["Location"]) == (303, f"/ask/{question.slug}/report/thanks")
        assert "Thank you" in client.get(response["Location"]).content.decode()
        report = Report.objects.open().get()
        assert (report.kind, report.text) == ("claim", "It says 84%.\nNot 48%.")
        assert (report.citation, report.answer) == (citation, question.published_answer)

    def test_vote_needs_no_words_and_waits_for_nobody(self, client, question):
        assert send(client, question, kind="helpful", text="").status_code == 303
        assert not Report.objects.open().exists()
        assert Report.objects.get().kind == "helpful"

    def test_vote_with_words_is_read(self, client, question):
        send(client, question, kind="unhelpful", text="It answers another question.")
        assert Report.objects.open().get().kind == "unhelpful"

    @pytest.mark.parametrize(
        ("given", "says"),
        [
            ({"text": " "}, "what is wrong"),
            ({"kind": ""}, "Please choose"),
            ({"kind": "site"}, "not one of the available choices"),
            ({"text": "x" * (MAX_REPORT + 1)}, "At most 2,000 characters, please; this has 2,001."),
            ({"text": "a\x00b"}, "Null characters are not allowed"),
        ],
    )
    def test_trouble_is_said_and_nothing_typed_is_lost(self, client, question, given, says):
        response = send(client, question, citation=Citation.objects.get().pk, **given)
        page = BeautifulSoup(response.content, "html.parser")
        assert response.status_code == 422
        assert says in page.select_one('[role="alert"]').get_text()
        typed = given.get("text", "It says 84%, not 48%.")
        assert page.select_one("textarea").get_text().strip() == typed.strip()
        assert page.select_one("input[name=citation]")
        assert not Report.objects.exists()

    def test_markup_stays_text(self, client, question, admin_client):
        send(client, question, text="<script>alert(1)</script>")
        report = Report.objects.get()
        for address in ("/admin/qa/report/", f"/admin/qa/report/{report.pk}/change/"):
            page = admin_client.get(address).content.decode()
            assert "<script>alert(1)" not in page
            assert "&lt;script&gt;alert(1)" in page

    def test_limit_of_a_day_is_kept(self, client, question, settings):
        settings.REPORT_QUOTA_PER_DAY = 2
        statuses = [send(client, question).status_code for _ in range(3)]
        assert statuses == [303, 303, 429]
        assert Report.objects.count() == 2
        last = send(client, question)
        assert int(last["Retry-After"]) > 0
        assert "It says 84%" in last.content.decode()
        assert AskQuota.objects.get().asked == 2

    def test_form_of_another_site_is_refused(self, question):
        assert send(Client(enforce_csrf_checks=True), question).status_code == 403

    @pytest.mark.parametrize("wanted", ["0", "x", "9" * 30, "-1", "1 OR 1=1"])
    def test_citation_that_is_none_is_left_out(self, client, question, wanted):
        assert client.get(f"/ask/{question.slug}/report", {"citation": wanted}).status_code == 200
        assert send(client, question, citation=wanted).status_code == 303
        assert Report.objects.get().citation is None

    def test_citations_that_readers_do_not_see_cannot_be_looked_at(self, client, question):
        make_answer(question, state=Answer.State.HELD, statements=1)
        secret = Citation.objects.latest("pk")
        page = client.get(f"/ask/{question.slug}/report?citation={secret.pk}").content.decode()
        assert secret.statement.text not in page

    def test_only_what_has_a_page_can_be_reported(self, client, question):
        assert client.get(f"/ask/{make_held_question().slug}/report").status_code == 200
        for gone in (
            make_closed_question("retracted"),
            make_closed_question("rejected"),
            make_merged_question(question),
        ):
            assert client.get(f"/ask/{gone.slug}/report").status_code == 404
            assert send(client, gone).status_code == 404


class TestAPI:
    def test_report_is_taken(self, client, question):
        citation = Citation.objects.get()
        response = post(
            client, question, {"kind": "citation", "citation": citation.pk, "text": "Not said there."}
        )
        assert response.status_code == 201
        assert response.json()["citation"] == citation.pk
        assert Report.objects.open().get().text == "Not said there."

    def test_citation_has_the_id_that_a_report_names(self, client, question):
        answer = client.get(f"/api/v1/questions/{question.slug}/").json()["answer"]
        assert answer["statements"][0]["citations"][0]["id"] == Citation.objects.get().pk

    @pytest.mark.parametrize(
        ("body", "status", "code"),
        [
            ({"kind": "site", "text": "x"}, 400, "invalid"),
            ({"text": "x"}, 400, "invalid"),
            ({"kind": "claim"}, 422, "report_refused"),
            ({"kind": "claim", "text": "a\x00"}, 422, "report_refused"),
            ({"kind": "claim", "text": "\ud800"}, 422, "report_refused"),
            ({"kind": "claim", "text": {"a": 1}}, 400, "invalid"),
            ({"kind": "claim", "text": "x", "citation": 10**30}, 400, "invalid"),
            ({"kind": "claim", "text": "x", "citation": 999_999}, 400, "invalid"),
            ([], 400, "invalid"),
        ],
    )
    def test_what_cannot_be_taken_is_a_problem(self, client, question, body, status, code):
        response = post(client, question, body)
        assert (response.status_code, response.json()["code"]) == (status, code)
        assert not Report.objects.exists()

    def test_limit_answers_429(self, client, question, settings):
        settings.REPORT_QUOTA_PER_DAY = 0
        response = post(client, question, {"kind": "helpful"})
        assert (response.status_code, response.json()["code"]) == (429, "quota")
        assert response["Retry-After"]


class TestDesk:
    def decide(self, client, action, report, **given):
        return client.post(
            "/admin/qa/report/",
            {"action": action, "_selected_action": [report.pk], "confirmed": "yes"} | given,
        )

    def test_curator_sees_the_claim_and_resolves_with_a_note(
        self, client, admin_client, admin_user, question
    ):
        send(client, question, citation=Citation.objects.get().pk)
        report = Report.objects.get()
        page = admin_client.get(f"/admin/qa/report/{report.pk}/change/").content.decode()
        assert report.citation.statement.text in page
        assert f'href="{question.get_absolute_url()}"' in page

        self.decide(admin_client, "resolve", report, reason="Answered again.")

        report.refresh_from_db()
        assert (report.state, report.note, report.resolved_by) == ("resolved", "Answered again.", admin_user)
        self.decide(admin_client, "reopen", report)
        assert Report.objects.open().get().note == "Answered again."

    def test_open_ones_stand_first(self, client, admin_client, question):
        send(client, question, text="An open report.")
        send(client, question, kind="helpful", text="")
        page = admin_client.get("/admin/qa/report/").content.decode()
        assert page.index("An open report.") < page.index("This was helpful</td>")
