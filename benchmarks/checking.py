"""Measures the checks on SciFact's training claims, fits the support score on half of them, and plants
faults.

    python benchmarks/checking.py [--quick]

Claims with an even number are fitted on, those with an odd one are reported on. Baselines in the same run:
idf coverage of the whole abstract, and the cosine of the nearest sentence. Texts come from ANTIGRAVITY_DATA.
"""

import itertools
import json
import lzma
import os
import random
import re
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "antigravity.settings")

from archive.embeddings import Embedder, get_embedder  # noqa: E402
from archive.passages import split_sentences  # noqa: E402
from qa import support  # noqa: E402
from qa.binding import exchanged_figures  # noqa: E402
from qa.checking import CheckSource, check_draft  # noqa: E402
from qa.direction import OPPOSITES, direction_differs, turned_share  # noqa: E402
from qa.figures import missing_figures  # noqa: E402
from qa.statements import Draft, DraftSection, DraftStatement  # noqa: E402
from qa.support import CitedText, rank_evidence, support_features  # noqa: E402
from qa.wording import coverage, stem, terms, words  # noqa: E402

DATA = Path(os.environ.get("ANTIGRAVITY_DATA", ROOT.parent / "shared" / "data"))
REVERSED = ROOT / "benchmarks" / "data" / "reversed_statements.jsonl"
PLANTED = 500
EXCHANGED_RECORDS = 1_500
THINNED = 0.22
FIGURE = re.compile(r"(?<![\w.^_{\\/-])\d+(?:,\d{3})*(?:\.\d+)?(?:\s?\\?%)?(?![\w}/]|\.\d|-[a-z])")


@dataclass
class Pair:
    """A claim and an abstract, with what SciFact says of them: SUPPORT, CONTRADICT, none, or "hard" (made
    here).
    """

    claim: str
    number: int
    label: str
    features: np.ndarray
    baselines: tuple[float, float]
    turned: bool
    turned_share: float
    ranks: list[int]
    gold: set[int]


class Reader:
    """Abstracts split and embedded once each."""

    def __init__(self, embedder: Embedder) -> None:
        lines = (
            (DATA / "retrieval" / "scifact-train" / "corpus.jsonl").read_text(encoding="utf-8").splitlines()
        )
        self.documents = {document["_id"]: document for document in map(json.loads, lines)}
        self.embedder = embedder
        self.texts: dict[str, CitedText] = {}

    def read(self, key: str) -> CitedText:
        """A document as the support score wants it."""
        if key not in self.texts:
            document = self.documents[key]
            passages = split_sentences(document["text"])
            vectors = self.embedder.embed([passage.text for passage in passages])
            self.texts[key] = CitedText(document["title"], passages, vectors)
        return self.texts[key]

    def pair(self, row: dict, key: str, *, label: str, gold: list[str]) -> Pair:
        """A claim beside a document."""
        text = self.read(key)
        claim, vector = row["claim"], self.embedder.embed([row["claim"]])[0]
        whole = f"{text.title}. {self.documents[key]['text']}"
        missing = len(missing_figures(claim, [whole]))
        ranks = rank_evidence(claim, vector, text)
        places = {
            place
            for place, passage in enumerate(text.passages)
            if any(same(passage.text, one) for one in gold)
        }
        return Pair(
            claim,
            int(row["id"]),
            label,
            support_features(claim, vector, text, missing=missing),
            (coverage(terms(claim), terms(whole)), float((text.vectors @ vector).max())),
            bool(direction_differs(claim, text.passages[ranks[0]].text)),
            turned_share(claim, [text.passages[place].text for place in ranks[: support.NEAREST]]),
            ranks,
            places,
        )


def same(one: str, other: str) -> bool:
    """Whether two sentences are one, however they were split."""
    first, second = set(words(one)), set(words(other))
    return len(first & second) > 0.8 * max(1, min(len(first), len(second)))


def read_pairs(reader: Reader) -> list[Pair]:
    """All pairs; the evidence of several annotators for one pair is put together. One hard negative a
    supported claim.
    """
    path = DATA / "retrieval" / "scifact-train" / "claims_evidence.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    grouped: dict[tuple[str, str], tuple[dict, list[str]]] = {}
    for row in rows:
        key = row["evidence_doc_id"] or row["cited_doc_ids"][0]
        grouped.setdefault((row["id"], key), (row, []))[1].extend(row["evidence_text"])
    pairs = [
        reader.pair(row, key, label=row["label"], gold=gold) for (_, key), (row, gold) in grouped.items()
    ]
    keys = sorted(reader.texts)
    centres = np.array([reader.texts[key].vectors.mean(axis=0) for key in keys])
    for (_, key), (row, _) in list(grouped.items()):
        if row["label"] == "SUPPORT":
            nearness = centres @ reader.embedder.embed([row["claim"]])[0]
            own = {key, *row["cited_doc_ids"]}
            nearest = next(keys[place] for place in np.argsort(-nearness) if keys[place] not in own)
            pairs.append(reader.pair(row, nearest, label="hard", gold=[]))
    return pairs


def fit_logistic(features: np.ndarray, labels: np.ndarray, *, ridge: float = 1.0) -> tuple[float, np.ndarray]:
    """Intercept and coefficients of a ridge logistic with balanced classes, by Newton's method."""
    mean, spread = features.mean(axis=0), features.std(axis=0) + 1e-9
    design = np.c_[np.ones(len(features)), (features - mean) / spread]
    weights = np.where(labels == 1, 0.5 / labels.mean(), 0.5 / (1 - labels.mean()))
    penalty = ridge * np.diag([0.0] + [1.0] * features.shape[1])
    found = np.zeros(design.shape[1])
    for _ in range(100):
        chance = 1 / (1 + np.exp(-design @ found))
        gradient = design.T @ (weights * (chance - labels)) + penalty @ found
        curvature = (design * (weights * chance * (1 - chance))[:, None]).T @ design + penalty
        found -= np.linalg.solve(curvature, gradient)
    coefficients = found[1:] / spread
    return float(found[0] - (coefficients * mean).sum()), coefficients


def auroc(high: np.ndarray, low: np.ndarray) -> float:
    """The chance that one of the first is above one of the second."""
    return float(np.mean((high[:, None] > low[None]) + 0.5 * (high[:, None] == low[None])))


def report_support(pairs: list[Pair]) -> None:
    """The fit, and its figures on the other half."""
    fitted = [pair for pair in pairs if pair.number % 2 == 0 and pair.label in ("SUPPORT", "")]
    labels = np.array([pair.label == "SUPPORT" for pair in fitted], dtype=float)
    intercept, coefficients = fit_logistic(np.array([pair.features for pair in fitted]), labels)
    print(
        f"INTERCEPT = {intercept:.2f}\nCOEFFICIENTS = ({', '.join(f'{value:.2f}' for value in coefficients)})"
    )
    print(f"in qa/support.py: {support.INTERCEPT}, {support.COEFFICIENTS}\n")
    rest = [pair for pair in pairs if pair.number % 2]
    score = {
        label: np.array(
            [
                support.logistic(support.INTERCEPT + pair.features @ support.COEFFICIENTS)
                for pair in rest
                if pair.label == label
            ]
        )
        for label in ("SUPPORT", "", "hard", "CONTRADICT")
    }
    base = {
        label: np.array([pair.baselines for pair in rest if pair.label == label])
        for label in ("SUPPORT", "", "hard")
    }
    for name, label in (("topical text without evidence", ""), ("hard negatives", "hard")):
        columns = [auroc(base["SUPPORT"][:, column], base[label][:, column]) for column in (0, 1)]
        print(
            f"AUROC, SUPPORT against {name}: {auroc(score['SUPPORT'], score[label]):.3f}"
            f" (idf coverage {columns[0]:.3f}, cosine {columns[1]:.3f}; {len(score['SUPPORT'])} and "
            f"{len(score[label])})"
        )
    for label, values in score.items():
        supported = np.mean(values >= support.SUPPORTED_FROM)
        unsupported = np.mean(values < support.UNSUPPORTED_UNDER)
        print(f"  {label or 'no evidence':<12} supported {supported:.3f}   unsupported {unsupported:.3f}")
    turned = {
        label: np.array([float(pair.turned) for pair in rest if pair.label == label])
        for label in ("SUPPORT", "CONTRADICT")
    }
    print(
        f"AUROC, SUPPORT against CONTRADICT, by the direction flag: "
        f"{auroc(turned['CONTRADICT'], turned['SUPPORT']):.3f}"
        f" (flagged {turned['CONTRADICT'].mean():.3f} and {turned['SUPPORT'].mean():.3f})"
    )
    for part in (0, 1):
        shares = {
            label: np.array(
                [pair.turned_share for pair in pairs if pair.number % 2 == part and pair.label == label]
            )
            for label in ("SUPPORT", "CONTRADICT")
        }
        print(
            f"  by the share of the three nearest sentences that are turned: "
            f"{auroc(shares['CONTRADICT'], shares['SUPPORT']):.3f} ({'kept back' if part else 'fitted'} half)"
        )
    judged = [pair for pair in pairs if pair.gold]
    for depth in (1, 3):
        print(
            f"evidence sentence, hit@{depth}: "
            f"{np.mean([bool(pair.gold & set(pair.ranks[:depth])) for pair in judged]):.3f}"
        )


def alter_number(sentence: str, chance: random.Random) -> str | None:
    """The sentence with the last two digits of a number exchanged or its last digit changed."""
    numbers = list(re.finditer(r"(?<![\w.^_{\\-])\d+(?:\.\d+)?(?![\w.}-])", sentence))
    if not numbers:
        return None
    match = chance.choice(numbers)
    digits = match.group()
    other = str((int(digits[-1]) + chance.randint(1, 8)) % 10)
    if len(digits) > 1 and digits[-2].isdigit() and digits[-1] != digits[-2]:
        return sentence[: match.start()] + digits[:-2] + digits[-1] + digits[-2] + sentence[match.end() :]
    return sentence[: match.start()] + digits[:-1] + other + sentence[match.end() :]


def turn_direction(sentence: str, chance: random.Random) -> str | None:
    """The sentence with one word replaced by its opposite."""
    pairs = [tuple(side.split() for side in line.split("|")) for line in OPPOSITES.strip().splitlines()]
    swaps = {
        stem(word): other[0]
        for one, two in pairs
        for side, other in ((one, two), (two, one))
        for word in side
    }
    places = [match for match in re.finditer(r"\b[a-z]+\b", sentence) if stem(match.group()) in swaps]
    if not places:
        return None
    match = chance.choice(places)
    return sentence[: match.start()] + swaps[stem(match.group())] + sentence[match.end() :]


def report_planted(embedder: Embedder) -> None:
    """Sentences of real abstracts, verbatim and with one fault each: what is flagged."""
    chance = random.Random(11)
    records = chance.sample(read_demo(), 3_000)
    pairs = [
        (r, passage.text) for r in records for passage in split_sentences(r["abstract"]) if r["lang"] == "en"
    ]
    chance.shuffle(pairs)
    print()
    for name, change in (
        ("verbatim", lambda text, _: text),
        ("number altered", alter_number),
        ("direction turned", turn_direction),
    ):
        changed = ((record, text, change(text, chance)) for record, text in pairs)
        planted = [
            (record, after)
            for record, before, after in changed
            if after and (after != before or name == "verbatim")
        ]
        flags = [flags_of(record, text, embedder) for record, text in planted[:PLANTED]]
        counts = {
            flag: sum(flag in found for found in flags)
            for flag in ("numbers_differ", "numbers_exchanged", "quote_differs", "direction_differs")
        }
        print(
            f"{name}, {len(flags)} sentences: "
            + ", ".join(f"{flag} {count}" for flag, count in counts.items())
        )


def read_demo() -> list[dict]:
    """The demonstration corpus."""
    with lzma.open(DATA / "demo" / "demo_corpus.jsonl.xz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def flags_of(record: dict, text: str, embedder: Embedder) -> list[str]:
    """The flags of a statement that cites a record."""
    source = CheckSource(1, "AG-2024.01-001", record["title"], record["abstract"])
    draft = Draft("answered", [DraftSection(None, [DraftStatement(text, (1,))])])
    checked = check_draft(draft, [source], question="", is_quotation=True, embedder=embedder)
    return checked.statements[0].citations[0].flags


def report_reversed() -> None:
    """Statements written beside the sentence that they are about: true ones, and the same reversed."""
    rows = [json.loads(line) for line in REVERSED.read_text(encoding="utf-8").splitlines()]
    print()
    for part in ("fit", "report"):
        own = [row for row in rows if row["part"] == part]
        flagged = {
            kind: np.mean([bool(direction_differs(row[kind], row["evidence"])) for row in own])
            for kind in ("reversed", "faithful")
        }
        print(
            f"reversed statements, {part}: of {len(own)}, flagged {flagged['reversed']:.3f} reversed and "
            f"{flagged['faithful']:.3f} true ones"
        )


def exchange_figures(sentence: str, chance: random.Random) -> str | None:
    """The sentence with two of its figures in each other's place."""
    pairs = [
        (one, other)
        for one, other in itertools.combinations(FIGURE.finditer(sentence), 2)
        if one.group() != other.group() and one.group().endswith("%") == other.group().endswith("%")
    ]
    if not pairs:
        return None
    one, other = chance.choice(pairs)
    middle = sentence[one.end() : other.start()]
    return sentence[: one.start()] + other.group() + middle + one.group() + sentence[other.end() :]


def thin_out(sentence: str, chance: random.Random) -> str:
    """The sentence without about a fifth of its words, as a crude paraphrase: its figures all stay."""
    kept = (word for word in sentence.split() if re.search(r"\d", word) or chance.random() > THINNED)
    return " ".join(kept)


def report_exchanged() -> None:
    """Figures that changed places inside a sentence, and the same sentences as they are: who is doubted."""
    chance = random.Random(3)
    records = [record for record in read_demo() if record["lang"] == "en"]
    counts: Counter[str] = Counter()
    for record in chance.sample(records, EXCHANGED_RECORDS):
        source = f"{record['title']}. {record['abstract']}"
        for passage in split_sentences(record["abstract"]):
            turned = exchange_figures(passage.text, chance)
            if turned is None:
                continue
            counts["sentences"] += 1
            counts["exchanged"] += bool(exchanged_figures(thin_out(turned, chance), [source]))
            counts["good"] += bool(exchanged_figures(thin_out(passage.text, chance), [source]))
    number = counts["sentences"]
    print(
        f"figures exchanged in a thinned sentence, {number}: flagged {counts['exchanged'] / number:.3f}; "
        f"thinned only: {counts['good'] / number:.3f}"
    )


def main() -> None:
    """All reports; `--quick` leaves out those that embed."""
    report_reversed()
    report_exchanged()
    if "--quick" in sys.argv:
        return
    embedder = get_embedder()
    report_support(read_pairs(Reader(embedder)))
    report_planted(embedder)


if __name__ == "__main__":
    main()
