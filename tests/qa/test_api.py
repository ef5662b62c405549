"""The REST API's questions and answers: what each state of docs/decisions/0001 shows to programs."""

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from qa import publishing
from qa.models import Answer, AnswerRun, Citation, FollowUp, Question, Spend
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
)

pytestmark = pytest.mark.django_db

LIST = "/api/v1/questions/"


def read(client: Client, question: Question, rest: str = "") -> dict:
    response = client.get(f"{LIST}{question.slug}/{rest}")
    assert response.status_code == 200, response.content
    return response.json()


def listed(client: Client, query: str = "") -> list[str]:
    return [row["slug"] for row in client.get(LIST + query).json()["results"]]


def make_one_of_each_state() -> dict[str, Question]:
    return {
        "pending": AnswerRunFactory().question,
        "held": make_held_question(),
        "unanswerable": make_unanswerable_question(),
        "failed": make_failed_question(),
        "rejected": make_closed_question("rejected"),
        "retracted": make_closed_question("retracted"),
        "merged": make_merged_question(make_published_question()),
    }


def test_published_answer_is_shown_with_its_evidence(client):
    question = make_published_question(text="Does noise limit classification?")
    shown = read(client, question)
    assert shown["text"] == "Does noise limit classification?"
    assert shown["state"] == "published"
    assert shown["page_url"] == f"http://127.0.0.1:8000/ask/{question.slug}"
    answer = shown["answer"]
    assert (answer["version"], answer["verdict"]) == (1, "answered")
    statement = answer["statements"][0]
    assert statement["text"] == "Noise lowers the accuracy of circuit 0 to 84.0%."
    citation = statement["citations"][0]
    assert citation["identifier"] == answer["sources"][0]["identifier"]
    assert (citation["verdict"], citation["score"], citation["evidence"]) == ("supported", 0.91, EVIDENCE)
    abstract = client.get(answer["sources"][0]["url"]).json()["abstract"]
    assert abstract[citation["evidence_start"] : citation["evidence_end"]] == EVIDENCE
    assert [source["is_cited"] for source in answer["sources"]] == [True, True, False, False]
    assert answer["sources"][0]["similarity"] == 0.68
    assert [one["text"] for one in answer["follow_ups"]] == [
        "Which noise matters most?",
        "How many qubits help?",
        "What do codes cost?",
    ]


def test_provenance_is_whole(client):
    question = make_published_question()
    run, answer = question.published_answer.run, question.published_answer
    answer.statements.filter(position=2).update(is_dropped=True, reasons=["No source says so."])
    answer.citations.filter(statement__position=1).update(verdict="weak", flags=["direction_differs"])
    spend = {"run": run, "reserved_usd": "0.02", "settled_at": timezone.now()}
    Spend.objects.create(model="openai/gpt-5-mini", cost_usd=0, error_code="busy", **spend)
    Spend.objects.create(
        model="anthropic/claude-haiku-4-5", cost_usd="0.00549", tokens_in=3210, tokens_out=456, **spend
    )
    provenance = read(client, question)["answer"]["provenance"]
    assert provenance["model_requested"] == "anthropic/claude-haiku-4-5"
    assert provenance["model_named"] == "claude-haiku-4-5-20251001"
    assert (provenance["tokens_in"], provenance["tokens_out"]) == (3210, 456)
    assert provenance["cost_usd"] == "0.005490"
    assert provenance["retrieval"]["settings"]["floor"] == 0.12
    assert [set(one) for one in provenance["retrieval"]["retrieved"]] == [
        {"identifier", "rank", "similarity", "score"}
    ] * 4
    assert provenance["seconds"] == {"search": 0.04, "write": 4.2, "check": 0.3}
    assert [(call["model"], call["error_code"]) for call in provenance["calls"]] == [
        ("openai/gpt-5-mini", "busy"),
        ("anthropic/claude-haiku-4-5", ""),
    ]
    assert provenance["checks"] == {
        "statements": 2,
        "dropped": 1,
        "citations": {"supported": 1, "weak": 1},
        "flags": {"direction_differs": 1},
    }
    assert (provenance["attempts"], provenance["published_by"]) == (1, "the gate")


def test_curator_who_published_is_not_named(client, django_user_model):
    curator = django_user_model.objects.create_user("grace", email="grace@example.org")
    question = make_published_question(published_by=curator)
    response = client.get(f"{LIST}{question.slug}/")
    assert response.json()["answer"]["provenance"]["published_by"] == "a curator"
    assert b"grace" not in response.content


def test_dropped_statements_are_not_shown(client):
    question = make_published_question()
    dropped = question.published_answer.statements.first()
    dropped.is_dropped, dropped.reasons = True, ["No source says so."]
    dropped.save()
    texts = [one["text"] for one in read(client, question)["answer"]["statements"]]
    assert len(texts) == 2
    assert dropped.text not in texts


def test_follow_up_leads_to_its_published_page_or_to_none(client):
    question = make_published_question()
    published = make_published_question()
    follow_ups = question.published_answer.follow_ups.order_by("position")
    FollowUp.objects.filter(pk=follow_ups[0].pk).update(target=published)
    slugs = [one["slug"] for one in read(client, question)["answer"]["follow_ups"]]
    assert slugs == [published.slug, None, None]


@pytest.mark.parametrize("state", ["retracted", "held"])
def test_text_of_a_question_that_is_not_public_lives_on_in_no_follow_up(client, state):
    question = make_published_question()
    hidden = make_held_question() if state == "held" else make_closed_question(state)
    follow_up = question.published_answer.follow_ups.order_by("position")[0]
    FollowUp.objects.filter(pk=follow_up.pk).update(target=hidden)
    assert follow_up.text not in [one["text"] for one in read(client, question)["answer"]["follow_ups"]]
    assert follow_up.text not in client.get(f"/ask/{question.slug}").content.decode()


def test_withdrawn_source_is_marked(client):
    question = make_published_question()
    preprint = question.published_answer.sources.order_by("number").first().preprint
    preprint.withdrawn_on = timezone.now().date()
    preprint.save()
    sources = read(client, question)["answer"]["sources"]
    assert [source["is_withdrawn"] for source in sources] == [True, False, False, False]


@pytest.mark.parametrize("state", ["pending", "held", "unanswerable", "failed"])
def test_unpublished_question_is_shown_without_any_answer_text(client, state):
    question = make_one_of_each_state()[state]
    shown = read(client, question)
    assert (shown["state"], shown["answer"]) == (state, None)
    assert "Noise lowers" not in str(shown)


def test_failed_question_says_what_went_wrong(client):
    status = read(client, make_failed_question("The language model did not answer in time."))["status"]
    assert status["error"] == "The language model did not answer in time."
    assert status["error_code"] == "deadline"


def test_unanswerable_question_names_the_nearest_preprints(client):
    nearest = PreprintFactory()
    shown = read(client, make_unanswerable_question([nearest]))
    assert shown["retrieved"] == [{"identifier": nearest.identifier, "rank": 1, "similarity": 0.68}]


@pytest.mark.parametrize("rest", ["", "status/", "answers/", "answers/1/"])
def test_rejected_question_is_404_everywhere(client, rest):
    question = make_closed_question("rejected")
    response = client.get(f"{LIST}{question.slug}/{rest}")
    assert response.status_code == 404
    assert "private person" not in response.content.decode()


@pytest.mark.parametrize("rest", ["", "status/", "answers/", "answers/1/"])
def test_retracted_question_is_a_tombstone_everywhere(client, rest):
    question = make_closed_question("retracted", reason="Its main source was withdrawn.")
    Question.objects.filter(pk=question.pk).update(closed_at=datetime(2026, 5, 9, 12, tzinfo=UTC))
    response = client.get(f"{LIST}{question.slug}/{rest}")
    assert response.status_code == 410
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["detail"] == "Retracted on 9 May 2026: Its main source was withdrawn."


@pytest.mark.parametrize("rest", ["", "status/", "answers/", "answers/1/"])
def test_merged_question_goes_to_its_target(client, rest):
    target = make_published_question()
    response = client.get(f"{LIST}{make_merged_question(target).slug}/{rest}")
    assert response.status_code == 301
    assert response["Location"] == f"http://127.0.0.1:8000/api/v1/questions/{target.slug}/"


def test_only_published_questions_are_listed_newest_first(client):
    target = make_one_of_each_state()["merged"].merged_into
    newer = make_published_question()
    assert listed(client) == [newer.slug, target.slug]


def test_list_is_filtered_by_verdict_category_and_dates(client):
    partial = make_published_question(verdict=Answer.Verdict.PARTIAL)
    cited, uncited = PreprintFactory(primary_category="gr-qc"), PreprintFactory(primary_category="math.CO")
    other = make_published_question(preprints=[cited, uncited], cited=1)
    Question.objects.filter(pk=partial.pk).update(published_at=datetime(2026, 5, 9, 23, 59, tzinfo=UTC))
    assert listed(client, "?verdict=partial") == [partial.slug]
    assert listed(client, "?category=gr-qc") == [other.slug]
    assert listed(client, "?category=math.CO") == []
    assert listed(client, "?published_from=2026-05-09&published_to=2026-05-09") == [partial.slug]


def test_list_has_the_states_that_are_public_and_no_other(client):
    made = make_one_of_each_state()
    published = made["merged"].merged_into
    gap = make_unanswerable_question()
    Question.objects.filter(pk=gap.pk).update(is_listed=True)
    older = make_closed_question("retracted")
    Question.objects.filter(pk=older.pk).update(closed_at=datetime(2026, 5, 9, tzinfo=UTC))
    retracted = made["retracted"]
    assert listed(client, "?state=published") == listed(client) == [published.slug]
    assert listed(client, "?state=unanswerable") == [gap.slug]
    assert listed(client, "?state=retracted&limit=1") == [retracted.slug]
    page = client.get(f"{LIST}?state=retracted&limit=1").json()
    [row] = client.get(page["next"]).json()["results"]
    assert (row["slug"], row["text"], row["answer"]) == (older.slug, "", None)
    assert (row["reason"], row["closed_at"]) == ("It names a private person.", "2026-05-09T00:00:00Z")
    for state in ("pending", "held", "failed", "rejected", "merged", "all"):
        response = client.get(f"{LIST}?state={state}")
        assert (response.status_code, response.json()["errors"][0]["field"]) == (400, "state")


def test_list_of_each_state_is_read_anew_once_it_changes(client):
    retracted, gap = make_published_question(), make_unanswerable_question()
    addresses = [f"{LIST}?state={state}" for state in ("published", "retracted", "unanswerable")]
    before = [client.get(address)["ETag"] for address in addresses]

    def again() -> list[int]:
        pairs = zip(addresses, before, strict=True)
        return [client.get(one, headers={"If-None-Match": etag}).status_code for one, etag in pairs]

    assert again() == [304, 304, 304]
    publishing.retract(retracted, "Its main source was withdrawn.")
    assert again() == [200, 200, 304]
    publishing.list_gap(gap, is_listed=True)
    assert again() == [200, 200, 200]


@pytest.mark.parametrize(
    "query",
    [
        "verdict=true",
        "category=%00",
        "published_from=1",
        "limit=99999999999999999999",
        "cursor=cD0lMDA=",
        "cursor=cD1h",
    ],
)
def test_list_refuses_parameters_it_cannot_use(client, query):
    make_published_question()
    response = client.get(f"{LIST}?{query}")
    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == query.split("=")[0]


def test_list_goes_on_at_its_cursor(client):
    slugs = [make_published_question().slug for _ in range(3)][::-1]
    page = client.get(f"{LIST}?limit=2").json()
    assert [row["slug"] for row in page["results"]] == slugs[:2]
    assert [row["slug"] for row in client.get(page["next"]).json()["results"]] == slugs[2:]


def test_questions_of_a_preprint_are_the_published_ones_that_cite_it(client):
    preprint, neighbour = PreprintFactory.create_batch(2)
    citing = make_published_question(preprints=[preprint, neighbour], cited=1)
    make_held_question(preprints=[preprint], cited=1)
    for one, slugs in ((preprint, [citing.slug]), (neighbour, [])):
        rows = client.get(f"/api/v1/preprints/{one.identifier}/questions/").json()["results"]
        assert [row["slug"] for row in rows] == slugs
    assert client.get("/api/v1/preprints/AG-2020.01-999/questions/").status_code == 404


def test_published_page_does_not_change_while_it_is_answered_again(client):
    question = make_published_question()
    before = read(client, question)
    run = AnswerRunFactory(question=question, reason=AnswerRun.Reason.REANSWER)
    assert read(client, question) == before
    assert read(client, question, "status/")["step"] == "finished"
    run.delete()
    make_answer(question, state=Answer.State.HELD)
    assert read(client, question)["answer"] == before["answer"]
    assert [one["version"] for one in client.get(f"{LIST}{question.slug}/answers/").json()] == [1]
    assert client.get(f"{LIST}{question.slug}/answers/2/").status_code == 404


def test_superseded_version_keeps_its_address(client):
    question = QuestionFactory()
    make_answer(question, state=Answer.State.SUPERSEDED, change_reason="")
    newer = make_answer(question, change_reason="A source was revised.")
    Question.objects.filter(pk=question.pk).update(
        state="published", published_answer=newer, published_at=newer.published_at
    )
    versions = client.get(f"{LIST}{question.slug}/answers/").json()
    assert [(one["version"], one["state"], one["change_reason"]) for one in versions] == [
        (2, "published", "A source was revised."),
        (1, "superseded", ""),
    ]
    old = read(client, question, "answers/1/")
    assert old["state"] == "superseded"
    assert len(old["statements"]) == 3
    assert read(client, question)["answer"]["version"] == 2


def test_versions_of_a_page_that_was_taken_back_are_not_shown(client):
    question = QuestionFactory()
    make_answer(question, state=Answer.State.SUPERSEDED)
    make_answer(question, state=Answer.State.HELD)
    Question.objects.filter(pk=question.pk).update(state="held")
    assert client.get(f"{LIST}{question.slug}/answers/").json() == []
    assert client.get(f"{LIST}{question.slug}/answers/1/").status_code == 404
    page = client.get(f"/ask/{question.slug}/v1").content.decode()
    assert "Being checked by a curator" in page
    assert "84.0%" not in page


@pytest.mark.parametrize("version", ["0", "3", "99999999999999999999", "x"])
def test_version_that_is_not_there_is_a_404_problem(client, version):
    response = client.get(f"{LIST}{make_published_question().slug}/answers/{version}/")
    assert response.status_code == 404
    assert response["Content-Type"] == "application/problem+json"


def test_status_says_the_step_and_the_place_in_the_queue(client):
    first, second = AnswerRunFactory(), AnswerRunFactory()
    AnswerRun.objects.filter(pk=second.pk).update(waits_for="Today's budget is used.")
    assert read(client, first.question, "status/")["position"] == 1
    status = read(client, second.question, "status/")
    assert (status["state"], status["step"], status["position"]) == ("pending", "queued", 2)
    assert status["waits_for"] == "Today's budget is used."


def test_status_that_did_not_change_costs_a_304(client):
    run = AnswerRunFactory()
    address = f"{LIST}{run.question.slug}/status/"
    etag = client.get(address)["ETag"]
    assert client.get(address, headers={"If-None-Match": etag}).status_code == 304
    AnswerRun.objects.filter(pk=run.pk).update(step=AnswerRun.Step.READING, step_detail=8)
    changed = client.get(address, headers={"If-None-Match": etag})
    assert changed.status_code == 200
    assert (changed.json()["step"], changed.json()["step_detail"]) == ("reading", 8)


def test_reading_costs_the_same_queries_for_few_rows_and_many(client):
    small = make_published_question(statements=1, preprints=PreprintFactory.create_batch(1), cited=1)
    large = make_published_question(statements=6, preprints=PreprintFactory.create_batch(6), cited=6)
    assert Citation.objects.filter(answer=large.published_answer).count() == 6
    with CaptureQueriesContext(connection) as few:
        read(client, small)
    with CaptureQueriesContext(connection) as many:
        read(client, large)
    assert len(few) == len(many) <= 10


def test_list_costs_four_queries(client):
    for _ in range(3):
        make_published_question()
    with CaptureQueriesContext(connection) as queries:
        assert len(listed(client)) == 3
    assert len(queries) == 4  # two for the validators; the questions, and the marks of their answers


@pytest.mark.parametrize("form", ["2401.07049", "arxiv:2401.07049v2", "AG-lower", "quant-ph/9705052"])
def test_questions_of_a_preprint_are_found_by_its_other_names(client, form):
    source_id = form if "/" in form else "2401.07049"
    preprint = PreprintFactory(source_id=source_id)
    form = preprint.identifier.lower() if form == "AG-lower" else form

    response = client.get(f"/api/v1/preprints/{form}/questions/")

    own = f"/api/v1/preprints/{preprint.identifier}/questions/"
    assert (response.status_code, response["Location"]) == (301, f"http://127.0.0.1:8000{own}")
    assert client.get(own).status_code == 200
    assert client.get("/api/v1/preprints/2401.99999/questions/").status_code == 404


def test_pages_hold_questions_published_at_the_same_moment_once_each(client):
    slugs = {make_published_question(statements=1).slug for _ in range(5)}
    Question.objects.update(published_at=timezone.now())
    address, found = f"{LIST}?limit=2", []
    while address:
        page = client.get(address)
        assert page.status_code == 200
        found += [row["slug"] for row in page.json()["results"]]
        back, address = page.json()["previous"], page.json()["next"]
    assert len(found) == 5
    assert set(found) == slugs
    assert client.get(back).status_code == 200


def test_follow_up_of_a_merged_question_leads_to_where_it_went(client):
    question, target = make_published_question(), make_published_question()
    merged = make_merged_question(target)
    first = question.published_answer.follow_ups.order_by("position").first()
    FollowUp.objects.filter(pk=first.pk).update(target=merged)

    assert read(client, question)["answer"]["follow_ups"][0]["slug"] == target.slug
    page = client.get(f"/ask/{question.slug}").content.decode()
    assert f'<a href="/ask/{target.slug}">{first.text}</a>' in page
