"""The sweep: which answers the archive's changes touch, what it says of them, and that it may run twice."""

from datetime import date, timedelta

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from archive.harvesting import harvest
from archive.indexing import embed_pending
from archive.models import HarvestRun, Preprint
from archive.records import Page, Record, RecordAuthor
from archive.text import hash_text
from qa import publishing
from qa.freshness import SWEEP_LOCK, sweep
from qa.models import Answer, Citation, Mark, Question, Source, Sweep
from tests.factories import EmbeddingFactory, PreprintFactory
from tests.qa.asking import ON_TOPIC, ask, run_once
from tests.qa.factories import EVIDENCE, make_answer, make_published_question

pytestmark = pytest.mark.django_db


def withdraw(preprint: Preprint, day: date = date(2026, 5, 9)) -> None:
    """As the harvester leaves a preprint that its source withdrew."""
    preprint.withdrawn_on, preprint.withdrawal_reason = day, "Withdrawn by the authors."
    preprint.save()


def revise(preprint: Preprint, abstract: str) -> None:
    """As the harvester leaves a preprint of which a second version came in."""
    preprint.version, preprint.revised_on, preprint.abstract = 2, date(2026, 6, 1), abstract
    preprint.text_hash = hash_text(preprint.title, abstract)
    preprint.save()


def standing() -> list[tuple[int, str, str]]:
    return [(mark.answer_id, mark.kind, mark.preprint.identifier) for mark in Mark.objects.standing()]


def test_nothing_changed_marks_nothing():
    make_published_question()
    assert sweep().marks == []
    assert standing() == []


def test_withdrawn_preprint_is_marked_under_every_answer_that_cites_it():
    preprint = PreprintFactory()
    questions = [make_published_question(preprints=[preprint], cited=1) for _ in range(21)]
    make_published_question()
    withdraw(preprint)

    sweep()

    assert {answer for answer, _, _ in standing()} == {one.published_answer_id for one in questions}
    mark = Mark.objects.standing().first()
    assert mark.words == f"{preprint.identifier} was withdrawn on 9 May 2026."


def test_source_that_no_statement_rests_on_marks_nothing():
    question = make_published_question(cited=1)
    withdraw(question.published_answer.sources.get(number=2).preprint)
    sweep()
    assert standing() == []


def test_revision_without_the_evidence_says_so():
    question = make_published_question(statements=1)
    preprint = Citation.objects.get().source.preprint
    revise(preprint, "We study circuits. Noise raises it to 97.0%.")

    sweep()

    assert standing() == [(question.published_answer_id, "evidence_gone", preprint.identifier)]
    assert Mark.objects.standing().get().words == (
        f"{preprint.identifier} was revised on 1 June 2026: "
        "a sentence that this answer rests on is no longer in its abstract."
    )


def test_revision_that_keeps_the_evidence_is_a_lesser_reason():
    question = make_published_question(statements=1)
    preprint = Citation.objects.get().source.preprint
    revise(preprint, f"We study other circuits now. {EVIDENCE}")

    sweep()

    assert standing() == [(question.published_answer_id, "revised", preprint.identifier)]
    assert "still in it" in Mark.objects.standing().get().words


def test_evidence_of_a_dropped_statement_counts_for_nothing():
    question = make_published_question(statements=2, cited=1)
    source = question.published_answer.sources.get(number=1)
    dropped = question.published_answer.statements.last()
    Citation.objects.filter(statement=dropped).update(evidence="Nothing of the kind stands there.")
    dropped.is_dropped, dropped.reasons = True, ["Nothing supports it."]
    dropped.save()
    revise(source.preprint, f"New words. {EVIDENCE}")

    sweep()

    assert [kind for _, kind, _ in standing()] == ["revised"]


def test_metadata_alone_marks_nothing():
    make_published_question()
    preprint = Citation.objects.first().source.preprint
    preprint.version, preprint.comments = 2, "12 pages"
    preprint.save()
    sweep()
    assert standing() == []


def test_mark_is_resolved_when_the_preprint_is_back():
    make_published_question(statements=1)
    preprint = Citation.objects.get().source.preprint
    withdraw(preprint)
    sweep()
    preprint.withdrawn_on, preprint.withdrawal_reason = None, ""
    preprint.save()

    findings = sweep()

    assert (len(findings.marks), len(findings.resolved)) == (0, 1)
    assert standing() == []
    assert Mark.objects.get().resolved_at


def test_graver_reason_takes_the_place_of_a_lesser_one():
    make_published_question(statements=1)
    preprint = Citation.objects.get().source.preprint
    revise(preprint, f"New words. {EVIDENCE}")
    sweep()
    withdraw(preprint)

    sweep()

    assert [kind for _, kind, _ in standing()] == ["withdrawn"]
    assert [mark.kind for mark in Mark.objects.order_by("pk")] == ["revised", "withdrawn"]


def test_new_version_resolves_the_marks_of_the_old_one():
    question = make_published_question(statements=1)
    old = question.published_answer
    withdraw(Citation.objects.get().source.preprint)
    sweep()
    old.state = Answer.State.SUPERSEDED
    old.save()
    question.published_answer = make_answer(question)
    question.save()

    sweep()

    assert standing() == []


def test_second_sweep_changes_nothing():
    make_published_question(statements=1)
    withdraw(Citation.objects.get().source.preprint)
    sweep()
    first = Mark.objects.get()

    findings = sweep()

    assert not findings.has_news
    assert Mark.objects.get().since == first.since


def test_quiet_sweeps_share_one_row():
    for _ in range(3):
        sweep()
    assert Sweep.objects.count() == 1
    make_published_question(statements=1)
    withdraw(Citation.objects.get().source.preprint)
    sweep()
    assert [(row.marked, row.resolved) for row in Sweep.objects.order_by("pk")] == [(0, 0), (1, 0)]


def test_queries_stay_the_same_with_more_answers():
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            sweep()
        return len(captured)

    sweep()
    withdraw(Source.objects.get(answer=make_published_question().published_answer, number=1).preprint)
    one = queries()
    for question in [make_published_question() for _ in range(3)]:
        withdraw(Source.objects.get(answer=question.published_answer, number=1).preprint)
    assert queries() == one


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_are_one(other_session):
    other_session.execute("SELECT pg_advisory_lock(%s)", [SWEEP_LOCK])
    assert sweep() is None
    with pytest.raises(CommandError, match="Another sweep"):
        call_command("sweep_freshness")
    other_session.execute("SELECT pg_advisory_unlock(%s)", [SWEEP_LOCK])
    assert sweep() is not None


def test_command_tells_what_it_found_and_a_dry_run_writes_nothing(capsys):
    make_published_question(statements=1)
    withdraw(Citation.objects.get().source.preprint)

    call_command("sweep_freshness", "--dry-run")

    told = capsys.readouterr().out
    assert "1 new marks on 1 answers" in told
    assert "1 a cited preprint was withdrawn" in told
    assert "Nothing was changed." in told
    assert not Mark.objects.exists()
    assert not Sweep.objects.exists()


def harvest_records(*records: Record) -> None:
    run = HarvestRun.objects.create(source="test")
    harvest([Page(records=records, position="end")], run=run)
    assert run.updated == len(records)


def record_of(preprint: Preprint, **changes) -> Record:
    fields = {
        "source": preprint.source,
        "source_id": preprint.source_id,
        "title": preprint.title,
        "abstract": preprint.abstract,
        "authors": (RecordAuthor("Ada Lovelace"),),
        "categories": tuple(preprint.categories),
        "submitted_on": preprint.submitted_on,
        "version": 2,
    }
    return Record(**fields | changes)


def compare_quantum_with_classical() -> Preprint:
    """A preprint as near to ON_TOPIC as any, searchable from now on."""
    return EmbeddingFactory(
        preprint__title="Quantum diffusion models compared with classical ones for image generation",
        preprint__abstract=(
            "We compare quantum diffusion models with classical diffusion models for image generation. "
            "The quantum diffusion model needs fewer parameters than the classical one."
        ),
    ).preprint


class TestNewcomers:
    """On real vectors: an answer from eight real preprints, and what comes in after it."""

    @pytest.fixture
    def question(self, imaging_archive) -> Question:
        question = ask(ON_TOPIC)
        run_once(question)
        assert question.state == "published"
        sweep()
        return question

    def test_close_newcomer_marks_the_answer(self, question):
        new = compare_quantum_with_classical()

        findings = sweep()

        assert standing() == [(question.published_answer_id, "newer", new.identifier)]
        assert len(findings.newcomers.searched) == 1
        assert sweep().marks == []

    def test_newcomer_while_the_answer_was_written_marks_it(self, question):
        new = compare_quantum_with_classical()
        Answer.objects.update(created_at=timezone.now())

        sweep()

        assert standing() == [(question.published_answer_id, "newer", new.identifier)]

    def test_newcomer_while_the_answer_waited_for_a_curator_marks_it(self, question):
        answer = question.published_answer
        publishing.hold(answer, "A reader doubts it.")
        new = compare_quantum_with_classical()
        sweep()
        assert standing() == []
        Sweep.objects.update(finished_at=timezone.now() - timedelta(days=1))

        publishing.publish(answer, User.objects.create_user("curator"))
        sweep()

        assert standing() == [(answer.pk, "newer", new.identifier)]

    def test_newcomer_on_another_matter_marks_nothing(self, question):
        EmbeddingFactory(
            preprint__title="Grazing sheep and alpine meadows",
            preprint__abstract="Sheep graze. Meadows grow.",
        )
        findings = sweep()
        assert (standing(), findings.newcomers.compared) == ([], 9)

    def test_newcomer_that_is_withdrawn_marks_no_more(self, question):
        new = EmbeddingFactory(preprint__title=ON_TOPIC, preprint__abstract=ON_TOPIC).preprint
        sweep()
        withdraw(new)
        sweep()
        assert standing() == []

    def test_harvested_withdrawal_is_found_by_the_next_sweep(self, question):
        cited = question.published_answer.sources.filter(is_cited=True).first().preprint

        harvest_records(record_of(cited, is_deleted=True))
        sweep()

        assert (question.published_answer_id, "withdrawn", cited.identifier) in standing()

    def test_harvested_revision_that_removes_the_evidence_is_found(self, question):
        cited = question.published_answer.sources.filter(is_cited=True).first().preprint
        abstract = "All that this preprint said before is replaced by words that nobody has cited anywhere."

        harvest_records(record_of(cited, abstract=abstract))
        embed_pending(10)
        sweep()

        assert (question.published_answer_id, "evidence_gone", cited.identifier) in standing()


class TestShown:
    """The marks on the page and in the API, although the answer's HTML was made once and never changes."""

    @pytest.fixture
    def planted(self) -> tuple[Preprint, list[Question]]:
        preprint = PreprintFactory()
        others = PreprintFactory.create_batch(2)
        questions = [make_published_question(preprints=[preprint, *others]) for _ in range(21)]
        withdraw(preprint)
        sweep()
        return preprint, questions

    def test_withdrawn_preprint_shows_on_all_21_pages(self, client, planted):
        preprint, questions = planted
        for question in questions:
            page = client.get(question.get_absolute_url()).content.decode()
            banner = page[page.index('class="banner"') : page.index("</section>")]
            assert f"{preprint.identifier}</a> was withdrawn on 9 May 2026." in banner
            assert f'{preprint.identifier}</a> <span class="withdrawn">withdrawn</span>' in page
            assert '<strong class="withdrawn">Withdrawn</strong>' in page

    def test_withdrawn_preprint_shows_on_all_21_questions_of_the_api(self, client, planted):
        preprint, questions = planted
        listed = client.get("/api/v1/questions/?limit=100").json()["results"]
        assert len(listed) == 21
        for head in listed:
            assert [(one["kind"], one["identifier"]) for one in head["answer"]["outdated"]] == [
                ("withdrawn", preprint.identifier)
            ]
        for question in questions:
            answer = client.get(f"/api/v1/questions/{question.slug}/").json()["answer"]
            assert answer["outdated"][0]["detail"] == f"{preprint.identifier} was withdrawn on 9 May 2026."
            source = answer["sources"][0]
            assert (source["identifier"], source["is_withdrawn"]) == (preprint.identifier, True)
            assert source["withdrawn_on"] == "2026-05-09"

    def test_page_that_a_browser_has_is_outdated_by_a_mark(self, client):
        question = make_published_question(statements=1)
        etag = client.get(question.get_absolute_url())["ETag"]
        again = client.get(question.get_absolute_url(), headers={"If-None-Match": etag})
        assert again.status_code == 304

        Mark.objects.create(
            answer=question.published_answer, preprint=PreprintFactory(), kind="newer", preprint_version=1
        )

        assert client.get(question.get_absolute_url(), headers={"If-None-Match": etag}).status_code == 200

    def test_marks_take_one_query_more_for_any_number_of_answers(self, client):
        def queries() -> int:
            with CaptureQueriesContext(connection) as captured:
                client.get("/api/v1/questions/")
            return len(captured)

        withdraw(Source.objects.get(answer=make_published_question().published_answer, number=1).preprint)
        sweep()
        one = queries()
        for _ in range(3):
            question = make_published_question()
            withdraw(Source.objects.get(answer=question.published_answer, number=1).preprint)
        sweep()
        assert queries() == one
