"""Harvests preprints from an OAI-PMH server; goes on where a harvest was broken off."""

import argparse
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from archive.harvest_runs import describe_run, stamp
from archive.management.progress import Progress
from archive.oai import Selection, identify, list_sets
from archive.oai_server import HarvestError, Server
from archive.server_harvest import Comparison, compare_set, harvest_set
from archive.sets import full_set_spec

MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)?")


class Command(BaseCommand):
    help = """
Harvests preprints over OAI-PMH:

  harvest quant-ph --days 30    what changed in arXiv's quant-ph in 30 days
  harvest quant-ph              what changed since the last harvest of quant-ph
  harvest cs.LG --from 2024-01-01 --until 2024-06-30
  harvest --about               what the server is and which sets it offers
  harvest quant-ph --compare    what the archive lacks, by the records' headers; changes nothing

The first harvest of a set without a span of days takes all of it. It may be stopped or killed at
any time and goes on after its last page when it is started again; records that the archive has
already change nothing. One request is sent in OAI_INTERVAL_SECONDS. HARVEST_SETS has the workers
harvest by the clock (docs/operations.md).
"""

    def create_parser(self, *args: Any, **options: Any) -> Any:
        options["formatter_class"] = argparse.RawDescriptionHelpFormatter
        return super().create_parser(*args, **options)

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "set",
            metavar="SET",
            nargs="?",
            default="",
            help="quant-ph, cs.LG, physics:hep-th …; all if left out",
        )
        parser.add_argument("--days", type=int, help="records that changed in so many last days")
        parser.add_argument(
            "--from",
            type=moment,
            dest="since",
            default="",
            help="… since a day, 2024-01-31; or, where the server takes it, 2024-01-31T12:00:00Z",
        )
        parser.add_argument("--until", type=moment, default="", help="… until a day or a moment, included")
        parser.add_argument("--prefix", default="arXivRaw", choices=["arXivRaw", "arXiv", "oai_dc"])
        parser.add_argument("--url", default=settings.OAI_BASE_URLS[0], help="one of OAI_BASE_URLS")
        parser.add_argument("--about", action="store_true", help="show the server and its sets, then stop")
        parser.add_argument("--compare", action="store_true", help="count what the archive lacks, then stop")

    def handle(self, *args: Any, **options: Any) -> None:
        since = options["since"]
        if options["days"] is not None:
            since = stamp((timezone.now() - timedelta(days=options["days"])).date())
        selection = Selection(
            prefix=options["prefix"],
            set_spec=full_set_spec(options["set"]),
            since=since,
            until=options["until"],
        )
        act = self.tell_about if options["about"] else self.compare if options["compare"] else self.harvest
        try:
            act(options["url"], selection)
        except HarvestError as error:
            raise CommandError(
                f"{error} What was harvested before is kept; the next harvest goes on."
            ) from error

    def harvest(self, url: str, selection: Selection) -> None:
        with Progress("records", self.stderr) as progress:
            run = harvest_set(
                url, selection, on_page=lambda run: progress.show(run.listed, total=run.announced)
            )
        self.stdout.write(describe_run(run))

    def tell_about(self, url: str, selection: Selection) -> None:
        with Server(url) as server:
            identity = identify(server)
            self.stdout.write(
                f"{identity.name}: records since {identity.earliest}, by "
                f"{'seconds' if identity.counts_seconds else 'days'}; tells of deletions: {identity.deleted}."
            )
            for listed in list_sets(server):
                self.stdout.write(f"  {listed.spec:<30} {listed.name}")

    def compare(self, url: str, selection: Selection) -> None:
        with Progress("headers", self.stderr) as progress:
            found: Comparison = compare_set(
                url, selection, on_page=lambda comparison: progress.show(comparison.seen)
            )
        self.stdout.write(
            f"{found.seen:,} records there. The archive lacks {found.missing:,}, has an older state of "
            f"{found.outdated:,}, and {found.deleted:,} that are deleted there."
        )
        if found.examples:
            self.stdout.write(f"Such as {', '.join(found.examples)}.")


def moment(text: str) -> str:
    """A day or a moment of UTC as the protocol writes it. Raises ArgumentTypeError."""
    if not text:
        return text
    try:
        datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no date") from error
    if not MOMENT.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is neither like 2024-01-31 nor like 2024-01-31T12:00:00Z")
    return text
