"""A real harvest of real records from a server that fails, killed again and again: every record once.

benchmarks/harvest_kills.py does the same at full size.
"""

import os
import signal
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psutil
import pytest
from django.db import connection

from archive.models import Author, HarvestRun, Preprint, SetAsideRecord
from tests.archive.killed_harvest import KilledHarvest
from tests.archive.real_server import RealServer, ids_of, read_real_records

pytestmark = pytest.mark.django_db(transaction=True)

COUNT, PAGE, KILLS = 600, 15, 3
CHANGED_ON = date(2025, 6, 1)


@pytest.fixture(scope="module")
def records(data_dir: Path) -> dict[str, str]:
    return read_real_records(data_dir, COUNT)


@pytest.fixture
def server(records: dict[str, str]) -> Iterator[RealServer]:
    with RealServer(records, page_size=PAGE, fault_rate=0.15, seed=11) as running:
        for source_id in ids_of(records, 20, seed=1):
            running.remove(source_id, day=date(2024, 2, 1))  # the archive never knew them
        yield running


def database_url() -> str:
    address = urlsplit(os.environ["DATABASE_URL"])
    return urlunsplit(address._replace(path=f"/{connection.settings_dict['NAME']}"))


def identifiers() -> dict[str, str]:
    return dict(Preprint.objects.values_list("source_id", "identifier"))


def test_harvest_survives_kills_and_the_next_moves_only_what_changed(
    server: RealServer, records: dict[str, str]
) -> None:
    harvest = KilledHarvest(server, database_url())
    minted: dict[str, str] = {}
    for number in range(KILLS):
        harvest.kill_at_random(1, seed=number)
        now = identifiers()
        assert minted.items() <= now.items(), "an identifier changed"
        minted = now
        run = HarvestRun.objects.get()
        assert (run.state, run.finished_at) == (HarvestRun.State.RUNNING, None), "it was not killed at work"
    assert [kill.returncode for kill in harvest.kills] == [-signal.SIGKILL] * KILLS
    assert len({kill.pid for kill in harvest.kills}) == KILLS
    assert not any(psutil.pid_exists(kill.pid) for kill in harvest.kills)
    harvest.finish()

    expected = set(records) - set(ids_of(records, 20, seed=1))
    found = identifiers()
    assert minted.items() <= found.items()
    assert set(found) == expected
    assert len(set(found.values())) == len(expected)
    assert not SetAsideRecord.objects.exists()
    assert Preprint.objects.filter(authors__isnull=True).count() == 0
    assert Author.objects.filter(position=0).count() == len(expected)
    assert all(server.made.values()), f"the server should have failed in every way: {server.made}"

    before = dict(Preprint.objects.values_list("source_id", "updated_at"))
    picked = ids_of(dict.fromkeys(expected, ""), 30, seed=2)
    revised, gone = picked[:20], picked[20:]
    for source_id in revised:
        xml = server.stamped[source_id][1].replace("<title>", "<title>Revised: ")
        server.put(source_id, xml, day=CHANGED_ON)
    for source_id in gone:
        server.remove(source_id, day=CHANGED_ON + timedelta(days=1))
    said = harvest.finish()
    assert "0 new, 30 changed" in said
    assert "10 of them withdrawn" in said
    after = dict(Preprint.objects.values_list("source_id", "updated_at"))
    assert {key for key in after if after[key] != before[key]} == {*revised, *gone}
    assert identifiers() == found
    assert Preprint.objects.filter(title__startswith="Revised: ").count() == 20
    assert set(Preprint.objects.exclude(withdrawn_on=None).values_list("source_id", flat=True)) >= set(gone)
