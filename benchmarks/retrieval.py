"""Search quality: each leg and the whole, beside bm25s and plain MiniLM in the same run.

    python benchmarks/retrieval.py [FOLDER ...] [--model NAME] [--questions]

Without folders: every collection in retrieval/ of ANTIGRAVITY_DATA, and the questions. Figures stand in two
columns: over every other query, which benchmarks/ranking.py and similarity.py fit on, and over the queries
between, which nothing was chosen on. --questions: only those of benchmarks/data/target_questions.tsv, each
written for one preprint of the demonstration corpus: English ones without a word of its title, French ones,
German ones.
"""

import argparse
import csv
import json
import lzma
import math
from collections.abc import Sequence
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
    settings,
)
from tqdm import tqdm

from archive.search import Mode, search

DEPTH = 100
LEGS: dict[str, Mode] = {"full text": "text", "vectors": "vector", "hybrid": "hybrid"}
TARGETS = Path(__file__).resolve().parent / "data" / "target_questions.tsv"
KINDS = {"en": "no word of the title", "fr": "French", "de": "German"}
HEAD = (
    "| collection | queries | way | nDCG@10 fit | report | Recall@8 fit | report | Recall@100 fit | report |"
)
Ranking = dict[str, list[str]]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="*", type=Path, help="collections in BEIR's form")
    parser.add_argument("--model", default=settings.EMBEDDING_MODEL, help="the embedding model")
    parser.add_argument("--questions", action="store_true", help="only the written questions")
    options = parser.parse_args()
    settings.EMBEDDING_MODEL = options.model
    folders = options.folders or ([] if options.questions else sorted((DATA / "retrieval").iterdir()))
    with scratch_archive():
        print(HEAD)
        print("|---|---|---|---|---|---|---|---|---|")
        for folder in folders:
            collection = read_collection(folder)
            report(collection, load_collection(collection))
        if options.questions or not options.folders:
            report_questions()


def report(collection: Collection, vectors: np.ndarray) -> None:
    """A collection's rows of the table, for the queries that are fitted on and for the others."""
    keys = list(collection.queries)
    for name, ranking in rank_all(collection, vectors).items():
        halves = [figures(collection, ranking, keys[0::2]), figures(collection, ranking, keys[1::2])]
        cells = " | ".join(f"{value:.3f}" for pair in zip(*halves, strict=True) for value in pair)
        print(f"| {collection.name} | {len(keys)} | {name} | {cells} |", flush=True)


def report_questions() -> None:
    """A table of its own: nothing was ever fitted on these questions."""
    documents = read_demo_corpus()
    rows = list(csv.DictReader(TARGETS.read_text(encoding="utf-8").splitlines(), delimiter="\t"))
    vectors = load_collection(Collection("demo corpus", documents, {}, {}))
    print("\n| questions | number | way | nDCG@10 | Recall@8 | Recall@100 |\n|---|---|---|---|---|---|")
    for column, name in KINDS.items():
        asked = {f"{column}{place}": row[column] for place, row in enumerate(rows) if row[column]}
        relevant = {f"{column}{place}": {row["target"]: 1.0} for place, row in enumerate(rows) if row[column]}
        collection = Collection(f"demo-{column}", documents, asked, relevant)
        for way, ranking in rank_all(collection, vectors).items():
            cells = " | ".join(f"{value:.3f}" for value in figures(collection, ranking, list(asked)))
            print(f"| {name} | {len(asked)} | {way} | {cells} |", flush=True)


def read_demo_corpus() -> dict[str, tuple[str, str]]:
    with lzma.open(DATA / "demo" / "demo_corpus.jsonl.xz", "rt", encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    return {one["id"].removeprefix("arXiv:"): (one["title"], one["abstract"]) for one in records}


def rank_all(collection: Collection, vectors: np.ndarray) -> dict[str, Ranking]:
    """The rankings of the baselines, of each leg and of the whole."""
    return {
        "bm25s": rank_by_bm25s(collection),
        "embedding model, exact": rank_by_cosine(collection, vectors),
        **{name: rank_by_search(collection, mode) for name, mode in LEGS.items()},
    }


def figures(collection: Collection, ranking: Ranking, keys: Sequence[str]) -> tuple[float, float, float]:
    """nDCG@10, Recall@8 and Recall@100 over some of the queries."""
    return (
        mean_ndcg(collection, ranking, keys),
        mean_recall(collection, ranking, keys, depth=8),
        mean_recall(collection, ranking, keys, depth=100),
    )


def rank_by_search(collection: Collection, mode: Mode) -> Ranking:
    """The product's own ranking."""
    return {
        key: [hit.preprint.source_id for hit in search(text, limit=DEPTH, mode=mode).hits]
        for key, text in tqdm(collection.queries.items(), desc=mode, disable=None)
    }


def rank_by_bm25s(collection: Collection) -> Ranking:
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


def rank_by_cosine(collection: Collection, vectors: np.ndarray) -> Ranking:
    """The baseline for meaning: every cosine, without an index."""
    keys = list(collection.documents)
    asked = cached_vectors(f"{collection.name}-queries", list(collection.queries.values()))
    order = np.argsort(-(asked @ vectors.T), axis=1, kind="stable")[:, :DEPTH]
    return {
        query: [keys[place] for place in row] for query, row in zip(collection.queries, order, strict=True)
    }


def mean_ndcg(collection: Collection, ranking: Ranking, keys: Sequence[str], *, depth: int = 10) -> float:
    """Normalised discounted cumulative gain with linear gains, as trec_eval and BEIR have it."""
    values = []
    for query in keys:
        grades = collection.relevant[query]
        gains = [grades.get(document, 0.0) for document in ranking[query][:depth]]
        best = sorted(grades.values(), reverse=True)[:depth]
        values.append(discounted(gains) / discounted(best))
    return float(np.mean(values))


def discounted(gains: list[float]) -> float:
    return sum(gain / math.log2(place + 2) for place, gain in enumerate(gains))


def mean_recall(collection: Collection, ranking: Ranking, keys: Sequence[str], *, depth: int) -> float:
    relevant = collection.relevant
    return float(
        np.mean([len(relevant[key].keys() & set(ranking[key][:depth])) / len(relevant[key]) for key in keys])
    )


if __name__ == "__main__":
    main()
