"""Pure: what a figure is, the keys that it is found by, numbers in words, and the units behind a number."""

import re
from dataclasses import dataclass
from decimal import Decimal

SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
)
TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
WORD_VALUES = {word: value for value, word in enumerate(SMALL.split())} | {
    word: 10 * value for value, word in enumerate(TENS.split(), start=2)
}
SCALES = {
    "dozen": 12,
    "hundred": 100,
    "thousand": 1_000,
    "million": 10**6,
    "billion": 10**9,
    "trillion": 10**12,
}
GLUED_SCALES = {"k": 1_000, "m": 10**6, "b": 10**9}
# Read in a source only: "twice" there supports "two", but a statement's own "second" or "both" is no figure.
LOOSE_VALUES = {
    word: value
    for value, group in {
        1: "one once first single sole",
        2: "second twice double doubles doubled doubling both pair pairs dual",
        3: "third triple thrice tripled", 4: "fourth quadruple", 5: "fifth", 6: "sixth", 7: "seventh",
        8: "eighth", 9: "ninth", 10: "tenth",
    }.items()
    for word in group.split()
}  # fmt: skip

SI_UNIT = (
    r"(?:[fpnμumckMGTP]?(?:Hz|eV|Pa|bar|pc|bits?|bytes?|mol|Gy|Sv|Jy)|[fpnμumck]m|[fpnμum]s|[kmμ]g|[mkMGT]W"
    r"|[pnμum][TAMJ]|[kMG]J|[mkM]N|[μum]L"
    r"|[mk]V|m?K|dB[mi]?|[KMGT]i?B|ppm|rpm|fps|Å|Ω|[skVWTmgh])(?![\w-])"
)
UNIT_WORDS = {
    "%": "%", "percent": "%", "per cent": "%", "per-cent": "%",
    "percentage point": "pp", "percent point": "pp",
    "% point": "pp", "%-point": "pp", "pp": "pp", "°": "°",
    "degree": "°", "deg": "°", "°c": "°C", "°f": "°F", "fold": "times", "times": "times", "x": "times",
    "×": "times",
    "second": "s", "sec": "s", "millisecond": "ms", "microsecond": "μs", "nanosecond": "ns", "minute": "min",
    "min": "min",
    "hour": "h", "day": "day", "week": "week", "month": "month", "year": "year", "yr": "year",
    "decade": "decade",
    "kilogram": "kg", "gram": "g", "milligram": "mg", "litre": "L", "liter": "L",
    "metre": "m", "meter": "m", "kilometre": "km", "kilometer": "km", "micron": "μm", "nanometer": "nm",
    "nanometre": "nm",
    "qubit": "qubit", "kelvin": "K", "decibel": "dB", "bit": "bit", "byte": "byte", "light-year": "ly",
    "sigma": "σ",
    "σ": "σ", "order of magnitude": "order of magnitude", "orders of magnitude": "order of magnitude",
}  # fmt: skip
UNIT_WORD = "|".join(sorted(UNIT_WORDS.keys() - set("%°x×"), key=len, reverse=True))
# Shares by weight, volume, atoms or moles, which are another number of the same mixture.
MIXTURES = {"weight": "wt", "mass": "wt", "w/w": "wt", "volume": "vol", "v/v": "vol"}
UNIT = re.compile(
    r"[\s-]?(?P<part>wt|vol|mol|at|mass|weight|volume)\.?[\s-]?(?:%|per\s?cent\b)"
    r"|\s?(?:%|per\s?cent)\s?(?:by\s|\()?(?P<by>weight|mass|volume|w/w|v/v)\b\)?"
    rf"|[\s-]?(?P<si>{SI_UNIT})"
    rf"|[\s-]*(?P<word>%[ -]points?\b|%|°[CcFf]?|[×x](?![\w×])|(?:{UNIT_WORD})s?)(?!\w)"
)
# "/kg", "per kg", "kg^-1": a dose by weight is no dose.
DIVISOR = re.compile(
    rf"\s?(?:/|\bper\s)\s?(?:(?P<si>{SI_UNIT})|(?P<word>(?:{UNIT_WORD})s?)(?!\w))(?:\^?(?P<power>[23]))?"
    rf"|[ ·]?(?P<inverse>{SI_UNIT})\^-(?P<inverse_power>[123])(?!\d)"
)


@dataclass(frozen=True)
class Figure:
    """A figure as it stands in a text: the keys that it can be found by, its place in the plain text, value
    and unit.
    """

    shown: str
    keys: frozenset[str]
    start: int
    end: int
    value: Decimal | None = None
    unit: str = ""
    is_turned: bool = False  # it is there, but as the other bound


def number_key(value: Decimal, unit: str = "") -> str:
    """The key of a number: equal for 0.7 and 0.70, and for 1000 and 1e3."""
    return (
        f"n:{value.normalize() + 0:f}:{unit}"
        if abs(value.adjusted()) < 60
        else f"n:{value.normalize()}:{unit}"
    )


def read_unit(bare: str, place: int) -> tuple[str, int]:
    """The unit at a place of a plain text, and where it ends; empty where none stands there."""
    found = UNIT.match(bare, place)
    if not found:
        return "", place
    if share := found["part"] or found["by"]:
        return f"{MIXTURES.get(share.lower(), share.lower())}%", found.end()
    unit, end = unit_name(found["si"], found["word"]), found.end()
    while found["si"] and (divisor := DIVISOR.match(bare, end)):
        power = divisor["power"] or divisor["inverse_power"] or "1"
        below = unit_name(divisor["si"] or divisor["inverse"], divisor["word"])
        unit, end = f"{unit}/{below}{'' if power == '1' else power}", divisor.end()
    return unit, end


def unit_name(symbol: str | None, word: str | None) -> str:
    """One name for each unit, in whatever way it is written."""
    if symbol:
        return re.sub(r"^u(?=\w)", "μ", symbol).removesuffix("s") if len(symbol) > 3 else symbol
    bare = re.sub(r"\s+", " ", (word or "").lower())
    return UNIT_WORDS.get(bare) or UNIT_WORDS.get(bare.removesuffix("s"), bare)
