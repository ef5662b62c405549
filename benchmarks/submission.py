"""Measures the submission gate on texts written for it, half of them to refuse; fits what it learns.

    python benchmarks/submission.py [--show PART]
    python benchmarks/submission.py --fit

benchmarks/data/submission.jsonl has two parts: "fit", on which the rules were tuned, and the kinds of meaning
and what leans on a lost context are fitted, and "report", written before the last of these. Prints, by part,
the share decided rightly, with the rules alone beside it, and by kind what became of its texts. Titles of
preprints and questions written for other measurements tell how often something harmless is refused by its
meaning: the kinds are fitted on every other of them.
"""

import argparse
import json
import lzma
import os
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "antigravity.settings")

from archive.embeddings import load_embedder  # noqa: E402
from qa.questions import KINDS, LOCAL_MODEL, Refused, accept_question, find_refusal_by_meaning  # noqa: E402
from qa.refusals.leaning import LEANING_FILE, leaning_share, read_features  # noqa: E402
from qa.refusals.meaning import KINDS_FILE, QUESTION  # noqa: E402

DATA = Path(os.environ.get("ANTIGRAVITY_DATA", ROOT.parent / "shared" / "data"))
TEXTS = ROOT / "benchmarks" / "data" / "submission.jsonl"
TAKEN = "taken"
TITLES = 1500
EVERY = 80  # the corpus is in order of time and field
STRENGTH = 10.0  # C of the regression
TITLE_WEIGHT = 0.2  # a title counts as a fifth of a text that was written for this
# The lowest that refuses no question in cross-validation: 515 of 860 lost contexts, 0 of 10,595.
LEANING_FROM = 0.85
ORDERS = 5
LEANING_KINDS = ("lost_context", "pointing")
LEANING_PAIRS = (  # of the questions of near_duplicates.jsonl, those that lean on something themselves
    "Is the error", "Who le", "What is the first-order", "What is the second-order", "Is that noise",
)  # fmt: skip
REFUSE_FROM = 0.85  # cross-validated on "fit": 204 of 257 are refused rightly, 1 of 288 wrongly


def read_texts() -> list[dict[str, Any]]:
    """The texts with their vectors."""
    rows = [json.loads(line) for line in TEXTS.read_text(encoding="utf-8").splitlines()]
    vectors = load_embedder(LOCAL_MODEL).embed([row["text"] for row in rows])
    return [row | {"vector": vector} for row, vector in zip(rows, vectors, strict=True)]


def read_harmless() -> tuple[list[str], np.ndarray]:
    """Texts and vectors of titles, and of questions, on research or not, written for other figures."""
    folder = ROOT / "benchmarks" / "data"
    on_and_off = json.loads((folder / "questions.json").read_text(encoding="utf-8"))
    harmless = [text for part in on_and_off.values() if isinstance(part, list) for text in part]
    for name in ("extractive_questions", "abstention_questions"):
        lines = (folder / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
        harmless += [json.loads(line)["question"] for line in lines]
    wanted = TITLES + len(harmless)
    with lzma.open(DATA / "demo" / "arxiv_120k.jsonl.xz", "rt", encoding="utf-8") as records:
        for number, line in enumerate(records):
            if number % EVERY == 0 and len(harmless) < wanted:
                harmless.append(" ".join(json.loads(line)["title"].split()))
    return harmless, load_embedder(LOCAL_MODEL).embed(harmless)


def read_pairs() -> list[dict[str, Any]]:
    """The questions of benchmarks/data/near_duplicates.jsonl, as texts to take, with their vectors."""
    lines = (ROOT / "benchmarks" / "data" / "near_duplicates.jsonl").read_text(encoding="utf-8").splitlines()
    pairs = [json.loads(line) for line in lines]
    texts = sorted({pair[side] for pair in pairs for side in ("one", "other")})
    texts = [text for text in texts if not text.startswith(LEANING_PAIRS)]
    vectors = load_embedder(LOCAL_MODEL).embed(texts)
    return [{"text": text, "take": True, "vector": one} for text, one in zip(texts, vectors, strict=True)]


def fit_leaning(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The regression that tells lost contexts from questions, as it is stored."""
    from sklearn.linear_model import LogisticRegression

    used = [row for row in rows if row["take"] or row["kind"] in LEANING_KINDS]
    features = np.array([read_features(row["text"], row["vector"]) for row in used])
    model = LogisticRegression(C=1.0, max_iter=3000).fit(features, [not row["take"] for row in used])
    return {
        "weights": np.round(model.coef_[0], 3).tolist(),
        "bias": round(float(model.intercept_[0]), 3),
        "refuse_from": LEANING_FROM,
    }


def cross_validate_leaning(rows: list[dict[str, Any]]) -> None:
    """Ten-fold, in several orders: what each threshold would refuse of lost contexts and of questions."""
    used = [row for row in rows if row["take"] or row["kind"] in LEANING_KINDS]
    refused: list[tuple[float, bool]] = []
    for turn in range(10 * ORDERS):
        order = np.random.RandomState(turn // 10).permutation(len(used))
        held = {int(place) for place in order[turn % 10 :: 10]}
        stored = fit_leaning([row for place, row in enumerate(used) if place not in held])
        rest = [used[place] for place in held]
        refused += [(leaning_share(row["text"], row["vector"], stored), row["take"]) for row in rest]
    of = sum(not take for _, take in refused)
    for threshold in (0.5, 0.7, 0.8, 0.85, 0.9, 0.95):
        right = sum(share >= threshold and not take for share, take in refused)
        wrong = sum(share >= threshold and take for share, take in refused)
        print(
            f"    leaning from {threshold}: {right} of {of} rightly, {wrong} of {len(refused) - of} wrongly"
        )


def fit_kinds(rows: list[dict[str, Any]], harmless: np.ndarray) -> dict[str, Any]:
    """The regression on some texts and harmless, as it is stored."""
    from sklearn.linear_model import LogisticRegression

    used = [row for row in rows if row["take"] or row["kind"] in KINDS]
    labels = [QUESTION if row["take"] else row["kind"] for row in used] + [QUESTION] * len(harmless)
    weights = [1.0] * len(used) + [TITLE_WEIGHT] * len(harmless)
    model = LogisticRegression(C=STRENGTH, max_iter=2000, class_weight="balanced")
    model.fit(np.vstack([*(row["vector"] for row in used), harmless]), labels, sample_weight=weights)
    return {
        "kinds": model.classes_.tolist(),
        "weights": np.round(model.coef_, 2).tolist(),
        "biases": np.round(model.intercept_, 3).tolist(),
        "refuse_from": REFUSE_FROM,
    }


def cross_validate(rows: list[dict[str, Any]], harmless: np.ndarray) -> None:
    """Five-fold, on "fit": what each threshold would refuse rightly and wrongly."""
    refused: list[tuple[float, bool]] = []
    for fold in range(5):
        stored = fit_kinds([row for n, row in enumerate(rows) if n % 5 != fold], harmless)
        question = stored["kinds"].index(QUESTION)
        for row in (row for n, row in enumerate(rows) if n % 5 == fold):
            if not row["take"] and row["kind"] not in KINDS:
                continue
            scores = np.array(stored["weights"]) @ row["vector"] + np.array(stored["biases"])
            shares = np.exp(scores - scores.max()) / np.exp(scores - scores.max()).sum()
            refused.append((1 - float(shares[question]), row["take"]))
    for threshold in (0.5, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9):
        right = sum(share >= threshold and not take for share, take in refused)
        wrong = sum(share >= threshold and take for share, take in refused)
        of = sum(not take for _, take in refused)
        print(f"    from {threshold}: {right} of {of} rightly, {wrong} of {len(refused) - of} wrongly")


def decide(row: dict[str, Any], *, by_meaning: bool) -> str:
    """The code that refuses a text, or "taken"."""
    try:
        accept_question(row["text"])
    except Refused as refusal:
        return refusal.code
    refusal = find_refusal_by_meaning(row["text"], row["vector"]) if by_meaning else None
    return refusal.code if refusal else TAKEN


def print_part(part: str, rows: list[dict[str, Any]]) -> None:
    by_rules = sum((decide(row, by_meaning=False) == TAKEN) == row["take"] for row in rows)
    decisions: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        row["decision"] = decide(row, by_meaning=True)
        row["right"] = (row["decision"] == TAKEN) == row["take"]
        decisions[row["kind"]][row["decision"]] += 1
    right = {take: sum(row["right"] for row in rows if row["take"] == take) for take in (True, False)}
    of = Counter(row["take"] for row in rows)
    print(
        f"{part}: {sum(right.values())} of {len(rows)} right ({sum(right.values()) / max(len(rows), 1):.3f};"
        f" by rules alone {by_rules / max(len(rows), 1):.3f}); refused {right[False]} of {of[False]} that are"
        f" to be, took {right[True]} of {of[True]} that are to be"
    )
    for kind, counts in decisions.items():
        print(f"    {kind:14} " + ", ".join(f"{code} {count}" for code, count in counts.most_common()))


def main() -> None:
    """A line a part, then a line a kind."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fit", action="store_true", help="fit the kinds of meaning anew, then report")
    parser.add_argument("--show", metavar="PART", help="print what a part's texts were wrongly decided")
    options = parser.parse_args()
    rows, (titles, harmless) = read_texts(), read_harmless()
    if options.fit:
        fitting = [row for row in rows if row["part"] == "fit"]
        cross_validate(fitting, harmless[::2])
        KINDS_FILE.write_text(json.dumps(fit_kinds(fitting, harmless[::2])) + "\n", encoding="utf-8")
        every_other = zip(titles[::2], harmless[::2], strict=True)
        others = [{"text": text, "take": True, "vector": vector} for text, vector in every_other]
        cross_validate_leaning([*fitting, *read_pairs(), *others])
        leaning = fit_leaning([*fitting, *read_pairs(), *others])
        LEANING_FILE.write_text(json.dumps(leaning) + "\n", encoding="utf-8")
    for part in ("fit", "report"):
        print_part(part, [row for row in rows if row["part"] == part])
    others = list(zip(titles[1::2], harmless[1::2], strict=True))
    refused = [text for text, vector in others if find_refusal_by_meaning(text, vector)]
    print(
        f"harmless and other questions refused by their meaning: {len(refused)} of {len(others)}: {refused}"
    )
    for row in rows:
        if row["part"] == options.show and not row["right"]:
            print(f"{row['kind']}: {row['text']!r} -> {row['decision']}")


if __name__ == "__main__":
    main()
