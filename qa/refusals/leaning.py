"""Pure: questions that lean on something which only their asker sees, told by what no pattern knows.

"Why do the curves cross?" and "Why do the tides turn?" have one form; which of them names its subject is a
matter of words. A logistic regression on signs of form and on the vector of the local embedding model, fitted
by `benchmarks/submission.py --fit`; it is asked after the rules, and only where something is pointed at.
"""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from qa.wording import terms, weight

LEANING_FILE = Path(__file__).parent.parent / "data" / "leaning.json"
VECTOR_SCALE = 3.0  # so that a vector's 384 small numbers count as the signs do
# "The curve", "they", "another one"; not "the mass of quarks", which says whose it is.
POINTER = re.compile(
    r"\b(?:the|this|these|those|that)\s+"
    r"(?!(?:[a-z-]+\s+){0,2}[a-z-]+\s+(?:of|for|between|in|on|from|with|to|by)\s+(?!the\b))[a-z]"
    r"|\b(?:they|it|them|their|its|he|she|his|her|another|other|same|earlier|previous)\b"
)
NAMED = re.compile(r"(?<!^)\b[A-Z][\w-]+|[A-Z]{2,}|\d")
BARE_END = re.compile(r"\bthe [a-z-]+(?: [a-z-]+)?\W*$")
PAST = re.compile(r"\b(?:was|were|did)\b")


def read_signs(text: str) -> np.ndarray:
    """How rare its rarest words are, how many it has, and what it points at."""
    rarity = sorted((weight(term) for term in terms(text)), reverse=True) or [0.0]
    return np.array(
        [
            0.3 * rarity[0],
            0.3 * (rarity[1] if len(rarity) > 1 else 0.0),
            0.3 * float(np.mean(rarity)),
            0.3 * len(terms(text)),
            1.5 * bool(POINTER.search(text)),
            len(re.findall(r"\bthe\b", text)),
            1.5 * bool(NAMED.search(text[1:])),
            bool(BARE_END.search(text)),
            bool(PAST.search(text)),
        ],
        dtype=float,
    )


def read_features(text: str, vector: np.ndarray) -> np.ndarray:
    """What the regression is fitted on: the signs, then the vector."""
    return np.concatenate([read_signs(text), VECTOR_SCALE * vector])


@cache
def read_leaning() -> dict[str, Any]:
    """The weights of the features, the bias, and the probability that refuses."""
    stored = json.loads(LEANING_FILE.read_text(encoding="utf-8"))
    return stored | {"weights": np.array(stored["weights"])}


def leaning_share(text: str, vector: np.ndarray, stored: dict[str, Any]) -> float:
    """The probability that a text with this vector points at something that it does not name."""
    if not POINTER.search(text):
        return 0.0
    return float(1 / (1 + np.exp(-(stored["weights"] @ read_features(text, vector) + stored["bias"]))))


def leans_by_meaning(text: str, vector: np.ndarray) -> bool:
    """Whether that is probable enough to ask for the name."""
    stored = read_leaning()
    return leaning_share(text, vector, stored) >= stored["refuse_from"]
