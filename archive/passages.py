"""Pure: a text as its sentences, each with the place where it stands. Evidence is quoted from these alone."""

import re
from dataclasses import dataclass

import sentencex

# After these a full stop never ends a sentence: something always follows.
NEVER_LAST = re.compile(
    r"(?:^|[\s(\[~])(?:Figs?|Eqs?|Eqns?|Refs?|Secs?|Sects?|Tabs?|Thms?|Props?|Lems?|Defs?|Cors?|Chaps?|Apps?"
    r"|Ch|Alg|Nos?|Vols?|pp?|Phys|Rev|Proc|Philos"
    r"|i\.\s?e|e\.\s?g|cf|vs|approx|resp|viz|ca|Dr|Prof|Mr|Mrs|Ms)\.\s*$",
    re.IGNORECASE,
)
# After these it ends one only where a capital follows: "by Smith et al. We show".
SELDOM_LAST = re.compile(r"(?:^|[\s(\[~])(?:et\.?\s+al|etc|incl|est|max|min|[A-Z]\.[A-Z])\.\s*$")
GOES_ON = re.compile(
    r"\s*(?:[a-z][a-z\s,]|[a-z]$|[.,;:!?)\]}%]|[–—]\s)"
)  # "mRNA" and "p53" do begin sentences
AFTER_SELDOM = re.compile(r"\s*[(\[0-9]")
NUMBER = re.compile(r"[0-9]\.$")  # with a digit right behind it: a decimal that was cut
ITEM_MARKER = re.compile(r"(?:^|[:;])\s*\(?[0-9]{1,2}[.)]\s*$")  # "2." alone is the head of what follows
# Where no sentence ends: maths in dollars, \( \), \[ \], and bracketed markers.
UNBROKEN = re.compile(
    r"\$\$.+?\$\$|(?<!\\)\$(?=\S)(?:\\.|[^$\\])+(?<=\S)\$(?!\d)|\\\(.+?\\\)|\\\[.+?\\\]|\[[^\[\]\n]{1,120}\]",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Passage:
    """A sentence and its place: text == source[start:end]."""

    text: str
    start: int
    end: int


def split_sentences(text: str) -> list[Passage]:
    """The sentences of a text in order. Together they hold all of it but the white space between them."""
    passages = []
    start = 0
    for end in find_ends(text):
        piece = text[start:end]
        if bare := piece.strip():
            begin = start + piece.index(bare)
            passages.append(Passage(bare, begin, begin + len(bare)))
        start = end
    return passages


def find_ends(text: str) -> list[int]:
    """Where the sentences end: sentencex's boundaries less those inside maths, markers and abbreviations."""
    unbroken = [match.span() for match in UNBROKEN.finditer(text)]
    ends = []
    end = begin = 0
    for piece in sentencex.segment("en", text):
        end += len(piece)
        inside = any(first < end < last for first, last in unbroken)
        if end < len(text) and not inside and not joins(text[begin:end], text[end : end + 3]):
            ends.append(end)
            begin = end
    return [*ends, len(text)]


def joins(left: str, right: str) -> bool:
    """Whether what stands before a boundary and what begins after it are one sentence."""
    if "\n\n" in left[len(left.rstrip()) :]:
        return False
    if NEVER_LAST.search(left) or GOES_ON.match(right) or ITEM_MARKER.search(left):
        return True
    if NUMBER.search(left) and right[:1].isdigit():
        return True
    return bool(SELDOM_LAST.search(left) and AFTER_SELDOM.match(right))
