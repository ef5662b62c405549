"""Pure: two versions of an answer -> what was added, removed and reworded, claim by claim."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from qa.markup import MATHS

ALIKE = 0.5  # share of words in common from which on two claims are one that was reworded
TOKEN = re.compile(rf"{MATHS.pattern}|\S+", re.DOTALL)
EMPHASIS = re.compile(r"[*`]")  # a reworded claim is shown without it: a change may cut through it

Kind = Literal["kept", "added", "removed"]


@dataclass(frozen=True)
class Part:
    """Some words of a reworded claim, and whether both versions have them."""

    kind: Kind
    text: str


@dataclass(frozen=True)
class Change:
    """A claim as a comparison shows it: its text, or of a reworded one the parts that differ or not."""

    kind: Literal["kept", "added", "removed", "changed"]
    text: str = ""
    parts: tuple[Part, ...] = ()


def compare_texts(old: Sequence[str], new: Sequence[str]) -> list[Change]:
    """The claims of both versions in the order of reading, each told once."""
    changes: list[Change] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            changes += [Change("kept", text) for text in old[i1:i2]]
        else:
            changes += compare_blocks(old[i1:i2], new[j1:j2])
    return changes


def compare_blocks(old: Sequence[str], new: Sequence[str]) -> Iterator[Change]:
    """Two runs of claims that differ: each new one beside the first old one that it resembles."""
    left = list(old)
    for text in new:
        twin = next((one for one in left if likeness(one, text) >= ALIKE), None)
        if twin is None:
            yield Change("added", text)
            continue
        place = left.index(twin)
        yield from (Change("removed", one) for one in left[:place])
        del left[: place + 1]
        yield Change("changed", parts=tuple(compare_words(twin, text)))
    yield from (Change("removed", one) for one in left)


def likeness(one: str, other: str) -> float:
    """Share of the words of two texts that stand in both in one order, 0 to 1."""
    return SequenceMatcher(None, tokens(one), tokens(other), autojunk=False).ratio()


def compare_words(old: str, new: str) -> Iterator[Part]:
    """The words of two texts, those removed before those added; a formula counts as one word."""
    before, after = tokens(old), tokens(new)
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            yield Part("kept", " ".join(before[i1:i2]))
            continue
        if i2 > i1:
            yield Part("removed", " ".join(before[i1:i2]))
        if j2 > j1:
            yield Part("added", " ".join(after[j1:j2]))


def tokens(text: str) -> list[str]:
    words = (match[0] for match in TOKEN.finditer(text))
    return [word for word in (w if MATHS.fullmatch(w) else EMPHASIS.sub("", w) for w in words) if word]
