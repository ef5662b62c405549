"""Counts how many of 10,000 preprints of all subjects have each lexeme, for archive/data/usual_words.json.

    python benchmarks/usual_words.py FILE      JSON lines with title and abstract, such as
    demo/arxiv_120k.jsonl.xz

Only lexemes of at least one preprint in a thousand are kept: what is rarer counts as not usual at all.
"""

import argparse
import json
import os
import sys
from pathlib import Path

import django

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "antigravity.settings")
os.environ.setdefault("STATEMENT_TIMEOUT_MS", "600000")
django.setup()

from django.db import connection, transaction  # noqa: E402

from archive.bulk import open_lines, read_pages  # noqa: E402
from archive.postings import USUAL_WORDS  # noqa: E402
from archive.records import Record  # noqa: E402


@transaction.atomic
def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file")
    name = parser.parse_args().file
    with connection.cursor() as cursor, open_lines(name) as stream:
        cursor.execute("CREATE TEMPORARY TABLE usual (content text) ON COMMIT DROP")
        total = 0
        with cursor.copy("COPY usual FROM STDIN") as copy:
            for page in read_pages(stream):
                for record in page.records:
                    if isinstance(record, Record) and record.language == "en":
                        copy.write_row([f"{record.title} {record.abstract}".replace("\x00", "")])
                        total += 1
        cursor.execute(
            "SELECT word, ndoc FROM ts_stat('SELECT to_tsvector(''english'', content) FROM usual')"
        )
        shares = {
            word: round(10_000 * count / total) for word, count in cursor.fetchall() if count * 1_000 >= total
        }
    text = json.dumps(shares, ensure_ascii=False, separators=(",\n", ":"), sort_keys=True)
    USUAL_WORDS.write_text(text + "\n", encoding="utf-8")
    print(f"{len(shares):,} lexemes of {total:,} preprints")


if __name__ == "__main__":
    main()
