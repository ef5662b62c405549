"""Abbreviations are read where an abstract spells them out, and nowhere else."""

import pytest

from qa.acronyms import expand, read_acronyms
from qa.wording import terms


@pytest.mark.parametrize(
    ("text", "short", "long_form"),
    [
        (
            "For classical search, extensive simulated annealing (SA) was conducted.",
            "SA",
            "simulated annealing",
        ),
        ("A specialized paradigm, quantum annealing (QA), has been proposed.", "QA", "quantum annealing"),
        ("We train convolutional neural networks (CNNs) on X-rays.", "CNN", "convolutional neural networks"),
    ],
)
def test_read_acronyms_finds_what_the_text_spells_out(text, short, long_form):
    assert read_acronyms(text) == {short: frozenset(terms(long_form))}


@pytest.mark.parametrize(
    "text",
    ["It was measured at CERN (LHC) in 2012.", "The quantum device (DW) was used.", "A (B) c"],
)
def test_read_acronyms_takes_no_letters_that_the_words_before_do_not_begin_with(text):
    assert read_acronyms(text) == {}


def test_expand_gives_a_sentence_the_terms_of_its_abbreviations():
    acronyms = read_acronyms("We compare simulated annealing (SA) with quantum annealing (QA).")
    assert expand("SAs were slower.", acronyms) == frozenset(terms("simulated annealing"))
    assert expand("It was slower.", acronyms) == frozenset()
