"""SciFact's training claims beside the abstracts that they cite, for benchmarks/checking.py.

Claims with an even number are the half that things are fitted on, the others the half that is reported.
"""

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "antigravity.settings")

from archive.embeddings import Embedder  # noqa: E402
from archive.passages import split_sentences  # noqa: E402
from qa import support  # noqa: E402
from qa.direction import direction_differs, turned_share  # noqa: E402
from qa.figures import missing_figures  # noqa: E402
from qa.polarity import reversal_features  # noqa: E402
from qa.support import CitedText, rank_evidence  # noqa: E402
from qa.wording import coverage, soft_coverage, terms, weight, words  # noqa: E402

DATA = Path(os.environ.get("ANTIGRAVITY_DATA", ROOT.parent / "shared" / "data"))
FOLDER = DATA / "retrieval" / "scifact-train"


@dataclass
class Pair:
    """A claim and an abstract, with what SciFact says of them: SUPPORT, CONTRADICT, none, or "hard" (made
    here).

    `measures` are what features of the support score can be made of; of each sentence of the abstract
    `closeness` is its cosine to the claim, `coverage` the share of the claim's weight that it has; `gold` are
    the places of the sentences that are evidence.
    """

    claim: str
    number: int
    label: str
    measures: dict[str, float]
    baselines: tuple[float, float]
    turned: bool
    turned_share: float
    reversal: np.ndarray
    closeness: np.ndarray
    coverage: np.ndarray
    gold: set[int]

    @property
    def is_fitted(self) -> bool:
        return self.number % 2 == 0


class Reader:
    """Abstracts split and embedded once each."""

    def __init__(self, embedder: Embedder) -> None:
        lines = (FOLDER / "corpus.jsonl").read_text(encoding="utf-8").splitlines()
        self.documents = {document["_id"]: document for document in map(json.loads, lines)}
        self.embedder = embedder
        self.texts: dict[str, CitedText] = {}

    def read(self, key: str) -> CitedText:
        """A document as the support score wants it."""
        if key not in self.texts:
            document = self.documents[key]
            passages = split_sentences(document["text"])
            vectors = self.embedder.embed([passage.text for passage in passages])
            self.texts[key] = CitedText(document["title"], passages, vectors)
        return self.texts[key]

    def pair(self, row: dict, key: str, *, label: str, gold: list[str]) -> Pair:
        """A claim beside a document."""
        text = self.read(key)
        claim, vector = row["claim"], self.embedder.embed([row["claim"]])[0]
        whole = f"{text.title}. {self.documents[key]['text']}"
        closeness = text.vectors @ vector
        wanted = terms(claim)
        ranks = rank_evidence(claim, vector, text)[: support.NEAREST]
        near = [text.passages[place].text for place in ranks]
        return Pair(
            claim=claim,
            number=int(row["id"]),
            label=label,
            measures=measure(claim, closeness, text, missing=len(missing_figures(claim, [whole]))),
            baselines=(coverage(wanted, terms(whole)), float(closeness.max())),
            turned=bool(direction_differs(claim, near[0])),
            turned_share=turned_share(claim, near),
            reversal=reversal_features(claim, near),
            closeness=closeness,
            coverage=np.array([coverage(wanted, terms(passage.text)) for passage in text.passages]),
            gold={
                place
                for place, passage in enumerate(text.passages)
                if any(same(passage.text, one) for one in gold)
            },
        )


def measure(claim: str, closeness: np.ndarray, text: CitedText, *, missing: int) -> dict[str, float]:
    """What features of the support score can be made of: those in force, and others to choose among."""
    found = {term for passage in text.passages for term in terms(passage.text)} | set(terms(text.title))
    wanted = set(terms(claim))
    nearest = float(closeness.max())
    return {
        "product": nearest * soft_coverage(wanted, found),
        "lacking": sum(weight(term) for term in wanted - found),
        "figures": min(missing, support.MOST_FIGURES),
        "nearest": nearest,
        "three": float(np.sort(closeness)[-3:].mean()),
        "coverage": coverage(wanted, found),
        "soft": soft_coverage(wanted, found),
    }


def same(one: str, other: str) -> bool:
    """Whether two sentences are one, however they were split."""
    first, second = set(words(one)), set(words(other))
    return len(first & second) > 0.8 * max(1, min(len(first), len(second)))


def read_pairs(reader: Reader) -> list[Pair]:
    """All pairs; the evidence of several annotators for one pair is put together. One hard negative a
    supported claim.
    """
    lines = (FOLDER / "claims_evidence.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    grouped: dict[tuple[str, str], tuple[dict, list[str]]] = {}
    for row in rows:
        key = row["evidence_doc_id"] or row["cited_doc_ids"][0]
        grouped.setdefault((row["id"], key), (row, []))[1].extend(row["evidence_text"])
    pairs = [
        reader.pair(row, key, label=row["label"], gold=gold) for (_, key), (row, gold) in grouped.items()
    ]
    keys = sorted(reader.texts)
    centres = np.array([reader.texts[key].vectors.mean(axis=0) for key in keys])
    for (_, key), (row, _) in list(grouped.items()):
        if row["label"] == "SUPPORT":
            nearness = centres @ reader.embedder.embed([row["claim"]])[0]
            own = {key, *row["cited_doc_ids"]}
            nearest = next(keys[place] for place in np.argsort(-nearness) if keys[place] not in own)
            pairs.append(reader.pair(row, nearest, label="hard", gold=[]))
    return pairs


def fit_logistic(features: np.ndarray, labels: np.ndarray, *, ridge: float = 1.0) -> tuple[float, np.ndarray]:
    """Intercept and coefficients of a ridge logistic with balanced classes, by Newton's method."""
    mean, spread = features.mean(axis=0), features.std(axis=0) + 1e-9
    design = np.c_[np.ones(len(features)), (features - mean) / spread]
    weights = np.where(labels == 1, 0.5 / labels.mean(), 0.5 / (1 - labels.mean()))
    penalty = ridge * np.diag([0.0] + [1.0] * features.shape[1])
    found = np.zeros(design.shape[1])
    for _ in range(100):
        chance = 1 / (1 + np.exp(-design @ found))
        gradient = design.T @ (weights * (chance - labels)) + penalty @ found
        curvature = (design * (weights * chance * (1 - chance))[:, None]).T @ design + penalty
        found -= np.linalg.solve(curvature, gradient)
    coefficients = found[1:] / spread
    return float(found[0] - (coefficients * mean).sum()), coefficients


def auroc(high: np.ndarray, low: np.ndarray) -> float:
    """The chance that one of the first is above one of the second."""
    return float(np.mean((high[:, None] > low[None]) + 0.5 * (high[:, None] == low[None])))
