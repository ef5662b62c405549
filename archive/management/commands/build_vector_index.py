"""Makes the vector index of an embedding model, or forgets a model. For the role that owns the tables."""

import argparse
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from archive.models import EmbeddingModel
from archive.vectors import build_index, forget, note_complete, serving_model


class Command(BaseCommand):
    help = (
        "Makes the index of the configured embedding model's vectors while the site goes on, once "
        "embed_pending has made them; then lets that model serve. Run it with the address of the role that "
        "owns the tables in DATABASE_URL. --forget deletes the vectors and the index of a model."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--forget", metavar="MODEL", help="delete this model's vectors and its index")

    def handle(self, *args: Any, **options: Any) -> None:
        if model := options["forget"]:
            if model == serving_model():
                raise CommandError(f"{model} serves: set EMBEDDING_MODEL to another one and fill that first.")
            self.stdout.write(f"{forget(model):,} vectors of {model} deleted.")
            return
        model = settings.EMBEDDING_MODEL
        if not EmbeddingModel.objects.filter(name=model).exists():
            raise CommandError(f"There are no vectors of {model} yet: run manage.py embed_pending first.")
        made = "made" if build_index(model) else "was there already"
        serves = "serves" if note_complete(model) and serving_model() == model else "does not serve yet"
        self.stdout.write(f"The index of {model} {made}; it {serves}.")
