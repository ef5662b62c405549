"""Full-text ranking: which preprints hold which lexeme, kept as packed lists and scored by BM25. All its SQL
is here.

Postgres makes the lexemes; a list says for each preprint how often it has the lexeme and how long it is.
Lists are read whole and scored in numpy: ten times as fast as rows, at a tenth of their size. Entries are
written in the transaction that wrote the preprints, under the archive's write lock (archive/harvesting.py).
"""

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
from django.db import connection

# An entry: preprint id, occurrences (at most 127, a title's counted TITLE_WEIGHT times), length in steps of 4
# words.
ENTRY = np.dtype([("preprint", ">u4"), ("occurrences", "u1"), ("length", "u1")])
BLOCK_SIZE = 4096
LENGTH_STEP = 4
TITLE_WEIGHT = 1
# Fitted by benchmarks/retrieval.py. The usual length is a constant, so that a score doesn't drift as the
# archive grows.
K1, B, USUAL_LENGTH = 0.9, 0.5, 100
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
SELECT lexeme, block, string_agg(int4send(id) || int2send(packed), '' ORDER BY id)
FROM (
    SELECT preprint.id::int AS id, preprint.id::int / %(block_size)s AS block, word.lexeme,
        (least(cardinality(word.positions) + extra.title, 127) << 8 | least(size.steps, 255))::int2 AS packed
    FROM archive_preprint AS preprint,
        LATERAL (SELECT coalesce(sum(cardinality(positions)), 0)::int / %(length_step)s AS steps
            FROM unnest(preprint.search_vector)) AS size,
        LATERAL (SELECT lexeme, positions, weights FROM unnest(preprint.search_vector)
            UNION ALL SELECT '', '{}'::smallint[], '{}'::text[]) AS word,
        LATERAL (SELECT %(title_weight)s * cardinality(array_positions(word.weights, 'A')) AS title) AS extra
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

LEXEMES = "SELECT lexeme, positions FROM unnest(to_tsvector('english', %s))"

READ = """
SELECT lexeme, string_agg(entries, '') FROM archive_posting WHERE lexeme = ANY (%s) GROUP BY lexeme
UNION ALL
SELECT '', int4send(coalesce(sum(octet_length(entries)), 0)::int) FROM archive_posting WHERE lexeme = ''
"""


@dataclass(frozen=True, slots=True)
class TextRanking:
    """The preprints that share a lexeme with a query: ids, best first.

    `best_sum` is what a perfect one would score.
    """

    ids: np.ndarray
    sums: np.ndarray = field(repr=False)  # BM25 scores by preprint id; 0 for what shares nothing
    best_sum: float

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


def index_preprints(ids: Collection[int]) -> None:
    """Adds preprints to the lists; withdrawn ones are left out. They must not stand there already."""
    if ids:
        with connection.cursor() as cursor:
            cursor.execute(
                INDEX,
                {
                    "ids": list(ids),
                    "block_size": BLOCK_SIZE,
                    "length_step": LENGTH_STEP,
                    "title_weight": TITLE_WEIGHT,
                },
            )


def unindex_preprints(ids: Collection[int]) -> None:
    """Takes preprints out of the lists.

    Call it before their text changes: the text tells which lists they are in.
    """
    if not ids:
        return
    gone = np.fromiter(ids, dtype=np.uint32)
    with connection.cursor() as cursor:
        cursor.execute(FIND, {"ids": list(ids), "block_size": BLOCK_SIZE})
        kept = [(lexeme, block, without(entries, gone)) for lexeme, block, entries in cursor.fetchall()]
        if kept:
            cursor.execute(REPLACE, [list(column) for column in zip(*kept, strict=True)])


def without(entries: memoryview | bytes, gone: np.ndarray) -> bytes:
    """A list less some preprints."""
    listed = np.frombuffer(entries, dtype=ENTRY)
    return listed[~np.isin(listed["preprint"], gone)].tobytes()


def rank_by_text(query: str) -> TextRanking:
    """Preprints by BM25 (Robertson and Zaragoza 2009).

    None of the query's words is obligatory; rare ones count more.
    """
    with connection.cursor() as cursor:
        cursor.execute(LEXEMES, [query])
        shares = leave_out_asking_words(share_out(dict(cursor.fetchall())))
        cursor.execute(READ, [list(shares)])
        lists = dict(cursor.fetchall())
    total = int.from_bytes(lists.pop(""), "big") // ENTRY.itemsize
    best_sum, ids, scores = 0.0, [np.empty(0, dtype=np.int64)], [np.empty(0)]
    for lexeme, share in shares.items():
        listed = np.frombuffer(lists.get(lexeme, b""), dtype=ENTRY)
        weight = share * rarity(lexeme, len(listed), total)
        best_sum += weight * (K1 + 1)
        ids.append(listed["preprint"].astype(np.int64))
        scores.append(weight * saturate(listed))
    sums = np.bincount(np.concatenate(ids), weights=np.concatenate(scores))
    found = np.flatnonzero(sums)
    return TextRanking(found[np.argsort(-sums[found], kind="stable")], sums, best_sum or 1.0)


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


def saturate(listed: np.ndarray) -> np.ndarray:
    """What a preprint's occurrences of a lexeme count for, given its length: 0 .. K1 + 1."""
    occurrences = listed["occurrences"].astype(np.float64)
    length = listed["length"].astype(np.float64) * (LENGTH_STEP / USUAL_LENGTH)
    return occurrences * (K1 + 1) / (occurrences + K1 * (1 - B + B * length))
