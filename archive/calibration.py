"""Pure: how alike in meaning and in words a question and a preprint are -> the share of such pairs that are
relevant.

The constants are fitted by benchmarks/similarity.py and kept with their version in data/calibration.json.
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

CONSTANTS = Path(__file__).resolve().parent / "data" / "calibration.json"


@dataclass(frozen=True, slots=True)
class Calibration:
    """A logistic of cosine and coverage, rising in both, for one embedding model.

    `typical_cosine` and `cosine_slope` tell the cosine to be expected of a coverage, for preprints that have
    no vector yet: they are ranked by it and shown without a percentage.
    """

    version: str
    model: str
    intercept: float
    cosine: float
    coverage: float
    typical_cosine: float
    cosine_slope: float

    def evidence(self, cosine: np.ndarray, coverage: np.ndarray) -> np.ndarray:
        """The log odds of relevance. A cosine that is not known is nan and counts as the usual one."""
        expected = self.typical_cosine + self.cosine_slope * coverage
        known = np.where(np.isnan(cosine), expected, cosine)
        return self.intercept + self.cosine * known + self.coverage * coverage

    def probability(self, evidence: np.ndarray) -> np.ndarray:
        """The share of pairs with such evidence that were judged relevant, 0..1."""
        return 1 / (1 + np.exp(-evidence))


@lru_cache(maxsize=1)
def get_calibration() -> Calibration:
    """The calibration in force."""
    return Calibration(**json.loads(CONSTANTS.read_text(encoding="utf-8"))["calibration"])
