"""A question's page in every state of docs/decisions/0001, as a reader's browser gets it."""

from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from django.utils import timezone

from qa import publishing
from qa.models import Answer, AnswerRun, Citation, FollowUp, Question
from tests.factories import PreprintFactory
from tests.qa.factories import (
    EVIDENCE,
    AnswerRunFactory,
    QuestionFactory,
    make_answer,
    make_closed_question,
    make_failed_question,
    make_held_question,
    make_merged_question,
    make_published_question,
    make_unanswerable_question,
    retrieved,
)

pytestmark = pytest.mark.django_db

DISCLAIMER = "This is a research aid — not a peer review. Verify sources before citing."
LEASE = {"state": AnswerRun.State.RUNNING, "lease_token": "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"}


def get_page(client, address, **headers):
    """The response, its parsed HTML, and the visible text with single spaces."""
    response = client.get(address, headers=headers)
    page = BeautifulSoup(response.content, "html.parser")
    return response, page, " ".join(page.get_text(" ").split())


def is_kept_from_indexes(response, page):
    return (
        response["X-Robots-Tag"] == "noindex"
        and page.select_one('meta[name="robots"]')["content"] == "noindex"
        and page.select_one('link[rel="canonical"]') is None
        and "private" in response["Cache-Control"]
    )


class TestPublished:
    def test_has_every_element_of_the_reference_page(self, client):
        question = make_published_question(
            text="What would match classical models?", verdict="partial", gap="The figures are open."
        )
        Answer.objects.update(
            published_at=timezone.datetime(2026, 5, 9, 12, tzinfo=timezone.get_default_timezone())
        )

        response, page, text = get_page(client, f"/ask/{question.slug}")

        assert response.status_code == 200
        assert page.h1.get_text() == "What would match classical models?"
        assert "Answered by claude-haiku-4-5-20251001 · 9 May 2026" in text
        assert page.select_one(".question-head .verdict").get_text() == "Partly answered"
        assert page.select_one("#sources").get_text() == "Sources · 4"
        assert [link.get_text() for link in page.select(".explore a")] == [
            "Which noise matters most?", "How many qubits help?", "What do codes cost?",
        ]  # fmt: skip
        assert DISCLAIMER in text
        for label in ("Keep exploring", "How this answer was made", "Cite this page", "Versions"):
            assert label in text

    def test_partial_answer_says_its_gap_first(self, client):
        question = make_published_question(verdict="partial", gap="No source gives *figures*.")

        _, page, _ = get_page(client, f"/ask/{question.slug}")

        first = page.select_one(".answer > *")
        assert first["class"] == ["gap"]
        assert first.decode_contents() == "No source gives <em>figures</em>."

    def test_markers_link_and_agree_with_the_list_of_sources(self, client):
        question = make_published_question()

        _, page, _ = get_page(client, f"/ask/{question.slug}")

        for marker in page.select(".marker a"):
            assert marker["href"] == f"/abs/{marker.get_text()}"
            entry = page.select_one(f"#source-{marker['data-source']}")
            assert marker.get_text() in entry.get_text()
            evidence = entry.select_one(f"[data-statements~='{marker['data-statement']}']")
            assert EVIDENCE in evidence.get_text()

    def test_sources_are_cited_first_with_similarity_category_title_and_identifier(self, client):
        preprints = PreprintFactory.create_batch(3, primary_category="cs.CV")
        question = make_published_question(preprints=preprints, cited=2)

        _, page, _ = get_page(client, f"/ask/{question.slug}")

        shown = page.select(".sources > div > ol > li")
        folded = page.select(".sources details li")
        assert [item["id"] for item in shown] == ["source-1", "source-2"]
        assert [item["id"] for item in folded] == ["source-3"]
        assert page.select_one(".sources summary").get_text() == "Also retrieved · 1"
        first = shown[0]
        assert first.select_one(".similarity .figure").get_text() == "68%"
        assert first.select_one(".chip").get_text() == "cs.CV"
        assert first.select_one(".identifier").get_text() == preprints[0].identifier
        assert first.select_one("h3 a")["href"] == f"/abs/{preprints[0].identifier}"
        assert first.select_one("h3 a").get_text() == preprints[0].title

    def test_evidence_links_to_the_sentence_in_the_abstract(self, client):
        question = make_published_question(statements=1)
        citation = Citation.objects.get()

        _, page, _ = get_page(client, f"/ask/{question.slug}")

        link = page.select_one(".evidence a")
        assert link.get_text(strip=True) == EVIDENCE
        assert link["href"] == f"/abs/{citation.source.preprint.identifier}?highlight={citation.pk}#abstract"

    def test_verdicts_promise_no_more_than_the_checks_found(self, client):
        question = make_published_question(statements=1)
        Citation.objects.update(verdict=Citation.Verdict.WEAK, reasons=["Half of the words are there."])

        _, _, text = get_page(client, f"/ask/{question.slug}")

        assert "rests weakly on" in text
        assert "Half of the words are there." in text
        assert "verified" not in text.replace("Verify sources", "").lower()

    def test_quotation_is_named_as_such(self, client):
        question = make_published_question(is_quotation=True, model_named="antigravity/extractive-1")

        _, page, text = get_page(client, f"/ask/{question.slug}")

        assert "Quoted from the sources by antigravity/extractive-1" in text
        assert page.select_one(".answer blockquote")

    def test_follow_up_leads_to_its_answer_or_to_the_filled_in_form(self, client):
        answered = make_published_question(text="Which noise matters most?")
        question = make_published_question()
        FollowUp.objects.filter(answer__question=question, position=0).update(target=answered)

        _, page, _ = get_page(client, f"/ask/{question.slug}")

        assert [link["href"] for link in page.select(".explore a")] == [
            f"/ask/{answered.slug}",
            "/ask/?q=How%20many%20qubits%20help%3F",
            "/ask/?q=What%20do%20codes%20cost%3F",
        ]  # fmt: skip

    def test_shows_its_provenance(self, client):
        question = make_published_question()

        _, page, _ = get_page(client, f"/ask/{question.slug}")

        facts = " ".join(page.select_one("#made").find_parent("section").get_text(" ").split())
        for fact in (
            "anthropic/claude-haiku-4-5", "claude-haiku-4-5-20251001", "Prompt version 1",
            "local/all-MiniLM-L6-v2", "Search mode hybrid,", "candidates 100", "floor 0.12",
            "3,210 in, 456 out", "$0.005490", "write 4.20", "Attempts 1",
            "the automatic checks", "3 supported",
        ):  # fmt: skip
            assert fact in facts
        retrieved = page.select("#made ~ details .retrieved li")
        identifiers = [one["identifier"] for one in question.published_answer.retrieval["retrieved"]]
        assert [li.a["href"] for li in retrieved] == [f"/abs/{identifier}" for identifier in identifiers]
        assert "similarity 68% · score 0.1000" in " ".join(retrieved[0].get_text(" ").split())

    def test_dropped_statements_and_what_they_rest_on_stay_hidden(self, client):
        question = make_published_question(statements=2, cited=2)
        dropped = question.published_answer.statements.get(position=1)
        dropped.citations.update(evidence="A hidden sentence.")
        dropped.is_dropped, dropped.reasons = True, ["A number differs."]
        dropped.save()

        _, _, text = get_page(client, f"/ask/{question.slug}")

        assert "A hidden sentence." not in text
        assert "A number differs." not in text

    def test_withdrawn_source_is_marked(self, client):
        preprints = PreprintFactory.create_batch(2)
        question = make_published_question(preprints=preprints)
        preprints[0].withdrawn_on = timezone.localdate()
        preprints[0].save()

        _, page, _ = get_page(client, f"/ask/{question.slug}")

        assert "Withdrawn" in page.select_one("#source-1").get_text()
        assert "Withdrawn" not in page.select_one("#source-2").get_text()

    def test_text_of_everybody_is_escaped(self, client):
        hostile = '<img src=x onerror="alert(1)">'
        preprint = PreprintFactory(title=f"Title {hostile}", authors=[hostile])
        question = make_published_question(
            text=f"Why {hostile}?", preprints=[preprint], cited=1, gap=hostile, limits=hostile,
            verdict="partial", model_named=hostile, change_reason=hostile,
        )  # fmt: skip
        Citation.objects.update(evidence=hostile, reasons=[hostile])
        FollowUp.objects.update(text=hostile)

        _, page, text = get_page(client, f"/ask/{question.slug}")

        assert [image["src"] for image in page.find_all("img")] == ["/static/img/favicon.svg"]
        assert text.count("onerror") >= 8

    def test_a_verbatim_quotation_needs_a_word_only(self, client):
        question = make_published_question(statements=1, cited=1)
        Citation.objects.update(reasons=["It stands in the cited text word for word."], score=1.0)

        _, page, text = get_page(client, f"/ask/{question.slug}")

        [note] = page.select("[data-statements] .note")
        assert note.get_text(" ", strip=True).startswith("Verbatim")
        assert "word for word." not in text
        assert "Support 1.00" not in text

    def test_every_verdict_explains_itself_and_no_reason_is_lost(self, client):
        question = make_published_question(statements=2, cited=1)
        first, second = Citation.objects.order_by("statement__position")
        Citation.objects.filter(pk=first.pk).update(reasons=["It stands there word for word."], score=1.0)
        Citation.objects.filter(pk=second.pk).update(reasons=["It comes near it in meaning."], score=0.78)

        _, page, _ = get_page(client, f"/ask/{question.slug}")

        [evidence] = page.select("[data-statements]")
        assert evidence["data-statements"] == "0 1"
        said = " ".join(evidence.get_text(" ").split())
        assert "It stands there word for word. It comes near it in meaning. Support 0.78 of 1." in said

    @pytest.mark.parametrize("statements", [1, 30])
    def test_makes_the_same_few_queries_for_any_length(self, client, django_assert_num_queries, statements):
        question = make_published_question(
            statements=statements, preprints=PreprintFactory.create_batch(8), cited=1
        )

        with django_assert_num_queries(8):
            assert client.get(f"/ask/{question.slug}").status_code == 200

    def test_page_does_not_change_while_a_new_version_is_made(self, client):
        question = make_published_question()
        before = client.get(f"/ask/{question.slug}").content
        AnswerRunFactory(question=question, reason=AnswerRun.Reason.REANSWER)
        make_answer(question, state=Answer.State.HELD)

        assert client.get(f"/ask/{question.slug}").content == before


class TestCaching:
    def test_unchanged_page_is_answered_304_with_one_query(self, client, django_assert_num_queries):
        question = make_published_question()
        first = client.get(f"/ask/{question.slug}")

        with django_assert_num_queries(1):
            again = client.get(f"/ask/{question.slug}", headers={"If-None-Match": first["ETag"]})

        assert again.status_code == 304
        assert first["Cache-Control"] == "public, max-age=0, s-maxage=60, stale-while-revalidate=30"
        assert "Cookie" not in first.get("Vary", "")

    @pytest.mark.parametrize("change", ["preprint", "follow_up", "version"])
    def test_changed_page_has_a_new_tag(self, client, change):
        question = make_published_question()
        first = client.get(f"/ask/{question.slug}")
        if change == "preprint":
            question.published_answer.sources.first().preprint.save()
        elif change == "follow_up":
            FollowUp.objects.filter(position=0).update(target=make_published_question())
        else:
            publishing.publish(make_answer(question, state=Answer.State.HELD))

        again = client.get(f"/ask/{question.slug}", headers={"If-None-Match": first["ETag"]})

        assert again.status_code == 200
        assert again["ETag"] != first["ETag"]


class TestVersions:
    def test_old_version_stays_readable_with_a_banner(self, client):
        question = make_published_question()
        old = make_answer(question, state=Answer.State.SUPERSEDED, limits="The old limits.")

        response, page, text = get_page(client, f"/ask/{question.slug}/v{old.version}")

        assert response.status_code == 200
        assert "The old limits." in text
        assert page.select_one(".banner a")["href"] == f"/ask/{question.slug}"
        assert response["X-Robots-Tag"] == "noindex"
        assert page.select_one('meta[name="robots"]')["content"] == "noindex"
        assert page.select_one('link[rel="canonical"]')["href"].endswith(f"/ask/{question.slug}")

    def test_present_version_has_one_address(self, client):
        question = make_published_question()

        response = client.get(f"/ask/{question.slug}/v1")

        assert (response.status_code, response["Location"]) == (302, f"/ask/{question.slug}")

    @pytest.mark.parametrize("state", [Answer.State.HELD, Answer.State.DISCARDED])
    def test_unpublished_versions_are_nowhere(self, client, state):
        question = make_published_question()
        hidden = make_answer(question, state=state)

        assert client.get(f"/ask/{question.slug}/v{hidden.version}").status_code == 404
        assert f"/v{hidden.version}" not in client.get(f"/ask/{question.slug}").content.decode()

    @pytest.mark.parametrize("rest", ["v1", "v2", "history"])
    def test_cited_addresses_lead_to_what_became_of_the_question(self, client, rest):
        retracted, merged, held = (make_published_question() for _ in range(3))
        target = make_published_question()
        for question in (retracted, merged, held):
            publishing.publish(make_answer(question, state=Answer.State.HELD))
            question.refresh_from_db()
        publishing.retract(retracted, "It names a private person.")
        publishing.merge(merged, target)
        publishing.hold(held.published_answer, "A reader doubts it.")

        gone = client.get(f"/ask/{retracted.slug}/{rest}")
        moved = client.get(f"/ask/{merged.slug}/{rest}")
        waiting = client.get(f"/ask/{held.slug}/{rest}")

        assert gone.status_code == 410
        assert "It names a private person." in gone.content.decode()
        assert (moved.status_code, moved["Location"]) == (301, f"/ask/{target.slug}")
        assert waiting.status_code == 200
        assert "Being checked by a curator" in waiting.content.decode()
        assert waiting["X-Robots-Tag"] == "noindex"

    def test_versions_that_never_were_public_are_nowhere_whatever_becomes_of_the_question(self, client):
        for question in (make_held_question(), make_closed_question(Question.State.REJECTED)):
            assert client.get(f"/ask/{question.slug}/v1").status_code == 404
            assert client.get(f"/ask/{question.slug}/history").status_code == 404


class TestPending:
    def test_queued_question_knows_its_place(self, client):
        AnswerRunFactory.create_batch(2)
        question = AnswerRunFactory().question

        response, page, text = get_page(client, f"/ask/{question.slug}")

        assert response.status_code == 200
        assert is_kept_from_indexes(response, page)
        assert page.select_one('[aria-current="step"] > span').get_text() == "Waiting for a worker"
        assert "2 questions before this one" in text
        status = client.get(f"/api/v1/questions/{question.slug}/status/").json()
        assert status["position"] == 3
        assert page.select_one("noscript meta")["content"] == "2"
        assert page.select_one("#progress")["data-status"] == f"/ask/{question.slug}/status"

    def test_runs_that_are_not_due_stand_in_nobodys_way(self, client):
        AnswerRunFactory(next_try_at=timezone.now() + timedelta(hours=1))
        question = AnswerRunFactory().question

        assert "next in line" in get_page(client, f"/ask/{question.slug}")[2]

    def test_waiting_run_says_why(self, client):
        question = AnswerRunFactory(waits_for="today's budget is used").question

        assert "today's budget is used" in get_page(client, f"/ask/{question.slug}")[2]

    @pytest.mark.parametrize(
        ("step", "detail", "words"),
        [
            ("searching", 0, "Searching the archive"),
            ("reading", 2, "Reading 2 preprints"),  # of the three that were found
            ("writing", 0, "Writing the answer"),
            ("checking", 12, "Checking 12 citations"),
        ],
    )
    def test_running_question_shows_step_and_sources(self, client, step, detail, words):
        preprints = PreprintFactory.create_batch(3)
        run = AnswerRunFactory(
            **LEASE, lease_until=timezone.now(), step=step, step_detail=detail, retrieved=retrieved(preprints)
        )

        _, page, _ = get_page(client, f"/ask/{run.question.slug}")

        assert page.select_one('[aria-current="step"] > span').get_text() == words
        assert [link.get_text() for link in page.select(".preprint-item h3 a")] == [
            p.title for p in preprints
        ]
        assert [figure.get_text() for figure in page.select(".figure")] == ["68%", "66%", "64%"]

    def test_unchecked_text_is_never_shown(self, client):
        question = QuestionFactory()
        make_answer(question, state=Answer.State.HELD, limits="UNCHECKED", gap="UNCHECKED")
        AnswerRunFactory(question=question)

        for address in (f"/ask/{question.slug}", f"/ask/{question.slug}/status"):
            content = client.get(address).content.decode()
            assert "UNCHECKED" not in content
            assert "Noise lowers the accuracy" not in content


class TestStatus:
    def test_says_the_state_and_the_progress(self, client):
        question = AnswerRunFactory().question

        status = client.get(f"/ask/{question.slug}/status")

        assert status.json()["state"] == "pending"
        assert "Waiting for a worker" in status.json()["html"]
        assert status["X-Robots-Tag"] == "noindex"

    def test_unchanged_progress_is_304(self, client):
        question = AnswerRunFactory().question
        first = client.get(f"/ask/{question.slug}/status")

        again = client.get(f"/ask/{question.slug}/status", headers={"If-None-Match": first["ETag"]})
        AnswerRun.objects.update(step="searching", **LEASE, lease_until=timezone.now())
        later = client.get(f"/ask/{question.slug}/status", headers={"If-None-Match": first["ETag"]})

        assert (again.status_code, later.status_code) == (304, 200)

    def test_published_question_has_no_progress(self, client):
        question = make_published_question()

        assert client.get(f"/ask/{question.slug}/status").json() == {"state": "published", "html": ""}

    def test_rejected_question_has_no_status(self, client):
        question = make_closed_question(Question.State.REJECTED)

        assert client.get(f"/ask/{question.slug}/status").status_code == 404


class TestOtherStates:
    def test_held_question_shows_no_text(self, client):
        question = make_held_question(limits="HELD TEXT", gap="HELD TEXT")

        response, page, text = get_page(client, f"/ask/{question.slug}")

        assert response.status_code == 200
        assert is_kept_from_indexes(response, page)
        assert "Being checked by a curator" in text
        assert "HELD TEXT" not in text
        assert "A number differs from its source." not in text
        assert "Noise lowers" not in text

    def test_unanswerable_question_names_the_nearest_preprints(self, client):
        preprints = PreprintFactory.create_batch(7)
        question = make_unanswerable_question(preprints)

        response, page, text = get_page(client, f"/ask/{question.slug}")

        assert response.status_code == 200
        assert is_kept_from_indexes(response, page)
        assert "Not in this archive" in text
        assert "standing question" in text
        assert "Sources" not in text
        assert [link.get_text() for link in page.select(".preprint-item h3 a")] == [
            preprint.title for preprint in preprints[:5]
        ]

    def test_unanswerable_question_with_a_word_unknown_here_is_shown_as_it_may_have_been_meant(self, client):
        PreprintFactory(title="Barren plateaus in circuits")
        question = make_unanswerable_question()
        Question.objects.filter(pk=question.pk).update(text="How can barren plataeus be avoided?")

        _, page, text = get_page(client, f"/ask/{question.slug}")

        assert "Did you mean How can barren plateaus be avoided?" in text
        [link] = page.select('main a[href^="/ask/?q="]')
        assert link["href"] == "/ask/?q=How%20can%20barren%20plateaus%20be%20avoided%3F"

    def test_unanswerable_question_names_no_preprint_that_is_far_from_it(self, client):
        near, far = PreprintFactory.create_batch(2)
        question = make_unanswerable_question([near, far])
        run = question.runs.get()
        run.retrieved[1]["similarity"] = 0.001
        run.save()

        _, page, _ = get_page(client, f"/ask/{question.slug}")

        assert [link.get_text() for link in page.select(".preprint-item h3 a")] == [near.title]

    def test_question_whose_answer_was_discarded_says_so(self, client):
        question = make_held_question()
        publishing.discard(question.answers.get())
        page = client.get(question.get_absolute_url()).content.decode()
        assert "A curator read the answer that was made and did not publish it." in page
        assert "something went wrong" not in page

    def test_failed_question_says_why_and_offers_another_try(self, client):
        question = make_failed_question("The language model did not answer in time.")

        response, page, text = get_page(client, f"/ask/{question.slug}")

        assert response.status_code == 200
        assert is_kept_from_indexes(response, page)
        assert "The language model did not answer in time." in text
        form = page.select_one('main form[action="/ask/"]')
        assert form.select_one('[name="question"]')["value"] == question.text
        assert form.button.get_text() == "Try again"

    def test_retracted_question_is_a_tombstone(self, client):
        question = make_closed_question(Question.State.RETRACTED, reason="A source was withdrawn.")

        response, page, text = get_page(client, f"/ask/{question.slug}")

        assert response.status_code == 410
        assert is_kept_from_indexes(response, page)
        assert "A source was withdrawn." in text
        assert page.select_one("main time")["datetime"].startswith(str(question.closed_at.year))
        assert question.text not in text
        assert "Noise lowers" not in text

    def test_rejected_question_is_not_there(self, client):
        question = make_closed_question(Question.State.REJECTED)

        response, _, text = get_page(client, f"/ask/{question.slug}")

        assert response.status_code == 404
        assert question.text not in text
        assert question.reason not in text

    def test_merged_question_goes_to_its_target(self, client):
        target = make_published_question()
        question = make_merged_question(target)

        response = client.get(f"/ask/{question.slug}")

        assert (response.status_code, response["Location"]) == (301, f"/ask/{target.slug}")

    def test_unknown_question_is_404(self, client):
        assert client.get("/ask/0000000000").status_code == 404
