"""Pure: author lists as sources write them -> names, each with its affiliation.

TeX accents become letters.
"""

import re
import unicodedata

from archive.records import RecordAuthor

# TeX's accents as combining marks, and its letters.
MARKS = "\u0300\u0301\u0302\u0308\u0303\u0304\u0307\u0306\u030c\u030b\u0327\u0323\u0331\u0328\u030a\u0361"
ACCENTS = dict(zip("`'^\"~=.uvHcdbkrt", MARKS, strict=True))
LETTERS = {
    "ss": "ß", "o": "ø", "O": "Ø", "l": "ł", "L": "Ł", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "aa": "å",
    "AA": "Å", "i": "ı", "j": "ȷ", "dh": "ð", "DH": "Ð", "th": "þ", "TH": "Þ", "dj": "đ", "DJ": "Đ",
}  # fmt: skip
ACCENT = re.compile(
    r"""\\(?:([`'^"~=.])\s*|([uvHcdbkrt])(?:\s+|(?=\{)))(?:\{\s*(\\?[A-Za-z])\s*\}|(\\?[A-Za-z]))"""
)
LETTER = re.compile(r"\\(ss|[oO]|[lL]|ae|AE|oe|OE|aa|AA|[ij]|dh|DH|th|TH|dj|DJ)(?![A-Za-z])\s?(?:\{\})?")
SPACE = re.compile(r"\\[ ,;]")  # TeX's spaces: "T.C.\ Awes", "Finger,\, Jr."
TABLE = re.compile(r"\(\s*(?=\(\s*(?:1|a|i)\s*\))")  # the head of "((1) MIT, (2) Caltech)"
NUMBER = re.compile(r"\(([0-9a-z]{1,3})\)\s*")
JOIN = re.compile(r"\s*(?:,\s*and\s+|,|;|:|\s+and\s+|&)\s*")
SUFFIX = re.compile(r"(?:Jr|Sr|II|III|IV)\.?", re.IGNORECASE)
NO_NAME = re.compile(
    r"(?:et\.?\s+al\.?|and\s+others|others|(?:Ph\.?\s?D|M\.?\s?D|M\.?\s?Sc|D\.?\s?Sc|Dr|Prof|Esq)\.?)",
    re.IGNORECASE,
)
AND_OTHERS = re.compile(r"[\s,]+(?:et\.?\s+al\.?|and\s+others)$", re.IGNORECASE)
RAISED = re.compile(r"\$\s*(?:\{\})?\^\s*(?:\{[^{}$]*\}|[^{}$])\s*\$")  # numbers of affiliations: $^{1,2}$


def decode_tex(text: str) -> str:
    """TeX's accents and special letters as the letters that they print: Erd\\H{o}s is Erdős."""
    if "\\" not in text:
        return text.replace("{", "").replace("}", "")

    def accented(match: re.Match[str]) -> str:
        letter = (match[3] or match[4]).lstrip("\\")
        return unicodedata.normalize("NFC", letter + ACCENTS[match[1] or match[2]])

    text = SPACE.sub(" ", text)
    text = LETTER.sub(lambda match: LETTERS[match[1]] if match[1] not in "ij" else f"\\{match[1]} ", text)
    text = ACCENT.sub(accented, text)
    return LETTER.sub(lambda match: LETTERS[match[1]], text).replace("{", "").replace("}", "")


def split_authors(text: str) -> tuple[RecordAuthor, ...]:
    """The authors of a list such as "A. One (MIT), B. Two (1) and C. Three Jr. ((1) Caltech)"."""
    names, places = split_off_places(" ".join(decode_tex(RAISED.sub("", text)).split()))
    authors: list[RecordAuthor] = []
    for part in split_top_level(names):
        bare = re.sub(r"\([^()]*(?:\([^()]*\)[^()]*)*\)", "", part).strip(" ,;")
        bare = AND_OTHERS.sub("", bare)
        if SUFFIX.fullmatch(bare) and authors:
            authors[-1] = authors[-1]._replace(name=f"{authors[-1].name} {bare}")
        elif bare and not NO_NAME.fullmatch(bare):
            authors.append(RecordAuthor(" ".join(bare.split()), affiliation_of(part, places)))
    return tuple(authors)


def turn_name(text: str) -> str:
    """A name that may begin with the family, as it is spoken: "King, Martin, Jr." is Martin King Jr."""
    family, *others = (part.strip() for part in decode_tex(text).split(","))
    suffixes = [part for part in others if SUFFIX.fullmatch(part)]
    given = [part for part in others if part not in suffixes]
    return " ".join(part for part in (*given, family, *suffixes) if part)


def clean_name(text: str) -> str:
    """One author's name without TeX's accents and raised numbers."""
    return decode_tex(RAISED.sub("", text))


def split_off_places(text: str) -> tuple[str, dict[str, str]]:
    """An author list without its closing table of numbered affiliations, and that table."""
    match = TABLE.search(text)
    if match is None:
        return text, {}
    pieces = NUMBER.split(text[match.end() :].removesuffix(")"))
    places = zip(pieces[1::2], pieces[2::2], strict=False)
    return text[: match.start()], {key: place.strip(" .,;") for key, place in places}


def split_top_level(text: str) -> list[str]:
    """A list's parts, split at commas and "and" that stand outside parentheses."""
    parts, start, depth, place = [], 0, 0, 0
    while place < len(text):
        depth += (text[place] == "(") - (text[place] == ")")
        joint = JOIN.match(text, place) if depth <= 0 and text[place] in " ,;:&" else None
        if joint:
            parts.append(text[start:place])
            start = place = joint.end()
        else:
            place += 1
    return [*parts, text[start:]]


def affiliation_of(part: str, places: dict[str, str]) -> str:
    """What stands in a name's parentheses: an affiliation, or numbers of the table's."""
    found = []
    for inner in re.findall(r"\(([^()]*(?:\([^()]*\)[^()]*)*)\)", part):
        keys = re.split(r"[\s,]+|and", inner.strip())
        if places and all(key in places or not key for key in keys):
            found += [places[key] for key in keys if key]
        elif not re.fullmatch(r"[0-9\s,*†‡]+", inner):
            found.append(inner.strip())
    return "; ".join(found)
