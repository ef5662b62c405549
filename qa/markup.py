"""Pure: what a statement must not hold: links, images, HTML, identifiers, markers, block Markdown.

A statement is one claim in plain text with inline emphasis, code and $maths$. Markers and links are rendered
from source numbers, so whatever looks like one in a model's text is either its own harmless echo or a
forgery.
"""

import re

MATHS = re.compile(r"\$\$.+?\$\$|(?<!\\)\$(?:\\.|[^$\\])+\$|\\\(.+?\\\)|\\\[.+?\\\]", re.DOTALL)

# "[2]", "[1, 3]", "[1-3]", "(source 2)", "[Sources 1 and 3]": the numbers that a model saw by its sources.
NUMBERS = r"\d{1,2}(?:\s*(?:[,;–-]|and|&)\s*\d{1,2})*"
MARKER = re.compile(
    rf"(?<!\[)\[(?P<plain>{NUMBERS})\](?!\])|[\[(](?:sources?|refs?\.?"
    rf"|preprints?)\s*(?P<named>{NUMBERS})[\])]",
    re.IGNORECASE,
)
TRAILING = re.compile(
    rf"\s*(?:{MARKER.pattern.replace('plain', 'p').replace('named', 'n')})(?=\s*[.;:]?\s*$)", re.IGNORECASE
)
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
NAMED_PROBLEMS = {
    "image": re.compile(r"!\[[^\]]*\]\s*[(\[]"),
    "link": re.compile(
        r"\]\(\s*[^)\s]+|^\s*\[[^\]]+\]:\s|\b(?:https?|ftp|file|data|javascript|vbscript|mailto):\S|\bwww\.\w"
        r"|\b(?:[a-z0-9-]+\.)+(?:com|org|net|io|ai|dev|app|co|info|biz|xyz|ru|cn|gov|edu|me|ly|gl|de|fr"
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
    """Source numbers that the text shows as markers. "[0, 1]" is an interval, "[64, 128]" a pair of sizes."""
    return [number for match in MARKER.finditer(MATHS.sub(" ", text)) for number in marker_numbers(match)]


def marker_numbers(match: re.Match[str]) -> list[int]:
    """Numbers of one marker with its ranges opened; empty where the brackets hold something else."""
    inside = next(group for group in match.groups() if group)
    numbers: list[int] = []
    for part in re.split(r"\s*(?:[,;&]|and)\s*", inside):
        first, *last = [int(digits) for digits in re.findall(r"\d+", part)]
        numbers.extend(range(first, (last[0] if last else first) + 1))
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
