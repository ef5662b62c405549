"""Words that no preprint holds, and what they may have meant."""

import pytest

from archive.spelling import suggest_query
from tests.factories import PreprintFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def preprints():
    PreprintFactory(title="Quantum diffusion of entanglement", abstract="We study quantum walks.")
    PreprintFactory(title="Tomography of brain tumours", abstract="We segment images.")
    PreprintFactory(title="Withdrawn flibbertigibbets", abstract="Gone.", withdrawn_on="2024-01-01")


@pytest.mark.parametrize(
    ("query", "meant"),
    [
        ("quantm difusion", "quantum diffusion"),
        ("the tomografy of tumors", "the tomography of tumours"),
        ("Tomografy", "tomography"),
        ("quantum entanglments in brains", ""),  # "entangl" is the stem of both
        ("quantum diffusion", ""),
        ("zebrafish", ""),
        ("flibbertigibet", ""),  # the only preprint that has it was withdrawn
        ("xq", ""),
        ("' OR 1=1 --", ""),
        ("% _ \\", ""),
        ("", ""),
    ],
)
def test_unknown_words_become_the_nearest_words_of_titles(query, meant):
    assert suggest_query(query) == meant


def test_a_word_that_titles_use_more_often_wins():
    PreprintFactory(title="Kernels and more kernels", abstract="x")
    PreprintFactory(title="Kernel", abstract="x")
    PreprintFactory(title="Corneal scans", abstract="x")

    assert suggest_query("kernal methods of the eye").startswith("kernel")
