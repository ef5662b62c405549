"""Pure: how far a text supports a statement, and the sentence that it rests on.

A logistic of three features, fitted by benchmarks/checking.py on half of SciFact's training claims (SUPPORT
against cited abstracts without evidence) and reported on the other half. It tells "not about this" well, a
reversal badly.
"""

import math
from dataclasses import dataclass

import numpy as np

from archive.passages import Passage
from qa.wording import coverage, soft_coverage, terms, weight

# Written by: python benchmarks/checking.py
INTERCEPT = -2.81
COEFFICIENTS = (8.86, -0.021, -0.35)

# A citation is supported from the first on, and unsupported under the second. benchmarks/checking.py prints
# how many
# true and false citations of the half that was not fitted on fall on each side.
SUPPORTED_FROM = 0.4
UNSUPPORTED_UNDER = 0.15

# The evidence sentence: equal parts of meaning and words, and a little more the later it stands, as
# findings come last
# (hit@1 on SciFact's training claims .53 without the last, .61 with it).
MEANING_SHARE = 0.5
LATE_SHARE = 0.1
NEAREST = 3  # sentences that are looked at for another direction
MOST_FIGURES = 2  # missing figures beyond so many say nothing more


@dataclass(frozen=True)
class CitedText:
    """A source's text, split and embedded once for all statements that cite it."""

    title: str
    passages: list[Passage]
    vectors: np.ndarray  # one row a passage, L2-normalised


@dataclass(frozen=True)
class Support:
    """How likely the text supports the statement, 0 to 1, and the sentences that come nearest to it."""

    score: float
    evidence: Passage
    near: tuple[str, ...] = ()  # the text's sentences, the likeliest evidence first


def support_features(statement: str, vector: np.ndarray, text: CitedText, *, missing: int) -> np.ndarray:
    """Closeness of the best sentence times the share of words found; weight of the words that are nowhere
    found; missing figures.
    """
    found = {term for passage in text.passages for term in terms(passage.text)} | set(terms(text.title))
    wanted = set(terms(statement))
    meaning = float((text.vectors @ vector).max())
    lacking = sum(weight(term) for term in wanted - found)
    return np.array([meaning * soft_coverage(wanted, found), lacking, min(missing, MOST_FIGURES)])


def rank_evidence(statement: str, vector: np.ndarray, text: CitedText) -> list[int]:
    """The places of a text's sentences, the likeliest evidence first."""
    wanted = terms(statement)
    words = np.array([coverage(wanted, terms(passage.text)) for passage in text.passages])
    late = np.linspace(0, 1, len(text.passages)) if len(text.passages) > 1 else np.zeros(1)
    score = MEANING_SHARE * (text.vectors @ vector) + (1 - MEANING_SHARE) * words + LATE_SHARE * late
    return [int(place) for place in np.argsort(-score, kind="stable")]


def assess_support(statement: str, vector: np.ndarray, text: CitedText, *, missing: int) -> Support:
    """The support that a text with at least one passage gives; `missing` figures of the statement are not
    cited.
    """
    features = support_features(statement, vector, text, missing=missing)
    ranked = [text.passages[place] for place in rank_evidence(statement, vector, text)[:NEAREST]]
    score = logistic(INTERCEPT + float(features @ np.array(COEFFICIENTS)))
    return Support(score, ranked[0], tuple(passage.text for passage in ranked))


def logistic(value: float) -> float:
    """The logistic function."""
    return 1 / (1 + math.exp(-max(-60.0, min(60.0, value))))
