"""Two versions of an answer: what a reader is told of the difference."""

from hypothesis import given
from hypothesis import strategies as st

from qa.comparing import Change, Part, compare_texts

A = "Noise lowers the accuracy of the circuit to 84.0% on two classes."
B = "No fault-tolerant hardware is needed."
C = "Entanglement entropy grows with the depth of the layers."


def test_same_claims_are_kept():
    assert compare_texts([A, B], [A, B]) == [Change("kept", A), Change("kept", B)]


def test_claims_that_came_and_went():
    assert compare_texts([A, B], [A, C]) == [Change("kept", A), Change("added", C), Change("removed", B)]


def test_reworded_claim_is_told_word_by_word():
    new = A.replace("84.0%", "71.5%")
    assert compare_texts([A], [new]) == [
        Change(
            "changed",
            parts=(
                Part("kept", "Noise lowers the accuracy of the circuit to"),
                Part("removed", "84.0%"),
                Part("added", "71.5%"),
                Part("kept", "on two classes."),
            ),
        )
    ]


def test_formula_is_one_word():
    old, new = "The depth is at most $O(n \\log n)$ here.", "The depth is at most $O(n^2 \\log n)$ here."
    [change] = compare_texts([old], [new])
    assert change.parts[1:3] == (Part("removed", "$O(n \\log n)$"), Part("added", "$O(n^2 \\log n)$"))


def test_emphasis_does_not_show_in_a_reworded_claim():
    [change] = compare_texts(
        ["Noise is **not** harmful at `depth` 3."], ["Noise is **very** harmful at `depth` 3."]
    )
    assert not [part for part in change.parts if "*" in part.text or "`" in part.text]


@given(
    st.lists(st.text("ab $*`<é", max_size=12), max_size=6),
    st.lists(st.text("ab $*`<é", max_size=12), max_size=6),
)
def test_no_claim_is_lost_or_told_twice(old, new):
    changes = compare_texts(old, new)
    told_old = sum(change.kind != "added" for change in changes)
    told_new = sum(change.kind != "removed" for change in changes)
    assert (told_old, told_new) == (len(old), len(new))
