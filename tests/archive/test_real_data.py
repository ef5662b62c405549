"""Everything real that servers and files have sent, read without loss: counts of all, and values of some."""

import json
import re
from collections import Counter
from datetime import date
from itertools import islice
from pathlib import Path

import pytest

from archive.bulk import open_lines, parse_line, read_lines
from archive.cleaning import clean_record
from archive.identifiers import Identifier, parse
from archive.names import split_authors
from archive.oai_formats import Identity, ListedSet, MalformedAnswer, parse_answer, parse_raw_record
from archive.records import BadRecord, Header, Record
from archive.withdrawals import find_withdrawal
from tests.archive.losses import find_losses
from tests.archive.oai_server import ENVELOPE


def answers_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix in ("", ".xml"))


def outcome_of(path: Path) -> str:
    """What an answer is: its verb, an error of the protocol, or none that can be used."""
    try:
        answer = parse_answer(path.read_bytes())
    except MalformedAnswer:
        return "malformed"
    return f"error {answer.error_code}" if answer.error_code else answer.verb


@pytest.fixture(scope="module")
def arxiv_records(data_dir: Path) -> list[Record]:
    """All records of arXiv's own answers, also those that were kept without their envelope."""
    records: list[Record] = []
    for path in answers_in(data_dir / "oai" / "arxiv" / "raw"):
        body = path.read_bytes()
        if path.parts[-1].startswith(("oai_ArXiv", "arxiv_")) and b"<OAI-PMH" not in body:
            bare = re.sub(rb"<\?xml.*?\?>", b"", body).decode("utf-8")
            body = ENVELOPE.format(f"<GetRecord>{bare}</GetRecord>").encode()
        found = parse_answer(body).records
        assert not [record for record in found if isinstance(record, BadRecord)], path.name
        records += [record for record in found if isinstance(record, Record)]
    return records


def test_every_record_of_arxivs_answers_is_read_and_can_be_kept(arxiv_records) -> None:
    assert len(arxiv_records) == 1_037
    for record in arxiv_records:
        kept = clean_record(record, today=date(2026, 11, 25))
        assert kept.title
        assert kept.abstract
        assert kept.authors
        assert kept.categories
        assert kept.submitted_on


def test_a_record_reads_the_same_from_its_own_text(arxiv_records) -> None:
    assert [parse_raw_record(record.raw) for record in arxiv_records[:100]] == arxiv_records[:100]


def test_spot_values_of_arxivs_answers(arxiv_records) -> None:
    by_id = {record.source_id: record for record in arxiv_records}
    assert [author.name for author in by_id["0801.3673"].authors] == ["Naoum C. Bacalis"]
    assert by_id["math/0306266"].source == "arxiv"
    assert sum(len(record.versions) > 1 for record in arxiv_records) == 360
    assert sum(bool(record.doi) for record in arxiv_records) == 582
    assert sum(bool(record.journal_ref) for record in arxiv_records) == 484


def test_answers_of_other_servers_are_read_or_refused_and_nothing_else(data_dir: Path) -> None:
    folder = data_dir / "oai" / "generic" / "raw"
    outcomes = Counter(map(outcome_of, answers_in(folder)))
    assert outcomes == {
        "ListRecords": 13,
        "GetRecord": 6,
        "ListIdentifiers": 7,
        "ListSets": 3,
        "Identify": 5,
        "malformed": 6,
        "error badArgument": 1,
        "error badVerb": 1,
        "error badResumptionToken": 2,
        "error cannotDisseminateFormat": 1,
        "error foo": 1,
        "error idDoesNotExist": 2,
        "error noRecordsMatch": 1,
        "error noSetHierarchy": 1,
        "error undefinedError": 1,
    }


def test_headers_of_a_list_of_four_pages_are_all_read(data_dir: Path) -> None:
    folder = data_dir / "oai" / "generic" / "raw" / "caseyamcl+phpoaipmh" / "tests" / "SampleXML"
    pages = [parse_answer((folder / f"GoodResponseFourPage_{n}.xml").read_bytes()) for n in (1, 2, 3, 4)]
    headers = [item for page in pages for item in page.items if isinstance(item, Header)]
    assert [bool(page.token) for page in pages] == [True, True, True, False]
    assert len(headers) == len({header.source_id for header in headers}) == pages[0].complete_size == 733


def test_servers_tell_what_they_are_and_which_sets_they_offer(data_dir: Path) -> None:
    folder = data_dir / "oai" / "generic" / "raw"
    samples = folder / "mloesch+sickle" / "sickle" / "tests" / "sample_data"
    (identity,) = parse_answer((samples / "Identify.xml").read_bytes()).items
    assert isinstance(identity, Identity)
    assert identity.counts_seconds == (
        b"ss" in (samples / "Identify.xml").read_bytes().split(b"granularity>")[1]
    )
    sets = [
        item
        for item in parse_answer((samples / "ListSets.xml").read_bytes()).items
        if isinstance(item, ListedSet)
    ]
    assert len(sets) == 131
    assert all(listed.spec and listed.name for listed in sets)


@pytest.fixture(scope="module")
def abs_files(data_dir: Path) -> dict[str, str]:
    """arXiv's old metadata files by their paths, as text."""
    files = {}
    folder = data_dir / "fixtures" / "arxiv-abs"
    for path in sorted(folder.rglob("*.abs")):
        body, name = path.read_bytes(), path.relative_to(folder).as_posix().rpartition("/abs_files/")[2]
        try:
            files[name] = body.decode("utf-8")
        except UnicodeDecodeError:
            files[name] = body.decode("latin-1")
    return files


def field_of(text: str, name: str) -> str:
    match = re.search(rf"^{name}:\s*(.*(?:\r?\n[ \t]+.*)*)", text, re.MULTILINE)
    return " ".join(match[1].split()) if match else ""


def test_author_lines_of_every_kind_are_split(abs_files) -> None:
    authors = {name: split_authors(field_of(text, "Authors?")) for name, text in abs_files.items()}
    assert sum(map(bool, authors.values())) == 1_191
    assert sum(map(len, authors.values())) == 7_869
    names = [author.name for listed in authors.values() for author in listed]
    assert [name for name in names if re.search(r"[\\${}();]| and |^et al", name)] == []
    by_name = {name.rpartition("/")[2]: listed for name, listed in authors.items()}
    assert [author.name for author in by_name["0808.4142.abs"]] == ["D0 Collaboration", "V. Abazov"]
    assert by_name["0704.0346.abs"][1].name == "the Suzaku Eta Carinae team"
    assert "Jr." not in names


def test_every_notice_of_withdrawal_is_found_and_no_other(abs_files) -> None:
    def notice(text: str) -> str:
        parts = re.split(r"^\\\\\r?\n", text, flags=re.MULTILINE)
        return find_withdrawal(field_of(text, "Comments"), parts[2].strip() if len(parts) > 2 else "")

    found = {name: notice(text) for name, text in abs_files.items() if notice(text)}
    by_name = {name.rpartition("/")[2]: said for name, said in found.items()}
    assert set(found) == {name for name, text in abs_files.items() if "ithdrawn" in text}
    assert len(found) == 11
    assert by_name["0704.0480.abs"] == "paper withdrawn by author"
    assert by_name["2101.10016.abs"] == (
        "This has been withdrawn by arXiv administrators due to an unresolvable authorship dispute"
    )


@pytest.mark.parametrize(
    ("name", "authors", "withdrawn", "with_doi"),
    [("demo_corpus", 3_263, 20, 523), ("arxiv_120k", 2_099, 4, 556)],
)
def test_records_of_the_demonstration_data_are_kept_without_loss(
    data_dir: Path, name: str, authors: int, withdrawn: int, with_doi: int
) -> None:
    """The first 1,000; benchmarks/parsing.py reads all 130,719."""
    kept = []
    with open_lines(str(data_dir / "demo" / f"{name}.jsonl.xz")) as stream:
        for line in islice(read_lines(stream), 1_000):
            record = parse_line(line)
            assert isinstance(record, Record)
            kept.append(clean_record(record, today=date(2026, 11, 25)))
            assert find_losses(json.loads(line), kept[-1]) == []
    assert sum(len(record.authors) for record in kept) == authors
    assert sum(bool(record.withdrawal_reason) for record in kept) == withdrawn
    assert sum(bool(record.doi) for record in kept) == with_doi


def test_ids_and_dois_of_arxivs_atom_answers_are_understood(data_dir: Path) -> None:
    folder = data_dir / "fixtures" / "arxiv-atom" / "raw"
    bodies = [json.loads(path.read_text(encoding="utf-8"))["body"] for path in folder.rglob("*.json")]
    addresses = {found for body in bodies for found in re.findall(r"<id>(http://arxiv.org/abs/[^<]+)<", body)}
    dois = {found for body in bodies for found in re.findall(r"<arxiv:doi[^>]*>([^<]+)<", body)}
    assert (len(bodies), len(addresses)) == (20, 105)
    assert all((named := parse(address)) and named.kind == "arxiv" and named.version for address in addresses)
    assert all((named := parse(doi)) and named.kind == "doi" for doi in dois)
    assert parse("http://arxiv.org/abs/quant-ph/0201082v1") == Identifier("arxiv", "quant-ph/0201082", 1)


def test_feeds_of_every_kind_are_refused_as_answers(data_dir: Path) -> None:
    paths = [path for path in (data_dir / "fixtures" / "feed-xml" / "raw").rglob("*") if path.is_file()]
    assert len(paths) == 861
    assert {outcome_of(path) for path in paths} == {"malformed"}
