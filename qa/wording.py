"""Pure: texts made comparable. TeX, quotes and dashes brought to one form; content terms with the weight of
their rarity.

The weights in data/term_weights.txt are document frequencies, written by benchmarks/term_weights.py.
"""

import math
import re
import unicodedata
from collections.abc import Iterable
from functools import cache, lru_cache
from pathlib import Path

from archive.stems import stem_word


def word_set(text: str) -> frozenset[str]:
    """The words of a list that is written as one text."""
    return frozenset(text.split())


WEIGHTS_FILE = Path(__file__).parent / "data" / "term_weights.txt"

SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-")
SUPERSCRIPT_RUN = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻]+")
SIGNS = {
    "times": "×", "cdot": "·", "pm": "±", "leq": "≤", "le": "≤", "geq": "≥", "ge": "≥", "approx": "≈",
        "sim": " ",
    "simeq": "≈", "to": "→", "rightarrow": "→", "infty": "∞", "circ": "°", "degree": "°", "prime": "'",
        "mu": "μ",
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "varepsilon": "ε", "zeta": "ζ",
        "eta": "η",
    "theta": "θ", "kappa": "κ", "lambda": "λ", "nu": "ν", "xi": "ξ", "pi": "π", "rho": "ρ", "sigma": "σ",
        "tau": "τ",
    "phi": "φ", "varphi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω", "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ",
    "Lambda": "Λ", "Sigma": "Σ", "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω", "langle": "<", "rangle": ">",
        "ell": "l",
    "quad": " ", "ldots": "...", "dots": "...", "cdots": "...", "backslash": " ", "lt": "<", "gt": ">",
}  # fmt: skip
FORMATTING = word_set(
    """
    text textrm textit textbf textsf texttt textsc textup textnormal emph mathrm mathbf mathit mathcal
    mathbb mathsf mathfrak mathscr operatorname rm bf it em cal sc tt sf sl left right big Big
    displaystyle mbox hbox ensuremath url href ss o O l L
    """
) - {"ss", "o", "O", "l", "L"}
ACCENT = re.compile(r"""\\(?:['"`^~=.]|[Hcuvdbkr](?=[\s{]))\s*\{?\s*\\?([A-Za-z])\}?""")
COMMAND = re.compile(r"\\([A-Za-z]+)\*?\s*")
FRACTION = re.compile(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
TEX_SIGNS = re.compile(r"[\\$^_{}~`]")
QUOTES = str.maketrans({**dict.fromkeys("“”„‟«»″", '"'), **dict.fromkeys("‘’‚‛′´", "'")})
DASHES = re.compile(r"[‐‑‒–—―−]|-{2,}")
PRODUCT = re.compile(r"(?<=\d)\s*\*\s*(?=\d)")

ALIKE_LETTERS = 5
ALIKE_CREDIT = 0.8

WORD = re.compile(r"[a-z]-(?=[a-z]{2})[a-z]+|[^\W\d_]+(?:\d+\w*)?|\d+(?:\.\d+)?[a-z]*")
BRITISH = re.compile(r"^(\w{3,})is(e[drs]?|ing|ations?|able)$")
STOP_WORDS = word_set(
    """
    a about above after again against all also am among an and any are as at be because been before
    being below between both but by can cannot could did do does doing done down during each either else
    etc even ever every few for from further had has have having he her here hers him his how however i
    if in into is it its itself just let like many may me might more most much must my near nearly need
    neither no nor not now of off often on once one only onto or other others our ours out over own per
    perhaps quite rather really same shall she should since so some such than that the their theirs them
    themselves then there thereby therefore these they this those through thus to too toward towards
    under until up upon us use used uses using very via was we well were what when where whether which
    while who whom whose why will with within without would yet you your yours et al ie eg respectively
    """
)


@lru_cache(maxsize=2048)  # the checks read each abstract many times
def plain(text: str) -> str:
    """The text with its TeX, quotes, dashes and spaces in one form: "$0.70$--$0.74$" and "0.70–0.74" are
    equal.
    """
    text = SUPERSCRIPT_RUN.sub(lambda run: "^" + run.group().translate(SUPERSCRIPTS), text)
    text = unicodedata.normalize("NFKC", text.replace("``", '"').replace("''", '"').translate(QUOTES))
    if TEX_SIGNS.search(text):
        text = plain_tex(text)
    text = DASHES.sub("-", PRODUCT.sub("×", text).replace("*", ""))
    if not text.isascii():
        text = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    return " ".join(text.split())


def plain_tex(text: str) -> str:
    """TeX as the characters that it shows, as far as numbers and words go."""
    text = FRACTION.sub(r"\1/\2", ACCENT.sub(r"\1", text))
    text = (
        text.replace("{,}", ",")
        .replace(r"\%", "%")
        .replace(r"\&", "&")
        .replace(r"\#", "#")
        .replace(r"\_", "_")
    )
    text = re.sub(r"\\[,;:!> ]|\\\\|\\/", " ", text)
    text = re.sub(r"\^\s*\{?\s*\\circ\s*\}?", "°", text)
    text = COMMAND.sub(show_command, text)
    text = re.sub(r"\\[()\[\]]|\$", "", text)
    text = re.sub(r"[{}]", "", re.sub(r"([\^_])\s*\{\s*([^{}]*?)\s*\}", r"\1\2", text))
    return text.replace("~", " ").replace("`", "'").replace("\\", "")


def show_command(match: re.Match[str]) -> str:
    """A TeX command as its sign, as nothing when it only sets type, else as its name."""
    name = match[1]
    return "" if name in FORMATTING else SIGNS.get(name, f" {name} ")


@lru_cache(maxsize=4096)
def squash(text: str) -> str:
    """What has to be equal for a quotation to be verbatim: plain, without spaces around signs, case aside."""
    return re.sub(r"\s*([^\w\s])\s*", r"\1", plain(text)).casefold().strip(" .,;:")


OTHER_SPELLINGS = {"artefact": "artifact", "artefacts": "artifact", "grey": "gray", "ageing": "aging"} | {
    word + end: word[:-2] + "er"
    for word in ("centre", "fibre", "metre", "titre", "calibre")
    for end in ("", "s")
}


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """The stem of a lower-case word, British and American spellings alike."""
    word = BRITISH.sub(r"\1iz\2", word.replace("-", ""))
    word = OTHER_SPELLINGS.get(word, word)
    if word.endswith(("our", "ours", "oured")) and len(word) > 5:
        word = word.replace("our", "or")
    return stem_word(word)


def words(text: str) -> list[str]:
    """Lower-case words of a text in order; "X-ray" and "U-Net" are one word, "long-tailed" two."""
    return WORD.findall(plain(text).lower())


def terms(text: str) -> list[str]:
    """Stems of the content words of a text in order."""
    return [
        stem(word) for word in words(text) if word not in STOP_WORDS and (len(word) > 1 or word.isdigit())
    ]


@cache
def frequencies() -> tuple[int, dict[str, int]]:
    """How many documents the weights were counted on, and in how many of them each frequent term stands."""
    head, *lines = WEIGHTS_FILE.read_text(encoding="utf-8").splitlines()
    pairs = (line.rsplit(" ", 1) for line in lines)
    return int(head), {term: int(count) for term, count in pairs}


def weight(term: str) -> float:
    """Inverse document frequency, natural logarithm: about 0.5 for "show", 3 for "quantum", 8 for what is not
    listed.
    """
    documents, counts = frequencies()
    return math.log(documents / counts.get(term, documents / 3000))


def coverage(wanted: Iterable[str], found: Iterable[str]) -> float:
    """The share of the wanted terms' weight that is found, 0 to 1; 1 when nothing is wanted."""
    weights = {term: weight(term) for term in wanted}
    total = sum(weights.values())
    held = set(found)
    return sum(weights[term] for term in weights if term in held) / total if total else 1.0


def soft_coverage(wanted: Iterable[str], found: Iterable[str]) -> float:
    """As `coverage`, where a term of another form that begins the same ("activ", "activator") counts by four
    fifths.
    """
    held = set(found)
    beginnings = {term[:ALIKE_LETTERS] for term in held if len(term) >= ALIKE_LETTERS}
    weights = {term: weight(term) for term in wanted}
    total = sum(weights.values())
    shares = (
        (1.0 if term in held else ALIKE_CREDIT * (term[:ALIKE_LETTERS] in beginnings), term)
        for term in weights
    )
    return sum(share * weights[term] for share, term in shares) / total if total else 1.0
