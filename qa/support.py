"""Pure: how far a text supports a statement, and the sentence that it rests on.

A logistic of four features, fitted by benchmarks/checking.py on half of SciFact's training claims (SUPPORT against
cited abstracts without evidence) and reported on the other half. It tells "not about this" well, a reversal badly.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from archive.passages import Passage
from qa.wording import coverage, terms

# Written by: python benchmarks/checking.py --fit
INTERCEPT = -7.74
COEFFICIENTS = (5.94, 2.93, -1.77, 5.71)

# A citation is supported from here on, and unsupported under the second one. Source: benchmarks/checking.py prints how
# many true and false citations of the half that was not fitted on fall on each side.
SUPPORTED_FROM = 0.4
UNSUPPORTED_UNDER = 0.15

# The evidence sentence is the one with the best blend of the two; equal parts did best among tenths on the fitted half.
MEANING_SHARE = 0.5


@dataclass(frozen=True)
class CitedText:
    """A source's text, split and embedded once for all statements that cite it."""

    title: str
    passages: list[Passage]
    vectors: np.ndarray  # one row a passage, L2-normalised
    whole: np.ndarray  # of title and abstract together


@dataclass(frozen=True)
class Support:
    """How likely the text supports the statement, 0 to 1, and the sentence that comes nearest to it."""

    score: float
    evidence: Passage


def support_features(statement: str, vector: np.ndarray, text: CitedText) -> tuple[np.ndarray, int]:
    """The four features (best sentence and whole text, each by meaning and by words), and the best sentence's place."""
    wanted = terms(statement)
    sentence_terms = [terms(passage.text) for passage in text.passages]
    meaning = text.vectors @ vector
    wording = np.array([coverage(wanted, found) for found in sentence_terms])
    best = int(np.argmax(MEANING_SHARE * meaning + (1 - MEANING_SHARE) * wording))
    all_terms = {term for found in sentence_terms for term in found} | set(terms(text.title))
    features = (meaning.max(), text.whole @ vector, wording.max(), coverage(wanted, all_terms))
    return np.array(features, dtype=float), best


def assess_support(statement: str, vector: np.ndarray, text: CitedText) -> Support:
    """The support that a text with at least one passage gives a statement."""
    features, best = support_features(statement, vector, text)
    return Support(logistic(INTERCEPT + float(features @ np.array(COEFFICIENTS))), text.passages[best])


def logistic(value: float) -> float:
    """The logistic function."""
    return 1 / (1 + math.exp(-max(-60.0, min(60.0, value))))


def embed_texts(texts: Sequence[str], embedder: Any) -> np.ndarray:
    """Vectors of the texts, one row each; no call for none."""
    return embedder.embed(texts) if texts else np.zeros((0, 0), dtype=np.float32)
