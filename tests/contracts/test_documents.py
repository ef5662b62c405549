"""The documents keep up with the code: every variable, reason code, address and command in them is there."""

import json
import re
from datetime import date
from pathlib import Path

import pytest
from django.core.management import get_commands
from drf_spectacular.generators import SchemaGenerator

from archive.bulk import parse_line
from archive.cleaning import Refusal, clean_record
from qa import questions

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
READ_ELSEWHERE = {"DATABASE_OWNER_URL", "ANTHROPIC_API_KEY", "OPENAI_API_KEY"}  # by the start, and by LiteLLM


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def settings_variables() -> dict[str, str]:
    """What settings.py reads, each with its default as it is written there."""
    source = (ROOT / "antigravity" / "settings.py").read_text()
    found = re.findall(r"env\.\w+\(\s*\"([A-Z_]+)\"(?:,\s*([^)\n]+))?\)", source)
    assert len(found) > 20
    return dict(found)


def example_variables() -> dict[str, str]:
    lines = (ROOT / ".env.example").read_text().splitlines()
    return dict(
        re.match(r"#?([A-Z_]+)=(\S*)", line).groups() for line in lines if re.match(r"#?[A-Z_]+=", line)
    )


def test_example_environment_has_every_variable_and_no_other():
    assert set(example_variables()) - READ_ELSEWHERE == set(settings_variables())


def test_example_environment_tells_the_true_defaults():
    example = example_variables()
    for name, default in settings_variables().items():
        plain = re.sub(r"[\"_]", "", default).removeprefix("Decimal(")
        if re.fullmatch(r"\d+(\.0)?|True|False|[A-Z]+|local/.*|antigravity/.*|http\S+", plain):
            assert re.sub("_", "", example[name]).lower() == plain.removesuffix(".0").lower(), name


def test_configuration_explains_every_variable():
    explained = set(re.findall(r"`([A-Z_]+)`", (ROOT / "docs" / "configuration.md").read_text()))
    assert set(example_variables()) <= explained


def test_api_guide_names_every_reason_to_refuse_a_text():
    guide = (ROOT / "docs" / "api.md").read_text()
    codes = {value.code for value in vars(questions).values() if isinstance(value, questions.Refusal)}
    assert len(codes) >= 8
    for code in codes | {"forbidden_character", "rejected"}:
        assert f"`{code}`" in guide


def test_api_guide_names_every_address_of_the_schema():
    guide = (ROOT / "docs" / "api.md").read_text()
    for path in SchemaGenerator().get_schema(request=None, public=True)["paths"]:
        assert path.removeprefix("/api/v1") in guide


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_document_leads_only_to_what_is_there(path):
    for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", path.read_text()):
        assert (path.parent / target).exists(), target


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_document_names_only_commands_that_exist(path):
    named = re.findall(r"manage\.py ([a-z_]+)", path.read_text())
    assert set(named) <= set(get_commands())


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_document_names_only_files_that_exist(path):
    rooms = "antigravity|archive|benchmarks|docs|qa|script|static|templates|tests"
    named = set(re.findall(rf"`((?:{rooms})/[\w./-]+)`", path.read_text()))
    named -= {"antigravity/extractive-1", "docs/decisions/NNNN-title.md"}  # a model's name, and a pattern
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_readme_counts_the_starter_archive():
    lines = (ROOT / "archive" / "data" / "starter_archive.jsonl").read_text().splitlines()
    for name in ("README.md", "CHANGELOG.md"):
        assert re.findall(r"(\d+)(?: real)? preprints", (ROOT / name).read_text()) == [str(len(lines))], name


def test_example_of_a_record_can_be_taken_in_and_shows_every_field_that_must_be_there():
    guide = (ROOT / "docs" / "records.md").read_text()
    example = json.loads(re.search(r"```json\n(.*?)\n```", guide, re.DOTALL)[1])
    record = clean_record(parse_line(json.dumps(example).encode()), today=date(2026, 11, 23))
    assert (record.source_id, record.authors[1].orcid) == ("2401.01234", "0000-0002-1825-0097")
    for field in ("id", "title", "abstract", "authors", "submitted"):
        lacking = {name: value for name, value in example.items() if name != field}
        with pytest.raises(Refusal):
            clean_record(parse_line(json.dumps(lacking).encode()), today=date(2026, 11, 23))
