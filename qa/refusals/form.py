"""Pure: texts whose form gives them away: markup, lists of links, code, and what nobody can read."""

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from qa.refusals.words import EMPTY_WORDS, is_known

MAX_LINKS = 2
PATTERNS_FILE = Path(__file__).parent.parent / "data" / "letter_patterns.txt"

URL = re.compile(
    r"(?:https?://|ftp://|www\.)\S+|\b(?:[a-z0-9-]+\.)+(?:org|com|net|edu|io|gov)/\S+", re.IGNORECASE
)
MATHS = re.compile(r"\$[^$]*\$")

HTML = re.compile(
    r"""<!--|<!doctype
    |(?:<|&lt;)/?(?:a|abbr|audio|b|blockquote|body|br|button|code|details|div|em|embed|font|form|h[1-6]|head
        |hr
        |html|i|iframe|img|input|li|link|marquee|math|meta|object|ol|p|pre|script|select|span|strong|style|sub
        |sup|svg|table|td|textarea|th|title|tr|u|ul|video)(?:\s+[^<>$&]*|/[^<>$&]*)?(?:>|&gt;)""",
    re.IGNORECASE | re.VERBOSE,
)
MARKDOWN = re.compile(
    r"""^\s{0,3}\#{1,6}\s+\S | ^\s{0,3}>\s+\S | ^\s{0,3}\|.*\|\s*$ | ``` | ~~~  # blocks
    | !?\[[^\]\n]*\]\([^)\n]*\)  # links and images
    | (?<![\w*])\*{2,3}[^\s*][^*\n]*\*{2,3}(?!\w) | (?<!\w)__[^\s_][^_\n]*__(?!\w)  # strong
    | (?:^\s{0,3}(?:[-*+]|\d+[.)]|\[\d+\])\s+\S[^\n]*(?:\n|\Z)){2,}  # lists
    | \\begin\{(?:itemize|enumerate|document|table|figure|abstract|tabular)\} | \\item\b | \\documentclass""",
    re.MULTILINE | re.VERBOSE,
)
CODE = re.compile(
    r"""\b[A-Za-z_]\w*\.[a-z_]\w*\([^)]*\)\s*(?:[;.]|$|\w+\.)  # calls of methods
    | \b(?:def|function)\s+\w+\s*\([^)]*\)\s*[:{] | \bclass\s+\w+(?:\([^)]*\))?:\s
    | \bimport\s+[\w.]+(?:\s+as\s+\w+)?\s*(?:;|$) | \bfrom\s+[\w.]+\s+import\s+\w+ | \#include\b
    | \bSELECT\s.+\sFROM\s | \bDROP\s+TABLE\b | \bINSERT\s+INTO\b | '\s*OR\s*'
    | \b(?:int|float|double|char|const|let|var|auto)\s+\*?\s*\w+\s*= | \b(?:for|while|if)\s*\(.*[<>=;].*\)
    | \bwhile\s+True\b | __\w+__ | =>\s*\{? | \+=\s*\w+ | \w\s*;\s*\w+\s*=[^=] | [{;]\s*\}?\s*$
    | \bpublic\s+static\b | \bTraceback\s+\(most | \w+Error:\s | \$_(?:GET|POST)\b | <\?php | <%= | \{\{.*\}\}
    | ^\s*(?:\$\s+\w+|(?:sudo|rm|curl|git|pip|npm|wget|ssh|docker|chmod)\s+(?:-|\w+\s+(?:-|https?:|\w+\s*&&)))
    | \bpip\s+install\b | && | \brm\s+-rf\b | ^\s*[\[{]\s*["'][^"']*["']\s*[:,] | ^\s*=[A-Z]+\( """,
    re.VERBOSE | re.MULTILINE | re.DOTALL,
)
FORMULA_COMMAND = re.compile(r"\\[A-Za-z]+")
WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
MIXED_UP = re.compile(r"^(?=(?:\D*\d){2})(?:[a-z]+\d+[a-z]+\w*|\d+[a-z]+\d+[a-z]\w*|0x[0-9a-f]+)$")
ENCODED = re.compile(r"\b[A-Za-z0-9+/]{16,}={0,2}(?!\w)")
READABLE = 0.6  # of the characters outside formulas that are letters or digits; prose has .95
UNSEEN_SHARE = 0.34  # of a word's runs of three letters that no word of 40,000 abstracts has


def is_wordless(text: str) -> bool:
    """Emoji, digits or punctuation only. A text of nothing at all is too short instead."""
    return bool(text) and not any(character.isalpha() for character in text)


def has_too_many_links(text: str) -> bool:
    """More links than may stand in a question, or links and hardly a word beside them."""
    links = URL.findall(text)
    rest = WORD.findall(URL.sub(" ", text).lower())
    return len(links) > MAX_LINKS or (bool(links) and sum(word not in EMPTY_WORDS for word in rest) < 2)


def is_markup(text: str) -> bool:
    """HTML, Markdown or a TeX document, rather than text."""
    return bool(HTML.search(text) or MARKDOWN.search(text))


def is_code(text: str) -> bool:
    """A program, a command or data, or a formula with no words around it."""
    bare = MATHS.sub(" ", text)
    if CODE.search(bare):
        return True
    words = [word for word in WORD.findall(FORMULA_COMMAND.sub(" ", bare)) if len(word) > 1]
    return len(FORMULA_COMMAND.findall(bare)) >= 2 and len(words) < 3


def is_unreadable(text: str) -> bool:
    """Keys hit at random, the same word over and over, or signs with hardly a word among them."""
    bare = MATHS.sub(" ", URL.sub(" ", text))
    words = WORD.findall(bare.lower())
    if repeats_itself(words) or is_spelled_out(words):
        return True
    solid = [character for character in bare if not character.isspace()]
    if words and sum(character.isalnum() for character in solid) < READABLE * len(solid):
        return True
    tokens = re.findall(r"\w+", bare.lower())
    mixed = sum(bool(MIXED_UP.match(token)) for token in tokens)
    if (mixed >= 3 and 2 * mixed >= len(tokens)) or (len(tokens) == 1 and mixed):
        return True
    return has_random_letters(bare)


def repeats_itself(words: Sequence[str]) -> bool:
    """Whether it says few different words, again and again, or one letter."""
    if any(len(word) > 9 and len(set(word)) <= 3 for word in words):
        return True
    return len(words) >= 4 and 2 * len(set(words)) <= len(words) + len(words) % 2


def is_spelled_out(words: Sequence[str]) -> bool:
    """Six or more words of hardly a letter each."""
    return len(words) >= 6 and sum(len(word) for word in words) < 2.2 * len(words)


def has_random_letters(text: str) -> bool:
    """Whether a good part of the words can't be words, or nothing is known among three or more.

    Names, abbreviations and words of other alphabets are left out: they follow rules of their own.
    """
    if ENCODED.search(text) and not any(is_known(word) for word in WORD.findall(text.lower())):
        return True
    words = [
        word for word in re.findall(r"[^\W\d_]+", text) if word.isascii() and word.lower() not in EMPTY_WORDS
    ]
    plain = [word for word in words if word.islower() and len(word) > 3 and not is_known(word)]
    odd = [word for word in plain if not is_pronounceable(word)]
    if len(odd) == 1 and len(words) > 1:
        return False  # "How are muons detected?": one rare word beside others says little
    return bool(odd) and (3 * len(odd) >= len(words) or len(odd) >= 3)


def is_pronounceable(word: str) -> bool:
    """Whether its runs of three letters occur in words that are used."""
    runs = [word[start : start + 3] for start in range(len(word) - 2)]
    return sum(run not in letter_patterns() for run in runs) < UNSEEN_SHARE * len(runs)


@cache
def letter_patterns() -> frozenset[str]:
    """Runs of three letters of the words in arXiv's abstracts; benchmarks/letter_patterns.py writes them."""
    return frozenset(PATTERNS_FILE.read_text(encoding="utf-8").split())
