import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from archive.models import HarvestRun, Preprint
from archive.oai import Selection, TokenExpired, identify, list_records
from archive.oai_server import ComeBackLater, HarvestError, Server, read_retry_after
from archive.search import search
from tests.archive.oai_server import ENVELOPE, OaiServer, Response, delete, error, make_records


@pytest.fixture
def server(settings) -> Iterator[OaiServer]:
    with OaiServer(make_records(25)) as running:
        settings.OAI_BASE_URLS = [running.url]
        settings.OAI_ALLOW_PRIVATE = True
        settings.OAI_INTERVAL_SECONDS = 0.01
        yield running


pytestmark = pytest.mark.django_db


def ids_from(server: OaiServer, **options: Any) -> list[str]:
    with Server(server.url) as asked:
        pages = list_records(asked, Selection(set_spec="physics:quant-ph"), **options)
        return [record.source_id for page in pages for record in page.records]


ALL = [f"2401.{number:05d}" for number in range(25)]


def test_every_page_is_read_by_its_token(server: OaiServer) -> None:
    assert ids_from(server) == ALL
    assert server.requests == [
        {"verb": "ListRecords", "metadataPrefix": "arXivRaw", "set": "physics:quant-ph"},
        {"verb": "ListRecords", "resumptionToken": "10"},
        {"verb": "ListRecords", "resumptionToken": "20"},
    ]


def test_span_of_days_is_asked_for(server: OaiServer) -> None:
    with Server(server.url) as asked:
        list(list_records(asked, Selection(since="2024-01-01", until="2024-01-31")))
    assert (server.requests[0]["from"], server.requests[0]["until"]) == ("2024-01-01", "2024-01-31")


def test_compressed_answers_are_read(server: OaiServer) -> None:
    server.is_zipped = True
    assert ids_from(server) == ALL


@pytest.mark.parametrize(
    "fault",
    [
        Response(status=503, headers={"Retry-After": "0"}),
        Response(status=429),
        Response(status=500, body=b"oops"),
        Response(body=b"<html>Maintenance</html>"),
        Response(body=ENVELOPE.format("<ListRecords><record></ListRecords>").encode()),
        Response(body=b"x" * 5_000, cut=True),
        Response(headers={"Content-Encoding": "gzip"}, body=b"no gzip at all"),
        Response(body=b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'),
    ],
    ids=["503", "429", "500", "html", "broken XML", "cut", "no gzip", "entities"],
)
def test_passing_fault_is_asked_again_and_loses_nothing(server: OaiServer, fault: Response) -> None:
    server.faults = {1: fault, 2: fault}
    assert ids_from(server) == ALL


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Response(status=404), "HTTP 404"),
        (Response(status=302, headers={"Location": "http://169.254.169.254/latest"}), "HTTP 302"),
        (Response(status=503, headers={"Retry-After": "86400"}), "pause of 8[0-9]{4} s"),
        (error("badArgument"), "badArgument"),
        (error("cannotDisseminateFormat"), "cannotDisseminateFormat"),
    ],
)
def test_lasting_fault_ends_the_harvest_with_its_reason(
    server: OaiServer, fault: Response, reason: str
) -> None:
    server.faults = {1: fault}
    with pytest.raises(HarvestError, match=reason):
        ids_from(server)


def test_server_that_stays_broken_is_left_alone_after_five_tries(server: OaiServer) -> None:
    server.faults = dict.fromkeys(range(20), Response(status=500))
    with pytest.raises(HarvestError, match="5 tries"):
        ids_from(server)
    assert len(server.requests) == 5


def test_repeated_token_ends_the_harvest(server: OaiServer) -> None:
    page = "<ListRecords><resumptionToken>10</resumptionToken></ListRecords>"
    server.faults = {1: Response(body=ENVELOPE.format(page).encode())}
    with pytest.raises(HarvestError, match="twice"):
        ids_from(server)


def test_expired_token_is_told_apart(server: OaiServer) -> None:
    server.faults = {0: error("badResumptionToken")}
    with pytest.raises(TokenExpired):
        ids_from(server, token="10")


def test_nothing_that_matches_is_no_error(server: OaiServer) -> None:
    server.faults = {0: error("noRecordsMatch")}
    assert ids_from(server) == []


def test_servers_beyond_the_list_and_private_addresses_are_not_asked(server: OaiServer, settings) -> None:
    with pytest.raises(HarvestError, match="none of OAI_BASE_URLS"):
        Server("http://example.org/oai")
    settings.OAI_ALLOW_PRIVATE = False
    with pytest.raises(HarvestError, match=r"127.0.0.1, which is not public"):
        Server(server.url)
    assert server.requests == []


@pytest.mark.django_db(transaction=True)
def test_processes_together_keep_the_distance_between_requests(server: OaiServer, settings) -> None:
    settings.OAI_INTERVAL_SECONDS = 600
    ends = [ask_apart(server) for _ in range(2)]
    assert ends[0] == "answered"
    assert "asks for a pause of" in ends[1]
    assert len(server.requests) == 1


def ask_apart(server: OaiServer) -> str:
    """What a request comes to in a process of its own: another connection, and nothing remembered."""
    said: list[str] = []

    def ask() -> None:
        try:
            with Server(server.url, patience=1) as asked:
                identify(asked)
            said.append("answered")
        except ComeBackLater as error:
            said.append(str(error))
        finally:
            connection.close()

    asker = threading.Thread(target=ask)
    asker.start()
    asker.join(timeout=60)
    return said[0]


def test_pause_that_one_harvester_is_told_of_holds_for_the_others(server: OaiServer) -> None:
    server.faults = {0: Response(status=503, headers={"Retry-After": "999999999"})}  # 31 years
    with pytest.raises(ComeBackLater):
        ids_from(server)
    with pytest.raises(ComeBackLater) as told:
        ids_from(server)
    assert 86_000 < told.value.seconds <= 86_400
    assert len(server.requests) == 1


def test_bad_dates_of_a_server_are_none() -> None:
    assert read_retry_after("Mon, 1 Jan 2024 99999999999999999999:00:00 GMT") is None


def test_retry_after_is_read_in_both_forms() -> None:
    assert read_retry_after("120") == 120
    assert read_retry_after("soon") is None
    assert read_retry_after("") is None
    later = read_retry_after(format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True))
    assert later is not None
    assert 50 < later <= 60


def harvest(*args: Any) -> str:
    out = StringIO()
    call_command("harvest", *args, stdout=out, stderr=out)
    return out.getvalue()


class TestCommand:
    def test_set_is_harvested_and_again_without_change(self, server: OaiServer) -> None:
        assert "25 records read: 25 new" in harvest("quant-ph", "--days", "30", "--url", server.url)
        assert server.requests[0]["set"] == "physics:quant-ph"
        assert Preprint.objects.count() == 25
        assert "nothing changed" in harvest("quant-ph", "--days", "30", "--url", server.url)
        assert [hit.preprint.source_id for hit in search("2401.00007", mode="text").hits] == ["2401.00007"]

    def test_broken_harvest_goes_on_after_its_last_page(self, server: OaiServer) -> None:
        server.faults = {1: Response(status=404)}
        with pytest.raises(CommandError, match="HTTP 404"):
            harvest("quant-ph", "--url", server.url)
        run = HarvestRun.objects.get()
        assert (run.state, run.position, Preprint.objects.count()) == (HarvestRun.State.FAILED, "10", 10)
        assert "25 records read: 25 new" in harvest("quant-ph", "--url", server.url)
        assert HarvestRun.objects.get().state == HarvestRun.State.DONE
        assert [request.get("resumptionToken") for request in server.requests] == [None, "10", "10", "20"]

    def test_expired_token_begins_the_list_again(self, server: OaiServer) -> None:
        server.faults = {1: Response(status=404), 2: error("badResumptionToken")}
        with pytest.raises(CommandError):
            harvest("quant-ph", "--url", server.url)
        assert "25 new" in harvest("quant-ph", "--url", server.url)
        assert [request.get("resumptionToken") for request in server.requests[2:]] == ["10", None, "10", "20"]
        assert Preprint.objects.count() == 25
        assert len(set(Preprint.objects.values_list("identifier", flat=True))) == 25

    def test_next_harvest_asks_only_for_what_changed_since(self, server: OaiServer) -> None:
        harvest("quant-ph", "--url", server.url)
        server.records = [
            delete("2401.00003"),
            make_records(1, day="2024-02-01")[0].replace("Title", "New title"),
        ]
        assert "2 records read: 0 new, 2 changed, 0 unchanged; 1 of them withdrawn." in harvest(
            "quant-ph", "--url", server.url
        )
        assert server.requests[-1]["from"] == "2023-12-31"  # by the server's clock, a day before it
        deleted = Preprint.objects.get(source_id="2401.00003")
        assert (deleted.withdrawn_on, deleted.title) == (date(2024, 2, 1), "Title 2401.00003")
        assert Preprint.objects.get(source_id="2401.00000").title == "New title 2401.00000"

    def test_server_that_counts_seconds_is_asked_by_the_moment(self, server: OaiServer) -> None:
        server.granularity = "YYYY-MM-DDThh:mm:ssZ"
        harvest("quant-ph", "--url", server.url)
        harvest("quant-ph", "--url", server.url)
        assert server.requests[-2]["verb"] == "ListRecords"
        assert [request["verb"] for request in server.requests].count("Identify") == 1
        assert [request["from"] for request in server.requests if "from" in request] == [
            "2023-12-31T23:00:00Z"
        ]

    @pytest.mark.parametrize(
        ("given", "asked"),
        [
            ("quant-ph", "physics:quant-ph"),
            ("cs", "cs"),
            ("cs.LG", "cs:cs:LG"),
            ("astro-ph.CO", "physics:astro-ph:CO"),
            ("physics:hep-th", "physics:hep-th"),
        ],
    )
    def test_sets_are_named_as_categories_are(self, server: OaiServer, given: str, asked: str) -> None:
        harvest(given, "--url", server.url)
        assert server.requests[0]["set"] == asked

    def test_about_shows_what_a_server_is_and_changes_nothing(self, server: OaiServer) -> None:
        said = harvest("--about", "--url", server.url)
        assert "Test server: records since 2005-09-16, by days; tells of deletions: persistent." in said
        assert "  physics:quant-ph               Quantum Physics" in said
        assert not HarvestRun.objects.exists()

    def test_record_that_was_only_dated_anew_is_no_older_state(self, server: OaiServer) -> None:
        harvest("quant-ph", "--url", server.url)
        moved = Preprint.objects.get(source_id="2401.00001").updated_at
        server.records = make_records(2, day="2024-02-01")
        assert "nothing changed" in harvest("quant-ph", "--url", server.url)
        assert "has an older state of 0," in harvest("quant-ph", "--compare", "--url", server.url)
        assert Preprint.objects.get(source_id="2401.00001").updated_at == moved

    def test_compare_counts_what_the_archive_lacks_and_changes_nothing(self, server: OaiServer) -> None:
        harvest("quant-ph", "--url", server.url)
        before = list(Preprint.objects.order_by("pk").values_list())
        server.records = [
            *server.records[:10],  # the same
            *make_records(12, day="2024-02-01")[10:],  # two that were revised
            delete("2401.00012"),
            *make_records(27)[25:],  # two that are new
            delete("2401.00030"),  # one that the archive never had
        ]
        said = harvest("quant-ph", "--compare", "--url", server.url)
        assert (
            "16 records there. The archive lacks 2, has an older state of 2, and 1 that are deleted" in said
        )
        assert "Such as 2401.00010, 2401.00011, 2401.00012, 2401.00025, 2401.00026." in said
        assert server.requests[-1]["verb"] == "ListIdentifiers"
        assert list(Preprint.objects.order_by("pk").values_list()) == before
        assert HarvestRun.objects.count() == 1
