"""Says what models cost: the budgets, then days and models, then answers."""

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from qa.accounting import DayLine, list_answers, list_days, read_caps
from qa.pricing import own_prices

MOST_DAYS = 3_660


class Command(BaseCommand):
    help = (
        "Says what models cost: what is spent or reserved of the budgets, the calls of each model on each "
        "day (UTC), and what the answers of each model cost, repairs and failed calls included."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--days", type=int, default=30, help="How many days back, today included.")
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")

    def handle(self, *args: Any, days: int, **options: Any) -> None:
        if not 1 <= days <= MOST_DAYS:
            raise CommandError(f"--days must be 1 to {MOST_DAYS}.")
        caps, lines, answers = read_caps(), list_days(days=days), list_answers(days=days)
        if options["json"]:
            rows = {
                "budgets": [asdict(cap) for cap in caps],
                "days": [asdict(line) for line in lines],
                "answers": [asdict(line) for line in answers],
            }
            self.stdout.write(json.dumps(rows, indent=2, default=str))
            return
        for cap in caps:
            self.stdout.write(f"Budget {cap.name:<10} {cap.spent:>10.4f} of {cap.cap} USD")
        self.show_days(lines)
        for line in answers:
            self.stdout.write(
                f"Answers     {line.model:<36} {line.answers:>6,}   "
                f"mean {line.mean_usd:.4f}, highest {line.highest_usd:.4f} USD"
            )
        prices = own_prices()
        self.stdout.write(f"Prices      of {prices.as_of}: {prices.source}")

    def show_days(self, lines: list[DayLine]) -> None:
        for line in lines:
            failed = f", {line.failed:,} failed" if line.failed else ""
            self.stdout.write(
                f"{line.day}  {line.model:<36} {line.calls:>6,} calls{failed}, "
                f"{line.tokens_in:,} in, {line.tokens_out:,} out, {line.usd:.4f} USD"
            )
        total = sum(line.usd for line in lines)
        self.stdout.write(f"Total       {total:.4f} USD for {sum(line.calls for line in lines):,} calls")
