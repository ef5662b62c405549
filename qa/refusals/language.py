"""Pure: whether a text is in a language that this archive can't be asked in."""

import re
import unicodedata
from functools import cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from qa.refusals.form import MATHS, URL
from qa.wording import word_set

FOREIGN_CERTAINTY = 0.6  # py3langid's probability; abbreviations and formulas reach .1 to .5 in any language
FOREIGN_CERTAINTY_BESIDE_ENGLISH = 0.9  # where one English function word stands: "is" is Dutch as well
TAKEN_FOR_ENGLISH = ("la", "pcm", "wa")  # what short English with Latin names or simple words is mistaken for
LATIN_SHARE = 0.5  # of the letters; Greek counts as Latin in a formula's company, since formulas use it
ENGLISH = word_set(
    """
    the what how why which does with between would could should there than when where and can is are do
    of from about
    """
)


def is_foreign(text: str) -> bool:
    """Whether neither search leg can work on it: another script, or surely another language.

    Restrained: formulas are left out, and two English function words make a text English.
    """
    bare = URL.sub(" ", MATHS.sub(" ", text))
    letters = [character for character in bare if character.isalpha()]
    latin = sum(
        unicodedata.name(letter, "").startswith(("LATIN", "GREEK", "MATHEMATICAL")) for letter in letters
    )
    if letters and latin / len(letters) < LATIN_SHARE:
        return True
    words = re.findall(r"[^\W\d_]+", bare.lower())
    english = sum(word in ENGLISH for word in words)
    if len(words) < 3 or english >= 2:
        return False
    language, certainty = identify_language(bare)
    if language == "en" or language in TAKEN_FOR_ENGLISH:
        return False
    return certainty >= (FOREIGN_CERTAINTY_BESIDE_ENGLISH if english else FOREIGN_CERTAINTY)


@cache
def _identifier() -> LanguageIdentifier:
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def identify_language(text: str) -> tuple[str, float]:
    """ISO 639-1 code and its probability."""
    return _identifier().classify(text)
