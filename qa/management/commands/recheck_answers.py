"""Says what today's checks and gate would decide about the answers that are there."""

import argparse
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from archive.embeddings import EmbedderUnavailable, get_embedder
from qa.models import Answer
from qa.rechecking import Rechecked, keep, recheck, with_evidence

AT_A_TIME = 50  # answers in memory


class Command(BaseCommand):
    help = (
        "Looks at published and held answers again with today's checks and gate, and reports what would "
        "change. No answer is changed and no model is asked. --apply stores the re-checks as new rows beside "
        "the answers, where curators see them."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--apply", action="store_true", help="store the re-checks beside the answers")
        parser.add_argument("--question", metavar="SLUG", help="only the answers of this question")
        parser.add_argument("--limit", type=int, metavar="N", help="only the N newest answers")

    def handle(self, *args: Any, **options: Any) -> None:
        answers = with_evidence(
            Answer.objects.filter(state__in=[Answer.State.PUBLISHED, Answer.State.HELD]).order_by("-pk")
        )
        if options["question"]:
            answers = answers.filter(question__slug=options["question"])
        if options["limit"] is not None:
            answers = answers[: max(0, options["limit"])]
        counts: Counter[str] = Counter()
        try:
            for answer in answers.iterator(chunk_size=AT_A_TIME):
                self.look_at(answer, counts, is_kept=options["apply"])
        except EmbedderUnavailable as error:
            raise CommandError(f"The embedding model is not available: {error}") from error
        self.report(counts, is_kept=options["apply"])

    def look_at(self, answer: Answer, counts: Counter[str], *, is_kept: bool) -> None:
        found = recheck(answer, embedder=get_embedder())
        if is_kept:
            keep(found)
        changes = found.changes
        counts.update({"answers": 1, "citations": sum(1 for _ in found.pairs), "changes": len(changes)})
        counts.update({found.turns: 1, "new text": found.has_new_text})
        counts.update(f"{one.citation.verdict} -> {one.now.verdict}" for one in changes)
        if changes or found.turns:
            self.stdout.write(describe(found))

    def report(self, counts: Counter[str], *, is_kept: bool) -> None:
        """The sums, at the end."""
        self.stdout.write(
            f"{counts['answers']:,} answers with {counts['citations']:,} citations: "
            f"{counts['hold']:,} published ones would be held, {counts['publish']:,} held ones published; "
            f"{counts['changes']:,} citations would be judged otherwise."
        )
        for name in sorted(name for name in counts if " -> " in name):
            self.stdout.write(f"  {counts[name]:,} {name}")
        if counts["new text"]:
            self.stdout.write(f"{counts['new text']:,} answers have a source whose text changed since.")
        self.stdout.write(
            "Stored beside the answers." if is_kept else "Nothing was stored; --apply stores it."
        )


def describe(found: Rechecked) -> str:
    """One answer's part of the report."""
    answer = found.answer
    today = "publish" if found.decision.publish else "hold"
    lines = [f"{answer.question.slug} v{answer.version}: {answer.state} -> {today}  {answer.question.text}"]
    lines += [f"  against: {reason}" for reason in found.decision.reasons]
    for change in found.changes:
        before, now = change.citation, change.now
        lines.append(
            f"  [{before.source.number}] {named(before.verdict, before.flags)} -> "
            f"{named(now.verdict, now.flags)}: {' '.join(now.reasons)}"
        )
    return "\n".join(lines)


def named(verdict: str, flags: list[str]) -> str:
    """A verdict with its flags in brackets."""
    return f"{verdict} ({', '.join(flags)})" if flags else verdict
