"""Which outdated answers are made again by themselves, within which limits, and what curators hear of it."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from archive.models import Preprint
from qa import pipeline, runs
from qa.freshness import sweep
from qa.models import Answer, AnswerRun, Mark, Question, Report, Spend
from qa.reanswering import reanswer_outdated, tell_curators
from qa.tasks import sweep_freshness
from tests.factories import PreprintFactory
from tests.fakes import Reply
from tests.qa.asking import ON_TOPIC, ask, run_once, scripted
from tests.qa.factories import make_answer, make_published_question

pytestmark = pytest.mark.django_db


def mark(question: Question, kind: str = "withdrawn") -> Mark:
    preprint = PreprintFactory(withdrawn_on="2026-05-09" if kind == "withdrawn" else None)
    preprint.refresh_from_db()
    return Mark.objects.create(
        answer=question.published_answer, preprint=preprint, kind=kind, preprint_version=1
    )


@pytest.fixture
def question() -> Question:
    return make_published_question()


@pytest.mark.parametrize(
    ("policy", "kinds"),
    [
        ("never", []),
        ("withdrawn", ["withdrawn"]),
        ("evidence", ["withdrawn", "evidence_gone"]),
        ("all", ["withdrawn", "evidence_gone", "revised", "newer"]),
    ],
)
def test_policy_says_what_is_made_again(settings, policy, kinds):
    settings.REANSWER_POLICY = policy
    marks = [mark(make_published_question(), kind) for kind in Mark.Kind.values]

    assert reanswer_outdated() == len(kinds)

    again = AnswerRun.objects.open().values_list("question_id", flat=True)
    assert set(again) == {one.answer.question_id for one in marks if one.kind in kinds}


def test_run_says_why_and_leaves_the_page(settings, question):
    settings.REANSWER_POLICY = "withdrawn"
    reason = mark(question).words

    reanswer_outdated()

    run = AnswerRun.objects.open().get()
    assert (run.reason, run.change_reason) == ("freshness", reason)
    question.refresh_from_db()
    assert question.state == "published"


def test_one_mark_asks_once(settings, question):
    settings.REANSWER_POLICY = "all"
    mark(question)
    reanswer_outdated()
    AnswerRun.objects.open().update(
        state="failed", error="It broke.", error_code="x", finished_at=timezone.now()
    )
    assert reanswer_outdated() == 0
    mark(question, "newer")
    assert reanswer_outdated() == 1


def test_resolved_mark_asks_nothing(settings, question):
    settings.REANSWER_POLICY = "all"
    mark(question)
    Mark.objects.update(resolved_at=timezone.now())
    assert reanswer_outdated() == 0


def test_held_version_is_left_to_curators(settings, question):
    settings.REANSWER_POLICY = "all"
    make_answer(question, state=Answer.State.HELD)
    mark(question)
    assert reanswer_outdated() == 0


def test_day_has_a_limit_and_the_longest_marked_come_first(settings):
    settings.REANSWER_POLICY, settings.REANSWER_PER_DAY = "all", 2
    marks = [mark(make_published_question()) for _ in range(3)]
    Mark.objects.filter(pk=marks[2].pk).update(since=timezone.now() - timedelta(days=1))
    AnswerRun.objects.update(queued_at=timezone.now() - timedelta(days=2))

    assert reanswer_outdated() == 2
    assert reanswer_outdated() == 0

    again = set(AnswerRun.objects.open().values_list("question_id", flat=True))
    assert again == {marks[2].answer.question_id, marks[0].answer.question_id}


def test_half_of_the_budget_is_left_to_askers(settings, question):
    settings.REANSWER_POLICY, settings.DAILY_BUDGET_USD = "all", Decimal(1)
    mark(question)
    spent = Spend.objects.create(
        run=question.published_answer.run,
        model="x",
        reserved_usd="0.51",
        cost_usd="0.51",
        settled_at=timezone.now(),
    )
    assert reanswer_outdated() == 0
    spent.delete()
    assert reanswer_outdated() == 1


class TestRoad:
    """From a withdrawal to the further version, with a real archive and a provider."""

    @pytest.fixture
    def answered(self, settings, imaging_archive, provider) -> Question:
        settings.REANSWER_POLICY = "withdrawn"
        question = ask(ON_TOPIC)
        run_once(question)
        assert question.state == "published"
        return question

    def withdraw_a_source(self, question: Question) -> Preprint:
        preprint = question.published_answer.sources.filter(is_cited=True).first().preprint
        preprint.withdrawn_on, preprint.withdrawal_reason = "2026-05-09", "By the authors."
        preprint.save()
        return preprint

    def work(self, question: Question) -> None:
        lease = runs.claim(question.runs.open().get().pk)
        pipeline.answer(lease)
        question.refresh_from_db()

    def test_next_version_takes_the_place_without_the_withdrawn_source(self, client, answered):
        preprint = self.withdraw_a_source(answered)
        sweep_freshness()
        assert "was withdrawn on 9 May 2026" in client.get(answered.get_absolute_url()).content.decode()

        self.work(answered)
        sweep()

        answer = answered.published_answer
        assert answer.version == 2
        assert answer.change_reason == f"{preprint.identifier} was withdrawn on 9 May 2026."
        assert not answer.sources.filter(preprint=preprint).exists()
        assert not Mark.objects.standing().exists()
        page = client.get(answered.get_absolute_url()).content.decode()
        assert 'class="banner"' not in page

    def test_held_version_leaves_the_page_with_its_banner_and_curators_hear(self, client, answered, provider):
        provider.answer = scripted(Reply("This is no JSON at all."))
        self.withdraw_a_source(answered)
        sweep_freshness()
        before = answered.published_answer_id

        for _ in range(3):
            AnswerRun.objects.open().update(next_try_at=timezone.now())
            if answered.runs.open().exists():
                self.work(answered)
        sweep_freshness()

        assert answered.published_answer_id == before
        assert "was withdrawn on" in client.get(answered.get_absolute_url()).content.decode()
        assert Report.objects.open().get().text.startswith("Answering it again failed.")
        assert tell_curators() == 0


def test_curators_hear_of_a_version_that_is_held_or_finds_nothing(question):
    held = make_answer(question, state=Answer.State.HELD)
    AnswerRun.objects.filter(pk=held.run_id).update(reason="freshness", finished_at=timezone.now())
    other = make_published_question()
    AnswerRun.objects.create(
        question=other, reason="reanswer", state="done", outcome="unanswerable", finished_at=timezone.now()
    )

    assert tell_curators() == 2
    assert tell_curators() == 0

    assert {report.question for report in Report.objects.open()} == {question, other}
    assert {report.kind for report in Report.objects.open()} == {"site"}
