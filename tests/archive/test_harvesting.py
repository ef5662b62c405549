import hashlib
import threading
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from django.db import connection

from archive.harvesting import count_unindexed, harvest, index_pending
from archive.models import Author, Category, HarvestRun, Posting, Preprint, RawRecord, SetAsideRecord
from archive.postings import ENTRY
from archive.records import BadRecord, Page, Record, RecordAuthor, RecordVersion
from archive.search import search

pytestmark = pytest.mark.django_db
JUNE = date(2024, 6, 1)


def make_record(**fields: Any) -> Record:
    defaults: dict[str, Any] = {
        "source_id": "2401.07049",
        "title": "Quantum Denoising Diffusion Models",
        "abstract": "We introduce two quantum diffusion models. They beat classical ones on MNIST.",
        "authors": (RecordAuthor("Michael Kölle"), RecordAuthor("Claudia Linnhoff-Popien", "LMU Munich")),
        "categories": ("quant-ph", "cs.LG"),
        "submitted_on": date(2024, 1, 13),
        "raw": '{"id": "2401.07049"}',
    }
    return Record(**{**defaults, **fields})


def take(*records: Record | BadRecord) -> HarvestRun:
    run = HarvestRun.objects.create(source="test")
    return harvest([Page(records, position="end")], run=run)


def counts(run: HarvestRun) -> tuple[int, int, int, int, int]:
    return run.created, run.updated, run.unchanged, run.withdrawn, run.set_aside


def archive_state() -> str:
    """Everything that a harvest writes, as one value: two equal states are the same archive."""
    rows = [
        list(Preprint.objects.order_by("pk").values_list()),
        list(Author.objects.order_by("pk").values_list()),
        [(p.lexeme, p.block, bytes(p.entries)) for p in Posting.objects.order_by("lexeme", "block")],
    ]
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def test_new_record_becomes_a_preprint_that_words_find_at_once() -> None:
    run = take(make_record())
    preprint = Preprint.objects.get()
    assert counts(run) == (1, 0, 0, 0, 0)
    assert (run.state, run.position) == (HarvestRun.State.DONE, "end")
    assert preprint.identifier == "AG-2024.01-001"
    assert preprint.primary_category == "quant-ph"
    assert [(a.name, a.affiliation) for a in preprint.authors.all()] == [
        ("Michael Kölle", ""),
        ("Claudia Linnhoff-Popien", "LMU Munich"),
    ]
    assert Category.objects.get(code="quant-ph").name == "Quantum Physics"
    assert RawRecord.objects.get(preprint=preprint).text == '{"id": "2401.07049"}'
    assert [hit.preprint for hit in search("diffusion", mode="text").hits] == [preprint]


def test_same_records_again_change_nothing() -> None:
    records = [make_record(), make_record(source_id="2402.16147", title="Another", categories=("cs.CV",))]
    take(*records)
    before = archive_state()
    run = take(*records)
    assert counts(run) == (0, 0, 2, 0, 0)
    assert archive_state() == before


def test_revised_abstract_is_found_by_its_new_words_only() -> None:
    take(make_record())
    run = take(
        make_record(
            version=2,
            versions=(RecordVersion(1, date(2024, 1, 13)), RecordVersion(2, date(2024, 3, 1))),
            abstract="We introduce a photonic circuit.",
            revised_on=date(2024, 3, 1),
        )
    )
    preprint = Preprint.objects.get()
    assert counts(run) == (0, 1, 0, 0, 0)
    assert (preprint.identifier, preprint.version, preprint.revised_on) == (
        "AG-2024.01-001",
        2,
        date(2024, 3, 1),
    )
    first, second = preprint.versions
    assert (first["version"], first["submitted_on"]) == (1, "2024-01-13")
    assert (second["version"], second["submitted_on"]) == (2, "2024-03-01")
    assert second["text_hash"] == preprint.text_hash != first["text_hash"]
    assert [hit.preprint for hit in search("photonic", mode="text").hits] == [preprint]
    assert search("MNIST", mode="text").hits == []


def test_withdrawn_preprint_is_found_by_its_identifier_only() -> None:
    take(make_record())
    run = take(make_record(withdrawal_reason="Withdrawn: an error in section 3.", datestamp=date(2024, 5, 2)))
    preprint = Preprint.objects.get()
    assert counts(run) == (0, 1, 0, 1, 0)
    assert (preprint.withdrawn_on, preprint.withdrawal_reason) == (
        date(2024, 5, 2),
        "Withdrawn: an error in section 3.",
    )
    assert search("diffusion", mode="text").hits == []
    assert [hit.preprint for hit in search("AG-2024.01-001").hits] == [preprint]


def test_preprint_taken_back_in_is_found_again() -> None:
    take(make_record(withdrawal_reason="Withdrawn.", datestamp=date(2024, 5, 2)))
    take(make_record(comments="Reinstated", datestamp=date(2024, 6, 1)))
    preprint = Preprint.objects.get()
    assert (preprint.withdrawn_on, preprint.withdrawal_reason) == (None, "")
    assert [hit.preprint for hit in search("diffusion", mode="text").hits] == [preprint]


def test_deleted_record_withdraws_and_keeps_what_was_known() -> None:
    take(make_record())
    run = take(Record(source_id="2401.07049", is_deleted=True, datestamp=date(2024, 6, 1)))
    preprint = Preprint.objects.get()
    assert counts(run) == (0, 1, 0, 1, 0)
    assert preprint.title == "Quantum Denoising Diffusion Models"
    assert preprint.withdrawn_on == date(2024, 6, 1)
    assert preprint.authors.count() == 2
    assert RawRecord.objects.get(preprint=preprint).text == '{"id": "2401.07049"}'


def test_deletion_of_an_unknown_record_is_no_news() -> None:
    assert counts(take(Record(source_id="2401.00001", is_deleted=True))) == (0, 0, 1, 0, 0)
    assert not Preprint.objects.exists()


def test_record_that_its_source_has_deleted_before_comes_withdrawn_unless_it_is_newer() -> None:
    gone = [Record(source_id=f"2401.0000{n}", is_deleted=True, datestamp=date(2024, 6, 1)) for n in (1, 2, 3)]
    take(*gone)
    take(*gone)  # told again by the next harvest
    older, newer = date(2024, 5, 1), date(2024, 7, 1)
    run = take(
        make_record(source_id="2401.00001", datestamp=older),
        make_record(source_id="2401.00002"),  # a file that dates nothing
        make_record(source_id="2401.00003", datestamp=newer),
    )
    assert counts(run) == (3, 0, 0, 2, 0)
    assert list(Preprint.objects.order_by("source_id").values_list("withdrawn_on", flat=True)) == [
        date(2024, 6, 1),
        date(2024, 6, 1),
        None,
    ]


def test_true_abstract_over_a_summary_is_a_revision_and_stays() -> None:
    summary = make_record(
        identifier="AG-2024.01-1576", abstract_kind="summary", abstract="Kölle and co-authors…"
    )
    take(summary)
    take(make_record())
    preprint = Preprint.objects.get()
    assert (preprint.identifier, preprint.abstract_kind) == ("AG-2024.01-1576", "abstract")
    assert counts(take(summary)) == (0, 0, 1, 0, 0)
    assert Preprint.objects.get().abstract_kind == "abstract"


def test_given_identifier_is_kept_and_never_minted_again() -> None:
    take(make_record(identifier="AG-2024.01-1576"))
    take(make_record(source_id="2401.00002"))
    assert list(Preprint.objects.order_by("pk").values_list("identifier", flat=True)) == [
        "AG-2024.01-1576",
        "AG-2024.01-1577",
    ]


def test_identifier_of_another_preprint_is_refused() -> None:
    take(make_record(identifier="AG-2024.01-1576"))
    run = take(make_record(source_id="2401.00002", identifier="AG-2024.01-1576"))
    assert counts(run) == (0, 0, 0, 0, 1)
    assert SetAsideRecord.objects.get().reason == "AG-2024.01-1576 belongs to another preprint"


def test_month_of_the_identifier_is_that_of_the_submission() -> None:
    take(make_record(source_id="2405.00156", submitted_on=date(2024, 4, 30)))
    take(make_record(source_id="2405.00157", submitted_on=date(2025, 9, 9), identified_on=date(2024, 5, 1)))
    assert list(Preprint.objects.order_by("pk").values_list("identifier", flat=True)) == [
        "AG-2024.04-001",
        "AG-2024.05-001",
    ]


def test_source_that_does_not_know_a_doi_does_not_erase_it() -> None:
    take(make_record(doi="10.1007/s42484-024-00161-4", journal_ref="QMI 6 (2024)"))
    take(make_record(abstract="Revised."))
    preprint = Preprint.objects.get()
    assert (preprint.abstract, preprint.doi, preprint.journal_ref) == (
        "Revised.",
        "10.1007/s42484-024-00161-4",
        "QMI 6 (2024)",
    )


def test_older_record_than_the_one_at_hand_changes_nothing() -> None:
    take(make_record(abstract="New.", datestamp=date(2024, 6, 1)))
    assert counts(take(make_record(abstract="Old.", datestamp=date(2024, 5, 1)))) == (0, 0, 1, 0, 0)
    assert Preprint.objects.get().abstract == "New."


@pytest.mark.parametrize(
    ("known", "given", "is_taken"),
    [
        ({"datestamp": date(2024, 6, 1)}, {}, False),
        ({"datestamp": date(2024, 6, 1), "version": 2}, {"revised_on": date(2024, 3, 1)}, False),
        ({"datestamp": date(2024, 6, 1), "version": 2}, {"version": 3}, True),
        ({"datestamp": JUNE, "revised_on": date(2024, 3, 1)}, {"revised_on": date(2024, 2, 1)}, False),
        ({"datestamp": JUNE, "revised_on": date(2024, 3, 1)}, {"revised_on": date(2024, 8, 1)}, True),
        ({"datestamp": date(2024, 6, 1), "abstract_kind": "summary"}, {}, True),
        ({}, {}, True),
        ({"version": 2}, {}, False),
        ({}, {"datestamp": date(2020, 6, 1)}, True),
    ],
)  # fmt: skip
def test_record_without_a_datestamp_replaces_nothing_newer(
    known: dict[str, Any], given: dict[str, Any], is_taken: bool
) -> None:
    take(make_record(title="Known", **known))
    take(make_record(title="Given", **given))
    assert Preprint.objects.get().title == ("Given" if is_taken else "Known")


def test_record_without_a_datestamp_takes_no_withdrawal_back() -> None:
    take(make_record(), make_record(source_id="2401.00002", withdrawal_reason="Withdrawn: an error."))
    take(Record(source_id="2401.07049", is_deleted=True, datestamp=date(2024, 6, 1)))
    take(make_record(version=3), make_record(source_id="2401.00002", version=3))
    assert set(Preprint.objects.values_list("version", "withdrawal_reason")) == {
        (3, "The source has deleted its record."),
        (3, "Withdrawn: an error."),
    }
    assert search("diffusion", mode="text").hits == []


def test_source_that_knows_fewer_versions_takes_none_from_the_history() -> None:
    told = tuple(RecordVersion(n, date(2024, n, 13)) for n in (1, 2, 3))
    take(make_record(version=3, versions=told, revised_on=date(2024, 3, 13), datestamp=date(2024, 3, 14)))
    revised = {"version": 4, "revised_on": date(2024, 5, 1), "datestamp": date(2024, 5, 2)}
    take(make_record(**revised, abstract="A fourth text."))
    versions = Preprint.objects.get().versions
    assert [(entry["version"], entry["submitted_on"]) for entry in versions] == [
        (1, "2024-01-13"),
        (2, "2024-02-13"),
        (3, "2024-03-13"),
        (4, "2024-05-01"),
    ]
    assert [entry["version"] for entry in versions if "text_hash" in entry] == [3, 4]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"title": "  \u200b "}, "no title"),
        ({"abstract": ""}, "no abstract"),
        ({"abstract": "x" * 50_001}, "longer than 50,000"),
        ({"authors": ()}, "no authors"),
        ({"categories": ("68T05",)}, "no category"),
        ({"submitted_on": None}, "no date of submission"),
        ({"submitted_on": date(1066, 10, 14)}, "1066-10-14 can't be"),
        ({"submitted_on": date(2999, 1, 1)}, "2999-01-01 can't be"),
        ({"source_id": "../../etc/passwd"}, "no arXiv id"),
        ({"title": "A\x00B"}, "U+0000"),
        ({"abstract": "lone \ud800"}, "U+D800"),
        ({"identifier": "AG-1"}, "no identifier of this archive"),
        ({"identifier": "AG-2024.01-999999999"}, "no identifier of this archive"),
        ({"categories": ("a" * 33,)}, "no category"),
        ({"source": "a-source-of-17-xx"}, "no name of a source"),
        ({"source": "arx\x00iv"}, "no name of a source"),
        ({"source": "\ud800"}, "no name of a source"),
    ],
)
def test_record_that_cannot_be_kept_is_set_aside_and_stops_nothing(
    fields: dict[str, Any], reason: str
) -> None:
    run = take(make_record(**{"raw": "raw \x00 \ud800", **fields}), make_record(source_id="2401.00002"))
    set_aside = SetAsideRecord.objects.get()
    assert counts(run) == (1, 0, 0, 0, 1)
    assert reason in set_aside.reason
    assert set_aside.raw == "raw \ufffd ?"
    assert run.state == HarvestRun.State.DONE


def test_text_policy_holds_for_every_field() -> None:
    take(
        make_record(
            title=" A\n  title\u202e ",
            abstract="e\u0301 " + "o" + "\u0301" * 30,
            authors=(RecordAuthor("J\u200bane  Doe", orcid="https://orcid.org/0000-0002-1825-0097"),),
            doi="10.1016/j.aop.2003.08.013 10.1016/j.aop.2005.06.006",
            comments="5\x07 pages",
        )
    )
    preprint = Preprint.objects.get()
    assert preprint.title == "A title"
    assert preprint.abstract == "\u00e9 \u00f3" + "\u0301" * 4
    assert preprint.doi == "10.1016/j.aop.2003.08.013"
    assert preprint.comments == "5 pages"
    assert [(a.name, a.orcid) for a in preprint.authors.all()] == [("Jane Doe", "0000-0002-1825-0097")]


def test_two_records_of_one_preprint_in_a_page_make_one_preprint() -> None:
    run = take(make_record(abstract="First."), make_record(abstract="Second."))
    assert counts(run) == (1, 0, 1, 0, 0)
    assert Preprint.objects.get().abstract == "Second."


@pytest.mark.parametrize(
    ("records", "title", "identifier"),
    [
        (({"datestamp": date(2024, 6, 1)}, {"datestamp": date(2024, 5, 1)}), "Title 0", "AG-2024.01-001"),
        (({"abstract_kind": "abstract"}, {"abstract_kind": "summary"}), "Title 0", "AG-2024.01-001"),
        (({"version": 2}, {"version": 1}), "Title 0", "AG-2024.01-001"),
        (({"datestamp": date(2024, 6, 1)}, {}), "Title 0", "AG-2024.01-001"),
        (({}, {"datestamp": date(2024, 6, 1)}), "Title 1", "AG-2024.01-001"),
        (({"identifier": "ag-2024.01-007"}, {}), "Title 1", "AG-2024.01-007"),
        (({"abstract_kind": "abstract"}, {"abstract_kind": "summary", "identifier": "AG-2024.01-007"}),
         "Title 0", "AG-2024.01-007"),
    ],
)  # fmt: skip
def test_newest_record_of_a_page_counts_and_no_identifier_is_lost(
    records: tuple[dict[str, Any], ...], title: str, identifier: str
) -> None:
    given = [{"title": f"Title {number}"} | fields for number, fields in enumerate(records)]
    run = take(*(make_record(**fields) for fields in given))
    assert counts(run) == (1, 0, 1, 0, 0)
    preprint = Preprint.objects.get()
    assert (preprint.title, preprint.identifier) == (title, identifier)


def test_deletion_in_a_page_counts_by_its_day() -> None:
    gone = Record(source_id="2401.07049", is_deleted=True, datestamp=date(2024, 5, 1))
    take(make_record(datestamp=date(2024, 6, 1)), gone)
    assert not Preprint.objects.get().is_withdrawn


def test_source_is_known_by_its_name_in_any_case() -> None:
    take(make_record())
    assert counts(take(make_record(source="arXiv", version=2))) == (0, 1, 0, 0, 0)


def test_record_that_the_database_refuses_is_set_aside_and_the_rest_of_its_page_kept() -> None:
    records = [make_record(source_id=f"2401.{number:05d}") for number in range(9)]
    records[5] = make_record(source_id="2401.00005", version=70_000)  # more than its column takes
    run = take(*records)
    assert counts(run) == (8, 0, 0, 0, 1)
    set_aside = SetAsideRecord.objects.get()
    assert (set_aside.source_id, "out of range" in set_aside.reason) == ("2401.00005", True)
    assert len(search("diffusion", mode="text", limit=20).hits) == 8
    identifiers = Preprint.objects.order_by("identifier").values_list("identifier", flat=True)
    assert list(identifiers) == [f"AG-2024.01-{number:03d}" for number in range(1, 9)]


def test_run_that_breaks_keeps_its_pages_and_says_where_it_was() -> None:
    def pages() -> Iterator[Page]:
        yield Page((make_record(),), position="1000")
        raise OSError("connection lost")

    run = HarvestRun.objects.create(source="test")
    with pytest.raises(OSError, match="connection lost"):
        harvest(pages(), run=run)
    run.refresh_from_db()
    assert (run.state, run.position, run.created) == (HarvestRun.State.FAILED, "1000", 1)
    assert run.error == "OSError: connection lost"
    assert run.finished_at is not None


def test_load_in_two_parts_finds_everything_once_however_often_it_is_broken_off() -> None:
    take(make_record())  # found at once, as harvests do it
    pages = [Page(tuple(make_record(source_id=f"2402.{n:05d}") for n in range(8)), position="8")]
    run = HarvestRun.objects.create(source="file")
    with pytest.raises(KeyboardInterrupt):
        harvest(pages, run=run, index=interrupt)
    assert (run.state, run.position, count_unindexed()) == (HarvestRun.State.FAILED, "8", 8)
    assert len(search("diffusion", mode="text").hits) == 1
    take(make_record(source_id="2402.00003", abstract="A photonic circuit."))  # revised before it was indexed
    assert [hit.preprint.source_id for hit in search("photonic", mode="text").hits] == ["2402.00003"]
    assert (index_pending(), index_pending(), count_unindexed()) == (7, 0, 0)
    listed = Posting.objects.filter(lexeme="").values_list("entries", flat=True)
    assert sum(len(entries) for entries in listed) == 9 * ENTRY.itemsize
    take(*(make_record(source_id=f"2402.{n:05d}", withdrawal_reason="Withdrawn.") for n in range(8)))
    assert (index_pending(), len(search("diffusion", mode="text").hits)) == (0, 1)


def interrupt() -> None:
    raise KeyboardInterrupt


@pytest.mark.django_db(transaction=True)
def test_harvesters_side_by_side_give_one_preprint_one_identifier() -> None:
    errors: list[BaseException] = []

    def run_harvest(start: int) -> None:
        try:
            for first in range(start, start + 60, 20):
                take(*(make_record(source_id=f"2401.{n:05d}") for n in range(first, first + 20)))
        except BaseException as error:
            errors.append(error)
            raise
        finally:
            connection.close()

    threads = [threading.Thread(target=run_harvest, args=(start,)) for start in (0, 20, 40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    identifiers = list(Preprint.objects.values_list("identifier", flat=True))
    assert errors == []
    assert len(identifiers) == len(set(identifiers)) == 100
    listed = Posting.objects.filter(lexeme="").values_list("entries", flat=True)
    assert sum(len(entries) for entries in listed) == 100 * 3
