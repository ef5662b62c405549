"""Labelled collections in BEIR's form (corpus.jsonl, queries.jsonl, qrels.tsv), loaded into an archive of
their own.

The archive is a scratch database beside the configured one; everything that fills it is the product's own
code.
"""

import hashlib
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import django
import numpy as np
from tqdm import tqdm

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "antigravity.settings")
os.environ.setdefault("STATEMENT_TIMEOUT_MS", "60000")
django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402
from pgvector import HalfVector  # noqa: E402

from archive.embeddings import get_embedder  # noqa: E402
from archive.harvesting import harvest  # noqa: E402
from archive.indexing import text_to_embed  # noqa: E402
from archive.models import Embedding, HarvestRun, Preprint  # noqa: E402
from archive.records import Page, Record, RecordAuthor  # noqa: E402

DATA = Path(os.environ.get("ANTIGRAVITY_DATA", ROOT.parent / "shared" / "data"))


@dataclass(frozen=True)
class Collection:
    """Documents by id (title, text), queries by id, and for each query the relevant documents with their
    grades.
    """

    name: str
    documents: dict[str, tuple[str, str]]
    queries: dict[str, str]
    relevant: dict[str, dict[str, float]]


def read_collection(folder: Path) -> Collection:
    """A collection from its three files; queries without a relevant document are left out."""
    documents = {
        line["_id"]: (line.get("title", ""), line["text"]) for line in read_lines(folder / "corpus.jsonl")
    }
    relevant: dict[str, dict[str, float]] = {}
    for line in (folder / "qrels.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        query, document, grade = line.split("\t")
        if float(grade) > 0 and document in documents:
            relevant.setdefault(query, {})[document] = float(grade)
    queries = {
        line["_id"]: line["text"] for line in read_lines(folder / "queries.jsonl") if line["_id"] in relevant
    }
    return Collection(folder.name, documents, queries, relevant)


def read_lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@contextmanager
def scratch_archive() -> Iterator[None]:
    """An empty archive in a database of its own, removed afterwards."""
    name = connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        yield
    finally:
        connection.close_pool()  # its idle connections would keep the database from being dropped
        connection.creation.destroy_test_db(name, verbosity=0)


def load_collection(collection: Collection) -> np.ndarray:
    """Makes a collection the whole archive, embedded; its vectors, in its documents' order."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE archive_preprint, archive_posting, archive_identifiercounter CASCADE")
    run = HarvestRun.objects.create(source=collection.name)
    records = (to_record(key, title, text) for key, (title, text) in collection.documents.items())
    harvest((Page(page) for page in batched_pages(records)), run=run)
    assert run.created == len(collection.documents), f"{run.set_aside} documents were set aside"
    vectors = load_vectors(collection)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE archive_preprint, archive_posting, archive_embedding")
    return vectors


def to_record(key: str, title: str, text: str) -> Record:
    return Record(
        source="benchmark",
        source_id=key,
        title=title[:2_000] or text[:200] or "(none)",
        abstract=text or title or "(none)",
        authors=(RecordAuthor("Anonymous"),),
        categories=("benchmark",),
        submitted_on=date(2020, 1, 1),
    )


def batched_pages(records: Iterator[Record], size: int = 1_000) -> Iterator[tuple[Record, ...]]:
    page: list[Record] = []
    for record in records:
        page.append(record)
        if len(page) == size:
            yield tuple(page)
            page = []
    if page:
        yield tuple(page)


def load_vectors(collection: Collection) -> np.ndarray:
    """Embeds the archive. Vectors are kept in VAR_DIR/benchmarks between runs, by model and texts."""
    embedder = get_embedder()
    found = {preprint.source_id: preprint for preprint in Preprint.objects.all()}
    preprints = [found[key] for key in collection.documents]
    vectors = cached_vectors(collection.name, [text_to_embed(preprint) for preprint in preprints])
    Embedding.objects.bulk_create(
        (
            Embedding(preprint=row, model=embedder.model, vector=HalfVector(vector), text_hash=row.text_hash)
            for row, vector in zip(preprints, vectors, strict=True)
        ),
        batch_size=1_000,
    )
    return vectors


def cached_vectors(name: str, texts: list[str]) -> np.ndarray:
    embedder = get_embedder()
    key = hashlib.sha256(json.dumps([embedder.model, texts]).encode()).hexdigest()[:16]
    path = settings.VAR_DIR / "benchmarks" / f"{name}-{key}.npy"
    if path.exists():
        return np.load(path)
    vectors = np.vstack(
        [embedder.embed([text]) for text in tqdm(texts, desc=f"embedding {name}", disable=None)]
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, vectors)
    return vectors
