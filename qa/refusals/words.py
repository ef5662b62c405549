"""Pure: which words carry content, and which of those this archive's sciences use."""

import re
from functools import cache

from qa.wording import WEIGHTS_FILE, stem, word_set

# Words that carry no content of their own; any other can be what "it" or "this" stands for.
EMPTY_WORDS = word_set(
    """
    a an the of in on at to for from by with and or but not no is are was were be been being do does did
    can could would should will may might must has have had what which who whom whose why how when where
    whether if as than then so such that this these those it its they it them their he she there here about
    into over under between most more much many very still also only just explain describe compare
    please tell me us give show list summarise summarize discuss i we you my our your one any some all
    exactly really ever given far long often well good known
    """
)
# Words that say something only beside others.
VAGUE_WORDS = EMPTY_WORDS | word_set(
    """
    something anything everything nothing case way thing things point other others true possible right
    wrong same different ask know mean happen happens happened work works again too else now yes no ok okay
    question questions answer answers help like think want need say said way better best bad worse
    """
)


def count_content(text: str) -> int:
    """How many words of content stand in a text."""
    return sum(word not in EMPTY_WORDS for word in re.findall(r"[\w-]+", text.lower()))


def is_empty_talk(text: str) -> bool:
    """Whether no word says what it is about; abbreviations and formulas do."""
    words = re.findall(r"[^\W_]+(?:['’-][^\W_]+)*", text)
    return "$" not in text and all(
        word.lower().replace("’", "'") in VAGUE_WORDS and not (word.isupper() and len(word) > 1)
        for word in words
    )


@cache
def known_stems() -> frozenset[str]:
    """Stems that stand in at least one of a thousand abstracts."""
    lines = WEIGHTS_FILE.read_text(encoding="utf-8").splitlines()[1:]
    return frozenset(line.split()[0] for line in lines)


def is_known(word: str) -> bool:
    """Whether a word, or a part of a hyphenated one, is used in this archive's sciences."""
    return any(stem(part) in known_stems() for part in word.lower().split("-") if part)
