"""Search quality on labelled collections: each leg and the whole, beside bm25s and plain MiniLM in the same
run.

    python benchmarks/retrieval.py [FOLDER ...]

Without folders: every collection in retrieval/ of ANTIGRAVITY_DATA.
"""

import argparse
import math
from pathlib import Path

import bm25s
import numpy as np
import snowballstemmer
from collections_in_archive import (
    DATA,
    Collection,
    cached_vectors,
    load_collection,
    read_collection,
    scratch_archive,
)
from tqdm import tqdm

from archive.search import Mode, search

DEPTH = 100
LEGS: dict[str, Mode] = {"full text": "text", "vectors": "vector", "hybrid": "hybrid"}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="*", type=Path, help="collections in BEIR's form")
    folders = parser.parse_args().folders or sorted((DATA / "retrieval").iterdir())
    print("| collection | queries | way | nDCG@10 | Recall@8 | Recall@100 |\n|---|---|---|---|---|---|")
    with scratch_archive():
        for folder in folders:
            report(read_collection(folder))


def report(collection: Collection) -> None:
    """Prints a collection's rows of the table."""
    vectors = load_collection(collection)
    rankings = {
        "bm25s": rank_by_bm25s(collection),
        "MiniLM, exact": rank_by_cosine(collection, vectors),
        **{name: rank_by_search(collection, mode) for name, mode in LEGS.items()},
    }
    for name, ranking in rankings.items():
        figures = (
            mean_ndcg(collection, ranking),
            mean_recall(collection, ranking, 8),
            mean_recall(collection, ranking, 100),
        )
        cells = " | ".join(f"{figure:.3f}" for figure in figures)
        print(f"| {collection.name} | {len(collection.queries)} | {name} | {cells} |", flush=True)


def rank_by_search(collection: Collection, mode: Mode) -> dict[str, list[str]]:
    """The product's own ranking."""
    return {
        key: [hit.preprint.source_id for hit in search(text, limit=DEPTH, mode=mode).hits]
        for key, text in tqdm(collection.queries.items(), desc=mode, disable=None)
    }


def rank_by_bm25s(collection: Collection) -> dict[str, list[str]]:
    """The baseline for words: bm25s with English stop words and stems, its defaults otherwise."""
    keys = list(collection.documents)
    stem = snowballstemmer.stemmer("english").stemWords
    texts = [f"{title} {text}" for title, text in collection.documents.values()]
    index = bm25s.BM25()
    index.index(bm25s.tokenize(texts, stopwords="en", stemmer=stem, show_progress=False), show_progress=False)
    queries = bm25s.tokenize(
        list(collection.queries.values()), stopwords="en", stemmer=stem, show_progress=False
    )
    places, scores = index.retrieve(queries, k=min(DEPTH, len(keys)), show_progress=False)
    return {
        query: [keys[place] for place, score in zip(row, row_scores, strict=True) if score > 0]
        for query, row, row_scores in zip(collection.queries, places, scores, strict=True)
    }


def rank_by_cosine(collection: Collection, vectors: np.ndarray) -> dict[str, list[str]]:
    """The baseline for meaning: every cosine, without an index."""
    keys = list(collection.documents)
    asked = cached_vectors(f"{collection.name}-queries", list(collection.queries.values()))
    order = np.argsort(-(asked @ vectors.T), axis=1, kind="stable")[:, :DEPTH]
    return {
        query: [keys[place] for place in row] for query, row in zip(collection.queries, order, strict=True)
    }


def mean_ndcg(collection: Collection, ranking: dict[str, list[str]], depth: int = 10) -> float:
    """Normalised discounted cumulative gain with linear gains, as trec_eval and BEIR have it."""
    values = []
    for query, grades in collection.relevant.items():
        gains = [grades.get(document, 0.0) for document in ranking[query][:depth]]
        best = sorted(grades.values(), reverse=True)[:depth]
        values.append(discounted(gains) / discounted(best))
    return float(np.mean(values))


def discounted(gains: list[float]) -> float:
    return sum(gain / math.log2(place + 2) for place, gain in enumerate(gains))


def mean_recall(collection: Collection, ranking: dict[str, list[str]], depth: int) -> float:
    return float(
        np.mean(
            [
                len(grades.keys() & set(ranking[query][:depth])) / len(grades)
                for query, grades in collection.relevant.items()
            ]
        )
    )


if __name__ == "__main__":
    main()
