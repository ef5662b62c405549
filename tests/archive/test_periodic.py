"""Harvests by the clock: slices that leave the rest to the next, pauses that are kept, sets that are due."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from archive.models import HarvestRun, Preprint
from archive.oai import Selection
from archive.oai_server import HarvestError
from archive.periodic import due_sets, harvest_due_sets
from archive.server_harvest import harvest_set
from tests.archive.oai_server import OaiServer, Response, make_records

pytestmark = pytest.mark.django_db
QUANTUM, LEARNING = "physics:quant-ph", "cs:cs:LG"


@pytest.fixture
def server(settings) -> Iterator[OaiServer]:
    with OaiServer(make_records(25)) as running:
        settings.OAI_BASE_URLS = [running.url]
        settings.OAI_ALLOW_PRIVATE = True
        settings.OAI_INTERVAL_SECONDS = 0
        settings.HARVEST_SETS = ["quant-ph"]
        settings.HARVEST_INTERVAL_HOURS = 24
        yield running


def pass_hours(hours: float) -> None:
    """Makes every run so much older."""
    back = timedelta(hours=hours)
    HarvestRun.objects.update(started_at=F("started_at") - back, resume_at=F("resume_at") - back)


def test_slices_go_on_after_each_other_until_all_is_there(server: OaiServer) -> None:
    for held in (10, 20):
        harvest_due_sets(0)  # no time at all: a page of each set is taken all the same
        assert Preprint.objects.count() == held
        assert HarvestRun.objects.get().finished_at is None
        assert due_sets() == [QUANTUM]
    harvest_due_sets(60)
    run = HarvestRun.objects.get()
    assert (run.state, run.created, Preprint.objects.count()) == (HarvestRun.State.DONE, 25, 25)
    assert [request.get("resumptionToken") for request in server.requests] == [None, "10", "20"]


def test_set_is_due_again_when_its_interval_has_passed(server: OaiServer) -> None:
    harvest_due_sets(60)
    assert due_sets() == []
    pass_hours(23)
    assert due_sets() == []
    pass_hours(2)
    assert due_sets() == [QUANTUM]
    harvest_due_sets(60)
    assert HarvestRun.objects.count() == 2
    assert [request["from"] for request in server.requests if "from" in request] == ["2023-12-31"]


def test_sets_share_the_time_and_one_that_fails_stops_no_other(server: OaiServer, settings) -> None:
    settings.HARVEST_SETS = ["quant-ph", "cs.LG"]
    server.faults = {0: Response(status=404)}
    harvest_due_sets(60)
    failed, done = HarvestRun.objects.order_by("pk")
    assert (failed.set_spec, failed.state) == (QUANTUM, HarvestRun.State.FAILED)
    assert "HTTP 404" in failed.error
    assert (done.set_spec, done.state, done.created) == (LEARNING, HarvestRun.State.DONE, 25)


@pytest.mark.django_db(transaction=True)
def test_set_that_fails_in_no_way_foreseen_stops_no_other(server: OaiServer, settings) -> None:
    settings.HARVEST_SETS = ["x" * 100, "quant-ph"]  # no set's name is so long, and no column
    harvest_due_sets(60)
    assert Preprint.objects.count() == 25


def test_run_of_some_days_by_hand_is_not_gone_on_with_by_the_clock(server: OaiServer) -> None:
    server.faults = {1: Response(status=404)}
    harvest_due_sets(60)
    pass_hours(0.3)
    server.faults = {2: Response(status=404)}
    with pytest.raises(HarvestError):
        harvest_set(server.url, Selection(set_spec=QUANTUM, since="2024-01-05"))
    assert due_sets() == [QUANTUM]
    harvest_due_sets(60)
    whole = HarvestRun.objects.get(harvested_from="")
    assert (whole.state, whole.listed) == (HarvestRun.State.DONE, 25)


def test_failed_set_rests_for_a_while_and_then_goes_on(server: OaiServer) -> None:
    server.faults = {1: Response(status=404)}
    harvest_due_sets(60)
    assert Preprint.objects.count() == 10
    assert due_sets() == []
    pass_hours(0.3)
    harvest_due_sets(60)
    run = HarvestRun.objects.get()
    assert (run.state, run.created, run.resume_at) == (HarvestRun.State.DONE, 25, None)


def test_pause_that_a_server_asks_for_is_kept(server: OaiServer) -> None:
    server.faults = {1: Response(status=503, headers={"Retry-After": "7200"})}
    harvest_due_sets(60)
    run = HarvestRun.objects.get()
    assert 7_000 < (run.resume_at - timezone.now()).total_seconds() <= 7_200
    pass_hours(1.5)
    assert due_sets() == []
    pass_hours(1)
    assert due_sets() == [QUANTUM]


def test_star_stands_for_everything_that_a_server_has(server: OaiServer, settings) -> None:
    settings.HARVEST_SETS = ["*"]
    harvest_due_sets(60)
    assert "set" not in server.requests[0]
    assert Preprint.objects.count() == 25
