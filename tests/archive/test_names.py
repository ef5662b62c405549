import pytest

from archive.names import decode_tex, split_authors, turn_name


@pytest.mark.parametrize(
    ("tex", "printed"),
    [
        (r"Bal\'azs", "Balázs"),
        (r"Erd\H{o}s", "Erdős"),
        (r"{\L}ukasz \'Swi\k{e}tek", "Łukasz Świętek"),
        (r"Fran\c{c}ois M\"uller", "François Müller"),
        (r"J. M{\o}ller", "J. Møller"),
        (r"Mar\'{\i}a Mu\~noz", "María Muñoz"),
        (r"Ji\v{r}\'{\i} \v{C}ech", "Jiří Čech"),
        (r"G\"{o}del", "Gödel"),
        (r"\AA ngstr\"om", "Ångström"),
        (r"Stra\ss e", "Straße"),
        ("李明", "李明"),
        (r"no \command here", r"no \command here"),
    ],
)
def test_tex_accents_become_letters(tex: str, printed: str) -> None:
    assert decode_tex(tex) == printed


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Ada Lovelace", ["Ada Lovelace"]),
        ("A. One, B. Two and C. Three", ["A. One", "B. Two", "C. Three"]),
        ("A. One, B. Two, and\n  C. Three", ["A. One", "B. Two", "C. Three"]),
        ("Alexander von Humboldt and Anders Andersson", ["Alexander von Humboldt", "Anders Andersson"]),
        ("Martin King, Jr., Sammy Davis Jr", ["Martin King Jr.", "Sammy Davis Jr"]),
        (r"M. Finger,\, Jr., F. Fleuret", ["M. Finger Jr.", "F. Fleuret"]),
        ("The CMS Collaboration, et al.", ["The CMS Collaboration"]),
        ("ATLAS Collaboration: A. Aad, B. Abbott", ["ATLAS Collaboration", "A. Aad", "B. Abbott"]),
        ("CDF Collaboration: T. Aaltonen et al", ["CDF Collaboration", "T. Aaltonen"]),
        ("T. Aaltonen et al.", ["T. Aaltonen"]),
        ("A. Smith$^{1,2}$, B. Jones$^3$ and C. Brown${}^{\\dagger}$", ["A. Smith", "B. Jones", "C. Brown"]),
        ("J. Smith, Ph.D., A. Jones, M.D. and B. Brown, PhD", ["J. Smith", "A. Jones", "B. Brown"]),
        ("李明, 王芳", ["李明", "王芳"]),
        ("", []),
    ],
)
def test_names_are_split_as_the_authors_gave_them(text: str, names: list[str]) -> None:
    assert [author.name for author in split_authors(text)] == names


def test_affiliations_go_to_their_authors() -> None:
    authors = split_authors(
        "R. Brandenberger (McGill), X. Zhang (for the STAR Collaboration) and A. Davis (DAMTP, Cambridge)"
    )
    assert [author.affiliation for author in authors] == [
        "McGill",
        "for the STAR Collaboration",
        "DAMTP, Cambridge",
    ]


def test_numbered_affiliations_are_looked_up() -> None:
    authors = split_authors("A. One (1), B. Two (1,2) and C. Three (2) ((1) MIT, Cambridge, (2) Caltech)")
    assert [(author.name, author.affiliation) for author in authors] == [
        ("A. One", "MIT, Cambridge"),
        ("B. Two", "MIT, Cambridge; Caltech"),
        ("C. Three", "Caltech"),
    ]


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("Luger, Rodrigo", "Rodrigo Luger"),
        ("Smith, John, Jr.", "John Smith Jr."),
        ("King, Jr., Martin Luther", "Martin Luther King Jr."),
        ("ATLAS Collaboration", "ATLAS Collaboration"),
        (r"H\'etet, G.", "G. Hétet"),
    ],
)
def test_names_that_begin_with_the_family_are_turned(written: str, spoken: str) -> None:
    assert turn_name(written) == spoken
