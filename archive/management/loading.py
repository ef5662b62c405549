"""What the two commands that load a file have in common: opening, going on, progress, and the summary."""

import argparse
import sys
from pathlib import Path
from typing import IO, Any

from django.core.management.base import BaseCommand, CommandError

from archive.bulk import STANDARD_INPUT, Reader, decompress, parse_line, read_pages
from archive.harvest_runs import describe_run, open_file_run
from archive.harvesting import harvest, index_pending
from archive.management.progress import Progress


class LoadCommand(BaseCommand):
    """Loads a file of JSON lines, page by page, and then lets full-text search find what is new.

    A load that was broken off goes on after its last page, or with the indexing.
    """

    def create_parser(self, *args: Any, **options: Any) -> Any:
        options["formatter_class"] = argparse.RawDescriptionHelpFormatter
        return super().create_parser(*args, **options)

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", help="plain, .gz, .xz or .zst; - reads standard input")

    def reader_for(self, options: dict[str, Any]) -> Reader:
        """What makes a record of a line, or None of a line that isn't wanted: here, of every line."""
        return parse_line

    def part_of(self, options: dict[str, Any]) -> str:
        """Which part of the file is wanted, "" for the whole: each part has runs of its own."""
        return ""

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["file"]
        try:
            if name == STANDARD_INPUT:
                self.load(sys.stdin.buffer, options, size=0)
            else:
                with Path(name).open("rb") as file:
                    self.load(file, options, size=Path(name).stat().st_size)
        except OSError as error:
            raise CommandError(f"{name} can't be read: {error}. What was loaded before is kept.") from error

    def load(self, file: IO[bytes], options: dict[str, Any], *, size: int) -> None:
        """Loads an open file of so many bytes, 0 where that isn't known."""
        name, reader = options["file"], self.reader_for(options)
        stream = decompress(file, name)  # before there is a run: it may be packed in a way that is not read
        run = open_file_run(source_of(name, size, part=self.part_of(options)), is_resumable=size > 0)
        skip = int(run.position or 0)
        if skip:
            self.stdout.write(f"Going on after line {skip:,}, where the last load of this file stopped.")

        def show(_: Any) -> None:
            lines, place = int(run.position), file.tell() if size else 0
            progress.show(lines, total=lines * size / place if place else None)

        with Progress("records", self.stderr, done=skip) as progress:
            harvest(
                read_pages(stream, skip=skip, reader=reader),
                run=run,
                on_page=show,
                index=self.index,
            )
        self.stdout.write(describe_run(run))

    def index(self) -> None:
        """The load's second part: what full-text search needs to find what is new."""
        with Progress("preprints indexed", self.stderr) as progress:
            index_pending(progress.show)


def source_of(name: str, size: int, *, part: str) -> str:
    """What a load is known by: the file's name and size, so another file of that name is another source."""
    known = "standard input" if name == STANDARD_INPUT else f"{Path(name).name} ({size:,} bytes)"
    return f"{known}, {part}"[-255:] if part else known[-255:]
