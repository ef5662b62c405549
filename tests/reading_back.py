"""Exports as other people's programs read them: bibtexparser, rispy, citeproc-py."""

import json
import warnings
from dataclasses import dataclass

import bibtexparser
import rispy
from bibtexparser import middlewares
from citeproc import Citation, CitationItem, CitationStylesBibliography, CitationStylesStyle, formatter
from citeproc.source.json import CiteProcJSON
from pylatexenc.latex2text import LatexNodes2Text

TEX = LatexNodes2Text(math_mode="verbatim", keep_braced_groups=False)


@dataclass
class ReadReference:
    """What a parser made of an export: the names in given-first order, and all fields as it names them."""

    kind: str
    title: str
    authors: list[str]
    fields: dict


def _joined(*parts: str) -> str:
    return " ".join(part for part in parts if part)


def read_bibtex(text: str) -> ReadReference:
    """One entry, with TeX's escapes resolved. Fails unless there is exactly one and nothing was left over."""
    library = bibtexparser.parse_string(
        text,
        append_middleware=[
            middlewares.SeparateCoAuthors(),
            middlewares.LatexDecodingMiddleware(keep_math_mode=True, keep_braced_groups=False),
            middlewares.SplitNameParts(),
        ],
    )
    assert not library.failed_blocks, [block.raw for block in library.failed_blocks]
    assert len(library.blocks) == len(library.entries) == 1, text
    entry = library.entries[0]
    names = [_joined(*name.first, *name.von, *name.last, *name.jr) for name in entry["author"]]
    names = [TEX.latex_to_text(name).removeprefix("{").removesuffix("}") for name in names]
    fields = {field.key: field.value for field in entry.fields}
    return ReadReference(entry["type"], " ".join(entry["title"].split()), names, fields)


RIS_KINDS = {"UNPB": "preprint", "ELEC": "webpage"}


def read_ris(text: str) -> ReadReference:
    """One record. Fails unless there is exactly one."""
    [record] = rispy.loads(text)
    names = []
    for name in record["authors"]:
        family, given, suffix = [*name.split(", "), "", ""][:3]
        names.append(_joined(given, family, suffix))
    return ReadReference(RIS_KINDS[record["type_of_reference"]], record["title"], names, record)


CSL_KINDS = {"article": "preprint", "webpage": "webpage"}


def read_csl(text: str) -> ReadReference:
    """One item that citeproc takes in without a complaint."""
    [item] = json.loads(text)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        reference = CiteProcJSON([item])[item["id"].lower()]
    names = [
        str(name.get("literal") or _joined(name.get("given"), name.get("family"), name.get("suffix")))
        for name in item["author"]
    ]
    return ReadReference(CSL_KINDS[str(reference.type)], item["title"], names, item)


def format_csl(text: str) -> str:
    """The item as a style prints it, in plain text."""
    items = json.loads(text)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the style itself uses what citeproc-py does not know
        style = CitationStylesStyle("harvard-cite-them-right", validate=False)
    bibliography = CitationStylesBibliography(style, CiteProcJSON(items), formatter.plain)
    bibliography.register(Citation([CitationItem(items[0]["id"].lower())]))
    return str(bibliography.bibliography()[0])
