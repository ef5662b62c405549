"""Stems are the same whoever else is being served at that moment."""

import sys
from concurrent.futures import ThreadPoolExecutor

import snowballstemmer

from archive.stems import stem_word


def test_threads_do_not_mix_their_words() -> None:
    endings = ["ational", "iveness", "ization", "fulness", "ingly", "ed", "s"]
    words = [f"{letter}{middle}at{end}" for letter in "bcdfgl" for middle in "aeioust" for end in endings]
    expected = [snowballstemmer.stemmer("english").stemWord(word) for word in words]
    starts = range(0, len(words), 20)
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda start: list(map(stem_word, words[start:] + words[:start])), starts))
    finally:
        sys.setswitchinterval(usual)
    for start, stems in zip(starts, found, strict=True):
        assert stems == expected[start:] + expected[:start]
