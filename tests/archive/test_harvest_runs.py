"""Which run a harvest goes on with, and where it begins: no change of the server's falls between two runs."""

from datetime import UTC, datetime
from typing import Any

import pytest

from archive.harvest_runs import open_oai_run
from archive.models import HarvestRun
from archive.oai import Selection

pytestmark = pytest.mark.django_db
URL, SET = "https://oai.example.org/oai", "physics:quant-ph"


def add_run(day: str, *, since: str = "", until: str = "", state: str = "done", **fields: Any) -> HarvestRun:
    """A run that began on a day of 2024, such as "01-31"."""
    begun = datetime.fromisoformat(f"2024-{day}").replace(hour=12, tzinfo=UTC)
    ended = None if state == "running" else begun
    run = HarvestRun.objects.create(
        source=URL,
        set_spec=SET,
        harvested_from=since,
        harvested_until=until,
        state=state,
        finished_at=ended,
        **fields,
    )
    HarvestRun.objects.filter(pk=run.pk).update(started_at=begun)
    return run


def begin(**span: str) -> tuple[HarvestRun, str]:
    """The run that the next harvest gets, and the day that it asks the server for."""
    run, selection = open_oai_run(URL, Selection(set_spec=SET, **span), counts_seconds=lambda: False)
    return run, selection.since


def test_harvest_of_some_days_leaves_no_gap_behind_it() -> None:
    add_run("01-01")
    add_run("03-01", since="2024-02-28")
    assert begin()[1] == "2023-12-31"


def test_harvest_that_reaches_back_to_what_is_covered_moves_the_beginning() -> None:
    add_run("01-01")
    add_run("02-01", since="2023-12-31")
    add_run("03-01", since="2024-01-31T00:00:00Z")
    add_run("03-05", since="2024-02-01", until="2024-02-20")  # ends before its own day
    add_run("03-10", since="2024-02-28", error="The server announced 500 records and sent 10.")
    assert begin()[1] == "2024-02-29"


def test_first_harvest_may_begin_where_its_operator_says() -> None:
    add_run("03-01", since="2024-01-01")
    assert begin()[1] == "2024-02-29"


def test_whole_harvest_that_was_broken_off_is_gone_on_with_after_one_of_some_days() -> None:
    whole = add_run("01-01", state="failed", position="token")
    add_run("03-01", since="2024-02-28")
    assert begin() == (whole, "")
    HarvestRun.objects.filter(pk=whole.pk).update(state="done", finished_at=datetime.now(UTC))
    assert begin()[1] == "2023-12-31"


def test_harvest_without_a_span_goes_on_with_its_own_and_not_with_one_of_some_days() -> None:
    add_run("01-01")
    own = add_run("02-01", since="2023-12-31", state="failed")
    add_run("03-01", since="2024-02-28", state="failed")
    assert begin() == (own, "2023-12-31")


def test_harvest_of_a_span_goes_on_with_the_one_of_that_span() -> None:
    broken_off = add_run("03-01", since="2024-02-01", until="2024-02-20", state="failed")
    add_run("03-02", since="2024-02-05", until="2024-02-10")
    assert begin(since="2024-02-01", until="2024-02-20") == (broken_off, "2024-02-01")
    run, since = begin(since="2024-02-05", until="2024-02-10")
    assert (run.state, run.created, since) == ("running", 0, "2024-02-05")
    assert HarvestRun.objects.count() == 3


def test_run_that_a_later_one_has_made_needless_is_left() -> None:
    add_run("01-01")
    add_run("01-05", since="2023-12-31", state="failed")
    add_run("02-01", since="2023-12-31")
    assert begin()[1] == "2024-01-31"
