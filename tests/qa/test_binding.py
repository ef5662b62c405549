"""Figures that a source has, but in another place: exchanged ones are seen, other wordings not doubted."""

import pytest

from qa.binding import exchanged_figures

SOURCE = (
    "On the binary task the quantum network reached an accuracy of 0.74, while the classical network reached "
    "0.80. Sensitivity was 91% on CT and 85% on MRI. Training took 12 epochs on 4 GPUs. A second cohort of "
    "120 patients confirmed it, with 35 controls."
)


@pytest.mark.parametrize(
    ("statement", "pair"),
    [
        (
            "The quantum network reached an accuracy of 0.80, and the classical network 0.74.",
            ("0.80", "0.74"),
        ),
        ("Sensitivity was 85% on CT.", ("85%", "91%")),
        ("Sensitivity was 85% on CT and 91% on MRI.", ("85%", "91%")),
        ("Training took 4 epochs.", ("4", "12")),
        ("The second cohort had 35 patients and 120 controls.", ("35", "120")),
    ],
)
def test_exchanged_figures_names_a_figure_in_anothers_place(statement, pair):
    assert exchanged_figures(statement, [SOURCE]) == pair


@pytest.mark.parametrize(
    "statement",
    [
        "The classical network reached 0.80 and the quantum network 0.74.",
        "Sensitivity was 85% on MRI and 91% on CT.",
        "On CT the sensitivity was 91%.",
        "It trained on 4 GPUs for 12 epochs.",
        "The cohort had 120 patients and 35 controls.",
        "The quantum network reached 0.99.",  # a missing figure, which is said elsewhere
        "Nothing here is counted.",
    ],
)
def test_exchanged_figures_leaves_other_wordings_alone(statement):
    assert exchanged_figures(statement, [SOURCE]) is None
