"""Which texts are one question, and which are not."""

import pytest

from qa.text_keys import make_text_key, normalise

SAME = [
    ("What limits qubits?", "what limits QUBITS"),
    ("What limits qubits?", "  What   limits\tqubits ??"),
    ("What limits qubits?", "“What limits qubits?”"),
    ("What limits qubits?", "What limits 'qubits'?"),
    ("What limits qubits?", "What limits qubits!"),
    ("What limits qubits?", "What limits qubits."),
    ("What limits qubits?", "What limits qubits …"),
    ("What limits qubits?", "What limits qubits ... "),
    ("What limits qubits?", "Ｗｈａｔ limits qubits？"),
    ("Why don't they scale?", "Why don’t they scale"),
    ("Schrödinger's cat: what is it", "Schro\u0308dinger’s cat – what is it?"),
    ("Is state-of-the-art noise low?", "Is state of the art noise low?"),
    ("Are 1,000 qubits enough?", "are 1000 qubits enough"),
    ("Is it 5 – 6 GHz?", "Is it 5 6 GHz?"),
    ("At 5 MeV, what decays?", "AT 5 MeV what decays"),
]
DIFFERENT = [
    ("Does it grow?", "Does it not grow?"),
    ("Is it stable?", "Isn't it stable?"),
    ("Is 0.5 K enough?", "Is 5 K enough?"),
    ("Is 0.5 K enough?", "Is 0 5 K enough?"),
    ("Is x > 1?", "Is x < 1?"),
    ("Is w = -1?", "Is w = 1?"),
    ("Is w = −1?", "Is w = 1?"),
    ("Is a - b zero?", "Is a + b zero?"),
    ("Is 10^3 enough?", "Is 103 enough?"),
    ("Is 10³ enough?", "Is 103 enough?"),
    ("Is x² convex?", "Is x2 convex?"),
    ("Is 1/2 the spin?", "Is 12 the spin?"),
    ("Is 1:2 the ratio?", "Is 12 the ratio?"),
    ("Is 50% enough?", "Is 50 enough?"),
    ("Is 1 mW enough?", "Is 1 MW enough?"),
    ("Is 5 MeV enough?", "Is 5 meV enough?"),
    ("Is C++ used?", "Is C used?"),
    ("Is C# used?", "Is C used?"),
    ("Is n! computed?", "Is n computed?"),
    ("Is A* optimal?", "Is A optimal?"),
    ("Is x_1 bounded?", "Is x1 bounded?"),
    ("Is f' bounded?", "Is f bounded?"),
    ("Are Na+ ions used?", "Are Na- ions used?"),
    ("Is GPT-4 better?", "Is GPT-5 better?"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_text_key_same_for_form_only(one: str, other: str) -> None:
    assert normalise(one) == normalise(other)
    assert make_text_key(one) == make_text_key(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_text_key_differs_where_meaning_does(one: str, other: str) -> None:
    assert make_text_key(one) != make_text_key(other)


@pytest.mark.parametrize(
    "text", [text for pair in SAME + DIFFERENT for text in pair if "eV" not in text and "W " not in text]
)
def test_normalise_ignores_case(text: str) -> None:
    assert normalise(text.upper()) == normalise(text)
