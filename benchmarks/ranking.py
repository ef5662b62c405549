"""Fits what ranks: BM25's constants, the weight of a title, and how much the words count beside the meaning.

    python benchmarks/ranking.py

Constants are chosen twice: on every other query of every collection in retrieval/ of ANTIGRAVITY_DATA, and on
the queries between; each collection counts the same. Reported over all queries, each ranked by the constants
that were chosen without it, beside the constants that are in force. Nothing is written: constants in
archive/postings.py need a migration, and archive/data/calibration.json is made by similarity.py.
"""

import itertools
from dataclasses import dataclass

import numpy as np
from collections_in_archive import (
    DATA,
    Collection,
    cached_vectors,
    load_collection,
    read_collection,
    scratch_archive,
)
from retrieval import DEPTH, Ranking, figures, mean_ndcg

from django.db import connection  # isort: skip  -- collections_in_archive has set Django up
from archive import postings  # isort: skip

K1S = (0.6, 0.9, 1.2, 1.6)
BS = (0.3, 0.5, 0.75)
TITLES = (0, 1, 2, 4)
SHARES = (0.6, 0.8, 1.0, 1.25, 1.5)  # of the coverage beside the cosine
IN_FORCE = (postings.K1, postings.B, postings.TITLE_WEIGHT, 1.0)
ENTRIES = """
SELECT preprint.source_id, word.lexeme, cardinality(word.positions),
    cardinality(array_positions(word.weights, 'A'))
FROM archive_preprint AS preprint, unnest(preprint.search_vector) AS word
"""


@dataclass
class Counted:
    """A collection as counts: each lexeme's preprints with their occurrences and those in the title."""

    collection: Collection
    keys: list[str]
    lengths: np.ndarray
    lists: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]
    asked: dict[str, list[postings.Word]]
    cosines: dict[str, np.ndarray]

    def coverage(self, query: str, *, k1: float, b: float, title: float) -> np.ndarray:
        """What archive/postings.py makes of a query, under other constants."""
        sums, best = np.zeros(len(self.keys)), 0.0
        for word in self.asked[query]:
            best += word.weight * (k1 + 1)
            if word.lexeme not in self.lists:
                continue
            places, occurrences, titled = self.lists[word.lexeme]
            counts = occurrences + title * titled
            length = self.lengths[places] / postings.USUAL_LENGTH
            sums[places] += word.weight * (k1 + 1) * counts / (counts + k1 * (1 - b + b * length))
        return sums / (best or 1.0)


def main() -> None:
    counted = []
    with scratch_archive():
        for folder in sorted((DATA / "retrieval").iterdir()):
            collection = read_collection(folder)
            counted.append(count(collection, load_collection(collection)))
    chosen = [choose(counted, part) for part in (0, 1)]
    print(f"K1, B, weight of titles, words beside meaning: in force {IN_FORCE}, chosen on each half {chosen}")
    print("| collection | constants | leg | nDCG@10 | Recall@8 | Recall@100 |\n|---|---|---|---|---|---|")
    ways = {"in force": (IN_FORCE, IN_FORCE), "chosen on the other half": (chosen[1], chosen[0])}
    for one, name, is_whole in itertools.product(counted, ways, (False, True)):
        ranking = {}
        for part, constants in enumerate(ways[name]):
            ranking |= rank(one, constants[:3], share=constants[3] if is_whole else None, part=part)
        cells = " | ".join(f"{value:.3f}" for value in figures(one.collection, ranking, list(one.asked)))
        leg = "whole" if is_whole else "full text"
        print(f"| {one.collection.name} | {name} | {leg} | {cells} |", flush=True)


def choose(counted: list[Counted], part: int) -> tuple[float, ...]:
    """The best constants for one half of the queries: for the words alone, then their share of the whole."""
    words = {
        constants: [score(one, constants, share=None, part=part) for one in counted]
        for constants in itertools.product(K1S, BS, TITLES)
    }
    best_words = max(words, key=lambda constants: np.mean(words[constants]))
    whole = {
        (*constants, share): [score(one, constants, share=share, part=part) for one in counted]
        for constants in {best_words, IN_FORCE[:3]}
        for share in SHARES
    }
    return max(whole, key=lambda constants: np.mean(whole[constants]))


def count(collection: Collection, vectors: np.ndarray) -> Counted:
    """Reads the loaded archive into counts, and every cosine of every query."""
    with connection.cursor() as cursor:
        cursor.execute(ENTRIES)
        rows = cursor.fetchall()
    keys = list(collection.documents)
    places = {key: place for place, key in enumerate(keys)}
    lists: dict[str, list[tuple[int, int, int]]] = {}
    lengths = np.zeros(len(keys))
    for key, lexeme, occurrences, titled in rows:
        lists.setdefault(lexeme, []).append((places[key], occurrences, titled))
        lengths[places[key]] += occurrences
    arrays = {lexeme: tuple(np.array(entries).T) for lexeme, entries in lists.items()}
    asked = {key: postings.read_words(text)[0] for key, text in collection.queries.items()}
    embedded = cached_vectors(f"{collection.name}-queries", list(collection.queries.values()))
    cosines = dict(zip(collection.queries, embedded @ vectors.T, strict=True))
    return Counted(collection, keys, lengths, arrays, asked, cosines)


def score(one: Counted, constants: tuple[float, ...], *, share: float | None, part: int) -> float:
    """nDCG@10 on one half of the queries."""
    ranking = rank(one, constants, share=share, part=part)
    return mean_ndcg(one.collection, ranking, list(ranking))


def rank(one: Counted, constants: tuple[float, ...], *, share: float | None, part: int) -> Ranking:
    """The rankings of one half of the queries: by the words alone, or by their sum with the cosine."""
    k1, b, title = constants
    ranking = {}
    for query in list(one.asked)[part::2]:
        coverage = one.coverage(query, k1=k1, b=b, title=title)
        sums = coverage if share is None else one.cosines[query] + share * coverage
        ranking[query] = [one.keys[place] for place in np.argsort(-sums, kind="stable")[:DEPTH]]
    return ranking


if __name__ == "__main__":
    main()
