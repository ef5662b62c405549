"""The runs table as the queue of record: open, claim, hold, release, finish, fail. It alone writes AnswerRun.

A run is worked on under a lease. Its token fences: whoever lost the lease can write nothing more. All times
are the database's, so that the clocks of several hosts don't matter.
"""

import random
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import structlog
from django.conf import settings
from django.db import Error, connection, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Greatest, Now

from qa.models import Answer, AnswerRun, Question

log = structlog.get_logger()

CHANNEL = "answer_runs"  # of NOTIFY: the dispatcher looks at once instead of within a second
MAX_RETRIES = 8  # passing troubles in a row, 20 to 40 minutes with the waits beneath
FIRST_WAIT_SECONDS = 5
LONGEST_WAIT_SECONDS = 600

LOST_WORKER = "worker_lost"
LOST_WORKER_MESSAGE = (
    f"Answering this question was tried {settings.RUN_MAX_ATTEMPTS} times and broke off each time. "
    "It may be something about the question; you can try it again, or word it differently."
)
CLOSED = "closed"
CLOSED_MESSAGE = "A curator closed this question while it was being answered."


class LeaseLost(Exception):
    """Another worker has the run, or it was closed: stop, and write nothing."""


@dataclass
class Lease:
    """The right to work on a run, while its token stands in the run's row.

    `has_paid`: a call under this lease may have cost money, so whatever trouble follows uses up an attempt.
    """

    run: AnswerRun
    token: uuid.UUID
    has_paid: bool = False
    spends: list[int] = field(default_factory=list)  # rows of the ledger: the calls so far
    lost: threading.Event = field(default_factory=threading.Event)

    @property
    def question(self) -> Question:
        return self.run.question

    def row(self) -> QuerySet[AnswerRun]:
        """The run's row, if the lease still stands."""
        return AnswerRun.objects.filter(pk=self.run.pk, lease_token=self.token)


def open_run(question: Question, reason: AnswerRun.Reason, *, change_reason: str = "") -> AnswerRun:
    """A new run; a question that isn't published becomes pending. To be called in a transaction."""
    run = AnswerRun.objects.create(question=question, reason=reason, change_reason=change_reason)
    if question.state != Question.State.PUBLISHED:
        question.state = Question.State.PENDING
        question.save(update_fields=["state"])
    notify()
    return run


def notify() -> None:
    """Tells the dispatcher, when this transaction commits, that there is something to do."""
    with connection.cursor() as cursor:
        cursor.execute(f"NOTIFY {CHANNEL}")


def claim(run_id: int) -> Lease | None:
    """The lease of a run that is due, or whose worker let it lapse; None where there is nothing to do."""
    token = uuid.uuid4()
    claimed = (
        due()
        .filter(pk=run_id, attempts__lt=settings.RUN_MAX_ATTEMPTS)
        .update(
            state=AnswerRun.State.RUNNING,
            step=AnswerRun.Step.SEARCHING,
            step_detail=0,
            waits_for="",
            attempts=F("attempts") + 1,
            lease_token=token,
            lease_until=_lease_end(),
            started_at=Now(),
        )
    )
    if not claimed:
        return None
    return Lease(AnswerRun.objects.select_related("question").get(pk=run_id), token)


def due() -> QuerySet[AnswerRun]:
    """Runs that a worker may take: queued and not waiting, or running with a lease that lapsed."""
    return AnswerRun.objects.filter(
        Q(state=AnswerRun.State.QUEUED, next_try_at__lte=Now())
        | Q(state=AnswerRun.State.RUNNING, lease_until__lt=Now())
    )


def heartbeat(lease: Lease) -> None:
    """Holds the lease for another while. Raises LeaseLost when it is somebody else's."""
    if not lease.row().update(lease_until=Greatest(F("lease_until"), _lease_end())):
        lease.lost.set()
        raise LeaseLost


@contextmanager
def holding(lease: Lease) -> Iterator[None]:
    """Heartbeats in a thread while the block works. One that can't reach the database is tried again."""
    done = threading.Event()

    def beat() -> None:
        try:
            while not done.wait(settings.RUN_HEARTBEAT_SECONDS):
                try:
                    heartbeat(lease)
                except LeaseLost:
                    log.warning("lease_lost", run=lease.run.pk)
                    return
                except Error as error:
                    log.warning("heartbeat_failed", run=lease.run.pk, error=str(error))
                    connection.close()
        finally:
            connection.close()

    thread = threading.Thread(target=beat, name=f"heartbeat-{lease.run.pk}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def note(lease: Lease, **changes: object) -> None:
    """Records how far a run is, for its page: step, step_detail, retrieved, seconds. Raises LeaseLost."""
    if lease.lost.is_set() or not lease.row().update(**changes):
        raise LeaseLost


def release(lease: Lease, *, wait: float, waits_for: str = "", is_attempt: bool = False) -> None:
    """Puts a run back into the queue after a passing trouble.

    `wait` is in seconds. `is_attempt`: the trouble may have cost money, so it uses up one of the attempts;
    else one of the retries. `waits_for` is what the asker reads.
    """
    counts = {} if is_attempt else {"attempts": F("attempts") - 1, "retries": F("retries") + 1}
    _queue_again(lease, seconds=wait, waits_for=waits_for, **counts)


def postpone(lease: Lease, *, seconds: float, waits_for: str) -> None:
    """Puts a run back to wait for what is no fault of its own, such as tomorrow's budget. Uses up no try."""
    _queue_again(lease, seconds=seconds, waits_for=waits_for, attempts=F("attempts") - 1)


def _queue_again(lease: Lease, *, seconds: float, waits_for: str, **counts: object) -> None:
    lease.row().update(
        state=AnswerRun.State.QUEUED,
        step=AnswerRun.Step.QUEUED,
        lease_token=None,
        lease_until=None,
        woken_at=None,
        next_try_at=Now() + timedelta(seconds=seconds),
        waits_for=waits_for,
        **counts,
    )


def backoff(retries: int) -> float:
    """Seconds until the next try: 5, 10, 20 … 600, each up to half as long again."""
    return min(FIRST_WAIT_SECONDS * 2**retries, LONGEST_WAIT_SECONDS) * (1 + random.random() / 2)


def is_last_try(run: AnswerRun, *, is_attempt: bool) -> bool:
    """Whether another passing trouble would be one too many."""
    return run.attempts >= settings.RUN_MAX_ATTEMPTS if is_attempt else run.retries + 1 >= MAX_RETRIES


def finish(lease: Lease, outcome: AnswerRun.Outcome, *, seconds: dict[str, float]) -> None:
    """Closes a run in the transaction that records its outcome. Raises LeaseLost: keep nothing then."""
    finished = lease.row().update(
        state=AnswerRun.State.DONE,
        step=AnswerRun.Step.FINISHED,
        outcome=outcome,
        seconds=seconds,
        lease_token=None,
        lease_until=None,
        finished_at=Now(),
    )
    if not finished:
        raise LeaseLost


def fail(lease: Lease, *, code: str, message: str) -> None:
    """Closes a run that can't succeed, with words for the asker. A published question stays published."""
    with transaction.atomic():
        question = Question.objects.select_for_update().get(pk=lease.run.question_id)
        if not close(lease.row(), code=code, message=message):
            raise LeaseLost
        leave_without(question, Question.State.FAILED)


def fail_lost_runs() -> int:
    """Fails the runs whose workers were lost as often as is allowed; for the dispatcher. Returns how many."""
    lost = due().filter(attempts__gte=settings.RUN_MAX_ATTEMPTS)
    failed = 0
    for run_id, question_id in lost.values_list("pk", "question_id"):
        with transaction.atomic():
            question = Question.objects.select_for_update().get(pk=question_id)
            if close(lost.filter(pk=run_id), code=LOST_WORKER, message=LOST_WORKER_MESSAGE):
                leave_without(question, Question.State.FAILED)
                failed += 1
    return failed


def close(rows: QuerySet[AnswerRun], *, code: str, message: str) -> int:
    """Fails these runs; whoever works on one finds its lease gone."""
    return rows.update(
        state=AnswerRun.State.FAILED,
        step=AnswerRun.Step.FINISHED,
        error_code=code,
        error=message,
        waits_for="",
        lease_token=None,
        lease_until=None,
        finished_at=Now(),
    )


def close_for(question: Question) -> None:
    """Ends the open run of a question that staff close."""
    close(AnswerRun.objects.open().filter(question=question), code=CLOSED, message=CLOSED_MESSAGE)


def queue_position(run: AnswerRun) -> int:
    """Which place a queued run has, 1 for the next one."""
    ahead = AnswerRun.objects.filter(state=AnswerRun.State.QUEUED, next_try_at__lte=Now())
    return ahead.filter(queued_at__lt=run.queued_at).count() + 1


def leave_without(question: Question, state: Question.State) -> None:
    """A pending question after a run that brought no answer: `state`, or held while an older answer is.

    A curator's hold outlasts whatever runs come to nothing: no reader can start one then.
    """
    if question.state != Question.State.PENDING:
        return
    is_held = question.answers.filter(state=Answer.State.HELD).exists()
    question.state = Question.State.HELD if is_held else state
    question.save(update_fields=["state"])


def _lease_end() -> object:
    return Now() + timedelta(seconds=settings.RUN_LEASE_SECONDS)
