import bz2
import gzip
import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from archive.models import Embedding, HarvestRun, Preprint

pytestmark = pytest.mark.django_db


def run(command: str, *args: Any) -> str:
    out = StringIO()
    call_command(command, *args, stdout=out, stderr=out)
    return out.getvalue()


def write_lines(path: Path, count: int) -> None:
    lines = (
        {
            "id": f"arXiv:2401.{number:05d}",
            "title": f"Title {number}",
            "abstract": f"Abstract of number {number}.",
            "authors": ["Ada Lovelace"],
            "categories": ["quant-ph"],
            "submitted": "2024-01-05",
        }
        for number in range(count)
    )
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def test_loading_a_file_twice_changes_nothing_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    write_lines(path, 30)
    assert "30 records read: 30 new, 0 changed, 0 unchanged; 0 of them withdrawn." in run(
        "load_records", str(path)
    )
    before = list(Preprint.objects.order_by("pk").values_list())
    assert "30 records read: the archive has them all, nothing changed." in run("load_records", str(path))
    assert list(Preprint.objects.order_by("pk").values_list()) == before


def test_load_goes_on_where_it_was_broken_off(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    write_lines(path, 2_500)
    killed = HarvestRun.objects.create(
        source=f"records.jsonl ({path.stat().st_size:,} bytes)", position="2000"
    )
    said = run("load_records", str(path))
    killed.refresh_from_db()
    assert "Going on after line 2,000" in said
    assert (killed.state, killed.created, Preprint.objects.count()) == (HarvestRun.State.DONE, 500, 500)


def write_dump(path: Path, *categories: str) -> None:
    lines = (
        {
            "id": f"2401.{number:05d}",
            "title": f"Title {number}",
            "abstract": f"Abstract of number {number}.",
            "authors": "Ada Lovelace",
            "authors_parsed": [["Lovelace", "Ada", ""]],
            "categories": listed,
            "versions": [{"version": "v1", "created": "Fri, 5 Jan 2024 19:18:42 GMT"}],
            "update_date": "2024-01-09",
        }
        for number, listed in enumerate(categories)
    )
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def loaded() -> list[str]:
    return list(Preprint.objects.order_by("source_id").values_list("source_id", flat=True))


def test_dump_is_loaded_by_categories_and_their_archives(tmp_path: Path) -> None:
    path = tmp_path / "dump.json"
    write_dump(path, "quant-ph", "math.CO", "stat.ML cs.LG", "quant-ph math.PR", "astro-ph.CO", "csx")
    said = run("load_dump", str(path), "--category", "quant-ph", "cs")
    assert "3 records read: 3 new" in said
    assert loaded() == ["2401.00000", "2401.00002", "2401.00003"]
    assert "2 records read: 1 new" in run("load_dump", str(path), "--category", "math")
    assert "6 records read: 2 new" in run("load_dump", str(path))


def test_load_of_other_categories_does_not_go_on_where_the_first_was_broken_off(tmp_path: Path) -> None:
    path = tmp_path / "dump.json"
    write_dump(path, "math.CO", "quant-ph", "math.PR", "quant-ph")
    run("load_dump", str(path), "--category", "quant-ph")
    HarvestRun.objects.update(state=HarvestRun.State.RUNNING, finished_at=None, position="3")
    assert "Going on" not in run("load_dump", str(path), "--category", "math")
    assert loaded() == [f"2401.{number:05d}" for number in range(4)]
    assert "Going on after line 3" in run("load_dump", str(path), "--category", "quant-ph")


def test_missing_and_damaged_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"nowhere.jsonl can't be read"):
        run("load_records", str(tmp_path / "nowhere.jsonl"))
    damaged = tmp_path / "damaged.jsonl.gz"
    damaged.write_bytes(b"\x1f\x8b\x08\x00nonsense")
    with pytest.raises(CommandError, match=r"damaged.jsonl.gz can't be read"):
        run("load_records", str(damaged))


def test_files_are_known_by_their_first_bytes_and_other_packings_named(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    write_lines(path, 3)
    zipped, packed = tmp_path / "records", tmp_path / "records.bz2"
    zipped.write_bytes(gzip.compress(path.read_bytes()))
    packed.write_bytes(bz2.compress(path.read_bytes()))
    assert "3 records read: 3 new" in run("load_records", str(zipped))
    with pytest.raises(CommandError, match=r"packed as \.bz2: unpack it first"):
        run("load_dump", str(packed))
    packed.write_bytes(b"PK\x03\x04 and so on")
    with pytest.raises(CommandError, match=r"packed as \.zip"):
        run("load_dump", str(packed))
    assert HarvestRun.objects.count() == 1


def test_starter_archive_loads_embedded_once_and_then_changes_nothing() -> None:
    first = run("load_starter_archive")
    preprint = Preprint.objects.get(identifier="AG-2024.01-1576")
    assert Preprint.objects.count() == Embedding.objects.count() >= 40
    assert f"{Preprint.objects.count()} embedded" in first
    assert (preprint.title, preprint.arxiv_id) == ("Quantum Denoising Diffusion Models", "2401.07049")
    before = list(Preprint.objects.order_by("pk").values_list())
    assert "0 new, 0 changed" in run("load_starter_archive")
    assert list(Preprint.objects.order_by("pk").values_list()) == before
    assert HarvestRun.objects.count() == 1


def test_status_counts_what_there_is(tmp_path: Path) -> None:
    assert "Preprints   0" in run("archive_status")
    path = tmp_path / "records.jsonl"
    write_lines(path, 3)
    run("load_records", str(path))
    said = run("archive_status")
    assert "Preprints   3, 0 of them withdrawn" in said
    assert "Embedded    0 of 3 under local/all-MiniLM-L6-v2" in said
    assert "3 new, 0 changed" in said
    HarvestRun.objects.create(
        source="https://oai.example.org/oai",
        position="token-17",
        listed=2_000,
        announced=9_000,
        state=HarvestRun.State.FAILED,
        error="HTTP 404",
        finished_at="2026-01-01T00:00Z",
        resume_at="2026-01-01T00:15Z",
    )
    said = run("archive_status")
    for fact in ("2,000 of 9,000 listed", "go on at token-17", "not before 2026-01-01 00:15", "HTTP 404"):
        assert fact in said
    assert "3 preprints embedded, 0 still need it." in run("embed_pending")
    assert "Embedded    3 of 3" in run("archive_status")
