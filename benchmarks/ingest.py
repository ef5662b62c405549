"""Records a second into the archive, beside a raw COPY of the same rows; memory; and embeddings a second.

    python benchmarks/ingest.py [RECORDS] [EMBEDDED]

120,000 and 400 unless told otherwise, from demo/arxiv_120k.jsonl.xz. Wants SECRET_KEY and a DATABASE_URL
whose role may create databases: the archive is a scratch database, removed afterwards. Each way of loading
runs in a process of its own, on an empty archive; the file's decompression and parsing count.
"""

import json
import os
import resource
import subprocess
import sys
import time
from io import BytesIO
from itertools import islice
from urllib.parse import urlsplit, urlunsplit

import numpy as np
from collections_in_archive import DATA, scratch_archive
from django.db import connection

from archive.bulk import open_lines, read_pages
from archive.embeddings import get_embedder
from archive.harvesting import harvest, index_pending
from archive.indexing import embed_pending, text_to_embed
from archive.models import HarvestRun, Preprint
from archive.writing import COPIED_FIELDS

FILE = DATA / "demo" / "arxiv_120k.jsonl.xz"
PAGE = 1_000
SMALL = 10_000
EMPTIED = ("archive_preprint", "archive_posting", "archive_identifiercounter", "archive_harvestrun")


def main(count: int, embedded: int) -> None:
    with scratch_archive():
        print(f"{'way':<44}{'records/s':>10}{'peak MB':>9}")
        live = load("live", min(count, SMALL))
        row("live, found by words at once", live["created"] / live["rows"], live["peak"])
        small, whole = load("bulk", min(count, SMALL)), load("bulk", count)
        row(f"rows, {small['created']:,} records", small["created"] / small["rows"], small["peak"])
        row(f"rows, {whole['created']:,} records", whole["created"] / whole["rows"], whole["peak"])
        row("indexing after them", whole["created"] / whole["index"])
        seconds = whole["rows"] + whole["index"]
        row("rows and indexing, whole", whole["created"] / seconds)
        bare, generated = copy_again(keep_vector=False), copy_again(keep_vector=True)
        row("COPY, no index, no text vector", whole["created"] / bare)
        row("COPY, no index, with text vector", whole["created"] / generated)
        print(f"rows / COPY without vector {bare / whole['rows']:.2f}, with {generated / whole['rows']:.2f}")
        print(
            f"memory at {whole['created']:,} / at {small['created']:,}: {whole['peak'] / small['peak']:.2f}"
        )
        compare_embedding(embedded)


def row(way: str, rate: float, peak: float | None = None) -> None:
    print(f"{way:<44}{rate:>10,.0f}{f'{peak:,.0f}' if peak else '':>9}", flush=True)


def load(way: str, count: int) -> dict[str, float]:
    """Loads so many records into an emptied archive, in a process of its own; what that one measured."""
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(EMPTIED)} CASCADE")
    address = urlsplit(os.environ["DATABASE_URL"])
    url = urlunsplit(address._replace(path=f"/{connection.settings_dict['NAME']}"))
    said = subprocess.run(
        [sys.executable, __file__, "--load", way, str(count)],
        env=os.environ | {"DATABASE_URL": url},
        stdout=subprocess.PIPE,
        check=True,
    ).stdout
    return json.loads(said)


def measure_load(way: str, count: int) -> None:
    begun, between = time.monotonic(), 0.0

    def index() -> None:
        nonlocal between
        between = time.monotonic()
        index_pending()

    run = HarvestRun.objects.create(source=way)
    with open_lines(str(FILE)) as lines:
        pages = islice(read_pages(lines, size=PAGE), count // PAGE)
        harvest(pages, run=run, index=index if way == "bulk" else None)
    ended = time.monotonic()
    measured = {
        "created": run.created,
        "rows": (between or ended) - begun,
        "index": ended - between if between else 0.0,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    print(json.dumps(measured))


def copy_again(*, keep_vector: bool) -> float:
    """Seconds that COPY takes to put the same rows into tables like ours, without an index or a key."""
    columns = ", ".join(COPIED_FIELDS)
    authors = "preprint_id, position, name, affiliation, orcid"
    tables = {
        f"archive_preprint ({columns})": "copied_preprint",
        f"archive_author ({authors})": "copied_author",
        "archive_rawrecord (preprint_id, text)": "copied_rawrecord",
    }
    seconds = 0.0
    with connection.cursor() as cursor:
        for source, target in tables.items():
            name, _, listed = source.partition(" ")
            cursor.execute(f"DROP TABLE IF EXISTS {target}")
            kept = (
                "INCLUDING IDENTITY INCLUDING DEFAULTS INCLUDING GENERATED"
                if keep_vector
                else ("INCLUDING IDENTITY INCLUDING DEFAULTS")
            )
            cursor.execute(f"CREATE TABLE {target} (LIKE {name} {kept})")
            if not keep_vector and name == "archive_preprint":
                cursor.execute(f"ALTER TABLE {target} ALTER COLUMN search_vector DROP NOT NULL")
            with cursor.copy(f"COPY {source} TO STDOUT") as copy:
                data = BytesIO(b"".join(map(bytes, copy)))
            begun = time.monotonic()
            with cursor.copy(f"COPY {target} {listed} FROM STDIN") as copy:
                while chunk := data.read(262_144):
                    copy.write(chunk)
            seconds += time.monotonic() - begun
    return seconds


def compare_embedding(count: int) -> None:
    """The archive's own embedding, rows and all, beside onnxruntime in a bare loop over the same texts."""
    embedder = get_embedder()
    newest = Preprint.objects.needs_embedding(embedder.model).order_by("-pk")[:count]
    texts = [text_to_embed(preprint) for preprint in newest]
    embedder.embed(texts[:8])
    begun = time.monotonic()
    for text in texts:
        tokens = np.array([embedder.tokenizer.encode(text).ids], dtype=np.int64)
        embedder.session.run(None, {"input_ids": tokens, "attention_mask": np.ones_like(tokens)})
    bare = len(texts) / (time.monotonic() - begun)
    begun = time.monotonic()
    ours = embed_pending(len(texts)) / (time.monotonic() - begun)
    print(f"embeddings/s {ours:.1f}, bare onnxruntime {bare:.1f}: {ours / bare:.2f}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--load"]:
        measure_load(sys.argv[2], int(sys.argv[3]))
    else:
        given = [int(argument) for argument in sys.argv[1:]]
        main(*(given + [120_000, 400][len(given) :]))
