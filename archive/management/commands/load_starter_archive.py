"""Loads the starter archive that ships with the project, and embeds it."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from archive.bulk import open_lines, read_pages
from archive.embeddings import EmbedderUnavailable, get_embedder
from archive.harvesting import harvest
from archive.indexing import embed_preprints
from archive.models import HarvestRun, Preprint
from archive.records import Page

STARTER_ARCHIVE = Path(__file__).resolve().parents[2] / "data" / "starter_archive.jsonl"
SOURCE = "starter archive"


class Command(BaseCommand):
    help = (
        "Loads the preprints that ship with the project, so that a first start has something to answer from "
        "without a network. Loading them again changes nothing; where the authors' abstract has been loaded "
        "since, it stays."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        with open_lines(str(STARTER_ARCHIVE)) as stream:
            pages = list(read_pages(stream))
        run = HarvestRun.objects.create(source=SOURCE)
        harvest(pages, run=run)
        if not (run.created or run.updated or run.set_aside):
            run.delete()  # a start that changed nothing leaves no trace
        self.stdout.write(f"{run.seen} preprints: {run.created} new, {run.updated} changed.")
        try:
            pending = Preprint.objects.filter(source_id__in=source_ids(pages)).needs_embedding(
                get_embedder().model
            )
            self.stdout.write(f"{embed_preprints(pending)} embedded.")
        except EmbedderUnavailable as error:
            self.stderr.write(f"Not embedded yet: {error}. Full-text search finds them meanwhile.")


def source_ids(pages: list[Page]) -> list[str]:
    return [record.source_id.removeprefix("arXiv:") for page in pages for record in page.records]
