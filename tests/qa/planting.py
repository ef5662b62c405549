"""Model-shaped answers on real abstracts, each with one planted fault that must reach no page.

Used by tests/qa/test_planted_faults.py and, over the demonstration corpus, by benchmarks/checking.py. The
oracle is simple text (does this string stand in that abstract?): it shares no reading of figures with the
checks.
"""

import json
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import permutations
from typing import Any

from archive.passages import split_sentences
from qa.checking import CheckSource
from qa.direction import OPPOSITES
from qa.wording import stem
from tests.qa.altering import (
    DENYING,
    MARKS,
    alter_bound,
    alter_count,
    alter_rank,
    alter_sign,
    cut_front,
    cut_prefix,
    faulty_follow_up,
    faulty_remark,
    vary,
)

# Abstracts with what real ones seldom hold: units, ranges, multiples, figures side by side.
FIGURED = [
    CheckSource(
        1,
        "AG-2024.07-001",
        "Fast readout of superconducting qubits",
        "We read out a chain of 17 qubits in 48 ms with an error of 0.3%. Cooling to 15 mK lowers the "
        "error threefold, from 0.9% to 0.3%. A second device needs 2.5 s for the same readout and draws 120 "
        "mW. The fidelity lies between 0.70 and 0.74 at 5.2 GHz. Doubling the pulse length has no effect on "
        "the error.",
    ),
    CheckSource(
        2,
        "AG-2024.07-002",
        "A large study of pathology images",
        "We collect 1.5 million image patches from 3,200 patients in 12 hospitals. The network reaches an "
        "AUROC of 0.91-0.94 and a sensitivity of 87.5% at a specificity of 95%. Training takes 36 hours on 8 "
        "GPUs, four times less than before. Two thirds of the slides show artefacts, and half of them can be "
        "repaired.",
    ),
    CheckSource(
        3,
        "AG-2024.07-003",
        "Compact sensors for magnetic fields",
        "The sensor measures fields of 30 nT with a noise of 2.1 pT at a distance of 4 cm. Its bandwidth of "
        "200 kHz is twice that of earlier designs. Over 14 days the offset drifts by less than 0.05 nT. The "
        "device weighs 250 g and costs five times less than a cryogenic magnetometer.",
    ),
]

LEAKS = [
    "Based on the provided sources, {}",
    "According to the preprints you provided, {}",
    "The context states that {}",
    "As an AI language model, I note that {}",
    "As described in the abstracts above, {}",
    "Source 2 reports that {}",
    "From the given context, {}",
    "My training data ends earlier, but {}",
    "In the documents supplied, {}",
    "The user's question is answered as follows: {}",
    "The retrieved papers show that {}",
    "As mentioned in the provided abstracts, {}",
]
PRAISES = [
    "Great question! {}",
    "That is a fascinating question: {}",
    "It is amazing that {}",
    "Thank you for asking; {}",
    "Certainly! {}",
    "I hope this helps: {}",
    "It is worth noting that {}",
    "Let's dive into it: {}",
    "In conclusion, {}",
]
MARKDOWN = [
    "# {}",
    "### {}",
    "> {}",
    "**{}",
    "`{}",
    "``` {}",
    "| {} | 1 |",
    "![figure](https://evil.example/a.png) {}",
    "[{}](https://evil.example/)",
    "<b>{}</b>",
    "<script>alert(1)</script>{}",
    "{} https://evil.example/x",
    "{} [3]",
    "{} [Source 1]",
    "{} [AG-2024.01-999]",
    "{} (arXiv:2405.00156)",
    "{} 【3】",
    "{} 【3†source】",
    "{} [^3]",
    "{} [[3]]",
    "{} [Source: 3]",
    "{} [src 3]",
    "{} [#3]",
    "{} {{3}}",
    "{} (3)",
    "{} \\cite{{3}}",
    "{}³",
    "{}$^{{[3]}}$",
]
WORDS = ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
FOLDS = ["twofold", "threefold", "fourfold", "fivefold", "sixfold", "sevenfold", "tenfold", "twelvefold"]
UNITS = [
    *(pair.split() for pair in ("ms s", "s ms", "mK K", "GHz MHz", "kHz MHz", "mW kW", "nT μT", "pT nT")),
    *(pair.split() for pair in ("cm mm", "g kg", "hours days", "days hours", "% dB", "dB %", "percent dB")),
    ["million", "billion"],
    *(pair.split() for pair in ("T mT", "mT T", "mg/kg mg", "wt% vol%", "% wt%")),
    ["percentage points", "percent"],
]
FIGURED += DENYING
NUMBER = re.compile(r"(?<![\w.^_{\\/-])\d+(?:,\d{3})*(?:\.\d+)?(?![\w}/]|\.\d|-[a-z])")
VARIED = 0.2  # the share of good statements that are written otherwise than in their source


@dataclass
class Planted:
    """One generated answer; `fault` names its kind, "" for none. The `faulty` statement may reach no page."""

    output: str
    sources: list[CheckSource]
    fault: str
    faulty: str
    good: list[str] = field(default_factory=list)


def digits_of(text: str) -> str:
    """The text with the commas and TeX inside its numbers taken away, to look a number up in."""
    return re.sub(r"(?<=\d)(?:\{,\}|,)(?=\d{3})", "", text)


def holds_number(text: str, number: str) -> bool:
    """Whether a number stands in a text by itself, in digits or as a small word."""
    plain = number.rstrip("0").rstrip(".") if "." in number else number
    if re.search(rf"(?<![\d.]){re.escape(plain)}(?:\.?0+)?(?!\d|\.\d)", digits_of(text)):
        return True
    as_word = dict(zip(map(str, range(2, 13)), WORDS, strict=True)).get(number)
    return bool(as_word and re.search(rf"\b{as_word}", text, re.IGNORECASE))


def other_digits(digits: str, chance: random.Random) -> str:
    """Another number of the same look: a digit changed, or its last two digits exchanged."""
    places = [place for place, sign in enumerate(digits) if sign.isdigit()]
    if len(places) > 1 and chance.random() < 0.4 and digits[places[-1]] != digits[places[-2]]:
        signs = list(digits)
        signs[places[-1]], signs[places[-2]] = signs[places[-2]], signs[places[-1]]
        return "".join(signs)
    place = chance.choice(places)
    other = str((int(digits[place]) + chance.randint(1, 8)) % 10)
    return digits[:place] + other + digits[place + 1 :]


def alter_number(text: str, source: str, chance: random.Random) -> str | None:
    """The text with one number changed to one that the source doesn't have."""
    matches = list(NUMBER.finditer(text))
    for match in chance.sample(matches, len(matches)):
        digits = match.group()
        other = other_digits(digits, chance)
        if float(other.replace(",", "")) != 0 and not holds_number(source, other.replace(",", "")):
            return text[: match.start()] + other + text[match.end() :]
    return None


def alter_word(text: str, source: str, chance: random.Random) -> str | None:
    """The text with a number in words changed: "three hospitals" to "seven", "twofold" to "tenfold"."""
    for kind in (FOLDS, WORDS):
        found = [match for match in re.finditer(r"\b[a-z]+\b", text) if match.group() in kind]
        fresh = [word for word in kind if word not in source and not number_of(word, source)]
        if found and fresh:
            match = chance.choice(found)
            return text[: match.start()] + chance.choice(fresh) + text[match.end() :]
    return None


def number_of(word: str, source: str) -> bool:
    """Whether a source has a number word, or its fold, in digits or as a multiple."""
    value = 2 + WORDS.index(word.removesuffix("fold"))
    multiples = {2: r"doubl|twice|both|half|halv", 3: r"tripl|thrice|third", 4: r"quadrupl|quarter"}
    is_multiple = value in multiples and re.search(multiples[value], source, re.IGNORECASE)
    return bool(is_multiple) or holds_number(source, str(value))


def swap_unit(text: str, source: str, chance: random.Random) -> str | None:
    """The text with another unit at a number, which the source doesn't have there."""
    found = []
    for unit, other in UNITS:
        pattern = rf"(?<![\w.])(\d[\d.,]*)(\s?){re.escape(unit)}(?!\w)"
        for match in re.finditer(pattern, text):
            altered = match[1] + (" " if match[2] or unit != "%" else "") + other.strip()
            if not re.search(re.escape(match[1]) + r"\s?" + re.escape(other.strip()) + r"(?!\w)", source):
                found.append(text[: match.start()] + altered + text[match.end() :])
    return chance.choice(found) if found else None


def alter_range(text: str, source: str, chance: random.Random) -> str | None:
    """The text with one end of a range or list of numbers changed."""
    match = re.search(r"(\d\.\d+)(-|–|--| and | to )(\d\.\d+)", text)
    if not match:
        return None
    end = chance.choice((1, 3))
    other = other_digits(match[end], chance)
    if holds_number(source, other) or float(other) == 0:
        return None
    return text[: match.start(end)] + other + text[match.end(end) :]


def alter_quote(text: str, source: str, chance: random.Random) -> str | None:
    """A statement that quotes a sentence with one of its words left out, exchanged or put elsewhere."""
    words = text.rstrip(".").split()
    if len(words) < 9 or any(sign in text for sign in "$\\“”\"`'"):
        return None
    start = chance.randrange(len(words) - 7)
    span = words[start : start + 7]
    place = chance.randrange(1, 5)
    if chance.random() < 0.5:  # a word left out, or two exchanged
        altered = [*span[:place], *span[place + 1 :]]
    else:
        altered = [*span[:place], span[place + 1], span[place], *span[place + 2 :]]
    quote = " ".join(altered)
    if " ".join(altered).casefold() in source.casefold() or altered == span:
        return None
    begin, end = chance.choice(MARKS)
    return f"The authors write {begin}{quote}{end} of it: {text}"


def prefix(patterns: Sequence[str]) -> Callable[[str, str, random.Random], str]:
    """Puts a statement into one of the patterns."""

    def put(text: str, _: str, chance: random.Random) -> str:
        pattern = chance.choice(patterns)
        if pattern == "`{}" and "'" in text:
            pattern = "**{}"  # a backtick before an apostrophe is how TeX quotes
        is_inside = pattern.rstrip().endswith(("that {}", ", {}", "but {}"))
        body = text[0].lower() + text[1:] if is_inside and not text[:2].isupper() else text
        return pattern.format(body)

    return put


FAULTS: dict[str, Callable[[str, str, random.Random], str | None]] = {
    "number": alter_number,
    "number in words": alter_word,
    "unit": swap_unit,
    "range": alter_range,
    "bound": alter_bound,
    "sign": alter_sign,
    "rank": alter_rank,
    "count": alter_count,
    "cut": cut_front,
    "cut word": cut_prefix,
    "quote": alter_quote,
    "leak": prefix(LEAKS),
    "praise": prefix(PRAISES),
    "markdown": prefix(MARKDOWN),
}


# Where else than in a statement a fault is planted.
PLACES = ("gap", "limits", "heading", "follow-up")


def turn_direction(text: str, _: str, chance: random.Random) -> str | None:
    """The statement with one word replaced by its opposite: "increases" by "decrease"."""
    swaps = {
        stem(word): other.split()[0]
        for line in OPPOSITES.strip().splitlines()
        for side, other in permutations(line.split("|"))
        for word in side.split()
    }
    places = [match for match in re.finditer(r"\b[a-z]+\b", text) if stem(match.group()) in swaps]
    if not places:
        return None
    match = chance.choice(places)
    return text[: match.start()] + swaps[stem(match.group())] + text[match.end() :]


# What only hints can catch: benchmarks/checking.py says how often they do.
HINTED: dict[str, Callable[[str, str, random.Random], str | None]] = {"direction": turn_direction}


def quotable(text: str) -> bool:
    """Whether a sentence may stand in an answer by itself: whole, no first person, no order, no address or
    citation of its own, which no statement may hold.
    """
    return (
        7 <= len(text.split()) <= 45
        and text[0].isupper()
        and text.endswith(".")
        and not re.search(
            r"\b(?:we|our|us|I|my|fascinating|exciting|https?|www|github)\b", text, re.IGNORECASE
        )
        and not re.search(r"\barXiv:|\\cite", text, re.IGNORECASE)
        and text.count("$") % 2 == 0
    )


@cache
def quotable_sentences(abstract: str) -> list[str]:
    """The sentences of an abstract that may stand in an answer; kept, as many answers are tried on each."""
    return [passage.text for passage in split_sentences(abstract) if quotable(passage.text)]


def statement(text: str, numbers: Sequence[int]) -> dict[str, Any]:
    return {"text": text, "sources": list(numbers), "bullet": False}


def plant(pool: Sequence[CheckSource], chance: random.Random, *, fault: str) -> Planted | None:
    """An answer on three abstracts of the pool with such a fault; None where none can be planted."""
    sources = [
        replace(source, number=number) for number, source in enumerate(chance.sample(pool, 3), start=1)
    ]
    usable = [(source.number, text) for source in sources for text in quotable_sentences(source.abstract)]
    if len(usable) < 6:
        return None
    chosen = chance.sample(usable, 6)
    *good, (number, victim) = chosen
    is_beside = fault in PLACES
    planted = None if is_beside else plant_fault(fault, victim, sources[number - 1], chance)
    if fault and planted is None and not is_beside:
        return None
    statements = [
        statement(vary(text, chance) if chance.random() < VARIED else text, [cited]) for cited, text in good
    ]
    kept = [one["text"] for one in statements]
    if planted is not None:
        statements.insert(chance.randrange(6), planted)
    answer = whole_answer(statements, sources, chance)
    faulty = planted["text"] if planted else ""
    if is_beside:
        faulty = plant_beside(answer, fault, sources, chance)
    output = json.dumps(answer, ensure_ascii=False)
    return Planted(output, sources, fault, faulty, kept)


def whole_answer(
    statements: Sequence[dict[str, Any]], sources: Sequence[CheckSource], chance: random.Random
) -> dict[str, Any]:
    """The statements in two sections; the limits may quote a source, as a heading may, and rightly."""
    number = statements[0]["sources"][0] if statements[0]["sources"] else 0
    title = next((one.title for one in sources if one.number == number), None)
    words = chance.choice(sources).title.split()[:4]
    begin, end = chance.choice(MARKS)
    quotes = chance.random() < VARIED and "'" not in " ".join(words)
    return {
        "verdict": "answered",
        "gap": "",
        "sections": [
            {"heading": title if chance.random() < VARIED else None, "statements": statements[:3]},
            {"heading": None, "statements": statements[3:]},
        ],
        "limits": f"Nothing is said of the cost of {begin}{' '.join(words)}{end}." if quotes else "",
        "follow_ups": [],
    }


def plant_beside(
    answer: dict[str, Any], place: str, sources: Sequence[CheckSource], chance: random.Random
) -> str:
    """Puts a fault outside the statements, and returns it."""
    faulty = faulty_follow_up(sources, chance) if place == "follow-up" else faulty_remark(sources, chance)
    if place == "follow-up":
        answer["follow_ups"] = [faulty]
    elif place == "heading":
        answer["sections"][1]["heading"] = faulty
    else:
        answer[place] = faulty
    if place == "gap":
        answer["verdict"] = "partial"
    return faulty


def plant_fault(fault: str, text: str, source: CheckSource, chance: random.Random) -> dict[str, Any] | None:
    """The statement with its fault; None where there is none to plant, or this text has no place for it."""
    if not fault:
        return None
    if fault == "source":
        wrong = chance.choice(([0], [77], [source.number, 9], [-source.number], [source.number, 10**6], []))
        return statement(text, wrong)
    altered = (FAULTS | HINTED)[fault](text, source.text, chance)
    if altered is None or altered == text:
        return None
    return statement(altered, [source.number])
