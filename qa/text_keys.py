"""Pure: when two texts are the same question.

Case, punctuation, spaces and Unicode forms don't matter; numbers, signs, negations and operators do, and so
do the letters that tell a milliwatt from a megawatt.

A change here changes every stored key: it needs a migration that makes them again.
"""

import hashlib
import re
import unicodedata

RAISED = str.maketrans(
    {character: "^" + plain for character, plain in zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ", "0123456789+-n", strict=True)}
)
HYPHENS = re.compile("[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]")
SPACED_DASH = re.compile(r"\s+[\u2013\u2014\u2015]\s+|(?<=\w)\u2014(?=\w)|\s+--+\s+")
THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
WORD_HYPHEN = re.compile(r"(?<=[^\W\d_]{2})-(?=[^\W\d_])|(?<=[^\W\d_])-(?=[^\W\d_]{2})")
APOSTROPHE = re.compile(r"(?<=\w)['’ʼ](?=\w)")  # don't and dont are one word; f' stays apart from f
QUOTED = re.compile(r"(?<!\w)['‘](?=\w)([^'‘’]*)['’](?!\w)")
LONE_POINT = re.compile(r"(?:(?<=\w)|(?<!\S))\.+(?!\d)|(?<=[^\W\d])\.(?=\d)|[…]")
FACTORIAL = re.compile(r"(?<![\w)])!|!(?=\s*$)|(?<=\w{2})!|!{2,}")
COLON = re.compile(r"(?<!\d):|:(?!\d)")
DROPPED = re.compile(r"[?¿¡;,\"“”„«»‹›‘’`´·•§¶(){}\[\]]|(?<!\w)_|_(?!\w)")
UNIT = re.compile(
    r"(?<=\d)(\s*)([mMpP])(?=(?:eV|EV|ev|[Ww]|[Hh][Zz]|[Pp][Aa]|[Pp][Cc]|[Bb]|[Ss]|[TtVvAaKkJjLlNn])(?![a-zA-Z]))"
)
PREFIX_MARK = {"m": "milli", "M": "mega", "p": "pico", "P": "peta"}


def make_text_key(text: str) -> str:
    """SHA-256 of the normalised text, in hexadecimal."""
    return hashlib.sha256(normalise(text).encode()).hexdigest()


def normalise(text: str) -> str:
    """The text as it is compared: two texts with one normal form are one question."""
    text = SPACED_DASH.sub(" ", text)
    text = unicodedata.normalize("NFKC", text.translate(RAISED))
    text = HYPHENS.sub("-", text)
    text = UNIT.sub(lambda match: match.group(1) + PREFIX_MARK[match.group(2)], text)
    text = QUOTED.sub(r"\1", text.casefold())
    for pattern, replacement in (
        (APOSTROPHE, ""),
        (THOUSANDS, ""),
        (WORD_HYPHEN, " "),
        (FACTORIAL, " "),
        (LONE_POINT, " "),
        (COLON, " "),
        (DROPPED, " "),
    ):
        text = pattern.sub(replacement, text)
    return " ".join(text.split())
