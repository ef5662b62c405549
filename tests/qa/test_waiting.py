"""A client that waits for news of its question holds a thread for it, and nothing that others need."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from antigravity.programs import WEB_THREADS
from qa import publishing
from qa.models import AnswerRun, Question
from qa.waiting import LONGEST_SECONDS, PLACES
from tests.qa.factories import AnswerRunFactory, make_held_question, make_published_question


def address(question: Question, wait: object = LONGEST_SECONDS) -> str:
    return f"/api/v1/questions/{question.slug}/status/?wait={wait}"


def until(is_so: Callable[[], bool]) -> None:
    """Goes on once it is so. A wait that ends by itself is shorter than this one."""
    give_up = time.monotonic() + 3 * LONGEST_SECONDS
    while not is_so():
        assert time.monotonic() < give_up
        time.sleep(0.02)


def connections_out() -> int:
    """How many of the pool's connections somebody has."""
    stats = connection.pool.get_stats()
    return stats["pool_size"] - stats["pool_available"]


@pytest.fixture
def in_thread(transactional_db) -> Iterator[Callable[..., Future]]:
    """Starts a request in a thread of its own, as a web process does."""

    def read(address: str, etag: str):
        try:
            return Client().get(address, headers={"If-None-Match": etag} if etag else {})
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        yield lambda address, etag="": threads.submit(read, address, etag)


def test_client_hears_of_the_next_step_and_of_the_end(in_thread, client):
    run = AnswerRunFactory()
    etag = client.get(address(run.question, 0))["ETag"]
    weak = in_thread(address(run.question), f"W/{etag}")
    untold = in_thread(address(run.question))
    until(lambda: PLACES.taken == 2)
    AnswerRun.objects.filter(pk=run.pk).update(step=AnswerRun.Step.READING, step_detail=8)
    for waiting in (weak, untold):
        response = waiting.result()
        assert (response.status_code, response.json()["step_detail"]) == (200, 8)
    assert PLACES.taken == 0

    last = in_thread(address(run.question), response["ETag"])
    until(lambda: PLACES.taken == 1)
    publishing.reject(run.question, "It names a private person.")
    assert last.result().status_code == 404
    assert PLACES.taken == 0


def test_who_waits_holds_no_connection_and_takes_no_place_of_others(in_thread, client, settings):
    settings.STATUS_WAITS = 1
    run = AnswerRunFactory()
    etag = client.get(address(run.question, 0))["ETag"]
    connection.ensure_connection()
    before = connections_out()
    waiting = in_thread(address(run.question), etag)
    until(lambda: PLACES.taken == 1)
    until(lambda: connections_out() == before)
    with CaptureQueriesContext(connection) as one_look:
        client.get(address(run.question, 0), headers={"If-None-Match": etag})
    with CaptureQueriesContext(connection) as queries:
        response = client.get(address(run.question), headers={"If-None-Match": etag})
    assert (response.status_code, len(queries)) == (304, len(one_look))  # it looked once, and did not wait
    assert not waiting.done()
    AnswerRun.objects.filter(pk=run.pk).update(step=AnswerRun.Step.WRITING)
    assert waiting.result().json()["step"] == "writing"


@pytest.mark.django_db
def test_nobody_waits_for_what_is_over_or_already_news(client):
    run = AnswerRunFactory()
    old = client.get(address(run.question, 0))["ETag"]
    AnswerRun.objects.filter(pk=run.pk).update(step=AnswerRun.Step.READING)
    AnswerRunFactory(queued_at=timezone.now())
    assert client.get(address(run.question), headers={"If-None-Match": old}).json()["step"] == "reading"
    for question in (make_published_question(), make_held_question()):
        first = client.get(address(question))
        assert first.status_code == 200
        assert client.get(address(question), headers={"If-None-Match": first["ETag"]}).status_code == 304


@pytest.mark.django_db
def test_time_that_is_over_is_told_as_nothing_new(client, settings):
    settings.STATUS_WAITS = 0
    run = AnswerRunFactory()
    first = client.get(address(run.question))
    assert first.json()["step"] == "queued"
    assert client.get(address(run.question), headers={"If-None-Match": first["ETag"]}).status_code == 304


@pytest.mark.django_db
@pytest.mark.parametrize("wait", ["-1", "21", "1.5", "x", "9" * 400, "%00"])
def test_wait_that_makes_no_sense_is_a_400_problem(client, wait):
    response = client.get(address(AnswerRunFactory().question, wait))
    assert (response.status_code, response["Content-Type"]) == (400, "application/problem+json")
    assert response.json()["errors"][0]["field"] == "wait"


def test_most_threads_never_wait(settings):
    assert 0 < settings.STATUS_WAITS <= WEB_THREADS / 2
