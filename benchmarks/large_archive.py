"""Archives of any size in scratch databases: real arXiv records, and beyond them mixtures of two.

Texts come from demo/arxiv_120k.jsonl.xz in ANTIGRAVITY_DATA. A preprint beyond them has the beginning of one
abstract and the end of another, and a vector between their two, with some noise. Rows go in by COPY; postings
and indexes are made by the product's own statements, and timed.
"""

import json
import lzma
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import django
import numpy as np
from pgvector import HalfVector
from pgvector.psycopg import register_vector
from tqdm import tqdm

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "antigravity.settings")
os.environ.setdefault("STATEMENT_TIMEOUT_MS", "0")
django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from archive.embeddings import get_embedder  # noqa: E402
from archive.postings import BLOCK_SIZE, index_preprints  # noqa: E402
from archive.text import hash_text  # noqa: E402

DATA = Path(os.environ.get("ANTIGRAVITY_DATA", ROOT.parent / "shared" / "data"))
CORPUS = DATA / "demo" / "arxiv_120k.jsonl.xz"
REAL = 120_567  # records in it
DIMENSIONS = 384
SHARE_OF_SECOND = 0.5  # how much the second vector of a mixture counts beside the first
NOISE = 0.3  # the length of what is added to it at random
# What is made after the rows, faster than with them: index name -> what it is called in the report.
LATER = {
    "preprint_search_vector": "GIN of the tsvector",
    "preprint_title_trigrams": "GIN of the titles' trigrams",
    "preprint_categories": "GIN of the categories",
    "embedding_hnsw_minilm": "HNSW",
}
PREPRINT = (
    "id, identifier, source, source_id, version, versions, title, abstract, abstract_kind, primary_category,"
    " categories, submitted_on, comments, journal_ref, doi, licence, language, withdrawal_reason, text_hash,"
    " record_hash, created_at, updated_at"
)


@dataclass
class Built:
    """What was made: how many preprints, seconds of each step, and bytes of each part."""

    size: int
    seconds: dict[str, float] = field(default_factory=dict)
    bytes: dict[str, int] = field(default_factory=dict)


def read_texts(size: int) -> list[dict]:
    """So many records: real ones as far as they go, mixtures after them."""
    keys = ("id", "title", "abstract", "categories", "primary_category", "submitted", "lang")
    records = []
    with lzma.open(CORPUS, "rt", encoding="utf-8") as lines:
        for line, _ in zip(lines, range(min(size, REAL)), strict=False):
            record = json.loads(line)
            record["categories"] = [code for code in record["categories"] if len(code) <= 32]
            records.append({key: record[key] for key in keys})
    pairs = mixture_pairs(size, len(records))
    records += [
        mix(records[one], records[other], number) for number, (one, other) in enumerate(pairs.tolist())
    ]
    return records


def mixture_pairs(size: int, real: int) -> np.ndarray:
    """Of which two real records each preprint beyond them is made: [n, 2], the same in every run."""
    return np.random.default_rng(3).integers(0, real, size=(max(0, size - real), 2))


def mix(one: dict, other: dict, number: int) -> dict:
    """The title and the beginning of one record with the end of another."""
    begins, ends = one["abstract"].split(), other["abstract"].split()
    abstract = " ".join(begins[: len(begins) // 2] + ends[len(ends) // 2 :])
    return one | {"id": f"mixture:{number}", "title": f"{one['title']} {number % 97}", "abstract": abstract}


def read_vectors(records: list[dict], folder: Path, *, embed_missing: bool) -> np.ndarray:
    """The records' vectors, float16 [n, 384]: those found in *.npy with *.npy.ids in a folder; for the others
    embedded, or, as beyond the real records, mixed of two that were found.
    """
    real = min(len(records), REAL)
    known = find_vectors(folder)
    if embed_missing:
        known |= embed_records([one for one in records[:real] if one["id"] not in known], folder)
    have = np.array([known[one["id"]] for one in records[:real] if one["id"] in known], dtype=np.float16)
    print(f"{len(have):,} of {real:,} real records have their own vectors", flush=True)
    random = np.random.default_rng(5)
    vectors = np.empty((len(records), DIMENSIONS), dtype=np.float16)
    places = {
        one["id"]: place for place, one in enumerate(one for one in records[:real] if one["id"] in known)
    }
    pairs = random.integers(0, len(have), size=(len(records), 2))
    if len(have) == real:
        pairs[real:] = mixture_pairs(len(records), real)
    for start in range(0, len(records), 20_000):
        part = slice(start, start + 20_000)
        first, second = have[pairs[part]].astype(np.float32).transpose(1, 0, 2)
        mixed = first + SHARE_OF_SECOND * second
        mixed += random.normal(scale=NOISE / DIMENSIONS**0.5, size=mixed.shape)
        vectors[part] = mixed / np.linalg.norm(mixed, axis=1, keepdims=True)
    for place, record in enumerate(records[:real]):
        if record["id"] in places:
            vectors[place] = have[places[record["id"]]]
    return vectors


def find_vectors(folder: Path) -> dict[str, np.ndarray]:
    """By record id, what the files in a folder hold."""
    found: dict[str, np.ndarray] = {}
    for ids in sorted(folder.glob("*.npy.ids")):
        vectors = np.load(ids.with_suffix(""))
        found |= dict(zip(json.loads(ids.read_text(encoding="utf-8")), vectors, strict=False))
    return found


def embed_records(records: list[dict], folder: Path) -> dict[str, np.ndarray]:
    """Vectors of some records, kept in the folder for the next run."""
    if not records:
        return {}
    embedder = get_embedder()
    texts = [f"{one['title']}\n{one['abstract']}" for one in records]
    vectors = np.vstack([embedder.embed([text]) for text in tqdm(texts, desc="embedding")]).astype(np.float16)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"embedded-{time.time():.0f}.npy"
    np.save(path, vectors)
    ids = [one["id"] for one in records]
    path.with_suffix(".npy.ids").write_text(json.dumps(ids), encoding="utf-8")
    return dict(zip(ids, vectors, strict=True))


@contextmanager
def large_archive(size: int, *, keep: bool) -> Iterator[str]:
    """Connects to the scratch database of a size: a new one, or one that an earlier run made whole and kept.

    Removed afterwards unless it is to be kept.
    """
    usual = connection.settings_dict["NAME"]
    name = f"{usual}_speed_{size}"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [name]
        )
        is_whole = any(comment for (comment,) in cursor.fetchall())
        if not is_whole:
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
            cursor.execute(f'CREATE DATABASE "{name}"')
    connect_to(name)
    try:
        if not is_whole:
            call_command("migrate", verbosity=0, interactive=False)
        yield name
    finally:
        connect_to(usual)
        if not keep:
            with connection.cursor() as cursor:
                cursor.execute(f'DROP DATABASE "{name}"')


def connect_to(name: str) -> None:
    connection.close()
    connection.close_pool()
    connection.settings_dict["NAME"] = name


def built() -> Built | None:
    """What the connected database says that it holds; None where it is not whole."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()"
        )
        (comment,) = cursor.fetchone()
    return Built(**json.loads(comment)) if comment else None


def build(records: list[dict], vectors: np.ndarray, *, maintenance_mb: int) -> Built:
    """Fills the connected database, says what each step took, and marks it as whole."""
    made = Built(len(records))
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexname, indexdef FROM pg_indexes WHERE indexname = ANY (%s)", [list(LATER)])
        definitions = dict(cursor.fetchall())
        for index in definitions:
            cursor.execute(f"DROP INDEX {index}")
    with timed(made, "rows"):
        copy_preprints(records)
    with timed(made, "vectors"):
        copy_vectors(records, vectors)
    with timed(made, "postings"):
        for first in tqdm(range(0, len(records) + 1, BLOCK_SIZE), desc="postings"):
            index_preprints(range(max(first, 1), min(first + BLOCK_SIZE, len(records) + 1)))
    for index, definition in definitions.items():
        with timed(made, LATER[index]), connection.cursor() as cursor:
            cursor.execute(f"SET maintenance_work_mem = '{maintenance_mb}MB'")
            cursor.execute("SET max_parallel_maintenance_workers = 2")
            cursor.execute(definition)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE archive_preprint, archive_posting, archive_embedding")
    made.bytes = measure_sizes()
    with connection.cursor() as cursor:
        cursor.execute(
            f'COMMENT ON DATABASE "{connection.settings_dict["NAME"]}" IS %s', [json.dumps(asdict(made))]
        )
    return made


@contextmanager
def timed(made: Built, step: str) -> Iterator[None]:
    began = time.perf_counter()
    yield
    made.seconds[step] = round(time.perf_counter() - began, 1)
    print(f"{made.size:,}: {step} made in {made.seconds[step]:,.1f} s", flush=True)


def copy_preprints(records: list[dict]) -> None:
    with connection.cursor() as cursor, cursor.copy(f"COPY archive_preprint ({PREPRINT}) FROM STDIN") as copy:
        for number, record in enumerate(tqdm(records, desc="rows"), start=1):
            day = date.fromisoformat(record["submitted"])
            copy.write_row(
                [
                    number,
                    f"AG-{day:%Y.%m}-{number:07d}",
                    "arxiv",
                    record["id"].removeprefix("arXiv:"),
                    1,
                    "[]",
                    record["title"].replace("\x00", ""),
                    record["abstract"].replace("\x00", ""),
                    "abstract",
                    record["primary_category"],
                    record["categories"],
                    day,
                    *[""] * 4,
                    record["lang"],
                    "",
                    hash_text(record["title"], record["abstract"]),
                    "",
                    day,
                    day,
                ]
            )


def copy_vectors(records: list[dict], vectors: np.ndarray) -> None:
    model = settings.EMBEDDING_MODEL
    columns = "preprint_id, model, vector, text_hash, created_at"
    statement = f"COPY archive_embedding ({columns}) FROM STDIN (FORMAT BINARY)"
    connection.ensure_connection()
    register_vector(connection.connection)
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types(["int8", "text", "halfvec", "text", "timestamptz"])
        for number, (record, vector) in enumerate(
            zip(tqdm(records, desc="vectors"), vectors, strict=True), start=1
        ):
            hashed = hash_text(record["title"], record["abstract"])
            copy.write_row([number, model, HalfVector(vector), hashed, datetime.now(UTC)])


def measure_sizes() -> dict[str, int]:
    """Bytes of what search reads, and of the whole database."""
    parts = {
        "preprints with all indexes": "pg_total_relation_size('archive_preprint')",
        "GIN of the tsvector": "pg_relation_size('preprint_search_vector')",
        "GIN of the titles' trigrams": "pg_relation_size('preprint_title_trigrams')",
        "postings with index": "pg_total_relation_size('archive_posting')",
        "vectors without HNSW": "pg_total_relation_size('archive_embedding')"
        " - pg_relation_size('embedding_hnsw_minilm')",
        "HNSW": "pg_relation_size('embedding_hnsw_minilm')",
        "whole database": "pg_database_size(current_database())",
    }
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(parts.values()))
        return dict(zip(parts, cursor.fetchone(), strict=True))
