"""References come back from real parsers as they went in: BibTeX, RIS, CSL-JSON."""

import json
import lzma
import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.bulk import parse_line
from archive.cleaning import Refusal, clean_record
from archive.records import Record
from archive.references import Kind, Name, Reference, plain_title, split_name, to_bibtex, to_csl, to_ris
from tests.reading_back import format_csl, read_bibtex, read_csl, read_ris

STARTER = Path(__file__).resolve().parents[2] / "archive" / "data" / "starter_archive.jsonl"
TODAY = date(2026, 11, 23)


def make_reference(**fields) -> Reference:
    defaults = {
        "key": "AG-2024.01-001",
        "kind": Kind.PREPRINT,
        "title": "On noise",
        "authors": ("Ada Lovelace",),
        "published_on": date(2024, 1, 9),
        "url": "https://answers.example.org/abs/AG-2024.01-001",
        "publisher": "Antigravity Q&A",
    }
    return Reference(**{**defaults, **fields})


def reference_of(record: Record) -> Reference:
    return make_reference(
        title=record.title,
        authors=tuple(author.name for author in record.authors),
        doi=record.doi,
        arxiv_id=record.source_id,
        arxiv_category=record.categories[0],
    )


def read_all(reference: Reference):
    csl = json.dumps([to_csl(reference)])
    return [read_bibtex(to_bibtex(reference)), read_ris(to_ris(reference)), read_csl(csl)]


def bare(name: str) -> str:
    """A name without the commas that a source left at its ends or inside it."""
    return " ".join(re.sub(r"[,;]", " ", name).split())


def assert_comes_back(reference: Reference) -> None:
    for read in read_all(reference):
        assert read.kind == reference.kind.value
        assert [bare(name) for name in read.authors] == [bare(name) for name in reference.authors]


def records_of(lines) -> list[Record]:
    records = []
    for line in lines:
        parsed = parse_line(line)
        try:
            records.append(clean_record(parsed, today=TODAY))
        except Refusal:
            continue
    return records


class TestNames:
    @pytest.mark.parametrize(
        ("name", "parts"),
        [
            ("Ada Lovelace", ("Lovelace", "Ada", "")),
            ("Tycho F. A. van der Ouderaa", ("van der Ouderaa", "Tycho F. A.", "")),
            ("Haitz Sáez de Ocáriz Borde", ("de Ocáriz Borde", "Haitz Sáez", "")),
            ("Juan Carlos De los Reyes", ("De los Reyes", "Juan Carlos", "")),
            ("Sammy Davis Jr.", ("Davis", "Sammy", "Jr.")),
            ("Han shen", ("shen", "Han", "")),
            ("NVIDIA", ("NVIDIA", "", "")),
            ("山田太郎", ("山田太郎", "", "")),
            ("The Theano Development Team", ("The Theano Development Team", "", "")),
            ("MicroBooNE collaboration", ("MicroBooNE collaboration", "", "")),
            ("for the SoLid collaboration", ("for the SoLid collaboration", "", "")),
            ("Mohammad Iqbal, Imam Mukhlash", ("Mohammad Iqbal, Imam Mukhlash", "", "")),
            ("Gaoyue Guo,", ("Guo", "Gaoyue", "")),
        ],
    )
    def test_are_taken_apart_as_their_owners_would(self, name, parts):
        assert split_name(name) == Name(*parts)

    @pytest.mark.parametrize(
        ("name", "bibtex", "ris", "csl"),
        [
            ("Mihaela van der Schaar", "van der Schaar, Mihaela", "van der Schaar, Mihaela",
             {"family": "van der Schaar", "given": "Mihaela"}),
            ("Sammy Davis Jr.", "Davis, Jr., Sammy", "Davis, Sammy, Jr.",
             {"family": "Davis", "given": "Sammy", "suffix": "Jr."}),
            ("ATLAS & CMS Collaborations", r"{ATLAS \& CMS Collaborations}", "ATLAS & CMS Collaborations",
             {"literal": "ATLAS & CMS Collaborations"}),
        ],
    )  # fmt: skip
    def test_are_written_in_each_format_s_own_form(self, name, bibtex, ris, csl):
        reference = make_reference(authors=(name,))

        assert f"  author = {{{bibtex}}}," in to_bibtex(reference)
        assert f"AU  - {ris}\r\n" in to_ris(reference)
        assert to_csl(reference)["author"] == [csl]


class TestBibTeX:
    def test_entry_as_a_whole(self):
        reference = make_reference(
            title=r"Erd\H{o}s graphs at 5% noise: $\mathcal{N}=4$ & more",
            authors=("Ada Lovelace", "ATLAS Collaboration"),
            number="AG-2024.01-001",
            version=2,
            doi="10.1103/PhysRevA.1_2",
            arxiv_id="2401.00001",
            arxiv_category="quant-ph",
            notes=("Withdrawn on 9 May 2026: 50% wrong.",),
        )

        assert to_bibtex(reference) == (
            "@misc{AG-2024.01-001,\n"
            "  author = {Lovelace, Ada and {ATLAS Collaboration}},\n"
            "  title = {{Erdős graphs at 5\\% noise: $\\mathcal{N}=4$ \\& more}},\n"
            "  year = {2024},\n"
            "  month = jan,\n"
            "  type = {preprint},\n"
            "  publisher = {{Antigravity Q\\&A}},\n"
            "  number = {AG-2024.01-001},\n"
            "  version = {2},\n"
            "  eprint = {2401.00001},\n"
            "  archiveprefix = {arXiv},\n"
            "  primaryclass = {quant-ph},\n"
            "  doi = {10.1103/PhysRevA.1_2},\n"
            "  url = {https://answers.example.org/abs/AG-2024.01-001},\n"
            "  note = {Withdrawn on 9 May 2026: 50\\% wrong.},\n"
            "}\n"
        )

    @pytest.mark.parametrize(
        "title",
        [
            r"\input{/etc/passwd}", r"$\input{/etc/passwd}$", r"$\text{\input{x}}$", r"$\def\x{1}$",
            r"$\write18{ls}$", r"$\mbox{\immediate\write18{ls}}$", r"$^^5cinput{x}$", r"$\newcommand{\a}{b}$",
            r"$\hspace{\input{x}}$", r"$\color{\input{x}}a$", r"$\begin{filecontents}a\end{filecontents}$",
            r"$\href{http://x}{y}$", "$a%b$\n}, author = {Somebody", "a }\n@misc{b, title = {c",
            "{ { {", "} } }", "$}{$", "100% $ sure",
        ],
    )  # fmt: skip
    def test_title_brings_no_command_and_ends_no_field(self, title):
        text = to_bibtex(make_reference(title=title))

        read = read_bibtex(text)
        assert read.authors == ["Ada Lovelace"]
        title_line = next(line for line in text.splitlines() if line.startswith("  title"))
        assert (
            re.findall(
                r"\\(?!text(?:backslash|braceleft|braceright|asciicircum|asciitilde)\{\}|[&%$#_])", title_line
            )
            == []
        )

    def test_address_cannot_end_its_field(self):
        text = to_bibtex(make_reference(doi="10.1/a}b{c\\d"))

        assert "  doi = {10.1/a%7Db%7Bc%5Cd},\n" in text
        assert read_bibtex(text).authors == ["Ada Lovelace"]


class TestRIS:
    def test_record_as_a_whole(self):
        reference = make_reference(
            kind=Kind.WEBPAGE,
            title="What limits\nnoise?",
            authors=("Antigravity Q&A",),
            version=3,
            notes=("One.", "Two."),
        )

        assert to_ris(reference) == "\r\n".join([
            "TY  - ELEC", "ID  - AG-2024.01-001", "TI  - What limits noise?", "AU  - Antigravity Q&A",
            "PY  - 2024", "DA  - 2024/01/09", "M3  - Web page", "PB  - Antigravity Q&A", "ET  - 3",
            "UR  - https://answers.example.org/abs/AG-2024.01-001", "N1  - One.", "N1  - Two.", "ER  - ", "",
        ])  # fmt: skip

    def test_text_adds_no_field_and_no_record(self):
        hostile = "A title\r\nAU  - Somebody\r\nER  - \r\n\u2028TY  - JOUR"
        read = read_ris(to_ris(make_reference(title=hostile, notes=(hostile,))))

        assert read.authors == ["Ada Lovelace"]
        assert read.title == "A title AU - Somebody ER - TY - JOUR"


class TestCSL:
    def test_item_as_a_whole(self):
        reference = make_reference(
            arxiv_id="2401.00001", doi="10.1/x", number="AG-2024.01-001", is_withdrawn=True
        )

        assert to_csl(reference) == {
            "id": "AG-2024.01-001",
            "type": "article",
            "genre": "preprint",
            "title": "On noise",
            "author": [{"family": "Lovelace", "given": "Ada"}],
            "issued": {"date-parts": [[2024, 1, 9]]},
            "publisher": "Antigravity Q&A",
            "URL": "https://answers.example.org/abs/AG-2024.01-001",
            "version": "1",
            "number": "AG-2024.01-001",
            "archive": "arXiv",
            "archive_location": "2401.00001",
            "DOI": "10.1/x",
            "status": "withdrawn",
        }

    def test_citeproc_prints_it(self):
        printed = format_csl(
            json.dumps([to_csl(make_reference(authors=("Ada Lovelace", "ATLAS Collaboration")))])
        )

        assert "Lovelace, A." in printed
        assert "ATLAS Collaboration" in printed
        assert "2024" in printed
        assert "On noise" in printed


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=50)


@given(title=TEXT, note=TEXT, doi=TEXT)
@settings(max_examples=150, deadline=None)
def test_any_text_stays_inside_its_field(title, note, doi):
    reference = make_reference(title=title, notes=(note,), doi=doi)
    for read in read_all(reference):
        assert read.authors == ["Ada Lovelace"]
        assert read.kind == "preprint"
    assert read_ris(to_ris(reference)).fields.get("title", "") == plain_title(title)


def test_all_starter_preprints_come_back():
    records = records_of(STARTER.read_bytes().splitlines())
    assert len(records) == 47
    for record in records:
        assert_comes_back(reference_of(record))


def hard_ones(line: dict) -> bool:
    """Records with TeX, other scripts, collaborations or a crowd of authors, and the withdrawn ones."""
    names = " ".join(line["authors"])
    return bool(
        "\\" in line["title"]
        or "$" in line["title"]
        or re.search(r"[{}&%#~^_<>\"]", line["title"])
        or not names.isascii()
        or re.search("ollaboration|Team|Group|onsortium", names)
        or len(line["authors"]) > 50
        or line["withdrawn"]
        or line["lang"] != "en"
    )


def test_demonstration_records_come_back(data_dir):
    with lzma.open(data_dir / "demo" / "demo_corpus.jsonl.xz") as stream:
        lines = [line for line in stream if hard_ones(json.loads(line))]
    kinds = {
        "tex": [line for line in lines if b"$" in line or b"\\\\" in line][:200],
        "names": [line for line in lines if not line.isascii()][:250],
        "rest": lines[::6][:250],
    }
    chosen = {line for some in kinds.values() for line in some}
    chosen |= {line for line in lines if len(json.loads(line)["authors"]) > 50}
    records = records_of(sorted(chosen))
    assert len(records) >= 500
    assert max(len(record.authors) for record in records) > 50
    for record in records:
        assert_comes_back(reference_of(record))
