"""Harvests preprints from an OAI-PMH server; goes on where a harvest was broken off."""

import argparse
import re
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from archive.harvest_runs import describe_run, open_oai_run
from archive.harvesting import harvest
from archive.models import HarvestRun
from archive.oai import HarvestError, Selection, TokenExpired, list_records

# The groups that arXiv's server keeps under "physics".
PHYSICS = re.compile(
    r"astro-ph|cond-mat|gr-qc|hep-(?:ex|lat|ph|th)|math-ph|nlin|nucl-(?:ex|th)|physics|quant-ph"
)


class Command(BaseCommand):
    help = (
        "Harvests preprints over OAI-PMH, such as: harvest quant-ph --days 30. Without a span of days it "
        "takes what changed since the last harvest of the same set. A harvest that broke off goes on after "
        "its last page."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "set", metavar="SET", nargs="?", default="", help="quant-ph, cs.LG, physics:hep-th …"
        )
        parser.add_argument("--days", type=int, help="records that changed in so many last days")
        parser.add_argument("--from", type=date.fromisoformat, dest="since", help="… since a day, YYYY-MM-DD")
        parser.add_argument("--until", type=date.fromisoformat, help="… until a day, YYYY-MM-DD")
        parser.add_argument("--prefix", default="arXivRaw", choices=["arXivRaw", "arXiv", "oai_dc"])
        parser.add_argument("--url", default=settings.OAI_BASE_URLS[0], help="one of OAI_BASE_URLS")

    def handle(self, *args: Any, **options: Any) -> None:
        since = options["since"]
        if options["days"] is not None:
            since = timezone.now().date() - timedelta(days=options["days"])
        selection = Selection(
            prefix=options["prefix"],
            set_spec=full_set_spec(options["set"]),
            since=since,
            until=options["until"],
        )
        try:
            self.stdout.write(describe_run(self.run(options["url"], selection)))
        except HarvestError as error:
            raise CommandError(
                f"{error} What was harvested before is kept; the next harvest goes on."
            ) from error

    def run(self, url: str, selection: Selection) -> HarvestRun:
        run, selection = open_oai_run(url, selection)
        try:
            return self.take(url, selection, run)
        except TokenExpired:
            self.stdout.write("The server has forgotten where it was: asking for the whole list again.")
            run, selection = open_oai_run(url, selection, is_anew=True)
            return self.take(url, selection, run)

    def take(self, url: str, selection: Selection, run: HarvestRun) -> HarvestRun:
        with tqdm(unit=" records", unit_scale=True, initial=run.seen, disable=None) as bar:
            pages = list_records(url, selection, token=run.position)
            return harvest(pages, run=run, on_page=lambda run: bar.update(run.seen - bar.n))


def full_set_spec(text: str) -> str:
    """A set's name as arXiv's server has it: quant-ph is physics:quant-ph, cs.LG is cs:cs:LG."""
    if not text or ":" in text:
        return text
    group, dot, subject = text.partition(".")
    if PHYSICS.fullmatch(group):
        return f"physics:{group}:{subject}" if dot else f"physics:{group}"
    return f"{group}:{group}:{subject}" if dot else group
