"""The calibration in force, as pages and the API show it."""

import numpy as np

from archive.calibration import get_calibration


def test_similarity_never_falls_where_likeness_rises() -> None:
    """Of any two pairs: whichever is as near or nearer in meaning and in words shows as much or more."""
    calibration = get_calibration()
    cosine, coverage = np.meshgrid(np.linspace(-1, 1, 401), np.linspace(0, 1, 201), indexing="ij")
    evidence = calibration.evidence(cosine, coverage)
    shown = calibration.probability(evidence)
    assert (np.diff(shown, axis=0) >= 0).all()
    assert (np.diff(shown, axis=1) >= 0).all()
    assert shown.min() >= 0
    assert shown.max() <= 1


def test_percentages_stand_in_the_order_of_the_hits() -> None:
    calibration = get_calibration()
    evidence = np.sort(np.random.default_rng(5).normal(scale=8, size=10_000))
    shown = calibration.probability(evidence)
    assert (np.diff(shown) >= 0).all()
    assert shown[-1] > shown[0]
