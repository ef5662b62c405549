import json
from datetime import date
from pathlib import Path

import pytest

from archive.oai_formats import MalformedAnswer, parse_answer
from archive.records import BadRecord, Record, RecordAuthor, RecordVersion

ENVELOPE = (
    '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><responseDate>2024-01-01T00:00:00Z</responseDate>'
    "<request>http://example.org/oai</request>{}</OAI-PMH>"
)
HEADER = "<header><identifier>{}</identifier><datestamp>2024-01-09</datestamp></header>"


def in_arxiv(form: str, fields: str) -> str:
    metadata = f'<{form} xmlns="http://arxiv.org/OAI/{form}/">{fields}</{form}>'
    return f"<record>{HEADER.format('oai:arXiv.org:2401.00001')}<metadata>{metadata}</metadata></record>"


def answer(inner: str) -> bytes:
    return ENVELOPE.format(inner).encode()


def records_of(path: Path) -> list[Record]:
    found = parse_answer(path.read_bytes()).records
    assert [record for record in found if isinstance(record, BadRecord)] == []
    return [record for record in found if isinstance(record, Record)]


@pytest.fixture
def arxiv_answers(data_dir: Path) -> Path:
    return data_dir / "oai" / "arxiv" / "raw"


def test_real_page_of_arxivraw_is_read_without_loss(arxiv_answers: Path) -> None:
    path = arxiv_answers / "mispy+arxivsync" / "test" / "fixtures" / "47001"
    parsed = parse_answer(path.read_bytes())
    records = records_of(path)
    assert (len(records), parsed.token, parsed.complete_size) == (1_000, "496549|47001", 907_096)
    assert all(
        record.title and record.abstract and record.authors and record.categories for record in records
    )
    record = records[1]
    assert (record.source_id, record.version, record.datestamp) == ("0801.3674", 4, date(2008, 11, 26))
    assert record.versions[0] == RecordVersion(1, date(2008, 1, 23))
    assert record.revised_on == date(2008, 9, 11)
    assert record.authors[0] == RecordAuthor("Robert H. Brandenberger", "McGill")
    assert record.categories == ("hep-th", "astro-ph", "gr-qc", "hep-ph")
    assert sum(bool(record.withdrawal_reason) for record in records) == 5


def test_real_pages_of_arxiv_agree_with_what_another_parser_made_of_them(arxiv_answers: Path) -> None:
    fixtures = arxiv_answers / "inspirehep+hepcrawl" / "tests" / "functional" / "arxiv" / "fixtures"
    for name, count in (("arxiv-physics-hep-th", 2), ("arxiv-physics-hep-ex", 1)):
        assert len(records_of(fixtures / "http_server" / "records" / f"{name}.xml")) >= count
    (record,) = records_of(fixtures / "http_server" / "records" / "arxiv-single.xml")
    expected = json.loads((fixtures / "arxiv_expected_single.json").read_text(encoding="utf-8"))[0]
    expected = expected.get("metadata", expected)
    assert expected["arxiv_eprints"][0]["value"] == record.source_id
    assert list(expected["arxiv_eprints"][0]["categories"]) == list(record.categories)
    assert len(expected["authors"]) == len(record.authors)


def test_real_single_records_of_arxiv_are_read(arxiv_answers: Path) -> None:
    folder = arxiv_answers / "inspirehep+hepcrawl" / "tests" / "unit" / "responses" / "arxiv"
    records = [record for path in sorted(folder.glob("*.xml")) for record in records_of(path)]
    assert len(records) >= 8
    record = next(record for record in records if record.source_id == "1607.00786")
    assert [author.name for author in record.authors] == [
        "Ruchi Chudasama",
        "Dipanwita Dutta for the CMS Collaboration",
    ]
    assert (record.submitted_on, record.revised_on) == (date(2016, 7, 4), None)


def test_real_page_of_oai_dc_is_read(arxiv_answers: Path) -> None:
    path = (
        arxiv_answers / "adsabs+ADSIngestParser" / "tests" / "stubdata" / "input" / "arxiv_multi_20230125.xml"
    )
    records = records_of(path)
    assert len(records) >= 2
    assert all(
        record.title and record.abstract and record.authors and record.categories for record in records
    )
    assert all(record.source == "arxiv" for record in records)


def test_bare_record_of_oai_dc_is_read(arxiv_answers: Path) -> None:
    folder = arxiv_answers / "adsabs+adsabs-pyingest" / "pyingest" / "tests" / "data" / "arxiv.test"
    body = (folder / "oai_ArXiv.org_1711_05739").read_text(encoding="utf-8")
    (record,) = parse_answer(answer(f"<GetRecord>{body}</GetRecord>")).records
    assert isinstance(record, Record)
    assert record.authors[0].name == "Rodrigo Luger"
    assert record.categories == ("astro-ph.EP",)
    assert record.submitted_on == date(2017, 11, 15)
    assert record.comments.startswith("36 pages, 25 figures.")


DC = (
    '<metadata><dc xmlns="http://www.openarchives.org/OAI/2.0/oai_dc/" xmlns:d="http://purl.org/dc/elements/1.1/">'
    "<d:title>Squeezed light</d:title><d:date>{}</d:date>"
    "<d:identifier>http://arxiv.org/abs/2401.00001</d:identifier><d:identifier>{}</d:identifier></dc></metadata>"
)


@pytest.mark.parametrize(
    ("written", "doi"),
    [
        ("doi:10.1103/PhysRevA.1.2", "10.1103/PhysRevA.1.2"),
        ("DOI: 10.1103/PhysRevA.1.2", "10.1103/PhysRevA.1.2"),
        ("https://doi.org/10.1103/PhysRevA.1.2", "10.1103/PhysRevA.1.2"),
        ("http://dx.doi.org/10.1103/PhysRevA.1.2", "10.1103/PhysRevA.1.2"),
        ("10.1103/PhysRevA.1.2", "10.1103/PhysRevA.1.2"),
        ("urn:isbn:0451450523", ""),
    ],
)
def test_doi_of_oai_dc_is_read_in_whatever_form_it_is_written(written: str, doi: str) -> None:
    body = HEADER.format("oai:arXiv.org:2401.00001") + DC.format("2024-01-13", written)
    (record,) = parse_answer(answer(f"<GetRecord><record>{body}</record></GetRecord>")).records
    assert isinstance(record, Record)
    assert record.doi == doi


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2024", date(2024, 1, 1)),
        ("2024-03", date(2024, 3, 1)),
        ("2024-03-09T10:00:00Z", date(2024, 3, 9)),
        ("20240113", None),
        ("in press", None),
    ],
)
def test_date_of_oai_dc_is_read_or_left_out_and_never_guessed(written: str, day: date | None) -> None:
    body = HEADER.format("oai:arXiv.org:2401.00001") + DC.format(written, "10.1/x")
    (record,) = parse_answer(answer(f"<GetRecord><record>{body}</record></GetRecord>")).records
    assert isinstance(record, Record)
    assert record.submitted_on == day


def test_deleted_records_and_tokens_of_another_server_are_read(data_dir: Path) -> None:
    folder = data_dir / "oai" / "generic" / "raw" / "mloesch+sickle" / "sickle" / "tests" / "sample_data"
    parsed = parse_answer((folder / "ListRecords.xml").read_bytes())
    deleted = parsed.records[0]
    assert isinstance(deleted, Record)
    assert (deleted.is_deleted, deleted.source, deleted.source_id) == (
        True,
        "oai",
        "oai:test.example.com:1585310",
    )
    assert (parsed.token, parsed.complete_size) == ("ListRecords2.xml", 8)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("noRecordsMatch.xml", "noRecordsMatch"),
        ("badResumptionToken.xml", "badResumptionToken"),
        ("badArgument.xml", "badArgument"),
    ],
)
def test_errors_of_the_protocol_are_told(data_dir: Path, name: str, code: str) -> None:
    folder = data_dir / "oai" / "generic" / "raw" / "mloesch+sickle" / "sickle" / "tests" / "sample_data"
    assert parse_answer((folder / name).read_bytes()).error_code == code


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "no well-formed XML"),
        (b"<html><body>Maintenance</body></html>", "no OAI-PMH document"),
        (answer("<ListRecords><record>")[:-30], "no well-formed XML"),
        (answer("<ListRecords/>")[:-1], "no well-formed XML"),
        (answer("<Nothing/>"), "has not one thing"),
        (b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', "declaration"),
        (
            b'<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;&x;&x;&x;&x;&x;&x;&x;&x;">]><a>&y;</a>',
            "declaration",
        ),
        (b"<a>" * 100_000, "no well-formed XML"),
    ],
)
def test_hostile_and_broken_answers_are_refused(body: bytes, reason: str) -> None:
    with pytest.raises(MalformedAnswer, match=reason):
        parse_answer(body)


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ("<record/>", "no header"),
        (f"<record>{HEADER.format('')}</record>", "no header with an identifier"),
        (f"<record>{HEADER.format('oai:arXiv.org:../../x')}</record>", "no arXiv id"),
        (f"<record>{HEADER.format('oai:arXiv.org:2401.00001')}</record>", "no metadata"),
        (f"<record>{HEADER.format('oai:x:1')}<metadata><marc/></metadata></record>", "format is not known"),
        (in_arxiv("arXivRaw", "<title>T</title>"), "no version"),
        (in_arxiv("arXiv", "<created>2024-13-45</created>"), "month must be in 1..12"),
    ],
)
def test_bad_record_among_good_ones_is_set_aside_with_its_reason(record: str, reason: str) -> None:
    deleted = (
        '<record><header status="deleted"><identifier>oai:arXiv.org:2401.00002</identifier></header></record>'
    )
    bad, good = parse_answer(answer(f"<ListRecords>{record}{deleted}</ListRecords>")).records
    assert isinstance(bad, BadRecord)
    assert reason in bad.reason
    assert bad.raw.startswith("<record")
    assert isinstance(good, Record)
    assert good.is_deleted
