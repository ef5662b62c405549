"""Search speed, recall of the vector index, build times and sizes, beside FAISS-HNSW + bm25s in the same run.

    python benchmarks/search_speed.py [--sizes 10000,120000,1000000] [--vectors FOLDER] [--keep]

One user, warm: every query is asked once before any is timed. With --keep the scratch database and the
baseline's indexes of each size stay, and the next run uses them. --vectors names a folder with *.npy
(float16, a row a record) and *.npy.ids (JSON list of record ids); what is missing there is embedded and kept
in it, or, with --mix-missing, mixed of what is there, in seconds. Texts: see benchmarks/large_archive.py.
"""

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bm25s
import faiss
import numpy as np
import snowballstemmer
from large_archive import Built, build, built, large_archive, read_texts, read_vectors
from tqdm import tqdm

from django.conf import settings  # isort: skip  -- large_archive has set Django up
from archive.embeddings import get_embedder  # isort: skip
from archive.filters import Filters  # isort: skip
from archive.models import Preprint  # isort: skip
from archive.postings import rank_by_text  # isort: skip
from archive.search import find_titled, search  # isort: skip
from archive.vectors import find_nearest  # isort: skip

QUESTIONS = Path(__file__).resolve().parent / "data" / "questions.json"
DEPTH = 100
FAISS_LINKS, FAISS_EF_BUILD, FAISS_EF = 32, 80, 128
RRF = 10  # reciprocal rank fusion's constant, for the baseline
FILTERED_SHARE = 0.05


@dataclass
class Baseline:
    """FAISS's HNSW and bm25s over the same vectors and texts, fused by rank."""

    graph: faiss.IndexHNSWFlat
    words: bm25s.BM25
    stem: Callable[[list[str]], list[str]]

    def near(self, vector: np.ndarray) -> list[int]:
        return self.graph.search(vector[None], DEPTH)[1][0].tolist()

    def by_words(self, query: str) -> list[int]:
        tokens = bm25s.tokenize([query], stopwords="en", stemmer=self.stem, show_progress=False)
        return self.words.retrieve(tokens, k=DEPTH, show_progress=False)[0][0].tolist()

    def search(self, query: str) -> list[int]:
        """The whole: the question embedded, both legs, and the best eight by reciprocal rank."""
        scores: dict[int, float] = {}
        vector = get_embedder().embed([query])[0]
        for ranking in (self.near(vector), self.by_words(query)):
            for place, found in enumerate(ranking, start=1):
                scores[found] = scores.get(found, 0.0) + 1 / (RRF + place)
        return sorted(scores, key=lambda found: -scores[found])[:8]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", default="10000,120000,1000000")
    parser.add_argument("--vectors", type=Path, default=settings.VAR_DIR / "benchmarks" / "arxiv_120k")
    parser.add_argument("--mix-missing", action="store_true", help="do not embed what --vectors lacks")
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--maintenance-mb", type=int, default=4_000, help="memory for building the indexes")
    parser.add_argument("--keep", action="store_true", help="keep databases and indexes for the next run")
    options = parser.parse_args()
    for size in map(int, options.sizes.split(",")):
        with large_archive(size, keep=options.keep):
            measure(size, options)


def measure(size: int, options: argparse.Namespace) -> None:
    """All figures of one size."""
    records = read_texts(size)
    vectors = kept_vectors(records, options)
    made = built() or build(records, vectors, maintenance_mb=options.maintenance_mb)
    baseline = make_baseline(records, vectors, options)
    report_building(made)
    queries = choose_queries(records, options.queries)
    report_times(size, queries, baseline, records)
    report_recall(size, queries, vectors, baseline)


def kept_vectors(records: list[dict], options: argparse.Namespace) -> np.ndarray:
    """The vectors of a size; a kept database stays with those that it was made with."""
    path = folder_of(len(records)) / "vectors.npy"
    if built() and path.exists():
        return np.load(path)
    vectors = read_vectors(records, options.vectors, embed_missing=not options.mix_missing)
    if options.keep:
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, vectors)
    return vectors


def folder_of(size: int) -> Path:
    return settings.VAR_DIR / "benchmarks" / f"speed-{size}"


def make_baseline(records: list[dict], vectors: np.ndarray, options: argparse.Namespace) -> Baseline:
    """Both indexes, made or read; searched with one thread, as one backend of Postgres is."""
    folder = folder_of(len(records))
    stem = snowballstemmer.stemmer("english").stemWords
    if (folder / "bm25s").exists():
        graph, words = faiss.read_index(str(folder / "faiss")), bm25s.BM25.load(folder / "bm25s")
    else:
        began = time.perf_counter()
        graph = faiss.IndexHNSWFlat(vectors.shape[1], FAISS_LINKS, faiss.METRIC_INNER_PRODUCT)
        graph.hnsw.efConstruction = FAISS_EF_BUILD
        for start in tqdm(range(0, len(vectors), 10_000), desc="FAISS"):
            graph.add(vectors[start : start + 10_000].astype(np.float32))
        middle = time.perf_counter()
        words = bm25s.BM25()
        texts = [f"{one['title']} {one['abstract']}" for one in records]
        words.index(
            bm25s.tokenize(texts, stopwords="en", stemmer=stem, show_progress=False), show_progress=False
        )
        print(f"FAISS-HNSW built in {middle - began:.0f} s, bm25s in {time.perf_counter() - middle:.0f} s")
        if options.keep:
            folder.mkdir(parents=True, exist_ok=True)
            faiss.write_index(graph, str(folder / "faiss"))
            words.save(folder / "bm25s")
    graph.hnsw.efSearch = FAISS_EF
    faiss.omp_set_num_threads(1)
    return Baseline(graph, words, stem)


def report_building(made: Built) -> None:
    print(f"\n## {made.size:,} preprints\n\n| what | seconds to build | MB | bytes a preprint |")
    print("|---|---|---|---|")
    for what in dict.fromkeys([*made.seconds, *made.bytes]):
        size = made.bytes.get(what)
        cells = f"{size / 1e6:,.0f} | {size / made.size:,.0f}" if size else " | "
        print(f"| {what} | {made.seconds.get(what, '')} | {cells} |")


def choose_queries(records: list[dict], count: int) -> list[str]:
    """Half of them questions in plain language, half titles of the archive as people paste them."""
    asked = json.loads(QUESTIONS.read_text(encoding="utf-8"))
    questions = [*asked["on_topic"], *asked["off_topic"]]
    random = np.random.default_rng(7)
    titles = [records[place]["title"] for place in random.choice(len(records), count, replace=False)]
    while len(questions) < count // 2:
        questions.append(f"What is known about {titles.pop().rstrip('.').lower()}?")
    return questions[: count // 2] + titles[: count - count // 2]


def report_times(size: int, queries: list[str], baseline: Baseline, records: list[dict]) -> None:
    """p50 and p95 of each leg, the whole, and the baseline; the ratios that the targets speak of."""
    embedder = get_embedder()
    vectors = {query: embedder.embed([query])[0] for query in queries}
    narrow, wide = Filters(categories=[category_near(records, FILTERED_SHARE)]), Filters()
    titles = [query for query in queries if "?" not in query]
    named = [f"arXiv:{one['id'].removeprefix('arXiv:')}" for one in records[:: max(1, size // 100)]][:100]
    category = list(narrow.categories)
    legs: dict[str, tuple[list[str], Callable[[str], Any]]] = {
        "embedding the question": (queries, lambda query: embedder.embed([query])),
        "full text": (queries, lambda query: rank_by_text(query).best(DEPTH)),
        "vectors": (queries, lambda query: nearest(vectors[query], wide)),
        "vectors, filtered": (queries, lambda query: nearest(vectors[query], narrow, narrow.few())),
        "identifier": (named, search),
        "title, mistyped": (
            titles,
            lambda title: find_titled(mistype(title), wide, among=[], is_mistyped=True),
        ),
        "whole, text only": (queries, lambda query: search(query, mode="text")),
        "whole hybrid, filtered": (queries, lambda query: search(query, categories=category)),
        "FAISS-HNSW alone": (queries, lambda query: baseline.near(vectors[query])),
        "bm25s alone": (queries, baseline.by_words),
    }
    print(f"\n| {size:,} preprints, one user, warm | p50 ms | p95 ms |\n|---|---|---|")
    for name, (asked, leg) in legs.items():
        report_row(name, *time_in_turn(asked, leg))
    whole, base = time_in_turn(queries, search, baseline.search)
    report_row("whole hybrid", whole)
    report_row("FAISS-HNSW + bm25s, with embedding", base)
    print(
        f"\nwhole hybrid / (FAISS-HNSW + bm25s): p50 {whole[0] / base[0]:.2f}, p95 {whole[1] / base[1]:.2f}"
    )


def nearest(vector: np.ndarray, filters: Filters, few: np.ndarray | None = None) -> list[int]:
    """The ids of the hundred nearest by the product's index, nearest first."""
    model = get_embedder().model
    cosines = find_nearest(vector, model=model, also=[], filters=filters, few=few)
    return sorted(cosines, key=lambda pk: -cosines[pk])


def report_row(name: str, times: tuple[float, float]) -> None:
    print(f"| {name} | {times[0]:.1f} | {times[1]:.1f} |", flush=True)


def time_in_turn(asked: list[str], *legs: Callable[[str], Any]) -> list[tuple[float, float]]:
    """p50 and p95 of each leg in milliseconds, after a round that is not timed. Several legs take turns with
    each query, so that a disturbance hits all of them.
    """
    for query in asked:
        for leg in legs:
            leg(query)
    taken: list[list[float]] = [[] for _ in legs]
    for query in asked:
        for leg, times in zip(legs, taken, strict=True):
            began = time.perf_counter()
            leg(query)
            times.append((time.perf_counter() - began) * 1e3)
    return [(float(np.percentile(times, 50)), float(np.percentile(times, 95))) for times in taken]


def category_near(records: list[dict], share: float) -> str:
    """The category that most nearly such a share of the records has."""
    counts: dict[str, int] = {}
    for record in records:
        for category in record["categories"]:
            counts[category] = counts.get(category, 0) + 1
    found = min(counts, key=lambda category: abs(counts[category] / len(records) - share))
    print(f"\nFilter: {found}, which {counts[found] / len(records):.1%} of the preprints have")
    return found


def mistype(title: str) -> str:
    """A title with every third long word short of a letter."""
    words = title.replace("?", "").split()
    return " ".join(
        word[:2] + word[3:] if place % 3 == 0 and len(word) > 5 else word for place, word in enumerate(words)
    )


def report_recall(size: int, queries: list[str], vectors: np.ndarray, baseline: Baseline) -> None:
    """How many of the truly ten nearest the indexes find, with and without a filter."""
    with_category = Preprint.objects.values_list("pk", "categories").order_by("pk")
    counts: dict[str, list[int]] = {}
    for pk, categories in with_category.iterator(chunk_size=20_000):
        for category in categories:
            counts.setdefault(category, []).append(pk)
    category = min(counts, key=lambda one: abs(len(counts[one]) / size - FILTERED_SHARE))
    asked = get_embedder().embed(queries)
    few = np.array(counts[category])
    narrow = Filters(categories=[category])
    found: dict[str, list[float]] = {
        "HNSW": [],
        "HNSW or scan, filtered": [],
        "HNSW, filtered": [],
        "FAISS": [],
    }
    exact, exact_filtered = exact_best(asked, vectors, None), exact_best(asked, vectors, few)
    for vector, best, best_filtered in zip(asked, exact, exact_filtered, strict=True):
        found["HNSW"].append(shared(best, nearest(vector, Filters())))
        found["HNSW or scan, filtered"].append(shared(best_filtered, nearest(vector, narrow, narrow.few())))
        found["HNSW, filtered"].append(shared(best_filtered, nearest(vector, narrow)))
        found["FAISS"].append(shared(best, [place + 1 for place in baseline.near(vector)]))
    print(f"\n| {size:,} preprints: recall of the 10 nearest | mean |\n|---|---|")
    for name, values in found.items():
        print(f"| {name} | {np.mean(values):.4f} |", flush=True)


def exact_best(asked: np.ndarray, vectors: np.ndarray, few: np.ndarray | None) -> np.ndarray:
    """The ids of the ten nearest of each query, by every cosine: [queries, 10]."""
    ids = np.arange(1, len(vectors) + 1) if few is None else few
    cosines = np.hstack(
        [
            asked @ vectors[ids[start : start + 50_000] - 1].astype(np.float32).T
            for start in range(0, len(ids), 50_000)
        ]
    )
    return ids[np.argsort(-cosines, axis=1)[:, :10]]


def shared(best: np.ndarray, found: list[int]) -> float:
    return len(set(best.tolist()) & set(found[:10])) / len(best)


if __name__ == "__main__":
    main()
