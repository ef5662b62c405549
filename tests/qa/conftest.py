"""What tests of answers share: an archive to answer from, and a model's provider."""

import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection

from archive.indexing import embed_pending
from tests.fakes import FakeProvider, write_answer

STARTER = Path(__file__).resolve().parents[2] / "archive" / "data" / "starter_archive.jsonl"
QUANTUM_IMAGING = (
    "AG-2024.04-2402", "AG-2024.02-2027", "AG-2024.01-1576", "AG-2024.06-2044",
    "AG-2024.05-1578", "AG-2024.01-1989", "AG-2024.06-1702", "AG-2024.05-1592",
)  # fmt: skip


@pytest.fixture
def imaging_archive(transactional_db, tmp_path) -> None:
    """Eight real preprints on quantum machine learning and medical images, searchable in every way."""
    lines = STARTER.read_text().splitlines()
    chosen = [line for line in lines if json.loads(line).get("identifier") in QUANTUM_IMAGING]
    assert len(chosen) == len(QUANTUM_IMAGING)
    path = tmp_path / "records.jsonl"
    path.write_text("\n".join(chosen) + "\n")
    call_command("load_records", str(path), verbosity=0)
    embed_pending(100)


@pytest.fixture
def provider(settings, monkeypatch) -> Iterator[FakeProvider]:
    """A provider that writes good answers until it is told otherwise, and a site that asks it."""
    monkeypatch.setenv("OPENAI_API_KEY", "test")
    with FakeProvider(answer=write_answer) as running:
        settings.ANSWER_MODEL = "openai/gpt-4.1-mini"
        settings.ANSWER_API_BASE = running.openai_base
        yield running


@pytest.fixture
def other_session() -> Iterator[psycopg.Connection]:
    """Somebody else's connection to the test's database."""
    address = {key: connection.settings_dict[key] for key in ("HOST", "PORT", "USER", "PASSWORD")}
    names = {key.lower(): value for key, value in address.items() if value}
    with psycopg.connect(dbname=connection.settings_dict["NAME"], **names) as session:
        yield session
        session.rollback()
