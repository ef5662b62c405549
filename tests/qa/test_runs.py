"""The queue of record: claims, leases, fencing, what is due, who is woken, what is given up."""

import os
import socket
import threading
import time
from datetime import timedelta

import pytest
import redis
from celery import current_app
from django.conf import settings as django_settings
from django.db import connection
from django.utils import timezone

from qa import dispatching, opinions, runs
from qa.management.commands.dispatch import Command
from qa.models import AnswerRun, Question
from qa.runs import LeaseLost, claim
from qa.writing import OTHER_STEPS_SECONDS, seconds_to_write
from tests.qa.asking import ask

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def broker(settings):
    """The Valkey of this test, with an empty queue."""
    client = redis.Redis.from_url(django_settings.REDIS_URL)
    client.delete(dispatching.QUEUE)
    yield client
    client.delete(dispatching.QUEUE)


@pytest.fixture
def run(broker) -> AnswerRun:
    return ask("What limits the coherence time of transmon qubits?").runs.get()


def lapse(run: AnswerRun) -> None:
    AnswerRun.objects.filter(pk=run.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def test_time_limits_stand_in_their_order(settings) -> None:
    """Decision 0001: heartbeat < lease; model call < soft < hard limit < visibility timeout."""
    conf = current_app.conf
    assert django_settings.RUN_HEARTBEAT_SECONDS * 2 < django_settings.RUN_LEASE_SECONDS
    deadlines = [
        django_settings.LLM_DEADLINE_SECONDS,
        conf.task_soft_time_limit,
        conf.task_time_limit,
        conf.broker_transport_options["visibility_timeout"],
    ]
    assert deadlines == sorted(deadlines)
    assert len(set(deadlines)) == 4
    settings.CHECK_MODEL = "openai/gpt-5-mini"
    steps = seconds_to_write() + opinions.DEADLINE_SECONDS + OTHER_STEPS_SECONDS
    assert steps <= conf.task_soft_time_limit
    assert conf.worker_prefetch_multiplier == 1
    assert conf.task_serializer == "json"
    assert conf.accept_content == ["json"]
    assert conf.task_ignore_result


def test_claim_is_for_one(run) -> None:
    barrier = threading.Barrier(8)
    leases = []

    def work() -> None:
        barrier.wait()
        leases.append(claim(run.pk))
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    [lease] = [lease for lease in leases if lease]
    run.refresh_from_db()
    assert (run.state, run.attempts, run.lease_token) == ("running", 1, lease.token)
    assert timedelta(seconds=20) < run.lease_until - timezone.now() <= timedelta(seconds=30)


def test_claim_waits_for_its_time(run) -> None:
    AnswerRun.objects.update(next_try_at=timezone.now() + timedelta(hours=1))
    assert claim(run.pk) is None
    AnswerRun.objects.update(next_try_at=timezone.now())
    assert claim(run.pk)


def test_lapsed_lease_is_claimed_and_its_holder_fenced(run) -> None:
    first = claim(run.pk)
    assert claim(run.pk) is None
    lapse(run)
    second = claim(run.pk)
    assert second.run.attempts == 2
    for write in (
        lambda: runs.heartbeat(first),
        lambda: runs.note(first, step="writing"),
        lambda: runs.finish(first, AnswerRun.Outcome.PUBLISHED, seconds={}),
        lambda: runs.fail(first, code="x", message="X."),
    ):
        with pytest.raises(LeaseLost):
            write()
    runs.release(first, wait=0)
    runs.postpone(first, seconds=5, waits_for="x")
    run.refresh_from_db()
    assert (run.state, run.step, run.lease_token) == ("running", "searching", second.token)


def test_heartbeat_holds_the_lease_and_notices_its_loss(run, settings) -> None:
    settings.RUN_HEARTBEAT_SECONDS = 0.05
    lease = claim(run.pk)
    lapse(run)
    with runs.holding(lease):
        wait_for(lambda: AnswerRun.objects.get().lease_until > timezone.now() + timedelta(seconds=20))
        AnswerRun.objects.update(lease_token="00000000-0000-0000-0000-000000000000")
        wait_for(lease.lost.is_set)
    with pytest.raises(LeaseLost):
        runs.note(lease, step="writing")


def test_heartbeat_outlives_its_connection(run, settings, other_session) -> None:
    settings.RUN_HEARTBEAT_SECONDS = 0.05
    lease = claim(run.pk)
    connection.close()
    hang_up = (
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    with runs.holding(lease):
        for _ in range(3):
            lapse(run)
            wait_for(lambda: AnswerRun.objects.get().lease_until > timezone.now())
            connection.close()
            other_session.execute(hang_up)
            other_session.commit()  # the next look sees who is connected then
        lapse(run)
        wait_for(lambda: AnswerRun.objects.get().lease_until > timezone.now())
    assert not lease.lost.is_set()


def wait_for(condition) -> None:
    give_up = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.02)


def test_third_lost_worker_fails_the_question_with_words(run) -> None:
    for _ in range(3):
        assert claim(run.pk)
        assert runs.fail_lost_runs() == 0
        lapse(run)
    assert claim(run.pk) is None
    assert runs.fail_lost_runs() == 1
    run.refresh_from_db()
    assert (run.state, run.error_code, run.attempts) == ("failed", "worker_lost", 3)
    assert "tried 3 times" in run.error
    assert run.question.state == Question.State.FAILED


def test_release_gives_back_an_attempt_that_cost_nothing(run) -> None:
    runs.release(claim(run.pk), wait=0, waits_for="the provider is busy")
    run.refresh_from_db()
    assert (run.state, run.attempts, run.retries, run.waits_for) == ("queued", 0, 1, "the provider is busy")
    runs.release(claim(run.pk), wait=0, is_attempt=True)
    run.refresh_from_db()
    assert (run.state, run.attempts, run.retries) == ("queued", 1, 1)


def test_backoff_doubles_with_jitter_to_ten_minutes() -> None:
    for retries, shortest in enumerate([5, 10, 20, 40, 80, 160, 320, 600, 600]):
        waits = [runs.backoff(retries) for _ in range(50)]
        assert shortest <= min(waits) < max(waits) <= shortest * 1.5
        assert len(set(waits)) > 10


def test_queue_is_this_worker_s_own() -> None:
    assert os.environ["REDIS_URL"] == django_settings.REDIS_URL


def test_message_is_sent_once_by_whoever_is_first(run, broker) -> None:
    assert broker.llen(dispatching.QUEUE) == 1  # asking sent it
    run.refresh_from_db()
    assert run.woken_at
    assert dispatching.wake_due() == 0
    dispatching.wake(run)
    assert broker.llen(dispatching.QUEUE) == 1


def test_lost_message_is_sent_again(run, broker) -> None:
    broker.flushdb()
    assert dispatching.wake_due() == 0  # it may be on its way yet
    AnswerRun.objects.update(woken_at=timezone.now() - timedelta(seconds=6))
    assert dispatching.wake_due() == 1
    assert broker.llen(dispatching.QUEUE) == 1
    AnswerRun.objects.update(woken_at=timezone.now() - timedelta(seconds=6))
    assert dispatching.wake_due() == 0  # since one waits in the queue


def test_message_lost_from_a_queue_that_is_never_empty_is_sent_again(run, broker, settings) -> None:
    broker.delete(dispatching.QUEUE)
    broker.rpush(dispatching.QUEUE, *["another's"] * 20)
    AnswerRun.objects.update(woken_at=timezone.now() - timedelta(seconds=50))
    assert dispatching.wake_due() == 0
    AnswerRun.objects.update(woken_at=timezone.now() - timedelta(seconds=61))
    assert dispatching.wake_due() == 1
    assert sum(message != b"another's" for message in broker.lrange(dispatching.QUEUE, 0, -1)) == 1
    broker.rpush(dispatching.QUEUE, *["another's"] * 20)
    settings.MAX_OPEN_RUNS = 10
    AnswerRun.objects.update(woken_at=timezone.now() - timedelta(seconds=61))
    assert dispatching.wake_due() == 0  # nobody takes any: more would only pile up


def test_lapsed_run_is_woken_once(run, broker) -> None:
    claim(run.pk)
    AnswerRun.objects.update(
        woken_at=timezone.now() - timedelta(seconds=40), lease_until=timezone.now() - timedelta(seconds=1)
    )
    assert dispatching.wake_due() == 1
    assert dispatching.wake_due() == 0


def test_two_dispatchers_send_one_message(broker) -> None:
    ask("What limits the coherence time of transmon qubits?")
    broker.delete(dispatching.QUEUE)
    AnswerRun.objects.update(woken_at=None)
    sent = []

    def work() -> None:
        sent.append(dispatching.wake_due())
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(sent) == [0, 0, 0, 1]


def test_unreachable_broker_leaves_runs_to_be_sent(run, monkeypatch) -> None:
    AnswerRun.objects.update(woken_at=None)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        free = taken.getsockname()[1]
    monkeypatch.setattr(current_app.conf, "broker_write_url", f"redis://127.0.0.1:{free}/0")
    monkeypatch.setattr(current_app.conf, "broker_read_url", f"redis://127.0.0.1:{free}/0")
    assert dispatching.wake_due() == 0
    run.refresh_from_db()
    assert run.woken_at is None


def test_queue_position_counts_who_came_before(broker) -> None:
    questions = [ask(f"What is known about effect number {number}?") for number in range(3)]
    positions = [runs.queue_position(question.runs.get()) for question in questions]
    assert positions == [1, 2, 3]
    claim(questions[0].runs.get().pk)
    assert runs.queue_position(questions[2].runs.get()) == 2


def test_run_that_staff_close_is_gone_for_its_worker(run) -> None:
    lease = claim(run.pk)
    runs.close_for(run.question)
    run.refresh_from_db()
    assert (run.state, run.error_code) == ("failed", "closed")
    with pytest.raises(LeaseLost):
        runs.fail(lease, code="x", message="X.")


def test_dispatcher_is_seen_while_it_asks_the_database(broker) -> None:
    assert dispatching.seen_at() is None
    command = Command()
    command.is_ending = False
    command.listen()
    command.dispatch()
    try:
        assert timezone.now() - dispatching.seen_at() < timedelta(seconds=30)
    finally:  # the pool would give this connection to the next test
        with connection.cursor() as cursor:
            cursor.execute("UNLISTEN *; RESET application_name")
