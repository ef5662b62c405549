"""Lets full-text search find what it can't yet, with progress. May be stopped at any time."""

from typing import Any

from django.core.management.base import BaseCommand

from archive.harvesting import index_pending
from archive.management.progress import Progress


class Command(BaseCommand):
    help = (
        "Lets full-text search find the preprints that a load took in before it was broken off. The load "
        "commands do the same at their end; embed_pending does it for search by meaning."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        with Progress("preprints indexed", self.stderr) as progress:
            done = index_pending(progress.show)
        self.stdout.write(f"{done:,} preprints more are found by full-text search.")
