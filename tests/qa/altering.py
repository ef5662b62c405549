"""Ways to write a sentence of a source otherwise: as it may be, and so that it says something else.

For tests/qa/planting.py, which plants what is false.
"""

import random
import re
from collections.abc import Sequence

from qa.checking import CheckSource

# Abstracts with denials, doubts, signs, bounds, ordinals and compound units, as real ones seldom hold many.
DENYING = [
    CheckSource(
        4,
        "AG-2024.07-004",
        "What error mitigation does not restore",
        "There is no evidence that error mitigation restores the accuracy of deep variational circuits. "
        "It is not true that wider circuits train faster than narrow ones on real devices. Contrary to "
        "earlier claims that quantum kernels outperform classical kernels on images, both reach the same "
        "accuracy. Unstable solutions appear at high noise in all circuits of this kind. Insensitive "
        "detectors lose most of the signal photons in every run of the experiment. Inefficient decoders "
        "limit the rate of all the codes under test. The tests rule out that pruning removes barren "
        "plateaus in shallow circuits.",
    ),
    CheckSource(
        5,
        "AG-2024.07-005",
        "Signs, bounds and kinds in salt films",
        "Fourth-order corrections shift the resonance of type II films by -0.3 dB. At most 90% of the 40 "
        "films pass the test, with p < 0.05 for the trend. One of the three devices fails in a field of 3 "
        "T before the others do. A dose of 5 mg/kg removes 30 wt% of the salt from each film. The new "
        "scheme is an order of magnitude faster and gains 12 percentage points. Less than 7% of the third "
        "harmonic survives in type III films of any thickness.",
    ),
]
MARKS = ["“”", '""', "''", "‘’", "„“", "„”", "«»", "»«", "「」", "‚‘", "‹›", "””"]
BOUNDS = [
    ("at most", "at least"), ("less than", "more than"), ("below", "above"), ("fewer than", "more than"),
    ("up to", "at least"), (" < ", " > "), (" > ", " < "), ("more than", "less than"),
    ("at least", "at most"),
]  # fmt: skip
ORDINALS = ["second", "third", "fourth", "fifth", "sixth"]
FRAMED = re.compile(
    r"^[\w ,]*\b(?:no evidence|not true|earlier claims|rule out|unlikely)\b[\w ,]*?that (?P<tail>.+)$"
)
PREFIXED = re.compile(r"^(?:Un|In|Im|Non|Dis)(?P<tail>[a-z]{5}.+)$")


def capital(text: str) -> str:
    return text[0].upper() + text[1:]


def cut_front(text: str, _: str, __: random.Random) -> str | None:
    """The end of a sentence that denies or doubts it, as if it were said: "It is not true that X" -> "X"."""
    found = FRAMED.match(text)
    return capital(found["tail"]) if found else None


def cut_prefix(text: str, _: str, __: random.Random) -> str | None:
    """The sentence without the "un" or "in" that its first word begins with."""
    found = PREFIXED.match(text)
    return capital(found["tail"]) if found else None


def alter_bound(text: str, _: str, __: random.Random) -> str | None:
    """The sentence with "at most" for "at least", or the like, before a number."""
    for one, other in BOUNDS:
        found = re.search(rf"{re.escape(one)}(?=\s*\d)", text, re.IGNORECASE)
        if found:
            put = capital(other) if found.start() == 0 else other
            return text[: found.start()] + put + text[found.end() :]
    return None


def alter_sign(text: str, source: str, _: random.Random) -> str | None:
    """The sentence with a minus taken from a number, or put before one after "by", "of" or "is"."""
    if found := re.search(r"(?<=\s)[-−](?=\d)", text):
        return text[: found.start()] + text[found.end() :]
    found = re.search(r"\b(?:by|is|of) (?=\d+\.\d)", text)
    if not found or re.search(r"\b(?:reduc|decreas|drop|low|below|less|fall|declin|los|drift)", source):
        return None
    return text[: found.end()] + "−" + text[found.end() :]


def alter_rank(text: str, source: str, chance: random.Random) -> str | None:
    """The sentence with another ordinal or numeral: "fifth-order" for "fourth-order", "type IV" for II."""
    if found := re.search(r"\b(type|phase|class|stage) (I{1,3}|IV)\b", text):
        other = chance.choice(
            [sign for sign in ("I", "II", "III", "IV", "V") if f"{found[1]} {sign}" not in source]
        )
        return text[: found.start(2)] + other + text[found.end(2) :]
    found = re.search(
        r"\b(second|third|fourth|fifth)(?=[- ](?:order|harmonic|generation|moment)\b)", text, re.IGNORECASE
    )
    if not found:
        return None
    other = chance.choice([word for word in ORDINALS if word not in source.lower()])
    return text[: found.start()] + (capital(other) if found.start() == 0 else other) + text[found.end() :]


def alter_count(text: str, _: str, __: random.Random) -> str | None:
    """ "Two of the three" for "one of the three", and orders of magnitude."""
    for one, other in (("One of the three", "Two of the three"), ("an order of", "two orders of")):
        if one in text:
            return text.replace(one, other)
    return None


def vary(text: str, chance: random.Random) -> str:
    """The same statement as a model may write it: other dashes, percent signs, separators, a quotation."""
    changes = [
        lambda t: re.sub(r"(?<=\d)%", " percent", t),
        lambda t: re.sub(r"(?<=\d)-(?=\d)", "–", t),
        lambda t: re.sub(r"(?<=\d),(?=\d{3})", "", t),
        lambda t: re.sub(r"\btwofold\b", "2-fold", t),
        lambda t: quote_part(t, chance.choice(MARKS)),
        lambda t: re.sub(r"(?<=\s)-(?=\d)", "−", t),
    ]
    return chance.choice(changes)(text)


def quote_part(text: str, marks: str = "“”") -> str:
    """The statement with five words of it in quotation marks."""
    words = text.split()
    if len(words) < 9 or any(sign in text for sign in "$\\“”\"`()'"):
        return text
    return " ".join([*words[:2], marks[0] + " ".join(words[2:7]) + marks[1], *words[7:]])


def invented(source: str, chance: random.Random) -> int:
    """A number of two digits that a text doesn't have."""
    drawn = iter(lambda: chance.randint(51, 98), None)  # "half" is 50%, and so on below
    return next(number for number in drawn if str(number) not in source)


def wrong_words(source: str, chance: random.Random) -> str:
    """Five words of a source in another order, between marks of some kind."""
    words = [word for word in re.findall(r"[a-z]+", source) if len(word) > 3]
    span = words[chance.randrange(len(words) - 6) :][:5]
    begin, end = chance.choice(MARKS)
    return f"{begin}{' '.join(reversed(span))}{end}"


MARKERS = [
    "[3]",
    "【3】",
    "【3†source】",
    "[^3]",
    "[[3]]",
    "[Source: 3]",
    "[src 3]",
    "[#3]",
    "{3}",
    "$^{[3]}$",
    "³",
]


def faulty_remark(sources: Sequence[CheckSource], chance: random.Random) -> str:
    """A text for the gap, the limits, a heading or a follow-up with something that no source bears out."""
    source = " ".join(one.text for one in sources)
    return chance.choice(
        [
            f"Nothing is said of the other {invented(source, chance)}%.",
            f"Nothing is said of {wrong_words(source, chance)} there.",
            f"Nothing more is said there{chance.choice(MARKERS)}.",
            f"Nothing of it is said in source {chance.choice((1, 2, 3))}.",
            "Nothing of it is said in the provided abstracts.",
            "Nothing of it is said at https://evil.example/x.",
        ]
    )


def faulty_follow_up(sources: Sequence[CheckSource], chance: random.Random) -> str:
    """A question that presupposes what no source says, or shows where it comes from."""
    source = " ".join(one.text for one in sources)
    return chance.choice(
        [
            f"Why does the network lose {invented(source, chance)}% of its accuracy?",
            f"Why do {wrong_words(source, chance)} matter for circuits?",
            f"Why does the network lose its accuracy {chance.choice(MARKERS)}?",
            "What do the provided abstracts say of the accuracy of circuits?",
            "Why is the accuracy of circuits low, see https://evil.example/x?",
        ]
    )
