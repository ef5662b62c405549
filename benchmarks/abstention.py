"""Measures whether the site refuses what its archive can't answer.

    python benchmarks/abstention.py [--without-verdicts]

Asked of the configured archive, which has to be the demonstration corpus with the starter archive, embedded.
Three kinds that it can't answer come from benchmarks/data/abstention_questions.jsonl: off-topic questions of
daily life and general knowledge; those that a researcher of a neighbouring field might ask, of medicine,
biology, chemistry, engineering or the humanities; and those that a researcher of the archive's own fields
might ask, of which no abstract says the answer. Answerable ones are those of extractive_questions.jsonl that
have an answer, whole or partial. Each kind has a part "fit" and a part "report".

Printed of "report": what the floor in force refuses, and what a floor refuses that was set on "fit" so that
10 % of the answerable questions fall under it. Baseline in the same run: the cosine of the nearest preprint,
with a floor set in the same way. With verdicts, which takes longer: what the embedded answerer says.
"""

import argparse
import json
import os
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import django
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "antigravity.settings")
os.environ.setdefault("STATEMENT_TIMEOUT_MS", "60000")
django.setup()

from archive.embeddings import get_embedder  # noqa: E402
from archive.models import Embedding, Preprint  # noqa: E402
from archive.search import TOPIC_FLOOR, SearchResult, search  # noqa: E402
from qa.checking import CheckSource  # noqa: E402
from qa.extractive import compose  # noqa: E402

FOLDER = ROOT / "benchmarks" / "data"
KINDS = ("off_topic", "neighbouring", "unanswerable", "answerable")
WRONGLY_REFUSED = 0.1
SOURCES = 8


@dataclass(frozen=True)
class Outcome:
    """A question with what the archive has on it."""

    kind: str
    part: str
    similarity: float
    cosine: float
    has_sources: bool
    verdict: str  # of the embedded answerer; empty where it was not asked


def read_questions() -> list[tuple[str, str, str]]:
    """Question, kind and part of all three kinds."""
    rows = [json.loads(line) for line in (FOLDER / "abstention_questions.jsonl").open(encoding="utf-8")]
    found = [(row["question"], row["kind"], row["part"]) for row in rows]
    rows = [json.loads(line) for line in (FOLDER / "extractive_questions.jsonl").open(encoding="utf-8")]
    answerable = (row for row in rows if row["verdict"] != "unanswerable")
    return found + [(row["question"], "answerable", row["part"]) for row in answerable]


def ask(question: str, kind: str, part: str, *, with_verdict: bool) -> Outcome:
    """One question put to the archive, and to the embedded answerer."""
    found = search(question, limit=SOURCES)
    nearest = search(question, limit=1, mode="vector").hits
    similarity = max((hit.similarity or 0.0 for hit in found.hits), default=0.0)
    verdict = say(question, found) if with_verdict else ""
    cosine = nearest[0].score if nearest else 0.0
    return Outcome(kind, part, similarity, cosine, bool(found.sources), verdict)


def say(question: str, found: SearchResult) -> str:
    """The verdict of the embedded answerer; unanswerable where nothing may be a source."""
    sources = [
        CheckSource(number, hit.preprint.identifier, hit.preprint.title, hit.preprint.abstract)
        for number, hit in enumerate(found.sources, start=1)
    ]
    return compose(question, sources, embedder=get_embedder())["verdict"] if sources else "unanswerable"


def refused(outcomes: list[Outcome], kind: str, *, by: str, floor: float) -> float:
    """The share of a kind's questions of the part "report" under a floor."""
    values = [getattr(one, by) for one in outcomes if one.kind == kind and one.part == "report"]
    return float(np.mean(np.array(values) < floor))


def report_floors(outcomes: list[Outcome]) -> None:
    """What each floor refuses of each kind."""
    print(f"{'refused, report part':<44}" + "".join(f"{kind:>14}" for kind in KINDS))
    floors = [("the floor in force", "similarity", TOPIC_FLOOR)]
    for by in ("similarity", "cosine"):
        fit = [getattr(one, by) for one in outcomes if (one.kind, one.part) == ("answerable", "fit")]
        floors.append(("10 % of answerable refused", by, float(np.quantile(fit, WRONGLY_REFUSED))))
    for name, by, floor in floors:
        shares = [refused(outcomes, kind, by=by, floor=floor) for kind in KINDS]
        label = f"{name}: {by} under {floor:.3f}"
        print(f"{label:<44}" + "".join(f"{share:>14.3f}" for share in shares))


def report_verdicts(outcomes: list[Outcome]) -> None:
    """What the embedded answerer says of each kind."""
    print("\nthe embedded answerer, report part")
    for kind in KINDS:
        said = Counter(one.verdict for one in outcomes if one.kind == kind and one.part == "report")
        print(f"  {kind:<14}" + ", ".join(f"{verdict} {count}" for verdict, count in said.most_common()))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--without-verdicts", action="store_true", help="search only: a minute instead of five"
    )
    options = parser.parse_args()
    preprints, embedded = Preprint.objects.count(), Embedding.objects.count()
    print(f"{preprints:,} preprints, {embedded:,} of them embedded")
    with_verdict = not options.without_verdicts
    outcomes = [ask(*row, with_verdict=with_verdict) for row in read_questions()]
    counts = Counter((one.kind, one.part) for one in outcomes)
    print(", ".join(f"{kind}: {counts[kind, 'fit']} fit, {counts[kind, 'report']} report" for kind in KINDS))
    report_floors(outcomes)
    if with_verdict:
        report_verdicts(outcomes)


if __name__ == "__main__":
    main()
