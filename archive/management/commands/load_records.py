"""Loads a file of JSON lines into the archive, streamed, with progress; resumes a load that broke off."""

import argparse
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from archive.bulk import STANDARD_INPUT, open_lines, read_pages
from archive.harvest_runs import describe_run, open_file_run
from archive.harvesting import harvest


class Command(BaseCommand):
    help = (
        "Loads preprints from a file of JSON lines: this site's own shape (docs/records.md) or arXiv's "
        "metadata dump; plain, .gz or .xz, or - for standard input. Loading a file twice changes nothing. "
        "A load that was broken off goes on after its last page."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", help="the file, or - for standard input")

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["file"]
        try:
            with open_lines(name) as stream:
                self.load(stream, name)
        except (OSError, EOFError) as error:
            raise CommandError(f"{name} can't be read: {error}") from error

    def load(self, stream: Any, name: str) -> None:
        run = open_file_run(source_of(name), is_resumable=name != STANDARD_INPUT)
        skip = int(run.position or 0)
        if skip:
            self.stdout.write(f"Going on after line {skip:,}, where the last load of this file stopped.")
        with tqdm(unit=" records", unit_scale=True, initial=skip, disable=None) as bar:
            harvest(
                read_pages(stream, skip=skip),
                run=run,
                on_page=lambda run: bar.update(int(run.position) - bar.n),
            )
        self.stdout.write(describe_run(run))


def source_of(name: str) -> str:
    """What a load is known by: the file's name and size, so another file of that name is another source."""
    if name == STANDARD_INPUT:
        return "standard input"
    path = Path(name)
    return f"{path.name} ({path.stat().st_size:,} bytes)"[-255:]
