"""Vectors as rows with an index: the nearest preprints to a vector. All its SQL is here."""

from typing import Any

import numpy as np
from django.db import connection, transaction

from archive.filters import Filters

NEAREST = 100  # preprints that the vectors propose
# How many vectors HNSW keeps in view, well above the hundred that are wanted; chosen by
# benchmarks/search_speed.py for .99 of the ten nearest, and .95 where a filter leaves one in twenty.
EF_SEARCH = 200
MAX_SCAN_TUPLES = 60_000  # where a filter lets few pass, the index is read on until so many were seen


def find_nearest(
    vector: np.ndarray, *, model: str, also: list[int], filters: Filters, few: np.ndarray | None = None
) -> dict[int, float]:
    """Cosines, by preprint id, of the hundred nearest preprints and of those `also` that have a vector.

    `few` are the ids that a narrow filter leaves: all of their vectors are looked at then, without the index.
    """
    near, values = by_index(model, len(vector), filters) if few is None else by_scan(model, len(vector), few)
    statement = f"""
        WITH query AS (SELECT %s::halfvec({len(vector)}) AS vector), near AS MATERIALIZED ({near})
        SELECT embedding.preprint_id, 1 - (embedding.vector::halfvec({len(vector)}) <=> query.vector)
        FROM query, archive_embedding AS embedding
        WHERE embedding.model = %s
        AND embedding.preprint_id IN (SELECT preprint_id FROM near UNION SELECT unnest(%s::bigint[]))
    """  # noqa: S608 -- only numbers and our own conditions are put in
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('hnsw.ef_search', %s, true), set_config('hnsw.max_scan_tuples', %s, true),"
            " set_config('hnsw.iterative_scan', 'strict_order', true)",
            [str(EF_SEARCH), str(MAX_SCAN_TUPLES)],
        )
        cursor.execute(statement, [literal(vector), *values, model, also])
        return dict(cursor.fetchall())


def by_index(model: str, dimensions: int, filters: Filters) -> tuple[str, list[Any]]:
    """The nearest by the HNSW index of a model.

    The cast and the model's name stand in the statement as in the partial index, else it would not be used.
    """
    conditions, values = filters.sql()
    return (
        f"""
        SELECT embedding.preprint_id
        FROM archive_embedding AS embedding JOIN archive_preprint AS preprint ON preprint.id = preprint_id
        WHERE embedding.model = %s AND {conditions}
        ORDER BY embedding.vector::halfvec({dimensions}) <=> (SELECT vector FROM query) LIMIT {NEAREST}
        """,  # noqa: S608 -- the same
        [model, *values],
    )


def by_scan(model: str, dimensions: int, few: np.ndarray) -> tuple[str, list[Any]]:
    """The nearest of some preprints, exactly. OFFSET 0 keeps the index out of it."""
    return (
        f"""
        SELECT preprint_id FROM (
            SELECT preprint_id, vector::halfvec({dimensions}) <=> (SELECT vector FROM query) AS distance
            FROM archive_embedding WHERE model = %s AND preprint_id = ANY (%s::bigint[]) OFFSET 0
        ) AS measured ORDER BY distance LIMIT {NEAREST}
        """,  # noqa: S608 -- the same
        [model, few.tolist()],
    )


def literal(vector: np.ndarray) -> str:
    """A vector as pgvector reads it, with the digits that half precision has, and one more."""
    return "[" + ",".join(f"{value:.5g}" for value in vector.tolist()) + "]"
