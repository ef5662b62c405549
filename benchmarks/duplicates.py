"""Measures the look-up of questions that were asked before in other words.

    python benchmarks/duplicates.py

Pairs come from ANTIGRAVITY_DATA/dup (RQE, COVID-Q) and from benchmarks/data/near_duplicates.jsonl, written by
hand in three parts (docs/benchmarks.md says when); one-word edits are made here from questions written for
other figures: a negation, another number, an antonym, another organ, model or kind, and two words that change
places. Exact repeats are left out of all.
Suggestions: the lowest cosine with precision .80 is found on every other pair and reported on the others. The
baseline of offering as the same is the cosine alone, at the same threshold and at .95.
"""

import csv
import json
import os
import random
import re
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "antigravity.settings")

from archive.embeddings import load_embedder  # noqa: E402
from qa.direction import OPPOSITES  # noqa: E402
from qa.questions import LOCAL_MODEL  # noqa: E402
from qa.sameness import RELATED, SAME, ask_the_same  # noqa: E402
from qa.text_keys import normalise  # noqa: E402

DATA = Path(os.environ.get("ANTIGRAVITY_DATA", ROOT.parent / "shared" / "data"))
WRITTEN = ROOT / "benchmarks" / "data"
PRECISION = 0.8
EDITS = 450
PARTS = ("first", "second", "third")
EXCHANGED = [  # each word is exchanged for the next in its line
    "lung liver kidney brain heart breast prostate retina", "CNN transformer GAN U-Net ResNet",
    "GPT-3 GPT-4 GPT-5", "VQE QAOA", "CT MRI PET ultrasound", "quantum classical", "supervised unsupervised",
    "matter energy", "transmon fluxonium", "Planck DESI ACT", "neutrino axion proton electron",
    "training testing", "noise decoherence", "segmentation classification", "diffusion adversarial",
    "encoding decoding", "kernels circuits", "qubits qutrits", "images videos", "stars galaxies",
    "can should", "adults children", "how why", "before after", "with without", "above below",
    "all some", "inflation reionisation",
]  # fmt: skip

Pair = tuple[str, str, bool]
Edit = Callable[[str, random.Random], str]


def read_pairs(name: str) -> list[Pair]:
    with (DATA / "dup" / "question_pairs.tsv").open(encoding="utf-8") as lines:
        rows = [row for row in csv.DictReader(lines, delimiter="\t") if row["set"] == name]
    pairs = [(row["q1"], row["q2"], float(row["label"]) == 1) for row in rows]
    return [pair for pair in pairs if normalise(pair[0]) != normalise(pair[1])]


def read_written(part: str) -> list[Pair]:
    lines = (WRITTEN / "near_duplicates.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [row for row in map(json.loads, lines) if row["part"] == part]
    return [(row["one"], row["other"], row["same"]) for row in rows]


def read_questions() -> list[str]:
    """Questions on research that were written for other figures."""
    lines = (WRITTEN / "submission.jsonl").read_text(encoding="utf-8").splitlines()
    texts = [row["text"] for row in map(json.loads, lines) if row["take"]]
    lines = (WRITTEN / "extractive_questions.jsonl").read_text(encoding="utf-8").splitlines()
    return texts + [json.loads(line)["question"] for line in lines]


def negate(text: str, chance: random.Random) -> str:
    return re.sub(r"\b(is|are|do|does|did|can|could|would|have|has)\b", r"\1 not", text, count=1)


def change_number(text: str, chance: random.Random) -> str:
    return re.sub(r"\d+", lambda match: str(int(match[0]) + chance.randint(1, 9)), text, count=1)


def exchange(lines: list[list[str]]) -> Edit:
    """Exchanges the first word that stands in a line for another of its line."""

    def edit(text: str, chance: random.Random) -> str:
        for line in chance.sample(lines, len(lines)):
            for place, word in enumerate(line):
                changed = re.sub(rf"(?<![\w-]){re.escape(word)}(?![\w-])", line[place - 1], text, count=1)
                if changed != text:
                    return changed
        return text

    return edit


def swap(text: str, chance: random.Random) -> str:
    """Two longer words change places: who acts, and on whom."""
    words = re.findall(r"[A-Za-z][\w-]{4,}", text)
    if len(words) < 3:
        return text
    one, other = chance.sample(sorted(set(words)), 2) if len(set(words)) > 2 else (words[0], words[-1])
    return re.sub(rf"\b(?:{one}|{other})\b", lambda match: other if match[0] == one else one, text)


def make_edits() -> list[tuple[str, str, str]]:
    """Kind, question and edited question; as evenly from all kinds as there are enough of each."""
    opposites = [[side.split()[0] for side in line.split("|")] for line in OPPOSITES.strip().splitlines()]
    kinds: dict[str, Edit] = {
        "negation": negate,
        "number": change_number,
        "antonym": exchange(opposites),
        "organ, model, kind": exchange([line.split() for line in EXCHANGED]),
        "places": swap,
    }
    chance = random.Random(4)
    made = []
    for text in read_questions():
        for kind, edit in kinds.items():
            changed = edit(text, chance)
            if normalise(changed) != normalise(text):
                made.append((kind, text, changed))
    chance.shuffle(made)
    seen: Counter[str] = Counter()
    ranked = []
    for one in made:
        seen[one[0]] += 1
        ranked.append((seen[one[0]], one))
    return [one for _, one in sorted(ranked, key=lambda pair: pair[0])[:EDITS]]


def cosines(pairs: list[tuple[str, str]]) -> np.ndarray:
    embedder = load_embedder(LOCAL_MODEL)
    texts = sorted({text for pair in pairs for text in pair})
    vectors = dict(zip(texts, embedder.embed(texts), strict=True))
    return np.array([float(vectors[one] @ vectors[other]) for one, other in pairs])


def report_suggestions(name: str, pairs: list[Pair]) -> None:
    near = cosines([pair[:2] for pair in pairs])
    same = np.array([pair[2] for pair in pairs])
    fit = np.arange(len(pairs)) % 2 == 0
    threshold = lowest_with_precision(near[fit], same[fit])
    for words, from_ in ((f"fitted {threshold:.2f}", threshold), (f"in force {RELATED}", RELATED)):
        shown = (near >= from_) & ~fit
        right = (shown & same).sum()
        print(
            f"{name}: suggested from cosine {words}: recall {right / (same & ~fit).sum():.3f}"
            f" at precision {right / max(shown.sum(), 1):.3f} ({(~fit).sum()} pairs)"
        )


def report_offered(name: str, pairs: list[Pair], *, is_listed: bool = False) -> None:
    near = cosines([pair[:2] for pair in pairs])
    same = np.array([pair[2] for pair in pairs])
    guard = np.array([ask_the_same(one, other) for one, other, _ in pairs])
    for words, offered in (
        ("the guard", (near >= SAME) & guard),
        (f"cosine {SAME} alone", near >= SAME),
        ("cosine .95 alone", near >= 0.95),
    ):
        print(
            f"{name} ({same.sum()} of {len(pairs)} are the same): offered by {words} {offered.sum()},"
            f" rightly {(offered & same).sum()}"
        )
    for pair, is_near, is_guarded in zip(pairs, near >= SAME, guard, strict=True):
        if is_listed and is_guarded and not pair[2]:
            print(f"    {'offered' if is_near else 'kept apart by the cosine alone'}: {pair[:2]}")


def lowest_with_precision(near: np.ndarray, same: np.ndarray) -> float:
    """The lowest threshold from which on so many of the pairs are duplicates."""
    order = np.argsort(-near)
    precise = np.cumsum(same[order]) / np.arange(1, len(order) + 1) >= PRECISION
    return float(near[order][np.flatnonzero(precise)[-1]])


def report_edits() -> None:
    edits = make_edits()
    near = cosines([(one, other) for _, one, other in edits])
    merged = [
        edit for edit, cosine in zip(edits, near, strict=True) if cosine >= SAME and ask_the_same(*edit[1:])
    ]
    kinds = ", ".join(f"{kind} {count}" for kind, count in Counter(edit[0] for edit in edits).items())
    print(f"one-word edits ({kinds}): {len(merged)} of {len(edits)} offered as the same")
    print(f"    by cosine {SAME} alone {(near >= SAME).sum()}, by cosine .95 alone {(near >= 0.95).sum()}")
    for edit in merged:
        print(f"    {edit}")


if __name__ == "__main__":
    for name, pairs in (("RQE", read_pairs("rqe")), ("COVID-Q", read_pairs("covidq"))):
        report_suggestions(name, pairs)
        report_offered(name, pairs)
    for part in PARTS:
        report_offered(f"written by hand, {part}", read_written(part), is_listed=True)
    report_edits()
