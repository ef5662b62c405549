"""One way in for a question, whoever asks and through whichever door: accept, look up, count, then one row.

What becomes of a repeat: docs/decisions/0001-states.md, "The same question asked again".
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q

from archive.models import Embedding, HarvestRun, Preprint
from qa import dispatching, runs
from qa.idempotency import Key, find_repeat, keep_key, lock_key, make_key
from qa.models import AnswerRun, Question
from qa.nearness import embed_question, find_same, keep_vector
from qa.questions import Refused, accept_question, judge_meaning
from qa.quotas import QuotaUsed, asker_key, use_quota
from qa.text_keys import make_text_key

__all__ = ["NearDuplicate", "QueueFull", "QuotaUsed", "Refused", "Submission", "asker_key", "submit_question"]

QUEUE_LOCK = 7_201  # of pg_advisory_xact_lock: counting the open runs and adding one are one step
QUEUE_FULL_SECONDS = 300


class QueueFull(Exception):
    """Too many questions wait already; `retry_after` is in seconds."""

    def __init__(self) -> None:
        self.message = (
            "Very many questions are waiting to be answered just now. "
            "Please ask again in a few minutes; nothing of yours was counted."
        )
        self.retry_after = QUEUE_FULL_SECONDS
        super().__init__(self.message)


class NearDuplicate(Exception):
    """Published questions ask the same in other words: `candidates`, the nearest first. It may be forced."""

    message = (
        "This was answered already, in other words. Please look there first; it can be asked nevertheless."
    )

    def __init__(self, candidates: list[Question]) -> None:
        self.candidates = candidates
        super().__init__(self.message)


@dataclass(frozen=True)
class Submission:
    """What became of a submitted text: the question whose page tells the rest."""

    question: Question
    is_new: bool


def submit_question(
    text: str, *, asker: str, force: bool = False, idempotency_key: str | None = None
) -> Submission:
    """Takes a question, or finds the one it repeats; either way, its page is the answer to the asker.

    `asker` is what asker_key() made of the request. Raises Refused where the text can't be taken (or was
    rejected by a curator), NearDuplicate where it was answered in other words, unless it is asked with
    `force`, QuotaUsed and QueueFull where it can't be taken now. A repeat that starts no work uses no quota.
    With an `idempotency_key`, a repeat within 24 hours is told what the first request was told; raises
    KeyMalformed and KeyReused.
    """
    if idempotency_key is None:
        return _submit(text, asker=asker, force=force)
    key = make_key(idempotency_key, asker=asker, text=text, force=force)
    return _find_told(key) or _submit(text, asker=asker, force=force, key=key)


def _find_told(key: Key) -> Submission | None:
    """What the first request with this key was told. Raises Refused where its question was rejected since."""
    repeated = find_repeat(key)
    if repeated is None:
        return None
    _refuse_rejected(repeated.question)
    return Submission(repeated.question, repeated.is_new)


def _submit(text: str, *, asker: str, force: bool, key: Key | None = None) -> Submission:
    accepted = accept_question(text)
    vector = _judge_new(accepted, force=force)
    with transaction.atomic():
        if key:
            lock_key(key)
            if told := _find_told(key):
                return told
        question, is_new = _find_or_create(accepted)
        if is_new and vector is not None:
            keep_vector(question, vector)
        if is_new or _wants_new_run(question):
            use_quota(asker)
            _check_queue()
            run = runs.open_run(question, AnswerRun.Reason.ASKED if is_new else AnswerRun.Reason.ASKED_AGAIN)
            transaction.on_commit(partial(dispatching.wake, run), robust=True)
        if key:
            keep_key(key, question, is_new=is_new)
    return Submission(question, is_new)


def _judge_new(text: str, *, force: bool) -> np.ndarray | None:
    """The vector of a text that is not here yet, if one can be had. Raises Refused and NearDuplicate."""
    if Question.objects.filter(text_key=make_text_key(text)).exists():
        return None
    vector = embed_question(text)
    if vector is not None:
        judge_meaning(text, vector)
        if not force and (candidates := find_same(text, vector)):
            raise NearDuplicate(candidates)
    return vector


def _find_or_create(text: str) -> tuple[Question, bool]:
    """The row of this text, or the one it leads to, locked. Its key is unique, so two askers meet in it."""
    candidate = Question(text=text, text_key=make_text_key(text))
    Question.objects.bulk_create([candidate], ignore_conflicts=True)
    question = Question.objects.get(text_key=candidate.text_key)
    if question.slug == candidate.slug:
        return question, True  # unseen by others until it is committed, so as good as locked
    question = _lock_end(question)
    _refuse_rejected(question)
    return question, False


def _refuse_rejected(question: Question) -> None:
    """Whoever asks what a curator rejected reads the reason: Refused."""
    if question.state == Question.State.REJECTED:
        raise Refused("rejected", question.reason)


def _lock_end(question: Question) -> Question:
    """The question that this one leads to, or itself. Locks no other row: merging locks targets first."""
    while True:
        while question.merged_into_id:
            question = Question.objects.get(pk=question.merged_into_id)
        with transaction.atomic():
            question = Question.objects.select_for_update().get(pk=question.pk)
            if not question.merged_into_id:
                return question
            transaction.set_rollback(True)  # merged meanwhile: lets go of its lock


def _wants_new_run(question: Question) -> bool:
    """Whether a repeat of this question is to be tried again, unless it is being tried just now."""
    if question.runs.open().exists():
        return False
    if question.state == Question.State.FAILED:
        return True
    return question.state == Question.State.UNANSWERABLE and _archive_changed_since_last_run(question)


def _archive_changed_since_last_run(question: Question) -> bool:
    """Whether preprints came in or became searchable since the question was last tried."""
    last = question.runs.exclude(finished_at=None).latest("finished_at")
    since = last.started_at or last.queued_at
    harvests = HarvestRun.objects.filter(Q(created__gt=0) | Q(updated__gt=0), finished_at__gt=since)
    newest_preprint = Preprint.objects.order_by("-pk").only("created_at").first()  # of a harvest under way
    newest_vector = Embedding.objects.order_by("-pk").only("created_at").first()
    newest = [row.created_at for row in (newest_preprint, newest_vector) if row]
    return max(newest, default=since) > since or harvests.exists()


def _check_queue() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [QUEUE_LOCK])
    if AnswerRun.objects.open().count() >= settings.MAX_OPEN_RUNS:
        raise QueueFull
