"""Pure: the figures of a text (numbers, ranges, percentages, units, names such as GPT-4) and whether another
text has them.

Each figure is read as a set of keys, one for each way to understand it; it is found where a source has any of
them. Statement and source go through the same reader, so that a verbatim sentence always finds its figures.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from qa.bounds import bound_of, is_turned
from qa.quantities import (
    GLUED_SCALES,
    LOOSE_VALUES,
    SCALES,
    SMALL,
    WORD_VALUES,
    Figure,
    number_key,
    read_unit,
)
from qa.ranks import read_ranks
from qa.wording import STOP_WORDS, plain, stem

NAME = re.compile(r"(?<![\w.])[^\W\d_]\w*(?:[-./]\w+)*")
NUMBER = re.compile(
    r"(?P<value>\d{1,3}(?:[,' ]\d{3})+(?![\d])(?:\.\d+)?|\d*\.\d+|\d+)"
    r"(?P<power>(?<=\d)[eE][-+]?\d{1,3}(?!\w)|\s*[×·*x]\s*10\s*\^?\s*[-+]?\d{1,3}(?![\w.])"
    r"|(?<=10)\^[-+]?\d{1,3})?"
)
WORD_NUMBER = re.compile(
    rf"\b(?P<tens>{'|'.join(WORD_VALUES)})(?:[ -](?P<ones>{'|'.join(SMALL.split()[1:10])}))?"
    r"(?:\b|(?=fold\b))",
    re.IGNORECASE,
)
SCALE = re.compile(rf"[\s-]+({'|'.join(SCALES)})(?:s?\b|(?=fold\b))", re.IGNORECASE)
# "Half", "two thirds", "1/2"; "a third" only where it can't be an ordinal.
PARTS = {"half": 2, "third": 3, "fourth": 4, "quarter": 4, "fifth": 5, "sixth": 6, "eighth": 8, "tenth": 10}
SHARE = re.compile(
    r"(?<![\w./])(?P<over>\d)\s?[/⁄]\s?(?P<under>[2-9])(?![\w/⁄]|\.\d)"
    r"|\b(?:(?P<count>one|two|three|four|five)[ -](?P<part>third|fourth|fifth|sixth|eighth|tenth)s?\b(?!-)"
    r"|a (?P<ordinal>third|fourth|fifth|sixth|eighth|tenth)(?= of\b| as\b| the\b|\s*[.,;)]|$)"
    r"|(?:(?P<some>one|two|three)[ -])?(?P<plain>half|quarter)s?\b)",
    re.IGNORECASE,
)
MULTIPLE = re.compile(
    r"\b(?:(?P<n2>twice|doubl(?:e[sd]?|ing))|(?P<n3>thrice|tr(?:ip|eb)l(?:e[sd]?|ing))"
    r"|(?P<n4>quadrupl(?:e[sd]?|ing))|(?P<half>halv(?:e[sd]?|ing)))\b",
    re.IGNORECASE,
)
# "By half" and "half as many" speak of a change to a half; "half of the samples" doesn't.
ABOUT = r"(?:(?:about|almost|nearly|around|over|roughly|up to|at least) )?"
HALVED_BEFORE = re.compile(rf"\b(?:by|in|to) {ABOUT}(?:a |one[ -])?$", re.IGNORECASE)
HALVED_AFTER = re.compile(r" (?:as|the|that|those|its|their)\b", re.IGNORECASE)
FACTOR = re.compile(rf"\bfactors? of {ABOUT}[~≈]?\s?$", re.IGNORECASE)
MAGNITUDE = re.compile(
    rf"\b(?:(?:several|few|many|some)[ -](?P<some>{'|'.join(SCALES)})\b|(?P<many>ten|{'|'.join(SCALES)})s\b"
    rf"|(?P<order>orders?[ -]of[ -]magnitude)\b|(?P<scale>{'|'.join(SCALES)})(?:\b|(?=fold\b)))",
    re.IGNORECASE,
)
GOES_ON = re.compile(r"\s*(?:,|;|/|-|±|and|or|to|,\s*and|,\s*or|\+/-)?\s*")
DIMENSION = re.compile(r"(?<![\w.])(\d|two|three|four)\s*-?\s*(?:D\b|dimension\w*)", re.IGNORECASE)
SIGN_WORD = re.compile(r"(?<!plus-)(?<!plus )(?<!or )\b(?:minus|negative) $", re.IGNORECASE)
# "One" is a number beside another one: "one of the three devices", though "one of the two" only points.
ONE_OF = re.compile(
    rf" (?:out )?(?:of|in) (?:the |these |those |all )?(?:[3-9]|\d\d|(?:{'|'.join(SMALL.split()[3:])})\b)",
    re.IGNORECASE,
)
ORDER = "order of magnitude"
MOST_ORDERS = 30
SINGLE_ORDER = re.compile(r"\b(?:an?|one|single|1)[ -](?:full )?$", re.IGNORECASE)
FALLING_REACH = 40  # characters before a number of the source, in which "lost" makes it a change downwards
FALLING = re.compile(
    r"\b(?:reduc|decreas|drop|lower|below|less|fall|fell|minus|negative|declin|los[st])", re.IGNORECASE
)


def read_figures(text: str, *, is_source: bool = False) -> list[Figure]:
    """All figures of a text in order. A source's are read generously: ordinals, "both", units shared by a
    list, the parts of a fraction.
    """
    bare = comparable(text)
    names = read_names(bare, is_source=is_source)
    taken = spans(names)
    shares = read_shares(bare, taken)
    taken_by_all = taken if is_source else [*taken, *spans(shares)]
    numbers = [*read_numbers(bare, taken_by_all), *read_words(bare, taken_by_all, is_source=is_source)]
    numbers += [*shares, *read_multiples(bare), *read_magnitudes(bare, spans(numbers), is_source=is_source)]
    numbers.sort(key=lambda figure: figure.start)
    if is_source:
        numbers = share_units(bare, numbers)
    ranks = read_ranks(bare, is_source=is_source)
    return sorted([*names, *numbers, *ranks], key=lambda figure: figure.start)


@lru_cache(maxsize=128)
def source_bounds(text: str) -> dict[str, frozenset[int]]:
    """Everything that figures can be found by in a source, each with the bounds that it is there: 1 "at
    least", -1 "at most", 0 neither. Kept, as each statement of an answer asks.
    """
    bare = comparable(text)
    found: dict[str, frozenset[int]] = {}
    for figure in read_figures(text, is_source=True):
        bound, _ = bound_of(bare, figure.start, figure.end)
        for key in figure.keys:
            found[key] = found.get(key, frozenset()) | {bound}
    return found


def missing_figures(statement: str, sources: Iterable[str]) -> list[Figure]:
    """The statement's figures that none of the texts has, and those that are only the other bound there: "at
    most 90%" where the texts say "at least".
    """
    bare, missing = comparable(statement), []
    held = [source_bounds(text) for text in sources]
    for figure in read_figures(statement):
        bounds = find_bounds(figure, held, is_falling=bool(FALLING.search(statement)))
        own, words = bound_of(bare, figure.start, figure.end)
        if not bounds:
            missing.append(figure)
        elif is_turned(own, bounds):
            missing.append(replace(figure, shown=f"{words} {figure.shown}", is_turned=True))
    return missing


def turned_figures(statement: str, evidence: str, others: Iterable[str]) -> list[Figure]:
    """The statement's figures that its evidence sentence has as the other bound alone, whatever the rest of
    its source says, and that none of the other cited texts has otherwise.
    """
    in_evidence = {figure.start for figure in missing_figures(statement, [evidence]) if figure.is_turned}
    if not in_evidence:
        return []
    turned = [figure for figure in missing_figures(statement, [evidence, *others]) if figure.is_turned]
    return [figure for figure in turned if figure.start in in_evidence]


def find_bounds(
    figure: Figure, held: Sequence[dict[str, frozenset[int]]], *, is_falling: bool
) -> frozenset[int]:
    """The bounds that a figure is in the texts; empty where none has it. A fall by 5 is a change of -5."""
    keys = set(figure.keys)
    if is_falling:
        keys |= {key.replace("n:", "n:-", 1) for key in keys if key.startswith("n:") and key[2] != "-"}
    return frozenset().union(*(texts[key] for texts in held for key in keys if key in texts))


def conflicting_figures(statement: str, evidence: str) -> list[tuple[str, str]]:
    """Pairs (statement's, evidence's) of figures that give another number for what looks like the same
    quantity.

    Same quantity: the same unit or, without a unit, the same words beside it. Only the likeliest pair is
    given.
    """
    own = read_figures(statement)
    own_keys = {key for figure in own for key in figure.keys}
    missing = [
        figure
        for figure in missing_figures(statement, [evidence])
        if figure.value is not None and not figure.is_turned
    ]
    others = [
        figure
        for figure in read_figures(evidence, is_source=True)
        if figure.value is not None and own_keys.isdisjoint(figure.keys)
    ]
    texts = comparable(statement), comparable(evidence)
    pairs = [
        (len(neighbours(texts[0], figure) & neighbours(texts[1], other)), figure, other)
        for figure in missing
        for other in others
        if figure.unit == other.unit
    ]
    likely = max(pairs, key=lambda pair: (pair[0], -distance(pair[1], pair[2])), default=None)
    if likely is None or not (likely[0] or likely[1].unit):
        return []
    return [(likely[1].shown, likely[2].shown)]


def spans(figures: Iterable[Figure]) -> list[tuple[int, int]]:
    """The places that figures take in their text."""
    return [(figure.start, figure.end) for figure in figures]


def distance(one: Figure, other: Figure) -> Decimal:
    """How far two values are apart."""
    return abs((one.value or Decimal(0)) - (other.value or Decimal(0)))


def comparable(text: str) -> str:
    """Plain text in which "3D", "3-D" and "three-dimensional" are one, and "224x224" is two numbers."""
    text = re.sub(r"\s*—\s*(?=\d)", " - ", text)  # a dash, which would be read as the number's sign
    bare = re.sub(r"(?<=\d)\s*[x×]\s*(?=\d)(?!\s*10\s*\^)", " by ", plain(text))
    return DIMENSION.sub(lambda found: f"{WORD_VALUES.get(found[1].lower(), found[1])}-dimensional", bare)


def read_names(bare: str, *, is_source: bool) -> list[Figure]:
    """Names that hold a digit: "GPT-4", "ResNet-50", "p53". A key for each run of parts that has all of its
    digits.

    In a source each run that has a digit will do: "Qwen2.5-7B" speaks of Qwen2.5.
    """
    found = []
    for match in NAME.finditer(bare):
        parts = [part for part in re.split(r"[-./]", match.group()) if part]
        places = [place for place, part in enumerate(parts) if re.search(r"\d", part)]
        if not places:
            continue
        first, last = (places[-1], places[0]) if is_source else (places[0], places[-1])
        begins = range(first + 1 if parts[first][0].isalpha() else max(first, 1))
        keys = {name_key(parts[begin : end + 1]) for begin in begins for end in range(last, len(parts))}
        found.append(Figure(match.group(), frozenset(keys), *match.span()))
    return found


def name_key(parts: Iterable[str]) -> str:
    """The key of a name, case, hyphens and index signs aside."""
    return "w:" + "".join(parts).replace("_", "").casefold()


def read_numbers(bare: str, taken: list[tuple[int, int]]) -> list[Figure]:
    """Numbers in digits outside the names, with sign, power of ten, scale word and unit."""
    found = []
    for match in NUMBER.finditer(bare):
        inside = any(start <= match.start() < end for start, end in taken)
        before = bare[: match.start()]
        if inside or re.search(r"\d\.$|\w$", before[-2:]):
            continue
        value = signed(read_value(match), before)
        if value is None:
            continue
        found.append(number_figure(bare, match.start(), match.end(), value))
    return found


def read_value(match: re.Match[str]) -> Decimal | None:
    """The value of a number with its power of ten; None beyond any sense."""
    digits = re.sub(r"[,' ]", "", match["value"])
    exponent = re.search(r"[-+]?\d+$", match["power"] or "")
    if len(digits) > 40:
        return None
    try:
        if match["power"] and match["power"].startswith("^"):
            return Decimal(10) ** int(exponent.group()) if exponent else None
        return Decimal(digits).scaleb(int(exponent.group()) if exponent else 0)
    except InvalidOperation:
        return None


def signed(value: Decimal | None, before: str) -> Decimal | None:
    """The value with the minus before it, where that is a sign: no range ("0.70 -0.74"), hyphen or dash."""
    is_negative = re.search(r"(?:^|[\s(\[=<>≈≤≥~,/±^])-$", before) and not re.search(r"\d\s-$", before)
    if value is not None and (is_negative or SIGN_WORD.search(before)):
        return -value
    return value


def number_figure(bare: str, start: int, end: int, value: Decimal) -> Figure:
    """The figure of a value that stands at a place: what follows it may be a scale word, a unit or letters
    glued on.
    """
    if scale := SCALE.match(bare, end):
        value, end = value * SCALES[scale[1].lower()], scale.end()
    unit, after = read_unit(bare, end)
    keys = {number_key(value, unit)}
    if unit == ORDER and value in range(1, MOST_ORDERS):
        keys.add(number_key(Decimal(10) ** value, "times"))
    if glued := re.match(r"[A-Za-z]\w*(?:-\w*\d\w*)*", bare[end:]):
        letters = glued.group()
        keys |= {name_key([bare[start:end], letters])} | ({number_key(value)} if not unit else set())
        if letters.lower() in GLUED_SCALES:
            keys.add(number_key(value * GLUED_SCALES[letters.lower()]))
        elif letters.lower() not in ("s", "st", "nd", "rd", "th") and not unit:
            keys.discard(number_key(value))
    if FACTOR.search(bare[:start]):
        keys.add(number_key(value, "times"))
    word = re.search(r"([A-Za-z]\w*)[ -]$", bare[:start])
    if word and not unit:  # "GPT 4"; "weighs 250 kg" is no name, nor borne out by "weighs 250 g"
        keys.add(name_key([word[1], bare[start:end]]))
    return Figure(bare[start:after].strip(" -"), frozenset(keys), start, after, value, unit)


def read_words(bare: str, taken: list[tuple[int, int]], *, is_source: bool) -> list[Figure]:
    """Numbers in words. In a statement "one" is a pronoun; in a source it may be what "1" rests on."""
    found = []
    for match in WORD_NUMBER.finditer(bare):
        value = Decimal(
            WORD_VALUES[match["tens"].lower()] + WORD_VALUES.get((match["ones"] or "").lower(), 0)
        )
        if any(start <= match.start() < end for start, end in taken):
            continue
        is_number = SCALE.match(bare, match.end()) or ONE_OF.match(bare, match.end())
        if value == 1 and not is_source and not is_number:
            continue
        found.append(number_figure(bare, match.start(), match.end(), value))
    if is_source:
        found += [
            number_figure(bare, *match.span(), Decimal(LOOSE_VALUES[match.group()]))
            for match in re.finditer(r"[a-z]+", bare.lower())
            if match.group() in LOOSE_VALUES
        ]
    return found


def read_shares(bare: str, taken: list[tuple[int, int]]) -> list[Figure]:
    """Fractions: "half", "a quarter", "two thirds", "1/2". Half is 50% as well."""
    found = []
    for match in SHARE.finditer(bare):
        word = match["part"] or match["ordinal"] or match["plain"]
        count = match["over"] or str(WORD_VALUES[(match["count"] or match["some"] or "one").lower()])
        if any(start <= match.start() < end for start, end in taken):
            continue
        value = Decimal(count) / Decimal(PARTS[word.lower()] if word else match["under"])
        keys = {number_key(value), number_key(100 * value, "%")}
        after = HALVED_AFTER.match(bare, match.end())
        if value == Decimal("0.5") and (after or HALVED_BEFORE.search(bare[: match.start()])):
            keys.add(number_key(value, "times"))
        found.append(Figure(match.group(), frozenset(keys), *match.span(), value))
    return found


def read_multiples(bare: str) -> list[Figure]:
    """ "Twice", "doubles" and the like: what "twofold" and "2x" say too. Halving is by a factor of two."""
    found = []
    for match in MULTIPLE.finditer(bare):
        value = Decimal("0.5") if match["half"] else Decimal((match.lastgroup or "n")[1:])
        keys = {number_key(value, "times")} | ({number_key(Decimal(2), "times")} if match["half"] else set())
        found.append(Figure(match.group(), frozenset(keys), *match.span(), value, "times"))
    return found


def read_magnitudes(bare: str, taken: list[tuple[int, int]], *, is_source: bool) -> list[Figure]:
    """ "Hundreds", "several thousand", "orders of magnitude", which are no number; "a hundred", and "an order
    of magnitude", which is ten times.
    """
    found = []
    for match in MAGNITUDE.finditer(bare):
        is_counted = any(start <= match.start() < end for start, end in taken)
        if is_counted and not (is_source and match["order"]):
            continue
        if match["scale"]:
            found.append(number_figure(bare, *match.span(), Decimal(SCALES[match["scale"].lower()])))
        elif match["order"] and SINGLE_ORDER.search(bare[: match.start()]):
            keys = {number_key(Decimal(1), ORDER), number_key(Decimal(10), "times")}
            found.append(Figure(match.group(), frozenset(keys), *match.span(), Decimal(1), ORDER))
        else:
            name = "order" if match["order"] else (match["some"] or match["many"]).lower()
            found.append(Figure(match.group(), frozenset({f"m:{name}"}), *match.span()))
    return found


def share_units(bare: str, figures: list[Figure]) -> list[Figure]:
    """A source's numbers can also be found without their unit, and with the unit at the end of their list or
    range.
    """
    shared: list[Figure] = []
    following: Figure | None = None
    unit = ""
    for figure in reversed(figures):
        if figure.value is None:  # "hundreds"
            shared.append(figure)
            continue
        joined = following is not None and GOES_ON.fullmatch(
            bare, figure.end, max(figure.end, following.start)
        )
        unit = figure.unit or (unit if joined else "")
        keys = figure.keys | {number_key(figure.value), number_key(figure.value, unit)}
        keys |= {number_key(figure.value, other) for other in other_units(bare, figure)}
        if FALLING.search(bare[max(0, figure.start - FALLING_REACH) : figure.start]):
            keys |= {key.replace("n:", "n:-", 1) for key in keys if key.startswith("n:") and key[2] != "-"}
        shared.append(Figure(figure.shown, keys, figure.start, figure.end, figure.value, figure.unit))
        following = figure
    return shared[::-1]


def other_units(bare: str, figure: Figure) -> list[str]:
    """What a source's unit may be called as well: "30 wt%" is 30%, "an absolute gain of 5%" or "5 points" are
    percentage points, "5 mg/kg/day" is 5 mg/kg.
    """
    if figure.unit.endswith("%") and figure.unit != "%":
        return ["%"]
    around = bare[max(0, figure.start - FALLING_REACH) : figure.end + FALLING_REACH // 2]
    is_points = not figure.unit and re.match(r" (?:absolute )?points?\b", bare[figure.end :])
    if is_points or (figure.unit == "%" and re.search(r"\babsolute", around)):
        return ["pp"]
    return [figure.unit.rsplit("/", 1)[0]] if figure.unit.count("/") > 1 else []


def neighbours(bare: str, figure: Figure) -> set[str]:
    """Stems of the content words right before and right after a figure."""
    before = re.findall(r"[a-z]{3,}", bare[: figure.start].lower())[-2:]
    after = re.findall(r"[a-z]{3,}", bare[figure.end :].lower())[:2]
    return {stem(word) for word in (*before, *after) if word not in STOP_WORDS}
