"""Counts in how many abstracts each term stands and writes qa/data/term_weights.txt, which the checks weigh
words by.

    python benchmarks/term_weights.py [--documents 40000]

Read from arxiv_120k.jsonl.xz in ANTIGRAVITY_DATA. Only the counts of terms in at least one of a thousand are
kept.
"""

import argparse
import json
import lzma
import os
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from qa.wording import WEIGHTS_FILE, terms  # noqa: E402

DATA = Path(os.environ.get("ANTIGRAVITY_DATA", ROOT.parent / "shared" / "data"))
RARE = 1000  # a term in fewer than one of so many documents is not listed and counts as rare


def main() -> None:
    """Every third record of the corpus, so that all years and fields are in it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--documents", type=int, default=40_000)
    wanted = parser.parse_args().documents
    counts: Counter[str] = Counter()
    documents = 0
    with lzma.open(DATA / "demo" / "arxiv_120k.jsonl.xz", "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            if number % 3 or documents == wanted:
                continue
            record = json.loads(line)
            counts.update(set(terms(f"{record['title']} {record['abstract']}")))
            documents += 1
    kept = [f"{term} {count}" for term, count in sorted(counts.items()) if count * RARE >= documents]
    WEIGHTS_FILE.parent.mkdir(exist_ok=True)
    WEIGHTS_FILE.write_text("\n".join([str(documents), *kept]) + "\n", encoding="utf-8")
    print(f"{len(kept)} terms of {len(counts)} in {documents} documents -> {WEIGHTS_FILE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
