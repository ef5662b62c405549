"""Full-text ranking: which preprints hold which lexeme, kept as packed lists and scored by BM25. All its SQL is here.

Postgres makes the lexemes; a list says for each preprint how often it has the lexeme and how long it is. Lists are
read whole and scored in numpy: ten times as fast as rows, at a tenth of their size. Entries are written in the
transaction that wrote the preprints, under the archive's write lock (archive/harvesting.py).
"""

from collections.abc import Collection

import numpy as np
from django.db import connection

# An entry: preprint id, occurrences (at most 127, a title's counted TITLE_WEIGHT times), length in steps of 4 words.
ENTRY = np.dtype([("preprint", ">u4"), ("occurrences", "u1"), ("length", "u1")])
BLOCK_SIZE = 4096
LENGTH_STEP = 4
TITLE_WEIGHT = 1
# Fitted by benchmarks/retrieval.py. The usual length is a constant, so that a score doesn't drift as the archive grows.
K1, B, USUAL_LENGTH = 1.2, 0.75, 100

INDEX = f"""
INSERT INTO archive_posting AS posting (lexeme, block, entries)
SELECT lexeme, block, string_agg(int4send(id) || int2send(packed), '' ORDER BY id)
FROM (
    SELECT preprint.id::int AS id, preprint.id::int / {BLOCK_SIZE} AS block, word.lexeme,
        ((least(cardinality(word.positions) + extra.title, 127) << 8) | least(size.words / {LENGTH_STEP}, 255))::int2
            AS packed
    FROM archive_preprint AS preprint,
        LATERAL (SELECT coalesce(sum(cardinality(positions)), 0)::int AS words
            FROM unnest(preprint.search_vector)) AS size,
        LATERAL (SELECT lexeme, positions, weights FROM unnest(preprint.search_vector)
            UNION ALL SELECT '', '{{}}'::smallint[], '{{}}'::text[]) AS word,
        LATERAL (SELECT %s * cardinality(array_positions(word.weights, 'A')) AS title) AS extra
    WHERE preprint.id = ANY (%s) AND preprint.withdrawn_on IS NULL
) AS entry
GROUP BY lexeme, block
ORDER BY lexeme, block
ON CONFLICT (lexeme, block) DO UPDATE SET entries = posting.entries || excluded.entries
"""

# The lists that hold any of some preprints, by the text they have now.
FIND = f"""
SELECT posting.lexeme, posting.block, posting.entries FROM archive_posting AS posting JOIN (
    SELECT DISTINCT word.lexeme, preprint.id::int / {BLOCK_SIZE} AS block
    FROM archive_preprint AS preprint,
        LATERAL (SELECT unnest(tsvector_to_array(preprint.search_vector)) AS lexeme UNION ALL SELECT '') AS word
    WHERE preprint.id = ANY (%s)
) AS place ON posting.lexeme = place.lexeme AND posting.block = place.block
"""

REPLACE = """
UPDATE archive_posting AS posting SET entries = kept.entries
FROM unnest(%s::text[], %s::int[], %s::bytea[]) AS kept (lexeme, block, entries)
WHERE posting.lexeme = kept.lexeme AND posting.block = kept.block
"""

# The lists of a question's lexemes, and how many preprints there are at all.
READ = """
SELECT word.lexeme, cardinality(word.positions), string_agg(posting.entries, '')
FROM unnest(to_tsvector('english', %s)) AS word JOIN archive_posting AS posting ON posting.lexeme = word.lexeme
GROUP BY word.lexeme, word.positions
UNION ALL
SELECT '', coalesce(sum(octet_length(entries)), 0)::int, '' FROM archive_posting WHERE lexeme = ''
"""


def index_preprints(ids: Collection[int]) -> None:
    """Adds preprints to the lists; withdrawn ones are left out. They must not stand there already."""
    if ids:
        with connection.cursor() as cursor:
            cursor.execute(INDEX, [TITLE_WEIGHT, list(ids)])


def unindex_preprints(ids: Collection[int]) -> None:
    """Takes preprints out of the lists. Call it before their text changes: the text tells which lists they are in."""
    if not ids:
        return
    gone = np.fromiter(ids, dtype=np.uint32)
    with connection.cursor() as cursor:
        cursor.execute(FIND, [list(ids)])
        kept = [(lexeme, block, without(entries, gone)) for lexeme, block, entries in cursor.fetchall()]
        if kept:
            cursor.execute(REPLACE, [list(column) for column in zip(*kept, strict=True)])


def without(entries: memoryview | bytes, gone: np.ndarray) -> bytes:
    """A list less some preprints."""
    listed = np.frombuffer(entries, dtype=ENTRY)
    return listed[~np.isin(listed["preprint"], gone)].tobytes()


def rank_by_text(question: str) -> tuple[np.ndarray, np.ndarray]:
    """Preprint ids, best first, with their BM25 scores (Robertson and Zaragoza 2009). Any lexeme may be missing."""
    with connection.cursor() as cursor:
        cursor.execute(READ, [question])
        lists = {lexeme: (count, entries) for lexeme, count, entries in cursor.fetchall()}
    total, _ = lists.pop("", (0, b""))
    if not lists or not total:
        return np.empty(0, dtype=np.int64), np.empty(0)
    scored = [score_list(np.frombuffer(entries, dtype=ENTRY), total // ENTRY.itemsize) for _, entries in lists.values()]
    preprints = np.concatenate([preprints for preprints, _ in scored])
    sums = np.bincount(preprints, weights=np.concatenate([scores for _, scores in scored]))
    found = np.flatnonzero(sums)
    order = np.argsort(-sums[found], kind="stable")
    return found[order], sums[found][order]


def score_list(listed: np.ndarray, total: int) -> tuple[np.ndarray, np.ndarray]:
    """What one lexeme adds to the score of each preprint that has it; `total` is the number of preprints."""
    rarity = np.log1p((total - len(listed) + 0.5) / (len(listed) + 0.5))
    occurrences = listed["occurrences"].astype(np.float32)
    length = listed["length"].astype(np.float32) * (LENGTH_STEP / USUAL_LENGTH)
    share = occurrences * (K1 + 1) / (occurrences + K1 * (1 - B + B * length))
    return listed["preprint"].astype(np.int64), rarity * share
