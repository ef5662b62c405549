"""Pure: the TeX that authors leave in titles and abstracts, as Unicode and MathML.

What can't be converted stays as it was written. Nothing here is trusted HTML: qa/rendering.py cleans it last.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

import nh3
from latex2mathml.converter import convert
from latex2mathml.symbols_parser import convert_symbol

MAX_FORMULA = 1_000  # characters; longer "formulas" are text with a stray dollar sign

DROPPED = {"script", "style"}  # with their content; any other unknown tag loses only itself
MATHML_TAGS = frozenset({
    "math", "mrow", "mi", "mn", "mo", "ms", "mtext", "mspace", "msup", "msub", "msubsup", "munder", "mover",
    "munderover", "mfrac", "msqrt", "mroot", "mstyle", "mpadded", "mphantom", "menclose", "mtable", "mtr",
    "mtd", "mmultiscripts", "mprescripts", "none",
})  # fmt: skip
MATHML_ATTRIBUTES = {
    "math": {"display"},
    "mo": {"stretchy", "fence", "separator", "form", "minsize", "maxsize", "movablelimits"},
    "mi": {"mathvariant"},
    "mstyle": {"displaystyle", "scriptlevel"},
    "mspace": {"width", "height", "depth"},
    "mfrac": {"linethickness"},
    "menclose": {"notation"},
    "mover": {"accent"},
    "munder": {"accentunder"},
    "mtable": {"columnalign", "rowspacing", "columnspacing"},
}

FORMULA = re.compile(
    r"(?<!\\)\$\$(?P<double>[^$]+)\$\$"
    r"|(?<![\\$])\$(?P<single>(?!\s)(?:\\.|[^$\\])+(?<!\s))\$(?!\d)"
    r"|(?<![\\$])\$(?P<spaced>\s(?:\\.|[^$\\])+\s)\$(?!\d)"
    r"|\\\((?P<round>.+?)\\\)"
    r"|\\\[(?P<square>.+?)\\\]",
    re.DOTALL,
)

# "log n", not "logn": the converter leaves out the space after a function's name.
FUNCTION = re.compile(
    r"(<mi>(?:arc|a)?(?:log|ln|exp|sin|cos|tan|det|dim|ker|deg|gcd|arg|Tr|tr|poly)</mi>)(?=<m[in]|<msu|<mfrac|<mrow><m[in])"
)

COMBINING = {
    "`": "\u0300", "'": "\u0301", "^": "\u0302", "~": "\u0303", '"': "\u0308", "=": "\u0304", ".": "\u0307",
    "u": "\u0306", "v": "\u030c", "H": "\u030b", "c": "\u0327", "k": "\u0328", "r": "\u030a", "d": "\u0323",
    "b": "\u0331",
}  # fmt: skip
LETTERS = {
    "aa": "å", "AA": "Å", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "o": "ø", "O": "Ø", "l": "ł", "L": "Ł",
    "ss": "ß", "i": "ı", "j": "ȷ", "dh": "ð", "th": "þ", "textregistered": "®", "texttrademark": "™",
    "copyright": "©", "S": "§", "dag": "†", "ldots": "…", "dots": "…", "textendash": "–", "textemdash": "—",
    "textquoteright": "’", "textasciitilde": "~", "LaTeX": "LaTeX", "TeX": "TeX", "pm": "±", "times": "×",
    "sim": "∼", "approx": "≈", "to": "→", "degree": "°",
}  # fmt: skip
# \'e  \'{e}  \'\i  and the letter forms, which need a break before the letter: \v{c}  \c c
ACCENT = re.compile(
    r"\\(?:(?P<sign>[`'^~\"=.])\s*|(?P<word>[uvHckrdb])(?:\s+|(?=\{)))"
    r"(?:\{(?P<braced>\\?[A-Za-z])\}|(?P<bare>\\[ij](?![A-Za-z])|[A-Za-z]))(?:\{\})?"
)
LETTER = re.compile(
    rf"\\(?P<name>{'|'.join(sorted(LETTERS, key=len, reverse=True))})(?![A-Za-z])(?:\{{\}}|\s)?"
)
STYLED = re.compile(r"\\(?:text(?:bf|it|sc|rm|tt|sf|sl|normal)?|emph|mbox|underline)\s*\{([^{}]*)\}")
SWITCHED = re.compile(r"\{\\(?:it|bf|em|sc|rm|tt|sl|sf)\b\s*([^{}]*)\}")
ESCAPED = re.compile(r"\\([&%$#_{}])")
STYLED_FORMULA = re.compile(
    r"\\(?:math(?:cal|rm|bb|bf|it|sf|tt|scr|frak)|operatorname|text(?:rm|bf|it)?|boldsymbol|mbox)\s*\{([^{}]*)\}"
)
SINGLE = re.compile(r"(?<![A-Za-z])\{(\w)\}")  # braces that TeX wants and nobody reads: √{n}
COMMAND = re.compile(r"(?P<name>\\[A-Za-z]+)(?![A-Za-z])")
BRACED_LETTERS = re.compile(r"\{([^\x00-\x7f]+)\}")


def _accented(match: re.Match[str]) -> str:
    letter = (match["braced"] or match["bare"]).lstrip("\\")
    return unicodedata.normalize("NFC", letter + COMBINING[match["sign"] or match["word"]])


def to_unicode(text: str) -> str:
    """Accents, quotation marks and text commands of TeX as Unicode; unknown commands stay visible."""
    if "\\" in text:
        text = ACCENT.sub(_accented, text)
        text = LETTER.sub(lambda match: LETTERS[match["name"]], text)
        text = BRACED_LETTERS.sub(r"\1", text)
        text = SWITCHED.sub(r"\1", STYLED.sub(r"\1", text))
        text = ESCAPED.sub(r"\1", text)
    if "``" in text:
        text = text.replace("``", "“").replace("''", "”")
    return text.replace("---", "—").replace("--", "–")


@lru_cache(maxsize=4096)
def to_mathml(formula: str, *, is_display: bool = False) -> str:
    """A formula as clean MathML; empty where it is broken, too long, or uses an unknown command."""
    if len(formula) > MAX_FORMULA:
        return ""
    try:
        raw = convert(formula, display="block" if is_display else "inline")
    except Exception:  # noqa: BLE001 - any failure of the converter on foreign text means: show it as written
        return ""
    if "<mi>\\" in raw or "<mo>\\" in raw:
        return ""
    raw = FUNCTION.sub(r'\1<mspace width="0.17em"></mspace>', raw)
    return nh3.clean(raw, tags=MATHML_TAGS, attributes=MATHML_ATTRIBUTES, clean_content_tags=DROPPED)


def _plain_formula(formula: str) -> str:
    """A formula as people type it: letters without their style, Greek letters and signs as themselves."""
    while formula != (bare := STYLED_FORMULA.sub(r"\1", formula)):
        formula = bare

    def sign(match: re.Match[str]) -> str:
        code = convert_symbol(match["name"])
        return chr(int(code, 16)) if code else match[0]

    return SINGLE.sub(r"\1", COMMAND.sub(sign, formula))


def plain_text(text: str) -> str:
    """A title without markup: accents resolved, formulas without their dollars and styles."""
    return "".join(
        _plain_formula(formula) if formula else to_unicode(as_written)
        for as_written, formula, _ in split_formulas(text)
    )


def split_formulas(text: str) -> Iterator[tuple[str, str, bool]]:
    """Pieces of a text in order: (as written, the formula or "", whether it stands on a line of its own)."""
    end = 0
    for match in FORMULA.finditer(text):
        if match.start() > end:
            yield text[end : match.start()], "", False
        formula = match["double"] or match["single"] or match["spaced"] or match["round"] or match["square"]
        yield match[0], formula.strip(), bool(match["double"] or match["square"])
        end = match.end()
    if end < len(text):
        yield text[end:], "", False
