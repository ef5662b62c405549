"""The starter archive that ships with the project, read as a file: no database is needed here."""

import json
import re
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

ARCHIVE_FILE = Path(__file__).resolve().parents[2] / "archive" / "data" / "starter_archive.jsonl"

REQUIRED_FIELDS = (
    "id", "version", "title", "authors", "primary_category", "categories",
    "submitted", "abstract", "abstract_kind", "url", "lang",
)  # fmt: skip
OPTIONAL_FIELDS = {"identifier", "updated", "doi", "journal_ref", "comments", "licence"}

REFERENCE_TITLES = {
    "AG-2024.04-2402": "Expanding the Horizon: Enabling Hybrid Quantum Transfer Learning"
    " for Long-Tailed Chest X-Ray Classification",
    "AG-2024.02-2027": "Towards Efficient Quantum Hybrid Diffusion Models",
    "AG-2024.01-1576": "Quantum Denoising Diffusion Models",
    "AG-2024.06-2044": "Quantum Generative Learning for High-Resolution Medical Image Generation",
    "AG-2024.05-1578": "Quantum AI for Alzheimer's disease early screening",
    "AG-2024.01-1989": "Brain Tumor Diagnosis Using Quantum Convolutional Neural Networks",
    "AG-2024.06-1702": "Building Continuous Quantum-Classical Bayesian Neural Networks"
    " for a Classical Clinical Dataset",
    "AG-2024.05-1592": "Digital-analog quantum convolutional neural networks for image classification",
}

ARXIV_ID = re.compile(r"arXiv:(?:(?P<yymm>\d{4})\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/(?P<old_yymm>\d{4})\d{3})")
CATEGORY = re.compile(r"[a-z-]+(?:\.[A-Za-z-]+)?")


def load_records() -> list[dict[str, Any]]:
    return [json.loads(line) for line in ARCHIVE_FILE.read_text(encoding="utf-8").splitlines()]


RECORDS = load_records()
each_record = pytest.mark.parametrize("record", RECORDS, ids=[record["id"] for record in RECORDS])


def word_runs(text: str, length: int) -> set[tuple[str, ...]]:
    words = re.findall(r"[\w%.-]+", text.lower())
    return {tuple(words[start : start + length]) for start in range(len(words) - length + 1)}


def month_index(year: int, month: int) -> int:
    return year * 12 + month


def arxiv_month(arxiv_id: str) -> int:
    match = ARXIV_ID.fullmatch(arxiv_id)
    assert match, arxiv_id
    yymm = match["yymm"] or match["old_yymm"]
    year = int(yymm[:2])
    return month_index(year + (1900 if year > 90 else 2000), int(yymm[2:]))


def test_starter_archive_has_at_least_forty_preprints() -> None:
    assert len(RECORDS) >= 40


def test_reference_preprints_keep_their_identifiers() -> None:
    found = {record["identifier"]: record["title"] for record in RECORDS if "identifier" in record}
    assert found == REFERENCE_TITLES


def test_no_preprint_appears_twice() -> None:
    for field in ("id", "title", "url"):
        counts = Counter(record[field].lower() for record in RECORDS)
        assert [value for value, count in counts.items() if count > 1] == []
    dois = Counter(record["doi"].lower() for record in RECORDS if record["doi"])
    assert [doi for doi, count in dois.items() if count > 1] == []


def test_no_two_summaries_share_a_run_of_twelve_words() -> None:
    owners: dict[tuple[str, ...], str] = {}
    for record in RECORDS:
        for run in word_runs(record["abstract"], 12):
            assert owners.setdefault(run, record["id"]) == record["id"], " ".join(run)


@each_record
def test_fields_are_the_known_ones_and_the_required_ones_are_filled(record: dict[str, Any]) -> None:
    assert [field for field in REQUIRED_FIELDS if not record.get(field)] == []
    assert set(record) <= set(REQUIRED_FIELDS) | OPTIONAL_FIELDS
    assert record["lang"] == "en"
    assert isinstance(record["version"], int)
    assert record["version"] >= 1
    assert all(isinstance(name, str) and name == name.strip() and name for name in record["authors"])
    assert "et al" not in " ".join(record["authors"])


@each_record
def test_categories_begin_with_the_primary_one(record: dict[str, Any]) -> None:
    assert record["categories"][0] == record["primary_category"]
    assert len(set(record["categories"])) == len(record["categories"])
    assert all(CATEGORY.fullmatch(category) for category in record["categories"])


@each_record
def test_dates_are_real_and_in_order(record: dict[str, Any]) -> None:
    submitted = date.fromisoformat(record["submitted"])
    assert date(1991, 8, 14) <= submitted
    if record["updated"]:
        assert date.fromisoformat(record["updated"]) > submitted
        assert record["version"] >= 2


@each_record
def test_month_of_submission_agrees_with_the_arxiv_id(record: dict[str, Any]) -> None:
    """arXiv numbers a preprint when it is announced: on the last days of a month, a month later."""
    submitted = date.fromisoformat(record["submitted"])
    behind = arxiv_month(record["id"]) - month_index(submitted.year, submitted.month)
    assert behind == 0 or (behind == 1 and submitted.day >= 27)


@pytest.mark.parametrize("identifier", REFERENCE_TITLES)
def test_month_of_identifier_is_the_month_of_submission(identifier: str) -> None:
    record = next(record for record in RECORDS if record.get("identifier") == identifier)
    assert identifier[3:10] == record["submitted"][:7].replace("-", ".")


@each_record
def test_address_and_doi_are_well_formed(record: dict[str, Any]) -> None:
    assert record["url"] == "https://arxiv.org/abs/" + record["id"].removeprefix("arXiv:")
    assert record["doi"] == "" or re.fullmatch(r"10\.\d{4,9}/\S+", record["doi"])


@each_record
def test_summary_is_marked_and_has_80_to_150_words_in_full_sentences(record: dict[str, Any]) -> None:
    assert record["abstract_kind"] == "summary"
    assert 80 <= len(record["abstract"].split()) <= 150
    assert record["abstract"] == " ".join(record["abstract"].split())
    assert record["abstract"].endswith(".")
    assert not re.search(r"\b(we|our|us|I)\b", record["abstract"]), "a summary is in the third person"
    assert len(re.findall(r"[.](?:\s|$)", record["abstract"])) >= 4
