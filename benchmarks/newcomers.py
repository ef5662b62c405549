"""How many newer preprints the comparison of vectors lets through to a search, and how many it misses.

    python benchmarks/newcomers.py [COLLECTION]

Each query of a labelled collection is taken for a published question whose answer cites the better half of
its sources. Whatever of its first eight hits reaches their median similarity should be let through, as if it
had just come in. The share of words in force was set beforehand; it is reported on every other query.
"""

import sys

import numpy as np
from collections_in_archive import DATA, Collection, load_collection, read_collection, scratch_archive

from archive.calibration import get_calibration
from archive.embeddings import get_embedder
from archive.search import FLOOR, TOPIC_FLOOR, Candidates, Filters
from qa.models import MAX_SOURCES
from qa.newcomers import USUAL_COVERAGE, needed_cosine

SHARES = (0.4, 0.5, 0.6, 0.7, 0.8, 1.0)


def main() -> None:
    name = sys.argv[1] if len(sys.argv) > 1 else "cranfield"
    with scratch_archive():
        collection = read_collection(DATA / "retrieval" / name)
        vectors = load_collection(collection)
        cases = [case for query in collection.queries if (case := look(collection, query, vectors))]
    print(f"{name}: {len(cases)} queries with sources, {len(vectors)} documents; in force {USUAL_COVERAGE}")
    for part, chosen in (("fit", cases[0::2]), ("report", cases[1::2])):
        print(
            f"\n| {part}: share of words | let through of those that matter | of all pairs |\n|---|---|---|"
        )
        for share in SHARES:
            report(chosen, share)


def look(
    collection: Collection, query: str, vectors: np.ndarray
) -> tuple[float, np.ndarray, np.ndarray] | None:
    """The bar of a query, the cosines of the hits that reach it, and those of all documents."""
    text = collection.queries[query]
    found = Candidates(text, filters=Filters(), mode="hybrid")
    calibration = get_calibration()
    cosines = np.array([found.cosines[pk] for pk in found.ids.tolist()])
    evidence = calibration.evidence(cosines, found.words.coverage_of(found.ids))
    best = np.argsort(-evidence, kind="stable")[:MAX_SOURCES]
    similarities = calibration.probability(evidence[best])
    sources = similarities[similarities >= FLOOR]
    if not len(sources) or sources.max() < TOPIC_FLOOR:
        return None
    bar = float(np.median(sources[: max(1, len(sources) // 2)]))
    return bar, cosines[best][similarities >= bar], vectors @ get_embedder().embed([text])[0]


def report(cases: list[tuple[float, np.ndarray, np.ndarray]], share: float) -> None:
    model = get_embedder().model
    needed = [needed_cosine(bar, model, coverage=share) for bar, _, _ in cases]
    matter = np.concatenate([near >= one for one, (_, near, _) in zip(needed, cases, strict=True)])
    every = np.concatenate([far >= one for one, (_, _, far) in zip(needed, cases, strict=True)])
    print(f"| {share} | {matter.mean():.3f} of {len(matter)} | {every.mean():.4f} |")


if __name__ == "__main__":
    main()
