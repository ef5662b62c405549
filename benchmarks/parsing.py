"""Reads every record of the demonstration data and says what was lost: counts of all, and examples.

    python benchmarks/parsing.py [FILE ...]

Files are JSON lines of this site's own shape, plain or compressed; without any: demo_corpus and arxiv_120k of
ANTIGRAVITY_DATA. Wants SECRET_KEY, DATABASE_URL and REDIS_URL to be set, and opens no connection. Ends with 1
where a field was lost.

Of arxiv_120k it also says how well notices of withdrawal are told: benchmarks/data/withdrawals.tsv has a
label, given by hand, for each record whose comments speak of withdrawing or retracting. The rules were made
with one half of them, by the ids' checksums; the other half judges.
"""

import json
import re
import sys
import time
import zlib
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from collections_in_archive import DATA
from tqdm import tqdm

from archive.bulk import open_lines, parse_line, read_lines
from archive.cleaning import Refusal, clean_record
from archive.records import BadRecord
from archive.withdrawals import find_withdrawal
from tests.archive.losses import find_losses

EXAMPLES = 3  # of each field
LABELS = Path(__file__).parent / "data" / "withdrawals.tsv"
WITHDRAWING = re.compile(rb"withdr|retract", re.IGNORECASE)
FILES = [DATA / "demo" / "demo_corpus.jsonl.xz", DATA / "demo" / "arxiv_120k.jsonl.xz"]


def main(paths: list[Path]) -> bool:
    return not sum(not read_file(path) for path in paths)


def read_file(path: Path) -> bool:
    """Whether everything that a file says is in its records."""
    counts, losses = Counter[str](), list[str]()
    found = dict[str, bool]()
    begun = time.monotonic()
    with open_lines(str(path)) as stream:
        for line in tqdm(read_lines(stream), desc=path.name, disable=None):
            losses += read_record(line, counts)
            if WITHDRAWING.search(line):
                note_withdrawal(line, found)
    seconds = time.monotonic() - begun
    print(f"{path.name}: {dict(counts)}, {counts['records'] / seconds:,.0f} records/s")
    print_withdrawals(found)
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


def note_withdrawal(line: bytes, found: dict[str, bool]) -> None:
    """Whether a record's comments are found to be a notice of withdrawal."""
    data = json.loads(line)
    found[data["id"].removeprefix("arXiv:")] = bool(find_withdrawal(data.get("comments") or "", ""))


def print_withdrawals(found: dict[str, bool]) -> None:
    """Precision and recall against the labels, for each half of them that is in the file."""
    lines = LABELS.read_text(encoding="utf-8").splitlines()[1:]
    labels = {source_id: label == "1" for source_id, label in (line.split("\t") for line in lines)}
    for half, name in enumerate(("made with", "judged by")):
        pairs = Counter(
            (found[source_id], label)
            for source_id, label in labels.items()
            if source_id in found and zlib.crc32(source_id.encode()) % 2 == half
        )
        right, wrong, missed = pairs[True, True], pairs[True, False], pairs[False, True]
        if pairs.total() and right:
            print(
                f"  withdrawals, {name}: {pairs.total()} labels, {right + missed} of them withdrawn; "
                f"precision {right} of {right + wrong}, recall {right} of {right + missed}"
            )


if __name__ == "__main__":
    sys.exit(0 if main([Path(name) for name in sys.argv[1:]] or FILES) else 1)
