import json
import lzma
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.passages import split_sentences


def sentences(text: str) -> list[str]:
    return [passage.text for passage in split_sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two? Three!", ["One.", "Two?", "Three!"]),
        ("As Fig. 2 and Eq. (3) show. Yes.", ["As Fig. 2 and Eq. (3) show.", "Yes."]),
        ("See Figs. 1-3 of Ref. [12]. Next.", ["See Figs. 1-3 of Ref. [12].", "Next."]),
        ("Smith et al. (2019) agree. We too.", ["Smith et al. (2019) agree.", "We too."]),
        ("This follows Smith et al. We extend it.", ["This follows Smith et al.", "We extend it."]),
        ("It holds, i.e. it works, e.g. here. So?", ["It holds, i.e. it works, e.g. here.", "So?"]),
        ("Where $x. Y$ holds. Then \\(a. B\\) too.", ["Where $x. Y$ holds.", "Then \\(a. B\\) too."]),
        ("It costs $5. And $6 later.", ["It costs $5.", "And $6 later."]),
        ("Found before [AG-2024.01-1576]. Not here.", ["Found before [AG-2024.01-1576].", "Not here."]),
        ("It rose by 3.5 % to 12.1. Good.", ["It rose by 3.5 % to 12.1.", "Good."]),
        ("Levels rose. mRNA fell. p53 stayed.", ["Levels rose.", "mRNA fell.", "p53 stayed."]),
        ("We find: 1. Speed. 2. Size.", ["We find: 1. Speed.", "2. Size."]),
        ("no full stop", ["no full stop"]),
        ("", []),
        (" \n\t ", []),
    ],
)
def test_sentences_end_where_a_reader_ends_them(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


@given(st.text(max_size=300))
def test_every_passage_stands_where_it_says_and_nothing_is_lost(text: str) -> None:
    passages = split_sentences(text)
    assert all(passage.text == text[passage.start : passage.end] for passage in passages)
    assert all(passage.text == passage.text.strip() != "" for passage in passages)
    gaps = [0, *(place for passage in passages for place in (passage.start, passage.end)), len(text)]
    between = [text[gaps[index] : gaps[index + 1]] for index in range(0, len(gaps), 2)]
    assert "".join(between).strip() == ""


def test_offsets_hold_on_real_abstracts(data_dir: Path) -> None:
    with lzma.open(data_dir / "demo" / "demo_corpus.jsonl.xz", "rt", encoding="utf-8") as lines:
        abstracts = [json.loads(line)["abstract"] for line in list(lines)[::20]]
    for abstract in abstracts:
        passages = split_sentences(abstract)
        assert [abstract[passage.start : passage.end] for passage in passages] == [p.text for p in passages]
        assert "".join("".join(p.text.split()) for p in passages) == "".join(abstract.split())
