"""Full-text ranking: which preprints hold which lexeme, kept as packed lists and scored by BM25. All its SQL
is here.

Postgres makes the lexemes; a list says for each preprint how much the lexeme tells of it. Lists are read
whole and added up in numpy: ten times as fast as rows, at a tenth of their size. Entries are written in the
transaction that wrote the preprints, under the archive's write lock (archive/harvesting.py).
"""

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
from django.db import connection
from psycopg import Cursor

# An entry: the preprint's place in its block of ids, and the impact of the lexeme, which is BM25's saturated
# count of its occurrences for the preprint's length, in 255ths of the most that it can be.
ENTRY = np.dtype([("place", ">u2"), ("impact", "u1")])
BLOCK_SIZE = 16_384  # large enough for few rows, small enough to be written anew by every page of a harvest
MAX_IMPACT = 255
# The usual length is a constant, so that a score doesn't drift as the archive grows. Impacts are stored: who
# changes these or TITLE_WEIGHT must have all preprints indexed anew, by a migration.
K1, B, USUAL_LENGTH = 0.9, 0.5, 100
TITLE_WEIGHT = 1  # how often an occurrence in the title counts on top
# A long text of common words reads no more entries than these, rarest words first: about 20 ms.
READING_LIMIT = 2_000_000
STRANGE = 20_000  # a word that no more than one preprint in so many has may be a slip of the pen
NUMBER_SHARE = 0.3  # of a bare number: rare as it is, hardly any preprint on a question's topic must have it
USUAL_PREPRINTS = 1_000
USUAL_WORDS = Path(__file__).resolve().parent / "data" / "usual_words.json"
# Lexemes of the words that people ask with: rare in abstracts, so they would outweigh what is asked about.
ASKING_WORDS = frozenset(
    "answer articl could describ ever evid exist explain find found gave get give given "  # noqa: SIM905
    "happen know known like make mani may might much must need one paper peopl preprint question research "
    "said say shall studi tell think understand use way would".split()
)

INDEX = """
INSERT INTO archive_posting AS posting (lexeme, block, entries)
SELECT lexeme, block, string_agg(substring(int4send(place << 8 | impact) FROM 2), '' ORDER BY place)
FROM (
    SELECT preprint.id::int %% %(block_size)s AS place, preprint.id::int / %(block_size)s AS block, lexeme,
        greatest(1, round(
            %(max_impact)s * count / (count + %(k1)s * (1 - %(b)s + %(b)s * words / %(usual)s))
        ))::int AS impact
    FROM archive_preprint AS preprint,
        LATERAL (SELECT coalesce(sum(cardinality(positions)), 0)::float AS words
            FROM unnest(preprint.search_vector)) AS length,
        LATERAL (
            SELECT lexeme, cardinality(positions)
                + %(title_weight)s * cardinality(array_positions(weights, 'A')) AS count
            FROM unnest(preprint.search_vector)
            UNION ALL SELECT '', 0
        ) AS word
    WHERE preprint.id = ANY (%(ids)s) AND preprint.withdrawn_on IS NULL
) AS entry
GROUP BY lexeme, block
ORDER BY lexeme, block
ON CONFLICT (lexeme, block) DO UPDATE SET entries = posting.entries || excluded.entries
"""

# The lists that hold any of some preprints, by the text they have now.
FIND = """
SELECT posting.lexeme, posting.block, posting.entries FROM archive_posting AS posting JOIN (
    SELECT DISTINCT word.lexeme, preprint.id::int / %(block_size)s AS block
    FROM archive_preprint AS preprint,
        LATERAL (SELECT unnest(tsvector_to_array(preprint.search_vector)) UNION ALL SELECT '') AS word
        (lexeme)
    WHERE preprint.id = ANY (%(ids)s)
) AS place ON posting.lexeme = place.lexeme AND posting.block = place.block
"""

REPLACE = """
UPDATE archive_posting AS posting SET entries = kept.entries
FROM unnest(%s::text[], %s::int[], %s::bytea[]) AS kept (lexeme, block, entries)
WHERE posting.lexeme = kept.lexeme AND posting.block = kept.block
"""

# A query's lexemes with their places in it and the bytes of their lists, and the list of all preprints.
LEXEMES = """
WITH asked AS (
    SELECT lexeme, positions FROM unnest(to_tsvector('english', %s)) UNION ALL SELECT '', '{}'
)
SELECT lexeme, positions,
    (SELECT coalesce(sum(octet_length(entries)), 0) FROM archive_posting WHERE lexeme = asked.lexeme),
    (SELECT coalesce(max(block), -1) FROM archive_posting WHERE lexeme = asked.lexeme)
FROM asked
"""
READ = "SELECT lexeme, block, entries FROM archive_posting WHERE lexeme = ANY (%s)"


@dataclass(frozen=True, slots=True)
class TextRanking:
    """The preprints that share a lexeme with a query. `best_sum` is what a perfect one would score.

    `has_strange` says whether the query has words that hardly any preprint has: mistyped ones, perhaps.
    """

    sums: np.ndarray = field(repr=False)  # BM25 scores by preprint id; 0 for what shares nothing
    best_sum: float
    has_strange: bool = False

    def best(self, count: int, *, among: np.ndarray | None = None) -> np.ndarray:
        """The ids of the best, of some preprints where they are named; the older one first of equals."""
        found = np.flatnonzero(self.sums) if among is None else among[self.scores_of(among) > 0]
        scores = self.sums[found]
        if len(found) > count:
            least = np.partition(scores, len(scores) - count)[len(scores) - count]
            found, scores = found[scores >= least], scores[scores >= least]
        return found[np.argsort(-scores, kind="stable")][:count]

    def scores_of(self, ids: np.ndarray) -> np.ndarray:
        """BM25 scores of some preprints."""
        known = ids < len(self.sums)
        scores = np.zeros(len(ids))
        scores[known] = self.sums[ids[known]]
        return scores

    def coverage_of(self, ids: np.ndarray) -> np.ndarray:
        """How much of a query some preprints cover, 0..1: their scores by that of a preprint with every word
        of it.
        """
        return self.scores_of(ids) / self.best_sum


@dataclass(frozen=True, slots=True)
class Word:
    """A lexeme of a query: how much it counts there, what it tells, and how many preprints hold it."""

    lexeme: str
    weight: float
    holders: int


def index_preprints(ids: Collection[int]) -> None:
    """Adds preprints to the lists; withdrawn ones are left out. They must not stand there already."""
    if ids:
        with connection.cursor() as cursor:
            cursor.execute(
                INDEX,
                {
                    "ids": list(ids),
                    "block_size": BLOCK_SIZE,
                    "max_impact": MAX_IMPACT,
                    "title_weight": TITLE_WEIGHT,
                    "k1": K1,
                    "b": B,
                    "usual": USUAL_LENGTH,
                },
            )


def unindexed_in(block: int) -> list[int]:
    """Available preprints of a block of ids that full-text search can't find yet, in order."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT entries FROM archive_posting WHERE lexeme = '' AND block = %s", [block])
        found = cursor.fetchone()
        cursor.execute(
            "SELECT id FROM archive_preprint WHERE withdrawn_on IS NULL AND id BETWEEN %s AND %s",
            [block * BLOCK_SIZE, (block + 1) * BLOCK_SIZE - 1],
        )
        present = {key for (key,) in cursor.fetchall()}
    listed = np.frombuffer(found[0] if found else b"", dtype=ENTRY)["place"].astype(np.int64)
    return sorted(present - set((listed + block * BLOCK_SIZE).tolist()))


def unindex_preprints(ids: Collection[int]) -> None:
    """Takes preprints out of the lists.

    Call it before their text changes: the text tells which lists they are in.
    """
    if not ids:
        return
    gone = np.fromiter(ids, dtype=np.int64)
    with connection.cursor() as cursor:
        cursor.execute(FIND, {"ids": list(ids), "block_size": BLOCK_SIZE})
        kept = [
            (lexeme, block, without(entries, gone - block * BLOCK_SIZE))
            for lexeme, block, entries in cursor.fetchall()
        ]
        if kept:
            cursor.execute(REPLACE, [list(column) for column in zip(*kept, strict=True)])


def without(entries: memoryview | bytes, gone: np.ndarray) -> bytes:
    """A list less the preprints at some places of its block."""
    listed = np.frombuffer(entries, dtype=ENTRY)
    return listed[~np.isin(listed["place"], gone)].tobytes()


def rank_by_text(query: str) -> TextRanking:
    """Preprints by BM25 (Robertson and Zaragoza 2009).

    None of the query's words is obligatory; rare ones count more.
    """
    words, total, size = read_words(query)
    sums = np.zeros(size, dtype=np.float32)
    read = [word for word in within_limit(words) if word.holders]
    for word, ids, impacts in read_lists(read):
        # no id stands twice in a lexeme's lists, so that a plain sum by index is right
        sums[ids] += (np.arange(MAX_IMPACT + 1, dtype=np.float32) * (word.weight * (K1 + 1) / MAX_IMPACT))[
            impacts
        ]
    best_sum = sum(word.weight for word in within_limit(words)) * (K1 + 1)
    has_strange = any(word.holders <= total / STRANGE for word in words)
    return TextRanking(sums, best_sum or 1.0, has_strange)


def read_words(query: str) -> tuple[list[Word], int, int]:
    """A query's telling words, rarest first; the number of preprints; and a number above all their ids."""
    with connection.cursor() as cursor:
        cursor.execute(LEXEMES, [query])
        rows = {lexeme: (places, size, block) for lexeme, places, size, block in cursor.fetchall()}
    _, size, block = rows.pop("")
    total = int(size) // ENTRY.itemsize
    shares = leave_out_asking_words(share_out({lexeme: places for lexeme, (places, _, _) in rows.items()}))
    words = []
    for lexeme, share in shares.items():
        holders = int(rows[lexeme][1]) // ENTRY.itemsize
        words.append(Word(lexeme, share * rarity(lexeme, holders, total), holders))
    return sorted(words, key=lambda word: word.holders), total, (block + 1) * BLOCK_SIZE


def within_limit(words: list[Word]) -> list[Word]:
    """The rarest of some words, as many as may be read; one at least."""
    entries = np.cumsum([word.holders for word in words])
    return [word for word, sum_of in zip(words, entries, strict=True) if sum_of <= READING_LIMIT] or words[:1]


def read_lists(words: list[Word]) -> list[tuple[Word, np.ndarray, np.ndarray]]:
    """Of some words: the ids of the preprints that hold them, and the impacts there."""
    lists: dict[str, list[tuple[int, bytes]]] = {word.lexeme: [] for word in words}
    connection.ensure_connection()
    # Django's own cursors fetch text, which is twice the bytes, and has to be decoded.
    with connection.wrap_database_errors, Cursor(connection.connection) as cursor:
        cursor.execute(READ, [list(lists)], binary=True)
        for lexeme, block, entries in cursor.fetchall():
            lists[lexeme].append((block, entries))
    return [(word, *join_blocks(lists[word.lexeme])) for word in words]


def join_blocks(rows: list[tuple[int, bytes]]) -> tuple[np.ndarray, np.ndarray]:
    """A lexeme's blocks as one list: ids and impacts."""
    listed = np.frombuffer(b"".join(entries for _, entries in rows), dtype=ENTRY)
    first = [block * BLOCK_SIZE for block, _ in rows]
    counts = [len(entries) // ENTRY.itemsize for _, entries in rows]
    return np.repeat(np.array(first, dtype=np.int64), counts) + listed["place"], listed["impact"]


def share_out(places: dict[str, list[int]]) -> dict[str, float]:
    """How much each of a query's lexemes counts: 1 for each time it stands there, less in a compound or as a
    number.

    Postgres gives "X-rays" three lexemes, one after the other: x-ray, x, ray. Each of them counts 1/2, else a
    word with a hyphen would outweigh all others.
    """
    standing = {place: lexeme for lexeme, several in places.items() for place in several}
    shares = {place: 1.0 if has_letter(lexeme) else NUMBER_SHARE for place, lexeme in standing.items()}
    for place, lexeme in standing.items():
        parts = lexeme.count("-") + 1
        compound = range(place, place + parts + 1)
        if parts > 1 and all(part in standing for part in compound):
            shares.update(dict.fromkeys(compound, 1 / parts))
    return {lexeme: sum(shares[place] for place in several) for lexeme, several in places.items()}


def has_letter(lexeme: str) -> bool:
    return any(character.isalpha() for character in lexeme)


def leave_out_asking_words(shares: dict[str, float]) -> dict[str, float]:
    """A query's lexemes less those that only ask; all of them where nothing else is left."""
    telling = {lexeme: share for lexeme, share in shares.items() if lexeme not in ASKING_WORDS}
    return telling or shares


def rarity(lexeme: str, holders: int, total: int) -> float:
    """A lexeme's weight: ln(1 + (total - holders + 1/2) / (holders + 1/2)).

    Counted as if a thousand usual preprints stood in the archive as well: so in a small archive "quantum"
    stays a word that tells something, and the weight doesn't jump when the archive grows.
    """
    holders_in_all = holders + USUAL_PREPRINTS * read_usual_words().get(lexeme, 0) / 10_000
    return float(np.log1p((total + USUAL_PREPRINTS - holders_in_all + 0.5) / (holders_in_all + 0.5)))


@lru_cache(maxsize=1)
def read_usual_words() -> dict[str, int]:
    """How many of 10,000 preprints of all subjects have a lexeme: made by benchmarks/usual_words.py."""
    return json.loads(USUAL_WORDS.read_text(encoding="utf-8"))
