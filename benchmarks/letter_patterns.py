"""Collects the runs of three letters of the words that abstracts use into qa/data/letter_patterns.txt, by
which the submission gate tells words from keys hit at random.

    python benchmarks/letter_patterns.py

Read from arxiv_120k.jsonl.xz in ANTIGRAVITY_DATA; a run is kept that stands in three different words which
are used five times or more.
"""

import json
import lzma
import os
import re
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from qa.refusals.form import PATTERNS_FILE  # noqa: E402

DATA = Path(os.environ.get("ANTIGRAVITY_DATA", ROOT.parent / "shared" / "data"))
EVERY = 3
USED = 5
WORDS = 3


def main() -> None:
    """Every third record, as for the term weights."""
    used: Counter[str] = Counter()
    with lzma.open(DATA / "demo" / "arxiv_120k.jsonl.xz", "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            if number % EVERY == 0:
                record = json.loads(line)
                used.update(re.findall(r"\b[a-z]{4,}\b", f"{record['title'].lower()} {record['abstract']}"))
    runs: Counter[str] = Counter()
    for word, times in used.items():
        if times >= USED:
            runs.update({word[start : start + 3] for start in range(len(word) - 2)})
    kept = sorted(run for run, words in runs.items() if words >= WORDS)
    PATTERNS_FILE.write_text(
        "\n".join(" ".join(kept[start : start + 25]) for start in range(0, len(kept), 25)) + "\n"
    )
    print(f"{len(kept)} runs of {len(runs)} -> {PATTERNS_FILE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
