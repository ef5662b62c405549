"""Loads arXiv's metadata dump into the archive, whole or some categories of it."""

import argparse
from typing import Any

from archive.bulk import Reader, parse_dump_line
from archive.management.loading import LoadCommand
from archive.records import BadRecord, Record


class Command(LoadCommand):
    help = """
Loads arXiv's metadata dump (arxiv-metadata-oai-snapshot.json, one JSON object a line):

  load_dump arxiv-metadata-oai-snapshot.json.zst
  load_dump arxiv-metadata-oai-snapshot.json --category quant-ph cs

It is read as a stream, in the same memory however long it is. Loading it twice, or a newer one over it,
changes only what differs. A load that was stopped or killed goes on after its last page when the same
command is given again. A record that can't be taken in is set aside with the reason (admin, Set aside
records) and stops nothing. Afterwards `harvest SET` keeps the archive up to date.
"""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--category",
            nargs="+",
            default=[],
            metavar="CATEGORY",
            help="only records that have one of these: quant-ph, cs.LG; cs stands for all of cs.*",
        )

    def part_of(self, options: dict[str, Any]) -> str:
        return ", ".join(sorted(options["category"]))

    def reader_for(self, options: dict[str, Any]) -> Reader:
        wanted = frozenset(options["category"])

        def read(line: bytes) -> Record | BadRecord | None:
            record = parse_dump_line(line)
            return record if not wanted or isinstance(record, BadRecord) or is_in(record, wanted) else None

        return read


def is_in(record: Record, wanted: frozenset[str]) -> bool:
    return any(code in wanted or code.partition(".")[0] in wanted for code in record.categories)
