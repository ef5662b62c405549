"""The hint of a reversal: sentences that say the opposite weigh more than those that say the same."""

import pytest

from qa.polarity import read_signs, reversal_score

PAIRS = [
    (
        "Noise increases the accuracy of the network.",
        "In all runs the accuracy of the network was reduced by noise.",
        "In all runs the accuracy of the network was raised by noise.",
    ),
    (
        "Bariatric surgery reduces colorectal cancer.",
        "No association was detected between bariatric surgery and colorectal cancer.",
        "Bariatric surgery was associated with a decrease of colorectal cancer.",
    ),
    (
        "Antiretroviral therapy has no effect on tuberculosis.",
        "Antiretroviral therapy is strongly associated with a reduction of tuberculosis.",
        "Tuberculosis was unaffected by antiretroviral therapy.",
    ),
    (
        "The kernel does not improve the classification of tumours.",
        "The kernel improved the classification of tumours in three hospitals.",
        "The kernel failed to improve the classification of tumours.",
    ),
]


@pytest.mark.parametrize(("statement", "opposite", "same"), PAIRS)
def test_opposite_sentence_weighs_more_than_one_that_says_the_same(statement, opposite, same):
    assert reversal_score(statement, [opposite]) > reversal_score(statement, [same])


@pytest.mark.parametrize(
    ("text", "signs"),
    [
        ("Noise increases the error.", [1]),
        ("Noise does not increase the error.", [-1]),
        ("It never lowers the fidelity, and training is faster.", [1, 1]),
        ("The archive holds abstracts.", []),
    ],
)
def test_negation_turns_the_direction_of_the_words_after_it(text, signs):
    assert [sign.value for sign in read_signs(text).signs] == signs


def test_nothing_beside_a_statement_is_no_hint_and_no_error():
    assert 0 < reversal_score("Noise increases the error.", []) < 1
    assert 0 < reversal_score("", ["Noise increases the error."]) < 1
