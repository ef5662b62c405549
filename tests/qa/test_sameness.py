"""Which questions ask the same in other words; no change of one word of content is taken for that."""

import json
from pathlib import Path

import pytest

from qa.sameness import ask_the_same

PAIRS = Path(__file__).resolve().parents[2] / "benchmarks" / "data" / "near_duplicates.jsonl"
WRITTEN = [json.loads(line) for line in PAIRS.read_text(encoding="utf-8").splitlines()]


def test_ask_the_same_takes_no_dangerous_pair_for_the_same():
    dangerous = [(pair["one"], pair["other"]) for pair in WRITTEN if not pair["same"]]
    assert len(dangerous) == 258
    assert [pair for pair in dangerous if ask_the_same(*pair) or ask_the_same(*pair[::-1])] == []


def test_ask_the_same_knows_grammar_and_framing():
    same = [pair for pair in WRITTEN if pair["same"]]
    missed = [pair["one"] for pair in same if not ask_the_same(pair["one"], pair["other"])]
    assert not {pair["one"] for pair in same if pair["part"] == "first"} & set(missed)
    assert len(missed) <= 33  # of the 72 that were written later


def test_ask_the_same_reads_a_text_in_capitals():
    assert ask_the_same("WHICH GANS ARE USED?", "What GANs are used?")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("How does noise affect circuits?", "How do circuits affect noise?"),
        ("What is the effect of noise on circuits?", "How do circuits affect noise?"),
        ("Is one qubit enough?", "Is a qubit enough?"),
        ("Is the simulation of X by Y fast?", "Is the simulation by X of Y fast?"),
        ("Which codes work for noise?", "Which codes work against noise?"),
        ("Does A convert to B and C convert to D?", "Does A convert to C and B convert to D?"),
        ("Does A inhibit B and C activate D?", "Does A inhibit C and B activate D?"),
        (
            "Do large cells and nuclei differ in size and shape?",
            "Do large nuclei and cells differ in size and shape?",
        ),
        ("How did noise affect circuits?", "How does noise affect circuits?"),
        ("How does hepatitis A spread?", "How does hepatitis spread?"),
    ],
)
def test_ask_the_same_heeds_who_acts_on_whom(one, other):
    assert not ask_the_same(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("How do noise and drift affect circuits?", "How do drift and noise affect circuits?"),
        (
            "What is the difference between noise and drift in depth?",
            "What is the difference between drift and noise in depth?",
        ),
        ("What is known about noise and drift?", "What is known about drift and noise?"),
        ("VQE versus QAOA on graphs?", "QAOA vs VQE on graphs?"),
    ],
)
def test_ask_the_same_lets_two_sides_change_places(one, other):
    assert ask_the_same(one, other)
