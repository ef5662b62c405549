"""The state table of docs/decisions/0001: what is allowed, what is not, what the database itself refuses."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from qa import publishing, runs
from qa.models import Answer, AnswerRun, Citation, Question, Source, Statement
from qa.publishing import NotAllowed
from qa.recording import record_unanswerable
from qa.submission import submit_question
from qa.text_keys import make_text_key
from tests.factories import PreprintFactory

pytestmark = pytest.mark.django_db

STATES = [str(state) for state in Question.State]
counter = iter(range(10_000))


@pytest.fixture
def curator() -> User:
    return User.objects.create_user("curator", password="a long enough password")


def make_run(question: Question, **changes: object) -> AnswerRun:
    values = {"state": "done", "outcome": "published", "finished_at": timezone.now()} | changes
    return AnswerRun.objects.create(question=question, **values)


def make_answer(question: Question, *, version: int = 1, state: str = "held", **changes: object) -> Answer:
    values = {
        "run": make_run(question),
        "verdict": "answered",
        "hold_reasons": ["A number differs."] if state == "held" else [],
        "published_at": timezone.now() if state in ("published", "superseded") else None,
        "model_requested": "openai/gpt-4.1-mini",
        "model_named": "gpt-4.1-mini",
        "prompt_version": "1",
        "embedding_model": "local/all-MiniLM-L6-v2",
    }
    return Answer.objects.create(question=question, version=version, state=state, **(values | changes))


def make_question(state: str = "pending") -> Question:
    """A question as the site leaves it in this state."""
    number = next(counter)
    text = f"What is known about effect number {number}?"
    question = Question.objects.create(text=text, text_key=make_text_key(text))
    changes: dict[str, object] = {"state": state}
    if state == "published":
        answer = make_answer(question, state="published")
        changes |= {"published_answer": answer, "published_at": answer.published_at}
    elif state == "held":
        make_answer(question)
    elif state in ("rejected", "retracted"):
        changes |= {"reason": "It was wrong.", "closed_at": timezone.now()}
    elif state == "merged":
        changes |= {"merged_into": make_question("published"), "closed_at": timezone.now()}
    Question.objects.filter(pk=question.pk).update(**changes)
    question.refresh_from_db()
    return question


MOVES: dict[str, tuple[Callable[[Question, User], object], dict[str, str]]] = {
    "retract": (
        lambda question, user: publishing.retract(question, "A source was withdrawn."),
        {"published": "retracted"},
    ),
    "reject": (
        lambda question, user: publishing.reject(question, "It asks for medical advice."),
        dict.fromkeys(["pending", "held", "unanswerable", "failed"], "rejected"),
    ),
    "merge": (
        lambda question, user: publishing.merge(question, make_question("published")),
        dict.fromkeys(["pending", "published", "held", "unanswerable", "failed"], "merged"),
    ),
    "reanswer": (
        lambda question, user: publishing.reanswer(question, "A new preprint came in."),
        {"published": "published"} | dict.fromkeys(["held", "unanswerable", "failed"], "pending"),
    ),
    "publish": (
        lambda question, user: publishing.publish(make_answer(question, version=2), user),
        dict.fromkeys(["published", "held", "unanswerable", "failed"], "published"),
    ),
    "discard": (
        lambda question, user: publishing.discard(question.answers.get(state="held")),
        {"held": "failed"},
    ),
    "hold": (
        lambda question, user: publishing.hold(question.answers.get(), "A reader doubts it."),
        {"published": "held"},
    ),
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("move", MOVES)
def test_every_move_from_every_state(move: str, state: str, curator: User) -> None:
    act, allowed = MOVES[move]
    question = make_question(state)
    before = Question.objects.filter(pk=question.pk).values().get()
    if state in allowed:
        act(question, curator)
        question.refresh_from_db()
        assert question.state == allowed[state]
    else:
        with pytest.raises((NotAllowed, Answer.DoesNotExist)):
            act(question, curator)
        assert Question.objects.filter(pk=question.pk).values().get() == before


def test_publish_supersedes_the_version_before(curator: User) -> None:
    question = make_question("published")
    first, second = question.published_answer, make_answer(question, version=2)
    publishing.publish(second, curator)
    question.refresh_from_db()
    first.refresh_from_db()
    assert (first.state, first.published_at is not None) == ("superseded", True)
    assert (question.published_answer, second.state, second.published_by) == (second, "published", curator)
    assert second.hold_reasons == ["A number differs."]  # what the curator overruled stays in the record
    with pytest.raises(NotAllowed, match="superseded"):
        publishing.publish(first, curator)


def test_older_held_version_cannot_replace_a_newer_one(curator: User) -> None:
    question = make_question("held")
    older = question.answers.get()
    publishing.publish(make_answer(question, version=2), curator)
    with pytest.raises(NotAllowed, match="newer"):
        publishing.publish(older, curator)


def test_discard_of_one_of_two_held_answers_leaves_the_question_held() -> None:
    question = make_question("held")
    make_answer(question, version=2)
    publishing.discard(question.answers.get(version=2))
    question.refresh_from_db()
    assert question.state == "held"


def test_held_newer_version_leaves_the_page_published() -> None:
    question = make_question("published")
    newer = make_answer(question, version=2)
    publishing.discard(newer)
    question.refresh_from_db()
    assert (question.state, question.published_answer.version) == ("published", 1)


def test_hold_takes_the_page_down_and_publish_puts_it_back(curator: User) -> None:
    question = make_question("published")
    answer = question.published_answer
    first_published = question.published_at
    publishing.hold(answer, "A reader doubts it.")
    answer.refresh_from_db()
    assert (answer.state, answer.hold_reasons) == ("held", ["A reader doubts it."])
    publishing.publish(answer, curator)
    question.refresh_from_db()
    assert (question.state, question.published_at) == ("published", first_published)


@pytest.mark.parametrize("close", ["retract", "reject", "merge"])
def test_closing_ends_the_open_run(close: str, curator: User) -> None:
    question = make_question("published" if close == "retract" else "failed")
    run = publishing.reanswer(question, "Try again.")
    lease = runs.claim(run.pk)
    MOVES[close][0](question, curator)
    run.refresh_from_db()
    assert (run.state, run.error_code) == ("failed", "closed")
    with pytest.raises(runs.LeaseLost):
        runs.finish(lease, AnswerRun.Outcome.PUBLISHED, seconds={})


def test_retract_discards_every_version_that_could_come_back() -> None:
    question = make_question("published")
    make_answer(question, version=2)
    publishing.retract(question, "  A source was withdrawn.  ")
    question.refresh_from_db()
    assert (question.published_answer, question.reason) == (None, "A source was withdrawn.")
    assert set(question.answers.values_list("state", flat=True)) == {"discarded"}


@pytest.mark.parametrize("act", [publishing.retract, publishing.reject])
def test_closing_needs_a_reason_that_the_public_can_read(act) -> None:
    question = make_question("published" if act is publishing.retract else "failed")
    with pytest.raises(NotAllowed, match="reason"):
        act(question, " ")


def test_merge_carries_along_what_was_merged_before() -> None:
    first, second, third = make_question("published"), make_question("published"), make_question("published")
    publishing.merge(first, second)
    publishing.merge(second, third)
    first.refresh_from_db()
    assert first.merged_into == third
    with pytest.raises(NotAllowed, match="itself"):
        publishing.merge(third, third)
    with pytest.raises(NotAllowed, match="is merged"):
        publishing.merge(third, second)


def test_reanswer_while_one_is_under_way_is_refused() -> None:
    question = make_question("published")
    publishing.reanswer(question, "Once.")
    with pytest.raises(NotAllowed, match="already"):
        publishing.reanswer(question, "Twice.")


def test_page_taken_down_while_it_is_answered_again_waits_for_that_version() -> None:
    question = make_question("published")
    run = publishing.reanswer(question, "A new preprint came in.")
    publishing.hold(question.answers.get(), "A reader doubts it.")
    question.refresh_from_db()
    assert question.state == "pending"
    publishing.discard(question.answers.get())
    question.refresh_from_db()
    assert question.state == "pending"
    submission = submit_question(question.text, asker="a reader")  # meets the question, starts nothing
    assert (submission.question, submission.is_new) == (question, False)
    assert question.runs.open().get() == run
    runs.fail(runs.claim(run.pk), code="provider", message="The provider is away.")
    question.refresh_from_db()
    assert question.state == "failed"


def fails(lease: runs.Lease) -> None:
    runs.fail(lease, code="provider", message="The provider is away.")


def finds_nothing(lease: runs.Lease) -> None:
    record_unanswerable(lease, seconds={})


@pytest.mark.parametrize("end", [fails, finds_nothing])
@pytest.mark.parametrize("began", ["held", "published"])
def test_curators_hold_outlasts_a_run_that_comes_to_nothing(began: str, end) -> None:
    question = make_question(began)
    run = publishing.reanswer(question, "A new preprint came in.")
    if began == "published":
        publishing.hold(question.answers.get(), "A reader doubts it.")
    end(runs.claim(run.pk))
    question.refresh_from_db()
    assert (question.state, question.answers.get().state) == ("held", "held")
    submit_question(question.text, asker="a reader")
    assert not question.runs.open().exists()


@pytest.mark.parametrize("close", ["reject", "merge"])
def test_closed_question_leaves_no_answer_in_the_curators_queue(close: str, curator: User) -> None:
    question = make_question("held")
    act, _ = MOVES[close]
    act(question, curator)
    assert question.answers.get().state == "discarded"


@pytest.mark.parametrize("state", ["failed", "unanswerable"])
def test_question_with_an_open_run_gets_no_second_one(state: str) -> None:
    question = make_question(state)
    run = AnswerRun.objects.create(question=question)
    assert submit_question(question.text, asker="a reader").question == question
    assert question.runs.open().get() == run


def test_held_answer_of_a_question_under_way_waits_for_the_new_version(curator: User) -> None:
    question = make_question("held")
    publishing.reanswer(question, "Again.")
    with pytest.raises(NotAllowed, match="just now"):
        publishing.publish(question.answers.get(), curator)


def _set(question: Question, **changes: object) -> None:
    Question.objects.filter(pk=question.pk).update(**changes)


def _open_run(question: Question) -> None:
    AnswerRun.objects.create(question=question)


def _make_statement(answer: Answer, **changes: object) -> Statement:
    return Statement.objects.create(answer=answer, position=0, text="It is so.", **changes)


def _cite_foreign_source() -> None:
    mine, other = make_answer(make_question()), make_answer(make_question())
    preprint = PreprintFactory()
    source = Source.objects.create(
        answer=other, preprint=preprint, number=1, preprint_version=1, text_hash=preprint.text_hash
    )
    statement = _make_statement(mine)
    Citation.objects.create(
        answer=mine, statement=statement, source=source, position=0, verdict="supported", score=1
    )


REFUSED: dict[str, Callable[[], object]] = {
    "published without an answer": lambda: _set(make_question(), state="published"),
    "published without a time": lambda: _set(make_question("published"), published_at=None),
    "an answer shown for a question that is not published": lambda: _set(
        make_question("published"), state="held"
    ),
    "merged without a target": lambda: _set(make_question(), state="merged", closed_at=timezone.now()),
    "retracted without a reason": lambda: _set(make_question("retracted"), reason=""),
    "rejected without a time": lambda: _set(make_question("rejected"), closed_at=None),
    "two published answers": lambda: make_answer(make_question("published"), version=2, state="published"),
    "two answers with one version": lambda: make_answer(make_question("published")),
    "two open runs": lambda: [_open_run(question) for question in [make_question()] * 2],
    "a running run without a lease": lambda: make_run(
        make_question(), state="running", outcome="", finished_at=None
    ),
    "a finished run without a time": lambda: make_run(make_question(), finished_at=None),
    "a failed run without an error": lambda: make_run(make_question(), state="failed", outcome=""),
    "a done run without an outcome": lambda: make_run(make_question(), outcome=""),
    "a held answer without a reason": lambda: make_answer(make_question(), hold_reasons=[]),
    "a dropped statement without a reason": lambda: _make_statement(
        make_answer(make_question()), is_dropped=True
    ),
    "a citation of another answer's source": _cite_foreign_source,
}


@pytest.mark.parametrize("what", REFUSED)
def test_database_refuses(what: str) -> None:
    def attempt() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            REFUSED[what]()
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    with pytest.raises(IntegrityError):
        attempt()
