"""Measures the embedded answerer: are its verdicts right, are its sentences verbatim, how long does it take.

    python benchmarks/extractive.py

Questions written for this, each with the eight records that hybrid search gave for it (benchmarks/data/).
Thresholds were set on the part "fit"; "report" is shown apart. It is no longer untouched: on first sight 38
of its 42 verdicts were right, and one framing word and one threshold were changed after that. Baseline: the
verdict by the best sentence's cosine alone, with the two thresholds that do best on "fit". Of 52 questions it
was judged by hand which of the eight records bear on them ("bearing"): how many quoted sentences come from
those, how many of those are quoted, and beside it the same where every record may be quoted. Of 27 questions
it was judged which of the fifteen sentences of highest relevance are to the point: how many of those quoted
are, any other counting as not, and whether the first one quoted is. Texts come from ANTIGRAVITY_DATA.
"""

import itertools
import json
import lzma
import os
import statistics
import sys
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "antigravity.settings")

from archive.embeddings import get_embedder  # noqa: E402
from qa.checking import CheckSource, check_draft  # noqa: E402
from qa.extractive import Candidate, choose, choose_sentences, compose, read_sources  # noqa: E402
from qa.gating import decide  # noqa: E402
from qa.statements import parse_output  # noqa: E402

DATA = Path(os.environ.get("ANTIGRAVITY_DATA", ROOT.parent / "shared" / "data"))
QUESTIONS = ROOT / "benchmarks" / "data" / "extractive_questions.jsonl"
SENTENCES = ROOT / "benchmarks" / "data" / "extractive_sentences.jsonl"
VERDICTS = ("answered", "partial", "unanswerable")


def read_records() -> dict[str, dict]:
    """Records of the demonstration corpus and of the starter archive, which comes first, by arXiv id."""
    records = {}
    with lzma.open(DATA / "demo" / "demo_corpus.jsonl.xz", "rt", encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            records[record["id"]] = record
    for line in (
        (ROOT / "archive" / "data" / "starter_archive.jsonl").read_text(encoding="utf-8").splitlines()
    ):
        record = json.loads(line)
        records[record["id"]] = record
    return records


def read_lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def run(row: dict, records: dict[str, dict], embedder) -> dict:
    """One question: what was answered, what the checks and the gate say, and in how many seconds."""
    sources = [
        CheckSource(number, "AG-2024.01-001", records[key]["title"], records[key]["abstract"])
        for number, key in enumerate(row["sources"], start=1)
    ]
    began = time.perf_counter()
    answer = compose(row["question"], sources, embedder=embedder)
    seconds = time.perf_counter() - began
    reading = read_sources(row["question"], sources, embedder=embedder)
    result = row | {
        "said": answer["verdict"],
        "seconds": seconds,
        "meaning": max((candidate.meaning for candidate in reading.candidates), default=0.0),
        "quoted": [
            row["sources"][number - 1]
            for section in answer["sections"]
            for one in section["statements"]
            for number in one["sources"]
        ],
        "chosen": [place_of(row, one) for one in choose(reading)],
        "quoted_of_all": [
            row["sources"][one.source.number - 1]
            for one in choose_sentences(reading.candidates, reading.focus, fewest=1)
        ],
        "follow_ups": len(answer["follow_ups"]),
    }
    draft = parse_output(json.dumps(answer), source_count=len(sources))
    checked = check_draft(draft, sources, question=row["question"], is_quotation=True, embedder=embedder)
    verdicts = [citation.verdict for statement in checked.statements for citation in statement.citations]
    return result | {
        "supported": verdicts.count("supported"),
        "citations": len(verdicts),
        "is_published": decide(draft, checked, is_quotation=True).publish,
    }


def place_of(row: dict, candidate: Candidate) -> list:
    """A sentence as the judged ones are named: its record's id and its place in the abstract."""
    return [row["sources"][candidate.source.number - 1], candidate.place]


def to_the_point_line(rows: list[dict]) -> str:
    """How many of the quoted sentences are to the point, and of how many questions the first one is."""
    right = [[one in row["on_point"] for one in row["chosen"]] for row in rows]
    share = sum(map(sum, right)) / sum(map(len, right))
    first = sum(places[0] for places in right if places)
    most = sum(min(len(row["on_point"]), 9) for row in rows)
    return (
        f"{share:.3f} of {sum(map(len, right))} quoted; {sum(map(sum, right))} of {most} that could be;"
        f" the first of {first} of {len(rows)} questions"
    )


def bearing_line(rows: list[dict], key: str) -> str:
    """How many quoted sentences come from sources that bear on the question; how many of those are quoted."""
    sentences = sum(len(row[key]) for row in rows)
    right = sum(source in row["bearing"] for row in rows for source in row[key])
    found = sum(len(set(row[key]) & set(row["bearing"])) for row in rows)
    wanted = sum(len(row["bearing"]) for row in rows)
    return (
        f"{right / sentences:.3f} of {sentences} sentences are from them; {found} of {wanted} are quoted "
        f"({len(rows)} questions)"
    )


def accuracy(rows: list[dict], said) -> float:
    """The share of rows whose verdict is right."""
    return statistics.mean(said(row) == row["verdict"] for row in rows)


def by_cosine(low: float, high: float):
    """The baseline's verdict of a row."""
    return lambda row: VERDICTS[0 if row["meaning"] >= high else 1 if row["meaning"] >= low else 2]


def report(name: str, rows: list[dict], baseline) -> None:
    """One part's figures."""
    print(f"\n{name}: {len(rows)} questions")
    print(
        f"  verdict right          {accuracy(rows, lambda row: row['said']):.3f}   by cosine alone "
        f"{accuracy(rows, baseline):.3f}"
    )
    for verdict in VERDICTS:
        said = Counter(row["said"] for row in rows if row["verdict"] == verdict)
        print(f"  {verdict:<14} said   " + ", ".join(f"{key} {said[key]}" for key in VERDICTS))
    answers = [row for row in rows if row["said"] != "unanswerable"]
    supported, cited = sum(row["supported"] for row in answers), sum(row["citations"] for row in answers)
    print(f"  citations supported    {supported} of {cited}")
    print(f"  passed the gate        {sum(row['is_published'] for row in answers)} of {len(answers)}")
    print(f"  sentences an answer    {statistics.mean(len(row['quoted']) for row in answers):.1f}")
    for name, key in (("bearing sources", "quoted"), ("  without the bar", "quoted_of_all")):
        print(f"  {name:<22} {bearing_line([row for row in rows if 'bearing' in row], key)}")
    print(f"  sentences to the point {to_the_point_line([row for row in rows if 'on_point' in row])}")
    print(f"  follow-ups an answer   {statistics.mean(row['follow_ups'] for row in answers):.1f}")
    print(f"  seconds to compose     {statistics.median(row['seconds'] for row in rows):.3f} median")


def main() -> None:
    """Both parts, and the baseline fitted on the first."""
    records = read_records()
    embedder = get_embedder()
    judged = {row["question"]: row for row in read_lines(SENTENCES)}
    rows = [run(row | judged.get(row["question"], {}), records, embedder) for row in read_lines(QUESTIONS)]
    fit = [row for row in rows if row["part"] == "fit"]
    steps = [step / 100 for step in range(30, 96, 2)]
    baseline = max(
        (by_cosine(low, high) for low, high in itertools.combinations(steps, 2)),
        key=lambda rule: accuracy(fit, rule),
    )
    for part in ("fit", "report"):
        report(part, [row for row in rows if row["part"] == part], baseline)


if __name__ == "__main__":
    main()
