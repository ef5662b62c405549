"""Pure: what a statement must not hold: links, images, HTML, identifiers, markers, block Markdown.

A statement is one claim in plain text with inline emphasis, code and $maths$. Markers and links are rendered
from source numbers, so whatever looks like one in a model's text is either its own harmless echo or a
forgery.
"""

import re
import unicodedata

MATHS = re.compile(r"\$\$.+?\$\$|(?<!\\)\$(?:\\.|[^$\\])+\$|\\\(.+?\\\)|\\\[.+?\\\]", re.DOTALL)

# The numbers that a model saw by its sources, as it may show them. In square brackets they may also be an
# interval or a pair of sizes; the other shapes say by themselves that they are markers.
NUMBERS = r"\d{1,2}(?:\s*(?:[,;–-]|and|&)\s*#?\d{1,2})*"
RAISED = r"[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,2}(?:[,⁻˒⸴][⁰¹²³⁴⁵⁶⁷⁸⁹]{1,2})*"
NAMED = r"(?:sources?|src|refs?|references?|preprints?|papers?|documents?|docs?|citations?|cit|abstracts?)"
# A power follows a unit, a function, a bracket or a short name; a marker follows a word or a sentence.
AFTER_WORD = (
    r"(?:(?<=[.,;:!?%”\"’])|(?<=[a-z]{4})(?<!pixels)(?<!pixel)(?<!arcmin)(?<!arcsec)(?<!mile)(?<!miles)(?<!inch)"
    r"(?<!feet)(?<!metres)(?<!meters)(?<!metre)(?<!meter)(?<!degrees)(?<!degree)(?<!sinh)(?<!cosh)(?<!tanh))"
)
NOT_AN_EQUATION = (
    r"(?<!eq)(?<!eq\.)(?<!eqn)(?<!eqs\.)(?<!equation)(?<!fig\.)(?<!figure)(?<!table)(?<!section)(?<!sec\.)"
)
PLAIN_MARKER = rf"(?<!\[)[\[［〔]\s*#?({NUMBERS})\s*[\]］〕](?!\])"
SHAPES = (
    rf"[\[({{（]\s*{NAMED}\s*[.:]?\s*#?\s*({NUMBERS})[^\[\](){{}}]{{0,20}}[\])}}）]",
    rf"【\s*(?:\d{{1,2}}:)?({NUMBERS})[^】]{{0,40}}】",
    rf"\[\s*({NUMBERS})\s*†[^\]]{{0,40}}\]",
    rf"\[({NUMBERS})\s*,\s*(?:pp?\.|tab|fig|sec|ch)[^\]]{{1,20}}\]",
    rf"\[\^({NUMBERS})\]|\^\[({NUMBERS})\]|\[\[(\d{{1,2}})\]\]|[\[(]#({NUMBERS})[\])]|（({NUMBERS})）",
    rf"(?<![\w^}}\\])\{{(\d{{1,2}})\}}|{AFTER_WORD}(?<!sqrt)(?<!frac)\{{(\d{{1,2}})\}}",
    rf"{AFTER_WORD}\s?({RAISED})(?!\w)|⁽({RAISED})⁾",
    rf"\$\s*\{{?\}}?\^\s*\{{?\s*\[({NUMBERS})\]\s*\}}?\s*\$|{AFTER_WORD}\s?\$\s*\^\s*\{{?({NUMBERS})\}}?\s*\$(?!\w)",
    rf"{AFTER_WORD}\s?\^({NUMBERS})\^",
    r"\\cite\w*\s*(?:\[[^\]]*\])?\{([^}]*)\}",
    # "(2)" and "②" number what follows them, so that they are markers only where nothing follows.
    rf"{NOT_AN_EQUATION}\s\(({NUMBERS})\)(?=\s*[.;:]?\s*$)|([①-⑳])(?=\s*[.;:]?\s*$)",
)
ONE_FORM = str.maketrans("⁻−–˒⸴", "---,,")
MARKER = re.compile("|".join((PLAIN_MARKER, *SHAPES)), re.IGNORECASE)
TRAILING = re.compile(rf"\s*(?:{MARKER.pattern})(?=\s*[.;:]?\s*$)", re.IGNORECASE)
BULLET = re.compile(r"^(?:[-*•‣–]|\d{1,2}[.)])\s+(?=\S)")

# HTML's own element names only: "<x>" is an expectation value, "a<b" a comparison.
ELEMENTS = (
    "a|abbr|applet|article|aside|audio|b|base|big|blink|blockquote|body|br|button|canvas|center|cite|code"
    "|del|details|dialog"
    "|div|em|embed|fieldset|font|footer|form|frame|frameset|h[1-6]|head|header|hr|html|i|iframe|image|img"
    "|input|ins|isindex"
    "|kbd|label|li|link|main|marquee|math|meta|nav|noscript|object|ol|option|p|param|picture|pre|script"
    "|section|select"
    "|small|source|span|strike|strong|style|sub|summary|sup|svg|table|tbody|td|template|textarea|th|thead"
    "|title|tr|tt|u|ul"
    "|video|xml|xmp"
)
# "LandCover.ai" is a set of data; with a path, or without a capital inside, it is an address.
NAME_LIKE_A_HOST = r"(?-i:[A-Z][a-z]+[A-Z][A-Za-z]*\.(?:ai|io|net|dev))(?![\w/-]|\.\w)"
NAMED_PROBLEMS = {
    "image": re.compile(r"!\[[^\]]*\]\s*[(\[]"),
    "link": re.compile(
        r"\]\(\s*[^)\s]+|^\s*\[[^\]]+\]:\s|\b(?:https?|ftp|file|data|javascript|vbscript|mailto):\S|\bwww\.\w"
        rf"|\b(?!{NAME_LIKE_A_HOST})(?:[a-z0-9-]+\.)+(?:com|org|net|io|ai|dev|app|co|info|biz|xyz|ru|cn|gov|edu|me|ly|gl|de|fr"
        r"|uk)(?:/\S*)?(?![\w.-])",
        re.IGNORECASE,
    ),
    "e-mail address": re.compile(r"[\w.+-]+@[\w-]+\.[a-z]{2,}", re.IGNORECASE),
    "HTML": re.compile(
        rf"</?(?:{ELEMENTS})(?:\s[^<>]*)?/?>|<(?:script|iframe|img|svg|style|object|embed)\b|<!--|<!\w"
        rf"|<\?\w|&#x?\w+;",
        re.IGNORECASE,
    ),
    "identifier": re.compile(
        r"\bAG-\d{4}\.\d{2}-\d{3,}|\barXiv:\s*\S+|\b10\.\d{4,9}/\S+|\b(?:astro-ph|cond-mat|hep-(?:th|ph|ex"
        r"|lat)|quant-ph|gr-qc|math)/\d{7}\b",
        re.IGNORECASE,
    ),
    "block Markdown": re.compile(
        r"^\s*#{1,6}\s|^\s*>\s|```|~~~|^\s*\|.*\|\s*$|\n\s*(?:#{1,6}|[-*+]|\d+\.)\s|^\s*(?:---+|\*\*\*+"
        r"|___+)\s*$",
        re.MULTILINE,
    ),
}


def find_markup(text: str) -> list[str]:
    """Names of what a statement must not hold, in the order of NAMED_PROBLEMS. Maths is searched for links
    only.
    """
    bare = MATHS.sub(" ", text)
    return [
        name for name, pattern in NAMED_PROBLEMS.items() if pattern.search(text if name == "link" else bare)
    ]


def find_markers(text: str) -> list[int]:
    """Source numbers that the text shows as markers, 0 where a marker names none. "[0, 1]" is an interval,
    "[64, 128]" a pair of sizes, "(2)" an enumeration unless it ends the text.
    """
    found = [match for match in MARKER.finditer(text) if not is_inside_maths(text, match)]
    return [number for match in found for number in marker_numbers(match)]


def is_inside_maths(text: str, match: re.Match[str]) -> bool:
    """Whether a match ends within a formula. One that reaches its end is the formula: a raised number."""
    return any(maths.start() < match.end() < maths.end() for maths in MATHS.finditer(text))


def marker_numbers(match: re.Match[str]) -> list[int]:
    """Numbers of one marker with its ranges opened; empty where square brackets hold something else."""
    inside = unicodedata.normalize("NFKC", next(group for group in match.groups() if group is not None))
    inside = inside.translate(ONE_FORM)
    numbers: list[int] = []
    for part in re.split(r"\s*(?:[,;&]|and)\s*", inside):
        first, *last = [int(digits) for digits in re.findall(r"\d+", part)] or [0]
        numbers.extend(range(first, (last[0] if last else first) + 1))
    if match.lastindex != 1:
        return numbers or [0]
    return numbers if numbers and 0 not in numbers and (len(numbers) == 1 or max(numbers) <= 20) else []


def strip_own_markers(text: str, sources: tuple[int, ...]) -> str:
    """The text without a marker at its end that repeats its own sources: "by 58% [1, 3]." -> "by 58%."."""
    found = TRAILING.search(text)
    if not found:
        return text
    numbers = marker_numbers(found)
    if not numbers or not set(numbers) <= set(sources):
        return text
    return text[: found.start()] + text[found.end() :]


def strip_bullet(text: str) -> tuple[str, bool]:
    """The text without a list sign before it, and whether there was one."""
    found = BULLET.match(text)
    return (text[found.end() :], True) if found else (text, False)
