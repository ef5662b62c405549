"""Pure: numbers that count nothing but tell kinds apart: "fourth-order", "the third harmonic", "type III"."""

import re
from collections.abc import Iterator

from qa.quantities import WORD_VALUES, Figure

ORDINALS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8,
    "ninth": 9, "tenth": 10, "twelfth": 12,
}  # fmt: skip
# What has an ordinal as its own, so that another ordinal is another thing. "The second model" only points.
ORDERED = r"order|generation|harmonic|moment|cumulant|derivative|degree|centur(?:y|ies)|overtone|kind"
ORDINAL = rf"(?:{'|'.join(ORDINALS)}|\d{{1,2}}(?:st|nd|rd|th))"
RANKED = re.compile(
    rf"\b(?P<ordinal>{ORDINAL})(?=[ -](?:(?:and|or|to|through|{ORDINAL})[ -]|- ?|, ?)*(?P<noun>{ORDERED}))",
    re.IGNORECASE,
)
# "Of order two", "order 2": in a source this bears "second-order".
RANKED_AFTER = re.compile(
    rf"\b(?P<noun>{ORDERED})s? (?:of )?(?P<count>\d{{1,2}}|{'|'.join(WORD_VALUES)})\b(?![.,]\d)",
    re.IGNORECASE,
)

KINDS = "type|class|phase|grade|stage|group|category|tier|level|pop(?:ulation)?|generation|part|mode|complex"
ROMANS = {
    "I": 1, "II": 2, "III": 3, "IV": 4, "V": 5, "VI": 6, "VII": 7, "VIII": 8, "IX": 9, "X": 10, "XI": 11,
    "XII": 12,
}  # fmt: skip
NUMERAL = r"(?:X?(?:IX|IV|VI{0,3}|I{1,3})|XI{0,2}|V)(?P<suffix>[a-d]{0,2})"
TYPED = re.compile(rf"\b(?P<kind>(?i:{KINDS}))s?[ -](?P<all>[\w,/ -]{{1,30}})")
ALONE = re.compile(rf"(?<![\w-])(?:SNe?[ -]?)?(?P<sign>{NUMERAL})(?![\w-])")
MEMBER = re.compile(rf"(?P<sign>{NUMERAL}|\d{{1,2}}[a-d]?|(?i:two|three|four|five))(?![\w.])")
GOES_ON = re.compile(r"\s*(?:,|/|-|and|or|to|and/or)\s*")


def read_ranks(bare: str, *, is_source: bool) -> list[Figure]:
    """The ordinals and numerals of a plain text that name a kind. A source's are read generously."""
    found = [*read_ordinals(bare, is_source=is_source), *read_types(bare, is_source=is_source)]
    if is_source:
        alone = [match for match in ALONE.finditer(bare) if match["sign"] != "I"]
        found += [
            Figure(one.group(), frozenset({f"r::{value_of(one['sign'])}"}), *one.span()) for one in alone
        ]
    return found


def read_ordinals(bare: str, *, is_source: bool) -> Iterator[Figure]:
    """ "Fourth-order", "second and third harmonics"; in a source "of order four" as well."""
    for match in RANKED.finditer(bare):
        word = match["ordinal"].lower()
        value = ORDINALS.get(word) or int(re.sub(r"\D", "", word))
        key = frozenset({f"o:{value}:{match['noun'][:6].lower()}"})
        yield Figure(bare[match.start() : match.end("noun")], key, match.start(), match.end())
    for match in RANKED_AFTER.finditer(bare) if is_source else ():
        count = match["count"].lower()
        key = frozenset({f"o:{WORD_VALUES.get(count) or int(count)}:{match['noun'][:6].lower()}"})
        yield Figure(match.group(), key, *match.span())


def read_types(bare: str, *, is_source: bool) -> Iterator[Figure]:
    """ "Type II", "phases I and II"; in a source "type 2" as well, which a statement's own numbers tell."""
    for match in TYPED.finditer(bare):
        kind = match["kind"].lower()[:3]
        place, end = match.start("all"), match.end("all")
        while member := MEMBER.match(bare, place, end + 1):
            sign = member["sign"]
            if is_source or sign[0] in "IVX":
                value = value_of(sign)
                keys = {f"r:{kind}:{value}"} | (
                    {f"r:{kind}:{value.rstrip('abcd')}"} if is_source else {f"r::{value}"}
                )
                yield Figure(f"{match['kind']} {sign}", frozenset(keys), match.start(), member.end())
            following = GOES_ON.match(bare, member.end(), end)
            if not following:
                break
            place = following.end()


def value_of(sign: str) -> str:
    """A numeral, number or number word as digits with its letters: "IIb" is "2b"."""
    bare = sign.rstrip("abcd") if sign[0] in "IVX" or sign[0].isdigit() else sign
    value = ROMANS.get(bare) or WORD_VALUES.get(bare.lower()) or bare
    return f"{value}{sign[len(bare) :]}"
