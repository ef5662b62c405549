import gzip
import io
import json
import lzma
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import zstandard

from archive.bulk import MAX_LINE_BYTES, open_lines, parse_line, read_pages
from archive.records import BadRecord, Record, RecordAuthor, RecordVersion

OWN: dict[str, Any] = {
    "id": "arXiv:2405.00156",
    "version": 2,
    "title": "Expanding the Horizon",
    "authors": ["Skylar Chan", {"name": "Paul H. Yi", "affiliation": "UMD"}],
    "primary_category": "cs.CV",
    "categories": ["cs.AI", "cs.CV"],
    "submitted": "2024-04-30",
    "updated": "2024-08-02",
    "abstract": "A summary.",
    "abstract_kind": "summary",
    "lang": "en",
    "identifier": "AG-2024.04-2402",
}
DUMP: dict[str, Any] = {
    "id": "0704.0001",
    "submitter": "Pavel Nadolsky",
    "authors": "C. Bal\\'azs, E. L. Berger",
    "title": "Calculation of prompt diphoton production",
    "comments": "37 pages, 15 figures",
    "journal-ref": "Phys.Rev.D76:013009,2007",
    "doi": "10.1103/PhysRevD.76.013009",
    "report-no": None,
    "categories": "hep-ph hep-ex",
    "license": None,
    "abstract": "  A fully differential calculation\nis presented.\n",
    "versions": [
        {"version": "v1", "created": "Mon, 2 Apr 2007 19:18:42 GMT"},
        {"version": "v2", "created": "Tue, 24 Jul 2007 20:10:27 GMT"},
    ],
    "update_date": "2008-11-26",
    "authors_parsed": [["Bal\u00e1zs", "C.", ""], ["Berger", "E. L.", "Jr.", "Argonne"]],
}


def parse(data: Any) -> Record | BadRecord:
    return parse_line(json.dumps(data).encode())


def test_own_shape_is_read_whole() -> None:
    record = parse(OWN)
    assert isinstance(record, Record)
    assert (record.source_id, record.version, record.identifier) == ("2405.00156", 2, "AG-2024.04-2402")
    assert record.authors == (RecordAuthor("Skylar Chan"), RecordAuthor("Paul H. Yi", "UMD"))
    assert record.categories == ("cs.CV", "cs.AI")
    assert (record.submitted_on, record.revised_on) == (date(2024, 4, 30), date(2024, 8, 2))
    assert (record.abstract_kind, record.identified_on) == ("summary", None)


def test_listing_date_leaves_the_month_to_the_arxiv_id() -> None:
    record = parse({**OWN, "date_kind": "listed", "submitted": "2024-05-03", "id": "arXiv:quant-ph/9705052"})
    assert isinstance(record, Record)
    assert (record.submitted_on, record.identified_on) == (date(2024, 5, 3), date(1997, 5, 1))


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        (
            {"authors_parsed": [["Smith", None, ""], ["Slep\\v{c}ev", "Dejan", ""]]},
            ["Smith", "Dejan Slepčev"],
        ),
        ({"authors_parsed": None, "authors": "G. H\\'etet, A. Smith$^{1,2}$"}, ["G. Hétet", "A. Smith"]),
        ({"authors_parsed": []}, ["C. Balázs", "E. L. Berger"]),
    ],
)
def test_names_of_the_dump_are_read_as_they_are_spoken(fields: dict[str, Any], names: list[str]) -> None:
    record = parse({**DUMP, **fields})
    assert isinstance(record, Record)
    assert [author.name for author in record.authors] == names


def test_names_of_own_records_lose_their_tex() -> None:
    record = parse({**OWN, "authors": ["G. H\\'etet", {"name": "Dejan Slep\\v{c}ev"}]})
    assert isinstance(record, Record)
    assert [author.name for author in record.authors] == ["G. Hétet", "Dejan Slepčev"]


def test_version_at_an_hour_that_no_clock_has_is_refused_in_words() -> None:
    versions = [{"version": "v1", "created": f"Mon, 1 Jan 2024 {'9' * 20}:00:00 GMT"}]
    record = parse({**DUMP, "versions": versions})
    assert isinstance(record, BadRecord)
    assert "versions has no date that can be read" in record.reason


def test_arxiv_dump_is_read_whole() -> None:
    record = parse(DUMP)
    assert isinstance(record, Record)
    assert record.versions == (RecordVersion(1, date(2007, 4, 2)), RecordVersion(2, date(2007, 7, 24)))
    assert (record.version, record.submitted_on, record.revised_on) == (
        2,
        date(2007, 4, 2),
        date(2007, 7, 24),
    )
    assert record.authors == (RecordAuthor("C. Balázs"), RecordAuthor("E. L. Berger Jr.", "Argonne"))
    assert record.categories == ("hep-ph", "hep-ex")
    assert (record.doi, record.journal_ref) == ("10.1103/PhysRevD.76.013009", "Phys.Rev.D76:013009,2007")
    assert (record.datestamp, record.withdrawal_reason) == (date(2008, 11, 26), "")


@pytest.mark.parametrize(
    ("comments", "abstract", "reason"),
    [
        (
            "This paper has been withdrawn by the author",
            "Text.",
            "This paper has been withdrawn by the author",
        ),
        (
            "9 pages. The draft paper has been withdrawn",
            "Text.",
            "The draft paper has been withdrawn",
        ),
        ("", "This paper is withdrawn due to an error.", "This paper is withdrawn due to an error."),
        ("Withdrawn: see v3", "Text.", "Withdrawn: see v3"),
        ("5 pages", "We study how blood is withdrawn from patients.", ""),
        ("5 pages", "The drug was withdrawn.", ""),
        ("5 pages", "Withdrawn patients were seen again.", ""),
        (
            "arXiv admin note: submission has been withdrawn by arXiv administrators",
            "Text.",
            "submission has been withdrawn by arXiv administrators",
        ),
        ("Paper has been temporarily withdrawn", "Text.", "Paper has been temporarily withdrawn"),
        ("This paper has now been withdrawn", "Text.", "This paper has now been withdrawn"),
        ("The paper has been retracted.", "Text.", "The paper has been retracted."),
        ("Withdrawing since it errs", "Text.", "Withdrawing since it errs"),
        (
            "6 pages. After review, we would like to withdraw this paper.",
            "Text.",
            "After review, we would like to withdraw this paper.",
        ),
        ("The authors have withdrawn this paper", "Text.", "The authors have withdrawn this paper"),
        ("", "We withdraw this paper due to an error.", "We withdraw this paper due to an error."),
        ("This paper was not withdrawn", "Text.", ""),
        ("An earlier version of this paper was withdrawn", "Text.", ""),
        ("The first version was withdrawn", "Text.", ""),
        ("The paper was withdrawn from Nature", "Text.", ""),
        ("We do not withdraw this paper", "Text.", ""),
        ("Replaces a withdrawn submission", "Text.", ""),
    ],
)
def test_withdrawal_is_read_from_the_record(comments: str, abstract: str, reason: str) -> None:
    record = parse({**DUMP, "comments": comments, "abstract": abstract})
    assert isinstance(record, Record)
    assert record.withdrawal_reason == reason


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{not json", "no JSON"),
        (b"[1, 2]", "no JSON object"),
        (b"null", "no JSON object"),
        (b'{"id": "\xff"}', "not UTF-8"),
        (b"[" * 100_000, "nested too deep"),
        (b'{"version": ' + b"9" * 5_000 + b"}", "no JSON"),
        (json.dumps({**OWN, "title": 5}).encode(), "title is no text"),
        (json.dumps({**OWN, "authors": "Chan"}).encode(), "authors is no list"),
        (json.dumps({**OWN, "authors": [5]}).encode(), "no name"),
        (json.dumps({**OWN, "categories": [None]}).encode(), "categories is no list"),
        (json.dumps({**OWN, "submitted": "30 April"}).encode(), "submitted is no date"),
        (json.dumps({**OWN, "version": -1}).encode(), "version is no number"),
        (json.dumps({**OWN, "version": 40_000}).encode(), "version is no number"),
        (json.dumps({**DUMP, "versions": [{"version": "v1"}]}).encode(), "versions has no date"),
        (json.dumps({**DUMP, "versions": "v1"}).encode(), "versions is no list"),
        (json.dumps({**DUMP, "authors_parsed": [[]]}).encode(), "no list of names"),
    ],
)
def test_line_that_cannot_be_read_is_a_bad_record_with_its_reason(line: bytes, reason: str) -> None:
    record = parse_line(line)
    assert isinstance(record, BadRecord)
    assert reason in record.reason


def test_overlong_line_is_one_bad_record_and_the_next_is_read() -> None:
    stream = io.BytesIO(
        b'{"id": "' + b"x" * (2 * MAX_LINE_BYTES) + b'"}\n' + json.dumps(OWN).encode() + b"\n"
    )
    (page,) = read_pages(stream)
    assert [type(record) for record in page.records] == [BadRecord, Record]
    assert page.position == "2"


def test_pages_go_on_after_the_lines_that_were_taken_in() -> None:
    lines = [json.dumps({**OWN, "id": f"2405.{n:05d}"}).encode() + b"\n" for n in range(25)]
    pages = list(read_pages(io.BytesIO(b"".join(lines)), skip=10, size=10))
    assert [(len(page.records), page.position) for page in pages] == [(10, "20"), (5, "25")]
    first = pages[0].records[0]
    assert isinstance(first, Record)
    assert first.source_id == "2405.00010"


def read_ids(path: Path, *, into: list[str]) -> None:
    with open_lines(str(path)) as stream:
        for page in read_pages(stream, size=20):
            into += [record.source_id for record in page.records]


COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".xz": lzma.compress,
    ".zst": zstandard.compress,
}


@pytest.mark.parametrize("suffix", COMPRESSIONS)
def test_plain_and_compressed_files_are_read_alike(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"records.jsonl{suffix}"
    path.write_bytes(COMPRESSIONS[suffix](json.dumps(OWN).encode() + b"\n\n"))
    with open_lines(str(path)) as stream:
        (page,) = read_pages(stream)
    assert [record.source_id for record in page.records] == ["2405.00156"]


@pytest.mark.parametrize("suffix", [".gz", ".xz", ".zst"])
@pytest.mark.parametrize("share", [0.1, 0.4, 0.99])
def test_cut_file_gives_its_whole_pages_and_then_says_that_it_is_cut(
    tmp_path: Path, suffix: str, share: float
) -> None:
    lines = [json.dumps({**OWN, "id": f"2405.{number:05d}"}).encode() + b"\n" for number in range(400)]
    whole = b"".join(COMPRESSIONS[suffix](b"".join(lines[at : at + 100])) for at in range(0, 400, 100))
    path = tmp_path / f"records.jsonl{suffix}"
    path.write_bytes(whole[: int(len(whole) * share)])
    read: list[str] = []
    with pytest.raises(OSError, match="damaged or cut"):
        read_ids(path, into=read)
    assert read == [f"2405.{number:05d}" for number in range(len(read))]
    assert len(read) % 20 == 0
    assert len(read) >= int(4 * share) * 100


def test_every_record_of_the_demonstration_corpus_is_read(data_dir: Path) -> None:
    with open_lines(str(data_dir / "demo" / "demo_corpus.jsonl.xz")) as stream:
        records = [record for page in read_pages(stream) for record in page.records]
    read = [record for record in records if isinstance(record, Record)]
    assert (len(records), len(read)) == (10_152, 10_152)
    assert sum(bool(record.withdrawal_reason) for record in read) == 39
    assert max(len(record.authors) for record in read) == 398
    assert sum(record.identified_on is not None for record in read) == 268
    withdrawn = next(record for record in read if record.source_id == "0901.4027")
    assert withdrawn.withdrawal_reason == (
        "This paper has been withdrawn by the authors, due to a crucial error in Eqn. 2"
    )
