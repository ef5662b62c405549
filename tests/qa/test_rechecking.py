"""Answers looked at again: what today's checks would decide, reported, and stored beside the answer."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.urls import reverse

from qa.checking import invalid_reason
from qa.models import Answer, Citation, CitationRecheck, Opinion, Recheck, Spend
from tests.factories import PreprintFactory
from tests.qa.factories import EVIDENCE, make_held_question, make_published_question

pytestmark = pytest.mark.django_db


def recheck(*arguments: str) -> str:
    output = StringIO()
    call_command("recheck_answers", *arguments, stdout=output)
    return output.getvalue()


def snapshot() -> list[object]:
    rows = Answer.objects.order_by("pk").values_list("pk", "state", "html", "hold_reasons")
    return [*rows, *Citation.objects.order_by("pk").values_list("pk", "verdict", "flags", "score", "reasons")]


@pytest.fixture
def published():
    """A published answer whose three claims today's checks call good, and its preprints."""
    preprints = PreprintFactory.create_batch(2)
    return make_published_question(
        preprints=preprints,
        is_quotation=True,
        limits="",
        statements=0,
    ), preprints


def add_statement(answer: Answer, text: str, **fields):
    source = answer.sources.first()
    statement = answer.statements.create(position=answer.statements.count(), text=text)
    return statement.citations.create(
        answer=answer, source=source, position=0, score=0.9, evidence=EVIDENCE,
        **({"verdict": "supported"} | fields),
    )  # fmt: skip


def test_answer_that_is_still_good_is_not_named(published):
    question, _ = published
    add_statement(question.published_answer, EVIDENCE)
    report = recheck()
    assert question.slug not in report
    assert "1 answers with 1 citations: 0 published ones would be held" in report
    assert not Recheck.objects.exists()


def test_dry_run_names_what_would_change_and_stores_nothing(published):
    question, _ = published
    add_statement(question.published_answer, "Noise lowers it to 48.0%.")
    before = snapshot()
    report = recheck()
    assert f"{question.slug} v1: published -> hold" in report
    assert "[1] supported -> contradicted (numbers_differ)" in report
    assert "The statement says 48.0% where the cited sentence says 84.0%." in report
    assert "1 published ones would be held" in report
    assert "1 supported -> contradicted" in report
    assert "Nothing was stored" in report
    assert snapshot() == before
    assert not Recheck.objects.exists()


def test_apply_stores_new_rows_beside_the_answer_and_changes_none(published, admin_client):
    question, _ = published
    add_statement(question.published_answer, "Noise lowers it to 48.0%.")
    before = snapshot()
    recheck("--apply")
    recheck("--apply")
    assert snapshot() == before
    newest, _older = Recheck.objects.all()
    assert (newest.answer, newest.would_publish) == (question.published_answer, False)
    assert any("contradicts" in reason for reason in newest.reasons)
    [row] = newest.citations.all()
    assert (row.verdict, row.flags, row.evidence) == ("contradicted", ["numbers_differ"], EVIDENCE)
    page = admin_client.get(reverse("admin:qa_answer_change", args=[question.published_answer.pk]))
    assert "contradicts" in page.content.decode()
    page = admin_client.get(reverse("admin:qa_recheck_change", args=[newest.pk])).content.decode()
    assert "numbers_differ" in page


def test_changed_text_of_a_source_is_told(published):
    question, preprints = published
    add_statement(question.published_answer, EVIDENCE)
    preprints[0].abstract = "This abstract says nothing of the kind any more, in no sentence at all."
    preprints[0].text_hash = "another"
    preprints[0].save()
    report = recheck()
    assert "1 answers have a source whose text changed since." in report
    assert f"{question.slug} v1: published -> hold" in report


def test_recheck_says_where_its_evidence_stands_and_in_which_version(published):
    question, preprints = published
    add_statement(question.published_answer, EVIDENCE)
    preprints[0].abstract = f"A sentence was put in front of it. {EVIDENCE}"
    preprints[0].text_hash, preprints[0].version = "another", 3
    preprints[0].save()
    recheck("--apply")
    row = CitationRecheck.objects.get()
    assert preprints[0].abstract[row.evidence_start : row.evidence_end] == row.evidence == EVIDENCE
    assert (row.evidence_start, row.preprint_version) == (35, 3)
    assert row.citation.source.preprint_version != 3


def test_held_answer_that_would_pass_today_is_named():
    question = make_held_question(statements=0, is_quotation=True, limits="")
    add_statement(question.answers.get(), EVIDENCE, verdict="weak")
    report = recheck("--question", question.slug)
    assert f"{question.slug} v1: held -> publish" in report
    assert "[1] weak -> supported: It stands in the cited text word for word." in report
    question.refresh_from_db()
    assert question.state == "held"


@pytest.mark.parametrize("fault", ["heading", "remark", "source", "opinion"])
def test_held_answer_that_the_gate_would_hold_again_is_not_called_good(fault):
    """What no citation tells: markup outside the statements, a source that does not exist, an opinion."""
    limits = "Nothing is said of cost [2]." if fault == "remark" else ""
    question = make_held_question(statements=0, is_quotation=True, limits=limits)
    citation = add_statement(question.answers.get(), EVIDENCE)
    statement = citation.statement
    if fault == "heading":
        statement.heading = "Noise lowers accuracy [2]"
    if fault == "source":
        statement.reasons = [invalid_reason([77, -1])]
    statement.save()
    if fault == "opinion":
        spend = Spend.objects.create(model="openai/x", purpose=Spend.Purpose.CHECK, reserved_usd="0.01")
        opinion = Opinion.objects.create(key="k", model="openai/x", verdict="contradicted", spend=spend)
        opinion.citations.add(citation)
    report = recheck("--question", question.slug)
    assert "held -> publish" not in report
    recheck("--apply", "--question", question.slug)
    [kept] = Recheck.objects.all()
    assert (kept.would_publish, len(kept.reasons)) == (False, 1)


def test_recheck_asks_no_more_queries_for_three_answers_than_for_one(django_assert_max_num_queries):
    def make(count: int) -> None:
        for _ in range(count):
            question = make_published_question(statements=0, is_quotation=True, limits="")
            add_statement(question.published_answer, EVIDENCE)

    make(1)
    with django_assert_max_num_queries(10):
        recheck()
    make(2)
    with django_assert_max_num_queries(10):
        recheck()
    assert CitationRecheck.objects.count() == 0
