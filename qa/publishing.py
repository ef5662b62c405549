"""Every state after an answer is recorded: publish, hold, discard, retract, reject, merge, answer again.

The only writer of these states. Each function is one transaction that locks the question's row first, and
raises NotAllowed, with words for the curator, for a move that docs/decisions/0001-states.md does not know.
"""

import secrets
from functools import partial

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Model, Q, QuerySet
from django.utils import timezone

from qa import dispatching, runs
from qa.models import Answer, AnswerRun, FollowUp, Question, Report

ERASED = "(erased)"
CLOSED_STATES = {Question.State.REJECTED, Question.State.RETRACTED, Question.State.MERGED}
OPEN_TO_REANSWER = {
    Question.State.PUBLISHED,
    Question.State.HELD,
    Question.State.UNANSWERABLE,
    Question.State.FAILED,
}


class NotAllowed(Exception):
    """The row's state does not let this happen; `message` says why."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@transaction.atomic
def publish(answer: Answer, by: AbstractBaseUser | None = None) -> None:
    """Makes a held answer its question's page, in place of the version before. `by` is None for the gate."""
    question = _lock(answer.question_id)
    answer.refresh_from_db(from_queryset=Answer.objects.select_for_update())
    if question.state in CLOSED_STATES:
        raise NotAllowed(f"Its question is {question.get_state_display()}.")
    if answer.state != Answer.State.HELD:
        raise NotAllowed(f"Version {answer.version} is {answer.get_state_display()}, not held.")
    before = question.published_answer
    if before and before.version > answer.version:
        raise NotAllowed(f"Version {before.version}, which is newer, is published already.")
    if question.state == Question.State.PENDING and by:
        raise NotAllowed("Its question is being answered again just now; look at the new version first.")
    now = timezone.now()
    if before:
        before.state = Answer.State.SUPERSEDED
        before.save(update_fields=["state"])
    answer.state = Answer.State.PUBLISHED
    answer.published_at = now
    answer.published_by = by  # type: ignore[assignment]
    if by is None:
        answer.hold_reasons = []
    answer.save(update_fields=["state", "published_at", "published_by", "hold_reasons"])
    question.state = Question.State.PUBLISHED
    question.published_answer = answer
    question.published_at = question.published_at or now
    question.changed_at = now
    question.save(update_fields=["state", "published_answer", "published_at", "changed_at"])


@transaction.atomic
def hold(answer: Answer, reason: str) -> None:
    """Takes a published answer off its page until a curator publishes or discards it."""
    question = _lock(answer.question_id)
    if question.published_answer_id != answer.pk:
        raise NotAllowed("Only the published version can be held.")
    _unpublish(question, Answer.State.HELD, hold_reasons=[reason])
    question.state = _unless_under_way(question, Question.State.HELD)
    question.save(update_fields=["state", "published_answer", "changed_at"])


@transaction.atomic
def discard(answer: Answer) -> None:
    """Keeps a held answer in the record only. A question that waited for nothing else has failed."""
    question = _lock(answer.question_id)
    answer.refresh_from_db(from_queryset=Answer.objects.select_for_update())
    if answer.state != Answer.State.HELD:
        raise NotAllowed(f"Version {answer.version} is {answer.get_state_display()}, not held.")
    answer.state = Answer.State.DISCARDED
    answer.save(update_fields=["state"])
    if (
        question.state == Question.State.HELD
        and not question.answers.filter(state=Answer.State.HELD).exists()
    ):
        question.state = _unless_under_way(question, Question.State.FAILED)
        question.save(update_fields=["state"])


@transaction.atomic
def retract(question: Question, reason: str) -> None:
    """Replaces a published page by a tombstone with this reason."""
    question = _lock(question.pk)
    if question.state != Question.State.PUBLISHED:
        raise NotAllowed(f"It is {question.get_state_display()}; only a published question can be retracted.")
    _close(question, Question.State.RETRACTED, reason=_words(reason))


@transaction.atomic
def reject(question: Question, reason: str) -> None:
    """Closes a question that never was published; whoever asks it again reads the reason."""
    question = _lock(question.pk)
    if question.state in CLOSED_STATES | {Question.State.PUBLISHED}:
        raise NotAllowed(
            f"It is {question.get_state_display()}; a published question can be retracted instead."
        )
    _close(question, Question.State.REJECTED, reason=_words(reason))


@transaction.atomic
def merge(question: Question, into: Question) -> None:
    """Leads a question's address, and those that led to it, to another question's page for ever."""
    locked = Question.objects.select_for_update().filter(pk__in={question.pk, into.pk}).order_by("pk")
    rows = {row.pk: row for row in locked}
    question, into = rows[question.pk], rows[into.pk]
    if question == into:
        raise NotAllowed("A question can't be merged into itself.")
    if question.state in CLOSED_STATES:
        raise NotAllowed(f"It is {question.get_state_display()} already.")
    if into.state in CLOSED_STATES:
        raise NotAllowed(f"The question to merge into is {into.get_state_display()}.")
    Question.objects.filter(merged_into=question).update(merged_into=into)
    question.merged_into = into
    _close(question, Question.State.MERGED)


@transaction.atomic
def list_gap(question: Question, *, is_listed: bool) -> None:
    """Shows a standing question among the archive's gaps, or takes it off."""
    question = _lock(question.pk)
    if is_listed and question.state != Question.State.UNANSWERABLE:
        raise NotAllowed(f"It is {question.get_state_display()}; only a standing question is a gap.")
    question.is_listed = is_listed
    question.save(update_fields=["is_listed"])


@transaction.atomic
def reanswer(
    question: Question, reason: str, *, cause: AnswerRun.Reason = AnswerRun.Reason.REANSWER
) -> AnswerRun:
    """Starts a run for a further version; what is published stays until that version is published."""
    question = _lock(question.pk)
    if question.state not in OPEN_TO_REANSWER:
        raise NotAllowed(f"It is {question.get_state_display()}.")
    if question.runs.open().exists():
        raise NotAllowed("It is being answered again already.")
    run = runs.open_run(question, cause, change_reason=reason)
    transaction.on_commit(partial(dispatching.wake, run), robust=True)
    return run


@transaction.atomic
def erase(question: Question) -> None:
    """Takes a closed question's words, and all that was made of them, out of the database.

    What stays is its address with the day and the reason, and what was counted: runs, money. The questions
    that were merged into it ask the same, and lose their words too.
    """
    row = _lock(question.pk)
    if row.state not in {Question.State.REJECTED, Question.State.RETRACTED}:
        raise NotAllowed(f"It is {row.get_state_display()}; retract or reject it first.")
    for one in (row, *Question.objects.select_for_update().filter(merged_into=row).order_by("pk")):
        _erase_words(one)
    question.refresh_from_db()


def _erase_words(question: Question) -> None:
    """The words of one row, of what hangs on it, and of curators' notes about it."""
    FollowUp.objects.filter(Q(target=question) | Q(text=question.text)).delete()
    reports = [str(pk) for pk in question.reports.values_list("pk", flat=True)]
    _log_of(Report, reports).update(object_repr=ERASED, change_message=ERASED)
    _log_of(Question, [str(question.pk)]).update(object_repr=ERASED)
    question.answers.all().delete()
    question.embeddings.all().delete()
    question.ask_keys.all().delete()
    question.reports.all().delete()
    question.runs.update(retrieved=[], change_reason="")
    question.text, question.text_key = ERASED, secrets.token_hex(32)
    question.save(update_fields=["text", "text_key"])


def _log_of(model: type[Model], ids: list[str]) -> QuerySet[LogEntry]:
    content_type = ContentType.objects.get_for_model(model)
    return LogEntry.objects.filter(content_type=content_type, object_id__in=ids)


def _lock(question_id: int) -> Question:
    return Question.objects.select_for_update().get(pk=question_id)


def _unless_under_way(question: Question, state: Question.State) -> Question.State:
    """This state, or pending while an open run is still to say what becomes of the question."""
    return Question.State.PENDING if question.runs.open().exists() else state


def _unpublish(question: Question, state: Answer.State, **changes: object) -> None:
    """Takes the published answer, if any, off the question's page; the caller saves the question."""
    if question.published_answer_id:
        Answer.objects.filter(pk=question.published_answer_id).update(state=state, **changes)
        question.changed_at = timezone.now()
    question.published_answer = None


def _close(question: Question, state: Question.State, *, reason: str = "") -> None:
    """Ends a question's life in public: no answer of it waits any more, its open run is ended."""
    _unpublish(question, Answer.State.DISCARDED)
    question.answers.filter(state=Answer.State.HELD).update(state=Answer.State.DISCARDED)
    runs.close_for(question)
    question.state = state
    question.reason = reason
    question.closed_at = timezone.now()
    changed = ["state", "published_answer", "changed_at", "reason", "closed_at", "merged_into"]
    question.save(update_fields=changed)


def _words(reason: str) -> str:
    if not reason.strip():
        raise NotAllowed("A reason is needed: the public reads it.")
    return reason.strip()
