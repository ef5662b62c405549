"""Pure: what no pattern catches: texts whose meaning is near that of orders, chat, advertising and the like.

A logistic regression on the vector of the local embedding model, fitted by `benchmarks/submission.py --fit`
on texts written for it and on titles of preprints; it is asked after the rules.
"""

import json
from functools import cache
from pathlib import Path

import numpy as np

KINDS_FILE = Path(__file__).parent.parent / "data" / "question_kinds.json"
QUESTION = "question"


@cache
def read_kinds() -> tuple[list[str], np.ndarray, np.ndarray, float]:
    """Names of the kinds, their weights [kinds, dimensions], biases, and the probability that refuses."""
    stored = json.loads(KINDS_FILE.read_text(encoding="utf-8"))
    return stored["kinds"], np.array(stored["weights"]), np.array(stored["biases"]), stored["refuse_from"]


def find_kind(vector: np.ndarray) -> str:
    """What a text with this vector is: a question, unless that is improbable enough."""
    kinds, weights, biases, refuse_from = read_kinds()
    scores = weights @ vector + biases
    shares = np.exp(scores - scores.max())
    shares /= shares.sum()
    question = kinds.index(QUESTION)
    if 1 - shares[question] < refuse_from:
        return QUESTION
    shares[question] = 0
    return kinds[int(shares.argmax())]
