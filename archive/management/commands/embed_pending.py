"""Embeds the preprints that need it, with progress.

May run beside the workers, and may be stopped at any time.
"""

import argparse
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from archive.embeddings import EmbedderUnavailable
from archive.indexing import count_pending, embed_pending
from archive.vectors import is_searchable


class Command(BaseCommand):
    help = (
        "Makes the vectors of all preprints that have none of the present model for their present text. "
        "The workers do the same in the background; this shows progress and ends when all is done."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--limit", type=int, help="embed at most so many")

    def handle(self, *args: Any, **options: Any) -> None:
        pending = count_pending()
        total = pending if options["limit"] is None else min(pending, options["limit"])
        with tqdm(total=total, unit=" preprints", disable=None) as bar:
            try:
                done = embed_pending(total, on_step=bar.update)
            except EmbedderUnavailable as error:
                raise CommandError(f"{error} ({bar.n:,} were embedded before that.)") from error
        self.stdout.write(f"{done:,} preprints embedded, {count_pending():,} still need it.")
        if not is_searchable(settings.EMBEDDING_MODEL):
            self.stdout.write("Its vectors have no index yet: run manage.py build_vector_index.")
