"""Reads every record of the demonstration data and says what was lost: counts of all, and examples.

    python benchmarks/parsing.py [FILE ...]

Files are JSON lines of this site's own shape, plain or compressed; without any: demo_corpus and arxiv_120k of
ANTIGRAVITY_DATA. Wants SECRET_KEY, DATABASE_URL and REDIS_URL to be set, and opens no connection. Ends with 1
where a field was lost.
"""

import json
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from collections_in_archive import DATA
from tqdm import tqdm

from archive.bulk import open_lines, parse_line, read_lines
from archive.cleaning import Refusal, clean_record
from archive.records import BadRecord
from tests.archive.losses import find_losses

EXAMPLES = 3  # of each field
FILES = [DATA / "demo" / "demo_corpus.jsonl.xz", DATA / "demo" / "arxiv_120k.jsonl.xz"]


def main(paths: list[Path]) -> bool:
    return not sum(not read_file(path) for path in paths)


def read_file(path: Path) -> bool:
    """Whether everything that a file says is in its records."""
    counts, losses = Counter[str](), list[str]()
    begun = time.monotonic()
    with open_lines(str(path)) as stream:
        for line in tqdm(read_lines(stream), desc=path.name, disable=None):
            losses += read_record(line, counts)
    seconds = time.monotonic() - begun
    print(f"{path.name}: {dict(counts)}, {counts['records'] / seconds:,.0f} records/s")
    fields = Counter(loss.partition(":")[0] for loss in losses)
    print(f"  fields lost: {dict(fields) or 'none'}")
    for field in fields:
        print(
            "".join(f"    {loss[:200]}\n" for loss in losses if loss.startswith(f"{field}:"))[
                : EXAMPLES * 200
            ]
        )
    return not losses


def read_record(line: bytes, counts: Counter[str]) -> list[str]:
    """A line's losses; counts it, and what it holds, or why it is refused."""
    counts["records"] += 1
    record = parse_line(line)
    if isinstance(record, BadRecord):
        counts[f"refused: {record.reason}"] += 1
        return []
    try:
        kept = clean_record(record, today=datetime.now(UTC).date())
    except Refusal as refusal:
        counts[f"refused: {refusal}"] += 1
        return []
    counts["authors"] += len(kept.authors)
    counts["withdrawn"] += bool(kept.withdrawal_reason)
    counts["with DOI"] += bool(kept.doi)
    return find_losses(json.loads(line), kept)


if __name__ == "__main__":
    sys.exit(0 if main([Path(name) for name in sys.argv[1:]] or FILES) else 1)
