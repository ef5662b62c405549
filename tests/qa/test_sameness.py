"""Which questions ask the same in other words; no change of one word of content is taken for that."""

import json
from pathlib import Path

import pytest

from qa.sameness import ask_the_same

PAIRS = Path(__file__).resolve().parents[2] / "benchmarks" / "data" / "near_duplicates.jsonl"
WRITTEN = [json.loads(line) for line in PAIRS.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("pair", WRITTEN, ids=lambda pair: pair["one"][:40])
def test_ask_the_same_tells_framing_from_content(pair):
    assert ask_the_same(pair["one"], pair["other"]) == pair["same"]
    assert ask_the_same(pair["other"], pair["one"]) == pair["same"]


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
