"""Fits the similarity shown to readers, and the floors that sources are held to; reports both on what was
kept back.

    python benchmarks/similarity.py pairs [FOLDER ...] [--write] [--picture FILE]   the logistic, on labelled
        pairs of every collection in retrieval/ of ANTIGRAVITY_DATA, or of some
    python benchmarks/similarity.py floors   the floors, on questions put to the configured archive

Pairs: of each query the 50 best hybrid candidates; what nobody judged counts as not relevant. Fitted on every
other query, each collection counting the same; reported on the queries between. Floors:
benchmarks/data/questions.json, asked of the demonstration corpus with the starter archive; fitted on every
other question, reported on the others.
"""

import argparse
import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from collections_in_archive import DATA, Collection, load_collection, read_collection, scratch_archive
from reliability_diagram import Curve, draw

from archive.calibration import CONSTANTS, Calibration, get_calibration
from archive.embeddings import get_embedder
from archive.filters import Filters
from archive.models import Preprint
from archive.search import FLOOR, TOPIC_FLOOR, Candidates, search

POOL = 50
BINS = 10
QUESTIONS = Path(__file__).resolve().parent / "data" / "questions.json"
COMMAND = "python benchmarks/similarity.py pairs --write"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["pairs", "floors"])
    parser.add_argument("folders", nargs="*", type=Path, help="collections in BEIR's form")
    parser.add_argument("--write", action="store_true", help="keep the fitted constants in archive/data")
    parser.add_argument("--picture", type=Path, help="draw the diagram of the constants in force")
    options = parser.parse_args()
    if options.what == "pairs":
        folders = options.folders or sorted((DATA / "retrieval").iterdir())
        fit_pairs(folders, is_written=options.write, picture=options.picture)
    else:
        fit_floors()


def fit_pairs(folders: list[Path], *, is_written: bool, picture: Path | None) -> None:
    """Fits on one half of every collection and reports on the other, also of the constants in force."""
    pools = {}
    with scratch_archive():
        for folder in folders:
            collection = read_collection(folder)
            load_collection(collection)
            pools[collection.name] = [pool_of(collection, query) for query in collection.queries]
    calibration = fit([queries[0::2] for queries in pools.values()])
    print(json.dumps(asdict(calibration)))
    kept = {name: np.vstack(queries[1::2]) for name, queries in pools.items()}
    kept["all"] = np.vstack(list(kept.values()))
    for title, constants in (("fitted now", calibration), ("in force", get_calibration())):
        print(f"\n{title}:\n| collection | pairs | relevant | mean similarity | calibration error |")
        print("|---|---|---|---|---|")
        for name, pairs in kept.items():
            report_pairs(name, pairs, constants)
    report_bins(kept["all"], calibration)
    if picture:
        shown_now = calibration if is_written else get_calibration()
        curves = [curve_of(name, pairs, shown_now) for name, pairs in kept.items()]
        picture.write_text(draw(curves), encoding="utf-8")
    if is_written:
        text = json.dumps({"made_by": COMMAND, "calibration": asdict(calibration)}, indent=2)
        CONSTANTS.write_text(text + "\n", encoding="utf-8")


def pool_of(collection: Collection, query: str) -> np.ndarray:
    """A row for each of a query's 50 best candidates: cosine, coverage, and whether it is relevant."""
    found = Candidates(collection.queries[query], filters=Filters(), mode="hybrid")
    cosines = np.array([found.cosines[pk] for pk in found.ids.tolist()])
    coverage = found.words.coverage_of(found.ids)
    best = np.argsort(-get_calibration().evidence(cosines, coverage), kind="stable")[:POOL]
    names = dict(Preprint.objects.filter(pk__in=found.ids[best].tolist()).values_list("pk", "source_id"))
    relevant = [names[pk] in collection.relevant[query] for pk in found.ids[best].tolist()]
    return np.column_stack([cosines[best], coverage[best], relevant])


def fit(pools: list[list[np.ndarray]]) -> Calibration:
    """A logistic of cosine + coverage, which count alike, by Newton's method; each collection weighs the
    same.

    The two are kept at equal weight because it ranks best, or within .004 of it, on all three collections.
    """
    pairs = np.vstack([pool for queries in pools for pool in queries])
    weights = np.concatenate(
        [np.full(sum(map(len, queries)), 1 / sum(map(len, queries))) for queries in pools]
    )
    features = np.column_stack([np.ones(len(pairs)), pairs[:, 0] + pairs[:, 1]])
    constants = np.zeros(2)
    for _ in range(50):
        expected = 1 / (1 + np.exp(-features @ constants))
        slope = features.T @ (weights * (expected - pairs[:, 2]))
        curvature = (features.T * (weights * expected * (1 - expected))) @ features
        constants -= np.linalg.solve(curvature, slope)
    cosine_slope, typical_cosine = np.polyfit(pairs[:, 1], pairs[:, 0], 1)
    intercept, steepness, base, slope_of_cosine = (
        round(float(value), 4) for value in (*constants, typical_cosine, cosine_slope)
    )
    return Calibration(
        version=f"{datetime.now(UTC):%Y-%m-%d}",
        model=get_embedder().model,
        intercept=intercept,
        cosine=steepness,
        coverage=steepness,
        typical_cosine=base,
        cosine_slope=slope_of_cosine,
    )


def report_pairs(name: str, pairs: np.ndarray, calibration: Calibration) -> None:
    shown = similarities(pairs, calibration)
    error = calibration_error(shown, pairs[:, 2])
    print(f"| {name} | {len(pairs):,} | {pairs[:, 2].mean():.3f} | {shown.mean():.3f} | {error:.3f} |")


def similarities(pairs: np.ndarray, calibration: Calibration) -> np.ndarray:
    return 1 / (1 + np.exp(-calibration.evidence(pairs[:, 0], pairs[:, 1])))


def calibration_error(shown: np.ndarray, relevant: np.ndarray) -> float:
    """The expected calibration error over ten equal bins (Naeini et al. 2015)."""
    bins = np.minimum((shown * BINS).astype(int), BINS - 1)
    parts = [bins == number for number in range(BINS)]
    return float(
        sum(part.mean() * abs(shown[part].mean() - relevant[part].mean()) for part in parts if part.any())
    )


def curve_of(name: str, pairs: np.ndarray, calibration: Calibration) -> Curve:
    """What the picture shows of a collection: its tenths, as far as they have pairs."""
    shown, relevant = similarities(pairs, calibration), pairs[:, 2]
    bins = np.minimum((shown * BINS).astype(int), BINS - 1)
    parts = [part for number in range(BINS) if (part := bins == number).any()]
    return Curve(
        name,
        calibration_error(shown, relevant),
        np.array([shown[part].mean() for part in parts]),
        np.array([relevant[part].mean() for part in parts]),
        np.array([part.sum() for part in parts]),
    )


def report_bins(pairs: np.ndarray, calibration: Calibration) -> None:
    """Of all pairs shown between a and b %, how many were relevant."""
    shown = similarities(pairs, calibration)
    bins = np.minimum((shown * BINS).astype(int), BINS - 1)
    print("\n| shown | pairs | mean shown | relevant |\n|---|---|---|---|")
    for number in range(BINS):
        part = bins == number
        if part.any():
            span = f"{number * 10}-{number * 10 + 10} %"
            print(f"| {span} | {part.sum():,} | {shown[part].mean():.2f} | {pairs[part, 2].mean():.2f} |")


def fit_floors() -> None:
    """The floor between the best hits of both kinds of questions, and how it does on the kept-back half."""
    questions = json.loads(QUESTIONS.read_text(encoding="utf-8"))
    best = {
        kind: np.array([best_similarity(question) for question in questions[kind]])
        for kind in ("on_topic", "off_topic")
    }
    fitted = {kind: values[0::2] for kind, values in best.items()}
    floors = np.round(np.arange(0.01, 0.5, 0.005), 3)
    right = [(fitted["on_topic"] >= floor).mean() + (fitted["off_topic"] < floor).mean() for floor in floors]
    good = floors[np.isclose(right, max(right))]
    print(f"Best floors on the half that was fitted: {good.min()} to {good.max()}; in force: {TOPIC_FLOOR}")
    for kind, values in best.items():
        kept = values[1::2]
        print(
            f"{kind}, kept-back half: {(kept >= TOPIC_FLOOR).sum()} of {len(kept)} have sources; "
            f"best hits {kept.min():.3f} to {kept.max():.3f}, median {np.median(kept):.3f}"
        )
    counts = [len(search(question).sources) for question in questions["on_topic"]]
    print(f"Sources of at least {FLOOR} for a question on the topics: {np.mean(counts):.1f} of 8 on average")


def best_similarity(question: str) -> float:
    hits = search(question, limit=1).hits
    return (hits[0].similarity or 0.0) if hits else 0.0


if __name__ == "__main__":
    main()
