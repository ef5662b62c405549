"""Statements that turn their evidence around are flagged; statements that say it in other words are not."""

import pytest

from qa.direction import direction_differs


@pytest.mark.parametrize(
    ("statement", "evidence"),
    [
        ("Noise increases the accuracy of the network.", "Noise decreases the accuracy of the network."),
        ("The method is sensitive to noise.", "The method is insensitive to noise."),
        ("The state is stable under noise.", "The state is unstable under noise."),
        ("Dropout makes the segmentation better.", "Dropout makes the segmentation worse."),
        ("The protocol requires an ancilla qubit.", "The protocol removes the need for an ancilla qubit."),
        ("It gives an upper bound on the error rate.", "It gives a lower bound on the error rate."),
        ("The kernel is robust to depolarising noise.", "The kernel is not robust to depolarising noise."),
        ("Surface codes do not reach the threshold.", "Surface codes reach the threshold."),
        ("Classical models outperformed quantum models on MNIST.",
            "Quantum models outperformed classical models on MNIST."),
        ("A regular pattern appears at low noise.", "An irregular pattern appears at low noise."),
        ("Quantum kernels beat classical kernels.",
            "Contrary to claims that quantum kernels outperform classical kernels, both reach 84%."),
        ("Deeper circuits train faster.", "Nobody has shown that deeper circuits train faster."),
        ("Deeper circuits train faster.", "It is doubtful, at best, that deeper circuits train faster."),
        ("Deeper circuits train faster.", "It is hard to see how deeper circuits train faster."),
        ("Deeper circuits train faster.", "Deeper circuits train faster only if noise is absent."),
        ("U-Net is better than V-Net on livers.", "V-Net is better than U-Net on livers."),
    ],
)  # fmt: skip
def test_direction_differs_flags_a_reversal(statement, evidence):
    assert direction_differs(statement, evidence)


@pytest.mark.parametrize(
    ("statement", "evidence"),
    [
        ("Noise lowers the accuracy of the network.", "Noise decreases the accuracy of the network."),
        ("Quantum models outperformed classical models on MNIST.",
            "On MNIST quantum models outperformed classical models."),
        ("The quantum models converged more slowly than the classical ones.",
            "The quantum models showed slower convergence than the classical models."),
        ("It is not only fast but accurate.", "It is fast and accurate."),
        ("Classical models are worse than quantum models on MNIST.",
            "Quantum models are better than classical models on MNIST."),
        ("Deeper circuits train faster.", "In this paper, we show that deeper circuits train faster."),
        ("Deeper circuits train faster.", "Although no proof exists, deeper circuits train faster."),
        ("Deeper circuits train faster.", "Our results suggest that deeper circuits train faster on chips."),
        ("Formed layers were covered.", "Informed by theory, we discovered formed layers that were covered."),
        ("The archive holds something else.", "Noise decreases the accuracy of the network."),
    ],
)  # fmt: skip
def test_direction_differs_lets_the_same_direction_pass(statement, evidence):
    assert direction_differs(statement, evidence) == ""


def test_direction_differs_says_which_words():
    why = direction_differs("Noise increases the accuracy.", "Noise decreases the accuracy.")
    assert why == "it says “increases” where the source says “decreases”"
