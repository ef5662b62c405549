"""Pure: one reference -> BibTeX, RIS and CSL-JSON, each with its own escaping.

A reference is a preprint or a web page. What stands in it comes from authors, askers and models: no field can
end its entry, add a field, or bring a TeX command with it.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple

from archive.tex import split_formulas, to_mathml, to_unicode


class Kind(StrEnum):
    """What is cited; the values are BibTeX's `type`."""

    PREPRINT = "preprint"
    WEBPAGE = "webpage"


@dataclass(frozen=True)
class Reference:
    """What a reference manager keeps. Title and authors as the archive has them; notes in plain words."""

    key: str  # letters, digits, dots and dashes
    kind: Kind
    title: str
    authors: tuple[str, ...]
    published_on: date
    url: str
    publisher: str
    number: str = ""
    version: int = 1
    doi: str = ""
    arxiv_id: str = ""
    arxiv_category: str = ""
    notes: tuple[str, ...] = ()
    is_withdrawn: bool = False


class Name(NamedTuple):
    """A person's name in its parts, or `family` alone for a collaboration and for a name of one word."""

    family: str
    given: str = ""
    suffix: str = ""


PARTICLES = {
    "af", "al", "av", "ben", "bin", "da", "dal", "dalla", "das", "de", "degli", "dei", "del", "della", "den",
    "der", "des", "di", "do", "dos", "du", "e", "el", "ibn", "la", "las", "le", "los", "te", "ten", "ter",
    "tot", "van", "vom", "von", "y", "zu", "zum", "zur", "'t",
}  # fmt: skip
SUFFIXES = {"jr", "jr.", "sr", "sr.", "ii", "iii", "iv"}
GROUP = re.compile(
    r"\b(?:collaborations?|consortium|consortia|team|group|committee|network|initiative|project|survey|society"
    r"|institute|university|foundation|laborator(?:y|ies)|authors)\b|^(?:the|for)\s|[,:&]",
    re.IGNORECASE,
)


def split_name(name: str) -> Name:
    """Ludwig van Beethoven -> (van Beethoven, Ludwig, ""). The parts in order make the name again."""
    words = name.strip(" ,;").split()
    if len(words) < 2 or GROUP.search(" ".join(words)):
        return Name(" ".join(words) or name)
    suffix = words.pop() if len(words) > 2 and words[-1].lower() in SUFFIXES else ""
    start = next((place for place, word in enumerate(words) if place and word in PARTICLES), len(words) - 1)
    start = min(start, len(words) - 1)
    while start > 1 and words[start] in PARTICLES and words[start - 1].lower() in PARTICLES:
        start -= 1
    return Name(" ".join(words[start:]), " ".join(words[:start]), suffix)


# BibTeX counts braces even behind a backslash, so a brace of the text becomes a command without any.
BIBTEX_SPECIAL = str.maketrans({
    "\\": r"\textbackslash{}", "{": r"\textbraceleft{}", "}": r"\textbraceright{}", "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
})  # fmt: skip
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def one_line(text: str) -> str:
    """Without line ends and control characters: a line of RIS is a field."""
    return " ".join(CONTROL.sub(" ", text).split())


def escape_bibtex(text: str) -> str:
    """Plain text as BibTeX prints it."""
    return one_line(text).translate(BIBTEX_SPECIAL)


def is_balanced(text: str) -> bool:
    """Whether braces open and close in pairs, as BibTeX counts them."""
    depth = 0
    for sign in re.findall(r"[{}]", text):
        depth += 1 if sign == "{" else -1
        if depth < 0:
            return False
    return depth == 0


# What does more than print, and what could hide it: the converter lets some of these through unread.
ACTS = re.compile(
    r"\\(?:input|include\w*|(?:lst|verbatim)input\w*|write\w*|open(?:in|out)|read\w*|[egx]?def|let|futurelet"
    r"|csname|catcode|immediate|special|(?:direct)?lua\w*|(?:re)?new\w+|provide\w+|usepackage|document\w*|href|url"
    r"|expandafter|noexpand|shipout|every\w+|global|outer|scantokens|pdf\w+|(?:upper|lower)case|loop"
    r"|begin\s*\{\s*filecontents)|%|\^\^"
)


def is_harmless(formula: str) -> bool:
    """Whether a formula's braces pair up, and every command in it is one that prints something.

    TeX runs what a title says: \\input reads files, and ^^5c is another way to write a backslash.
    """
    mathml = to_mathml(formula)
    return bool(mathml) and "\\" not in mathml and is_balanced(formula) and not ACTS.search(formula)


def bibtex_title(text: str) -> str:
    """A title with the formulas that this site can read as TeX; everything else is text, and escaped."""
    parts = []
    for as_written, formula, _ in split_formulas(text):
        if formula and is_harmless(formula):
            parts.append(f"${one_line(formula)}$")
        else:
            parts.append(as_written if not as_written.strip() else _spaced(to_unicode(as_written)))
    return " ".join("".join(parts).split())


def _spaced(text: str) -> str:
    """Escaped, with the spaces at its ends that join it to a formula."""
    before = " " if text[:1].isspace() else ""
    after = " " if text[-1:].isspace() else ""
    return f"{before}{escape_bibtex(text)}{after}"


def plain_title(text: str) -> str:
    """A title for formats that know no TeX: accents as letters, formulas as their authors wrote them."""
    parts = (
        as_written if formula else to_unicode(as_written) for as_written, formula, _ in split_formulas(text)
    )
    return one_line("".join(parts))


def bibtex_name(name: str) -> str:
    """Family, Given; what is no person's name stands in braces, so that nobody takes it apart."""
    family, given, suffix = (escape_bibtex(part) for part in split_name(name))
    if not given:
        return f"{{{family}}}"
    given = re.sub(r"\band\b", "{and}", given)
    return f"{family}, {suffix}, {given}" if suffix else f"{family}, {given}"


def bibtex_address(text: str) -> str:
    """A URL or a DOI in a field that is read verbatim: nothing in it can end the field."""
    return re.sub(r"[\\{}\s%]", lambda found: f"%{ord(found[0]):02X}" if found[0] != "%" else "%", text)


MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def to_bibtex(reference: Reference) -> str:
    """One @misc entry, as BibTeX's own styles know it; `type` says what it is."""
    fields = [
        ("author", " and ".join(map(bibtex_name, reference.authors))),
        ("title", f"{{{bibtex_title(reference.title)}}}"),
        ("year", f"{reference.published_on.year:04d}"),
        ("type", reference.kind.value),
        ("publisher", f"{{{escape_bibtex(reference.publisher)}}}"),
        ("number", escape_bibtex(reference.number)),
        ("version", str(reference.version)),
        ("eprint", bibtex_address(reference.arxiv_id)),
        ("archiveprefix", "arXiv" if reference.arxiv_id else ""),
        ("primaryclass", escape_bibtex(reference.arxiv_category) if reference.arxiv_id else ""),
        ("doi", bibtex_address(reference.doi)),
        ("url", bibtex_address(reference.url)),
        ("note", escape_bibtex(" ".join(reference.notes))),
    ]
    lines = [f"  {name} = {{{value}}}," for name, value in fields if value]
    lines.insert(3, f"  month = {MONTHS[reference.published_on.month - 1]},")
    return "\n".join([f"@misc{{{reference.key},", *lines, "}", ""])


def ris_name(name: str) -> str:
    """Family, Given, Suffix. A collaboration's own comma becomes a semicolon."""
    family, given, suffix = split_name(one_line(name))
    if not given:
        return family.replace(",", ";")
    return f"{family}, {given}, {suffix}" if suffix else f"{family}, {given}"


RIS_KINDS = {Kind.PREPRINT: ("UNPB", "Preprint"), Kind.WEBPAGE: ("ELEC", "Web page")}


def to_ris(reference: Reference) -> str:
    """One record with CRLF line ends, as the format has them."""
    code, words = RIS_KINDS[reference.kind]
    arxiv = [("C1", f"arXiv:{reference.arxiv_id}")] if reference.arxiv_id else []
    fields: Iterable[tuple[str, str]] = [
        ("TY", code),
        ("ID", reference.key),
        ("TI", plain_title(reference.title)),
        *(("AU", ris_name(author)) for author in reference.authors),
        ("PY", f"{reference.published_on.year:04d}"),
        ("DA", f"{reference.published_on:%Y/%m/%d}"),
        ("M3", words),
        ("PB", reference.publisher),
        ("AN", reference.number),
        ("ET", str(reference.version)),
        *arxiv,
        ("DO", reference.doi),
        ("UR", reference.url),
        *(("N1", note) for note in reference.notes),
    ]
    lines = [f"{tag}  - {one_line(value)}" for tag, value in fields if value.strip()]
    return "\r\n".join([*lines, "ER  - ", ""])


def csl_name(name: str) -> dict[str, str]:
    """A name in CSL's parts, or `literal`."""
    family, given, suffix = split_name(one_line(name))
    if not given:
        return {"literal": family}
    return {"family": family, "given": given} | ({"suffix": suffix} if suffix else {})


CSL_KINDS = {Kind.PREPRINT: "article", Kind.WEBPAGE: "webpage"}  # CSL 1.0.2 says "article" for a preprint


def to_csl(reference: Reference) -> dict[str, Any]:
    """One item of CSL-JSON. Its `status` says when a preprint was withdrawn."""
    day = reference.published_on
    item: dict[str, Any] = {
        "id": reference.key,
        "type": CSL_KINDS[reference.kind],
        "title": plain_title(reference.title),
        "author": [csl_name(author) for author in reference.authors],
        "issued": {"date-parts": [[day.year, day.month, day.day]]},
        "publisher" if reference.kind == Kind.PREPRINT else "container-title": reference.publisher,
        "URL": reference.url,
        "version": str(reference.version),
    }
    optional = {
        "genre": "preprint" if reference.kind == Kind.PREPRINT else "",
        "number": reference.number,
        "archive": "arXiv" if reference.arxiv_id else "",
        "archive_location": reference.arxiv_id,
        "DOI": reference.doi,
        "status": "withdrawn" if reference.is_withdrawn else "",
        "note": one_line(" ".join(reference.notes)),
    }
    return item | {name: value for name, value in optional.items() if value}
