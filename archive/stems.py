"""Pure: English stems as Postgres makes them, in as many threads as a web process has."""

import threading
from functools import lru_cache

import snowballstemmer

_own = threading.local()  # snowballstemmer keeps the word it works on in itself: two threads would mix theirs


@lru_cache(maxsize=65_536)
def stem_word(word: str) -> str:
    """The stem of a lower-case word: "simulations" and "simulated" are both "simul"."""
    if not hasattr(_own, "stemmer"):
        _own.stemmer = snowballstemmer.stemmer("english")
    return str(_own.stemmer.stemWord(word))
