"""Vectors as rows with an index a model: which model serves, and the nearest preprints to a vector.

All their SQL is here.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from django.conf import settings
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils import timezone
from psycopg import sql

from archive.embeddings import Embedder, EmbedderUnavailable
from archive.filters import Filters
from archive.models import Embedding, EmbeddingModel, Preprint

NEAREST = 100  # preprints that the vectors propose
MAX_DIMENSIONS = 4_000  # that pgvector indexes in half precision
UNINDEXED = 20_000  # vectors that need no index: reading all of them takes 20 ms
LINKS, BUILD_EF = 24, 128  # of the HNSW graph; chosen by the same benchmark
INDEX = """
CREATE INDEX CONCURRENTLY {name} ON archive_embedding
USING hnsw ((vector::halfvec({dimensions})) halfvec_cosine_ops) WITH (m = {links}, ef_construction = {ef})
WHERE model = {model}
"""
INDEXES = """
SELECT relation.relname, index.indisvalid
FROM pg_index AS index JOIN pg_class AS relation ON relation.oid = index.indexrelid
WHERE index.indrelid = 'archive_embedding'::regclass
AND pg_get_expr(index.indpred, index.indrelid) LIKE '%%' || quote_literal(%s) || '%%'
"""
DELETE_SOME = """
DELETE FROM archive_embedding WHERE id IN (SELECT id FROM archive_embedding WHERE model = %s LIMIT %s)
"""
DELETED_AT_ONCE = 10_000


def serving_model() -> str:
    """The model that questions are embedded with: the configured one, or, while its vectors are still being
    made, the last one that had them all.
    """
    wanted = settings.EMBEDDING_MODEL
    complete = EmbeddingModel.objects.filter(completed_at__isnull=False)
    names = list(complete.order_by("-completed_at").values_list("name", flat=True))
    return wanted if wanted in names or not names else names[0]


def note_dimensions(embedder: Embedder) -> None:
    """Remembers a model's dimensions. Raises EmbedderUnavailable where they are others than before, or too
    many for an index.
    """
    found = embedder.dimensions
    if found > MAX_DIMENSIONS:
        raise EmbedderUnavailable(
            f"{embedder.model} answers with {found} dimensions, and at most {MAX_DIMENSIONS} can be indexed: "
            "choose another model"
        )
    known, _ = EmbeddingModel.objects.get_or_create(name=embedder.model, defaults={"dimensions": found})
    if known.dimensions != found:
        raise EmbedderUnavailable(
            f"{embedder.model} answers with {found} dimensions, but its vectors in this archive have "
            f"{known.dimensions}: set EMBEDDING_MODEL to the model that made them, or delete them with "
            f"manage.py build_vector_index --forget {embedder.model}"
        )


def note_complete(model: str, *, refused: int = 0) -> bool:
    """Lets a model serve from now on if every available preprint has a vector of it, but for those that it
    has just `refused`, and it has an index, or needs none; whether it serves.
    """
    row = EmbeddingModel.objects.filter(name=model).first()
    if row is None or row.completed_at:
        return row is not None
    waiting = Preprint.objects.needs_embedding(model).values_list("pk")[: refused + 1]
    if len(waiting) > refused or not is_searchable(model):
        return False
    EmbeddingModel.objects.filter(name=model, completed_at=None).update(completed_at=timezone.now())
    return True


def is_searchable(model: str) -> bool:
    """Whether a model's vectors are indexed, or so few that they are searched quickly without."""
    if any(is_valid for _, is_valid in find_indexes(model)):
        return True
    rows = Embedding.objects.filter(model=model).order_by()
    return len(rows.values_list("pk")[: UNINDEXED + 1]) <= UNINDEXED


def find_indexes(model: str) -> list[tuple[str, bool]]:
    """The names of a model's indexes, and whether they are whole."""
    with connection.cursor() as cursor:
        cursor.execute(INDEXES, [model])
        return list(cursor.fetchall())


def build_index(model: str) -> bool:
    """Makes a model's index while reads and writes go on; whether there was none. What an attempt that was
    broken off has left is removed first. Needs the role that owns the tables, and no transaction.
    """
    dimensions = EmbeddingModel.objects.values_list("dimensions", flat=True).get(name=model)
    for name, is_valid in find_indexes(model):
        if is_valid:
            return False
        drop_index(name)
    statement = sql.SQL(INDEX).format(
        name=sql.Identifier(f"embedding_hnsw_{hashlib.sha256(model.encode()).hexdigest()[:12]}"),
        dimensions=sql.Literal(dimensions),
        links=sql.Literal(LINKS),
        ef=sql.Literal(BUILD_EF),
        model=sql.Literal(model),
    )
    with untimed() as cursor:
        cursor.execute(statement)
    return True


def forget(model: str) -> int:
    """Deletes a model's vectors, some thousands at once, and its index; how many vectors it were."""
    for name, _ in find_indexes(model):
        drop_index(name)
    deleted = 0
    with untimed() as cursor:
        while True:
            cursor.execute(DELETE_SOME, [model, DELETED_AT_ONCE])
            deleted += cursor.rowcount
            if cursor.rowcount < DELETED_AT_ONCE:
                break
    EmbeddingModel.objects.filter(name=model).delete()
    return deleted


def drop_index(name: str) -> None:
    with untimed() as cursor:
        cursor.execute(sql.SQL("DROP INDEX CONCURRENTLY {}").format(sql.Identifier(name)))


@contextmanager
def untimed() -> Iterator[CursorWrapper]:
    """A cursor for what waits for every transaction that is open, however long: CONCURRENTLY does."""
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("SET lock_timeout = 0")
        try:
            yield cursor
        finally:
            cursor.execute("RESET statement_timeout")
            cursor.execute("RESET lock_timeout")


def find_nearest(
    vector: np.ndarray, *, model: str, also: list[int], filters: Filters, few: np.ndarray | None = None
) -> dict[int, float]:
    """Cosines, by preprint id, of the hundred nearest preprints and of those `also` that have a vector.

    `few` are the ids that a narrow filter leaves: all of their vectors are looked at then, without the index.
    """
    distance = f"vector::halfvec({len(vector)}) <=> (SELECT vector FROM query)"  # noqa: S608 -- a number
    near, values = by_index(model, distance, filters) if few is None else by_scan(model, distance, few)
    statement = f"""
        WITH query AS (SELECT %s::halfvec({len(vector)}) AS vector), near AS MATERIALIZED ({near})
        SELECT preprint_id, 1 - distance FROM near
        UNION
        SELECT preprint_id, 1 - ({distance}) FROM archive_embedding
        WHERE model = %s AND preprint_id = ANY (%s::bigint[])
    """  # noqa: S608 -- only numbers and our own conditions are put in
    # atomic: an error here spoils no transaction of the caller's
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, [literal(vector), *values, model, also])
        return dict(cursor.fetchall())


def by_index(model: str, distance: str, filters: Filters) -> tuple[str, list[Any]]:
    """The nearest by the HNSW index of a model, read as settings.VECTOR_INDEX says.

    The cast and the model's name stand in the statement as in the partial index, else it would not be used.
    """
    conditions, values = filters.sql()
    return (
        f"""
        SELECT preprint_id, {distance} AS distance
        FROM archive_embedding JOIN archive_preprint AS preprint ON preprint.id = preprint_id
        WHERE model = %s AND {conditions} ORDER BY distance LIMIT {NEAREST}
        """,  # noqa: S608 -- the same
        [model, *values],
    )


def by_scan(model: str, distance: str, few: np.ndarray) -> tuple[str, list[Any]]:
    """The nearest of some preprints, exactly. OFFSET 0 keeps the index out of it."""
    return (
        f"""
        SELECT * FROM (
            SELECT preprint_id, {distance} AS distance
            FROM archive_embedding WHERE model = %s AND preprint_id = ANY (%s::bigint[]) OFFSET 0
        ) AS measured ORDER BY distance LIMIT {NEAREST}
        """,  # noqa: S608 -- the same
        [model, few.tolist()],
    )


def literal(vector: np.ndarray) -> str:
    """A vector as pgvector reads it, with the digits that half precision has, and one more."""
    return "[" + ",".join(f"{value:.5g}" for value in vector.tolist()) + "]"
