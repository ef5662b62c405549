"""The passage of a text that says best why a search found it."""

import math
import re

from archive.passages import Passage, split_sentences
from archive.postings import read_usual_words
from archive.stems import stem_word

WORD = re.compile(r"[^\W_]+")
STOP_STEMS = frozenset(
    "about after all also an and any are as at be been between but by can could do doe for from had has "  # noqa: SIM905
    "have how if in into is it its may more most no not of on onli or other our over some such than that the "
    "their them then there these they this those through to under use was we were what when where whether "
    "which while who whi will with would your".split()
)


def best_passage(query: str, text: str) -> Passage | None:
    """The sentence that shares most with a search, rare words counting more; the first of equals.

    None only where the text has no sentence.
    """
    wanted = stems_of(query)
    return max(
        split_sentences(text),
        key=lambda passage: sum(weight_of(stem) for stem in wanted & stems_of(passage.text)),
        default=None,
    )


def stems_of(text: str) -> set[str]:
    """The stems of a text's words, those of one letter left out."""
    return {stem_word(word.lower()) for word in WORD.findall(text) if len(word) > 1}


def weight_of(stem: str) -> float:
    """How rare a stem is in preprints of all subjects: 0 for what all have, 9.2 for what hardly any has.

    Words that Postgres leaves out as stop words stand in no preprint's list, and weigh nothing.
    """
    if stem in STOP_STEMS:
        return 0.0
    return math.log(10_001 / (1 + read_usual_words().get(stem, 0)))
