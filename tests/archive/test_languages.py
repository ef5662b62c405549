import pytest

from archive.languages import is_foreign


@pytest.mark.parametrize(
    "text",
    [
        "Quelles pertes subissent les ultrasons lors du traitement du rein ?",
        "Wie segmentiert ein Faltungsnetz das Herz in MRT-Aufnahmen?",
        "¿Cómo se detecta un neumotórax en una radiografía de tórax?",
        "Come si misura la curvatura di una superficie?",
        "Introduction à la physique quantique et à la relativité pour les lycéens",
        "量子コンピュータは何に役立ちますか",
        "Как работает квантовый компьютер?",
    ],
)
def test_other_languages_are_told(text: str) -> None:
    assert is_foreign(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "quantum thermometry",
        "de Sitter space and de Rham cohomology",
        "Does the de Broglie wavelength limit the resolution of an electron microscope?",
        "α, β and γ decay of 208Pb",
        "LSTM vs GRU",
        "Das Sarma",
        "En route to a La-Ni-O superconductor",
    ],
)
def test_english_names_and_symbols_are_not(text: str) -> None:
    assert not is_foreign(text)
